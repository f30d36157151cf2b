"""The Wagtail side of this room: emails, saved blocks, the brand, and choosing whom a preview shows."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from wagtail import hooks
from wagtail.admin.panels import (
    FieldPanel,
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
from wagtail_precise_mail.emails import brand_admin, starters_admin
from wagtail_precise_mail.emails.bridge.admin import SourcePagePanel
from wagtail_precise_mail.emails.checks import Finding, check_email
from wagtail_precise_mail.emails.choosers import contact_chooser_viewset
from wagtail_precise_mail.emails.forms import EmailForm
from wagtail_precise_mail.emails.models import Email, SavedBlock
from wagtail_precise_mail.emails.pins import changed_findings
from wagtail_precise_mail.emails.reference_checks import check_references
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
        """What :func:`check_email` says about the version saved last, and what differs from the approved one."""
        email, site = self.object, default_site()
        findings = [*check_email(email, site), *check_references(email.body, site), *changed_findings(email)]
        return sorted(findings, key=lambda finding: not finding.is_error)

    def get_context_data(self, parent_context: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(parent_context)
        count = len(self.findings)
        context["findings"] = self.findings
        context["heading"] = ngettext("%(count)s thing to look at", "%(count)s things to look at", count) % {
            "count": count
        }
        return context


class EmailIndexView(snippets.IndexView):
    """Wagtail's, but a new email begins in the gallery of starters."""

    def get_add_url(self) -> str | None:
        return reverse("precise_mail_starters") if super().get_add_url() else None


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
    index_view_class = EmailIndexView
    edit_view_class = EmailEditView
    edit_handler = ObjectList(
        [
            FieldPanel("name", classname="title"),
            SourcePagePanel(),
            MultiFieldPanel(
                [
                    FieldPanel(
                        "subject",
                        help_text=_(
                            "Merge fields work here: Good morning, {{ contact.first_name | default: “friend” }}"
                        ),
                    ),
                    FieldPanel("preheader"),
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


@hooks.register("register_admin_viewset")
def register_contact_chooser() -> ChooserViewSet:
    """Register the chooser of contacts."""
    return contact_chooser_viewset


__all__ = ["brand_admin", "starters_admin", "viewsets"]

viewsets: list[type[snippets.SnippetViewSet]] = [EmailViewSet, SavedBlockViewSet]
"""For the one menu group of the package."""
