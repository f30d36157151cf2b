"""Emails and saved blocks in the menu, and their editors."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import (
    FieldPanel,
    HelpPanel,
    MultiFieldPanel,
    ObjectList,
    PublishingPanel,
)
from wagtail.admin.ui.components import MediaContainer
from wagtail.admin.ui.side_panels import ChecksSidePanel
from wagtail.admin.ui.tables import LiveStatusTagColumn, UpdatedAtColumn
from wagtail.snippets.views import snippets

from wagtail_precise_mail.choosers import GuardedSnippetViewSet
from wagtail_precise_mail.contacts.admin.columns import WideColumn
from wagtail_precise_mail.emails.admin.checks import EmailChecksPanel
from wagtail_precise_mail.emails.bridge.admin import SourcePagePanel
from wagtail_precise_mail.emails.forms import EmailForm
from wagtail_precise_mail.emails.guarding import BodyForm
from wagtail_precise_mail.emails.merge import as_read
from wagtail_precise_mail.emails.merge_widgets import MERGE_ATTRS
from wagtail_precise_mail.emails.models import Email, SavedBlock


def _with_our_checks(panels: MediaContainer, view: Any, email: Email) -> MediaContainer:
    others = [panel for panel in panels if not isinstance(panel, ChecksSidePanel)]
    return MediaContainer([*others, EmailChecksPanel(email, view.request)])


class EmailCreateView(snippets.CreateView):
    """Wagtail's, with the place where checks appear after the first save, for the site of the gallery."""

    def get_initial(self) -> dict[str, Any]:
        site = self.request.GET.get("site", "")
        return {**super().get_initial(), **({"site": site} if site.isdecimal() else {})}

    def get_side_panels(self) -> MediaContainer:
        return _with_our_checks(super().get_side_panels(), self, self.form.instance)


class EmailIndexView(snippets.IndexView):
    """Wagtail's, but a new email begins in the gallery of starters."""

    def get_add_url(self) -> str | None:
        return reverse("precise_mail_starters") if super().get_add_url() else None


class LatestCopyView(snippets.CopyView):
    """Wagtail's, but what is copied is what was written last, and not what was published or saved first."""

    def get_initial_form_instance(self) -> Any:
        return super().get_initial_form_instance().get_latest_revision_as_object()


class EmailCopyView(LatestCopyView, EmailCreateView):
    """The same for an email, with the place where checks appear."""


class EmailEditView(snippets.EditView):
    """Wagtail's, with checks of an email."""

    def get_side_panels(self) -> MediaContainer:
        panels = super().get_side_panels()
        # Autosave answers with JSON and draws no panels; the panel then asks by itself.
        return panels if self.expects_json_response else _with_our_checks(panels, self, self.object)


class EmailViewSet(GuardedSnippetViewSet):
    """Emails in the menu."""

    model = Email
    icon = "mail"
    menu_label = _("Emails")
    menu_name = "precise-mail-emails"
    list_display = [
        "name",
        WideColumn("subject", label=_("Subject"), accessor=lambda email: as_read(email.subject)),
        UpdatedAtColumn(),
        LiveStatusTagColumn(),
    ]
    list_per_page = 30
    search_fields = ["name", "subject"]
    index_view_class = EmailIndexView
    add_view_class = EmailCreateView
    edit_view_class = EmailEditView
    copy_view_class = EmailCopyView
    edit_handler = ObjectList(
        [
            FieldPanel("name", classname="title"),
            SourcePagePanel(),
            FieldPanel("site"),
            MultiFieldPanel(
                [
                    FieldPanel(
                        "subject",
                        attrs=MERGE_ATTRS,
                        help_text=_(
                            "Merge fields work here: Good morning, {{ contact.first_name | default: “friend” }}"
                        ),
                    ),
                    FieldPanel("preheader", attrs=MERGE_ATTRS),
                ],
                heading=_("In the inbox"),
            ),
            FieldPanel("body", heading=_("Email")),
            HelpPanel(
                template="wagtail_precise_mail/emails/merge_fields_help.html",
                heading=_("Merge fields"),
                classname="collapsed",
            ),
            MultiFieldPanel(
                [
                    FieldPanel("sample_contact"),
                    FieldPanel(
                        "sample_segment", help_text=_("Somebody of this segment, another person every ten minutes.")
                    ),
                ],
                heading=_("Preview as"),
                help_text=_("The preview shows this person. Nobody gets mail by being chosen here."),
            ),
            MultiFieldPanel(
                [
                    FieldPanel("shows_web_link"),
                    FieldPanel("is_indexable"),
                    FieldPanel("web_title"),
                    FieldPanel("web_description"),
                ],
                heading=_("On the web"),
                classname="collapsed",
            ),
            PublishingPanel(),
        ],
        base_form_class=EmailForm,
    )


class SavedBlockViewSet(GuardedSnippetViewSet):
    """Saved blocks in the menu."""

    model = SavedBlock
    icon = "snippet"
    menu_label = _("Saved blocks")
    menu_name = "precise-mail-saved-blocks"
    copy_view_class = LatestCopyView
    list_display = ["name", UpdatedAtColumn(), LiveStatusTagColumn()]
    list_per_page = 30
    search_fields = ["name"]
    edit_handler = ObjectList(
        [
            FieldPanel("name", classname="title"),
            HelpPanel(
                content=_(
                    "When you publish a change, every email that shows this block and was not sent yet shows the "
                    "change. Emails that were sent stay as they are."
                ),
            ),
            FieldPanel("body", heading=_("Blocks")),
            PublishingPanel(),
        ],
        base_form_class=BodyForm,
    )
