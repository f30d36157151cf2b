"""What campaigns add to the rest of the admin: log entries, and a panel on the home page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from wagtail import hooks
from wagtail.admin.ui.components import Component
from wagtail.log_actions import LogActionRegistry, LogFormatter

from wagtail_precise_mail.campaigns.admin.pages import may_see_campaigns
from wagtail_precise_mail.campaigns.moves import LOG_PREFIX
from wagtail_precise_mail.campaigns.timetable import running_and_next

# Verb: label in filters, and the sentence in the history.
_ENTRIES = {
    "schedule": (
        _("Schedule campaign"),
        _("Scheduled for %(scheduled_at)s UTC, with version %(revision)s of the email"),
    ),
    "reschedule": (_("Reschedule campaign"), _("Moved to %(scheduled_at)s UTC")),
    "unschedule": (_("Unschedule campaign"), _("Made a draft again")),
    "start": (_("Start campaign"), _("Started; its audience was frozen as send %(send)s")),
    "differ": (_("Differ from the approved content"), _("Not as it was approved: %(changes)s")),
    "pause": (_("Pause campaign"), _("Paused: %(reason)s")),
    "resume": (_("Resume campaign"), _("Resumed")),
    "cancel": (_("Cancel campaign"), _("Cancelled")),
    "finish": (_("Finish campaign"), _("Sent to the whole audience")),
    "evaluate": (_("Evaluate campaign"), _("Evaluated")),
}


class MoveFormatter(LogFormatter):
    """A sentence with the data of the entry in it."""

    def format_message(self, log_entry: Any) -> str:
        data = dict.fromkeys(("scheduled_at", "revision", "send", "reason", "changes"), "?") | (log_entry.data or {})
        data["scheduled_at"] = str(data["scheduled_at"])[:16].replace("T", " ")
        return str(self.message) % data


@hooks.register("register_log_actions")
def register_log_actions(registry: LogActionRegistry) -> None:
    """One action per move."""
    for verb, (label, message) in _ENTRIES.items():
        formatter = type("CampaignLogFormatter", (MoveFormatter,), {"label": label, "message": message})
        registry.register_action(LOG_PREFIX + verb)(formatter)


class CampaignsPanel(Component):
    """Running, paused and coming campaigns, on the home page."""

    name = "precise_mail_campaigns"
    template_name = "wagtail_precise_mail/campaigns/home_panel.html"
    order = 120

    class Media:
        css = {"all": ["wagtail_precise_mail/campaigns/campaigns.css"]}

    def get_context_data(self, parent_context: Mapping[str, Any]) -> dict[str, Any]:
        return {"campaigns": running_and_next(limit=6)}

    def render_html(self, parent_context: Mapping[str, Any] | None = None) -> str:
        context = self.get_context_data(parent_context or {})
        return super().render_html(parent_context) if context["campaigns"] else ""


@hooks.register("construct_homepage_panels")
def add_campaigns_panel(request: HttpRequest, panels: list) -> None:
    """For those who may see campaigns."""
    if may_see_campaigns(request.user):
        panels.append(CampaignsPanel())
