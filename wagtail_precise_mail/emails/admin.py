"""The Wagtail side of this room: emails, saved blocks, the brand, and choosing whom a preview shows."""

from __future__ import annotations

from typing import Any

from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from wagtail import hooks
from wagtail.admin.panels import (
    FieldPanel,
    FieldRowPanel,
    HelpPanel,
    MultiFieldPanel,
    ObjectList,
    PublishingPanel,
)
from wagtail.admin.ui.components import MediaContainer
from wagtail.admin.ui.side_panels import BaseSidePanel, ChecksSidePanel
from wagtail.admin.ui.tables import LiveStatusTagColumn, UpdatedAtColumn
from wagtail.admin.viewsets.chooser import ChooserViewSet
from wagtail.snippets.views import snippets

from wagtail_precise_mail.choosers import GuardedSnippetChooserViewSet
from wagtail_precise_mail.emails import counting, merge_draftail, picking
from wagtail_precise_mail.emails.checks import Finding, check_email
from wagtail_precise_mail.emails.choosers import contact_chooser_viewset
from wagtail_precise_mail.emails.forms import ColorInput, EmailForm
from wagtail_precise_mail.emails.merge_widgets import MERGE_ATTRS
from wagtail_precise_mail.emails.models import BrandSettings, Email, SavedBlock
from wagtail_precise_mail.emails.sites import default_site


class EmailChecksPanel(BaseSidePanel):
    """What is worth knowing before the email goes out, in the place of Wagtail's checks of web pages."""

    class SidePanelToggle(BaseSidePanel.SidePanelToggle):
        aria_label = _("Toggle checks")
        icon_name = "glasses"
        counter_classname = "w-bg-critical-200"

        def get_context_data(self, parent_context: Any) -> dict[str, Any]:
            context: dict[str, Any] = super().get_context_data(parent_context)
            context["count"] = sum(finding.is_error for finding in self.panel.findings)
            return context

    name = "checks"
    title = _("Checks")
    template_name = "wagtail_precise_mail/emails/checks_panel.html"
    order = 350

    @cached_property
    def findings(self) -> list[Finding]:
        """What :func:`check_email` says about the version that was saved last."""
        return check_email(self.object, default_site())

    def get_context_data(self, parent_context: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(parent_context)
        count = len(self.findings)
        context["findings"] = self.findings
        context["heading"] = ngettext("%(count)s thing to look at", "%(count)s things to look at", count) % {
            "count": count
        }
        return context


class EmailEditView(snippets.EditView):
    """Wagtail's, with checks of an email."""

    def get_side_panels(self) -> MediaContainer:
        panels = [panel for panel in super().get_side_panels() if not isinstance(panel, ChecksSidePanel)]
        # Autosave answers with JSON and draws no panels.
        if not self.expects_json_response:
            panels.append(EmailChecksPanel(self.object, self.request))
        return MediaContainer(panels)


class EmailViewSet(snippets.SnippetViewSet):
    """Emails in the menu."""

    chooser_viewset_class = GuardedSnippetChooserViewSet
    model = Email
    icon = "mail"
    menu_label = _("Emails")
    menu_name = "precise-mail-emails"
    list_display = ["name", "subject", UpdatedAtColumn(), LiveStatusTagColumn()]
    list_per_page = 30
    search_fields = ["name", "subject"]
    search_backend_name = None
    edit_view_class = EmailEditView
    edit_handler = ObjectList(
        [
            FieldPanel("name", classname="title"),
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
            FieldPanel(
                "sample_contact",
                heading=_("Preview as"),
                help_text=_("The preview and test mails show this contact. Nobody gets mail by being chosen here."),
            ),
            PublishingPanel(),
        ],
        base_form_class=EmailForm,
    )


class SavedBlockViewSet(snippets.SnippetViewSet):
    """Saved blocks in the menu."""

    chooser_viewset_class = GuardedSnippetChooserViewSet
    model = SavedBlock
    icon = "snippet"
    menu_label = _("Saved blocks")
    menu_name = "precise-mail-saved-blocks"
    list_display = ["name", UpdatedAtColumn(), LiveStatusTagColumn()]
    list_per_page = 30
    search_fields = ["name"]
    search_backend_name = None
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
        ]
    )


# Settings take their form from the model; it is set here because panels are no business of a table.
BrandSettings.edit_handler = ObjectList(
    [
        MultiFieldPanel(
            [FieldPanel("company_name"), FieldPanel("postal_address", attrs={"rows": 3}), FieldPanel("logo")],
            heading=_("Company"),
        ),
        MultiFieldPanel(
            [FieldPanel("sender_name"), FieldRowPanel([FieldPanel("sender_address"), FieldPanel("reply_to")])],
            heading=_("Sender"),
        ),
        MultiFieldPanel(
            [
                FieldRowPanel(
                    [FieldPanel("primary_color", widget=ColorInput), FieldPanel("text_color", widget=ColorInput)]
                ),
                FieldRowPanel(
                    [FieldPanel("background_color", widget=ColorInput), FieldPanel("panel_color", widget=ColorInput)]
                ),
                FieldPanel("font_family"),
            ],
            heading=_("Look"),
        ),
    ]
)


@hooks.register("register_admin_viewset")
def register_contact_chooser() -> ChooserViewSet:
    """Register the chooser of contacts."""
    return contact_chooser_viewset


# These register what they bring with hooks of their own.
__all__ = ["counting", "merge_draftail", "picking", "viewsets"]

viewsets: list[type[snippets.SnippetViewSet]] = [EmailViewSet, SavedBlockViewSet]
"""For the one menu group of the package."""
