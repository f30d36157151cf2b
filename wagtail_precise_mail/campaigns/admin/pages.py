"""The campaign page: where it stands, what comes next, and what became of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.views import View
from wagtail.admin.admin_url_finder import AdminURLFinder
from wagtail.admin.views import generic
from wagtail.admin.views.generic.permissions import PermissionCheckedMixin
from wagtail.admin.widgets.button import Button, HeaderButton
from wagtail.log_actions import registry as log_registry
from wagtail.models import Revision
from wagtail.permission_policies import ModelPermissionPolicy
from wagtail.permission_policies.pages import PagePermissionPolicy

from wagtail_precise_mail.campaigns.admin.forms import TimeForm
from wagtail_precise_mail.campaigns.admin.timing import ASKED, Proposal, propose_time
from wagtail_precise_mail.campaigns.landing.figures import landing_report
from wagtail_precise_mail.campaigns.models import Campaign
from wagtail_precise_mail.campaigns.preflight import audience_or_problem, coverage_or_none, preflight
from wagtail_precise_mail.campaigns.queries import came_back, report_for
from wagtail_precise_mail.campaigns.senders import sender_of
from wagtail_precise_mail.campaigns.starting import changes_since_scheduled
from wagtail_precise_mail.conf import options
from wagtail_precise_mail.delivery.admin.outbox import SEE
from wagtail_precise_mail.delivery.digests.queries import kept_of
from wagtail_precise_mail.delivery.models import OutboxMessage, Send
from wagtail_precise_mail.delivery.operations.status import pace_of
from wagtail_precise_mail.delivery.pacing.waiting import waiting_for
from wagtail_precise_mail.emails.checks import Level
from wagtail_precise_mail.emails.merge import as_read
from wagtail_precise_mail.emails.models import Email
from wagtail_precise_mail.tracking.surveys import survey_results
from wagtail_precise_mail.tracking.visits import is_middleware_installed

if TYPE_CHECKING:
    from wagtail_precise_mail.campaigns.audience import Audience

State = Campaign.State
# Given to the copying view: the copy asks those for permission again whom the original skips.
ASKS_AGAIN = "asks_again"
ANY_PERMISSION = ["add", "change", "delete", "view", "send"]
# Views of no viewset say it themselves: Wagtail 7.4 does not find it by the model, and would let everybody in.
POLICY = ModelPermissionPolicy(Campaign)
# The last entries of the audit log on the page; the history view has them all.
_LOG_ENTRIES = 8


@dataclass(frozen=True)
class Stage:
    """One step on the way of a campaign."""

    label: str
    is_done: bool
    is_current: bool


class CampaignPage(generic.InspectView):
    """Wagtail's inspect view, grown up."""

    any_permission_required = ANY_PERMISSION
    template_name = "wagtail_precise_mail/campaigns/page.html"
    history_url_name = ""
    copy_url_name = ""
    object: Campaign

    def get_object(self, queryset: Any = None) -> Campaign:
        related = ("email__live_revision", "segment", "topic", "site", "sender", "scheduled_by", "send", "idea")
        return get_object_or_404(Campaign.objects.select_related(*related), pk=self.pk)

    def get_page_title(self) -> str:
        return self.object.name

    def get_page_subtitle(self) -> str:
        return ""

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        return [
            *self.breadcrumbs_items,
            {"url": reverse(self.index_url_name), "label": _("Campaigns")},
            {"url": "", "label": self.object.name},
        ]

    def get_fields(self) -> list[str]:
        return []

    @cached_property
    def header_buttons(self) -> list:
        edit_url = self.object.is_editable and self.get_edit_url()
        return [HeaderButton(_("Edit"), url=edit_url, icon_name="edit")] if edit_url else []

    @cached_property
    def header_more_buttons(self) -> list:
        buttons = []
        if self.user_has_permission("add"):
            buttons.append(Button(_("Copy"), url=self._url(self.copy_url_name), icon_name="copy", priority=10))
        buttons.append(Button(_("History"), url=self._url(self.history_url_name), icon_name="history", priority=20))
        if self.object.is_editable and (delete_url := self.get_delete_url()):
            buttons.append(Button(_("Delete"), url=delete_url, icon_name="bin", priority=30))
        return buttons

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        campaign, at = self.object, timezone.now()
        version = version_of(campaign)
        context = {
            **super().get_context_data(**kwargs),
            "campaign": campaign,
            "stages": stages(campaign),
            "may_send": self.user_has_permission("send"),
            "may": {state.value: campaign.may_become(state) for state in State},
            "sender": sender_of(campaign),
            "links": self._links(),
            "version": version,
            "log_entries": _log_entries(campaign),
            "verbs": {verb: self._url(self._name(verb)) for verb in (*VERBS, "surveys")},
            "now": at,
        }
        context |= self._landing()
        context |= {"progress_url": self._url(self._name("progress")), "page_state": page_state(campaign)}
        if campaign.send:
            context |= send_context(campaign.send)
            context["surveys"] = survey_results(campaign.send)
            names = version["block_names"]
            context["link_rows"] = [(link, names.get(link.block_id, "")) for link in context["report"].links]
        elif campaign.state in (State.DRAFT, State.SCHEDULED, State.PAUSED):
            context |= self._before(at)
        return context

    def _landing(self) -> dict[str, Any]:
        report, finder = landing_report(self.object), AdminURLFinder(self.request.user)
        may_create = bool(PagePermissionPolicy().user_has_permission(self.request.user, "add"))
        return {
            "landing": report,
            "landing_rows": [(page, finder.get_edit_url(page)) for page in report.pages],
            "create_landing_url": self._url(self._name("landing")) if may_create else "",
            "lacks_middleware": not is_middleware_installed(),
        }

    def _before(self, at: datetime) -> dict[str, Any]:
        audience, problem = audience_or_problem(self.object, at=at)
        findings = preflight(self.object, at=at) if self.object.is_editable else []
        changes = [] if self.object.is_editable else changes_since_scheduled(self.object)
        is_asked = ASKED in self.request.GET and self.user_has_permission("send")
        proposal = propose_time(self.object, at=at) if is_asked else None
        return {
            "changes": [change for change in changes if not change.is_hint],
            "list_hints": [change for change in changes if change.is_hint],
            "stops_at_prices": options().price_change == "stop",
            "findings": findings,
            "has_errors": any(finding.is_error for finding in findings),
            "is_all_well": all(finding.level == Level.HINT for finding in findings),
            "audience": audience,
            "audience_lines": audience_lines(audience),
            "ask_again_url": self._ask_again_url(audience),
            "audience_problem": problem,
            "coverage": coverage_or_none(self.object, at=at),
            "time_form": self._time_form(proposal),
            "proposal": proposal,
        }

    def _ask_again_url(self, audience: Audience | None) -> str:
        skipped = audience.skipped if audience else {}
        if OutboxMessage.SkipReason.ASK_FIRST not in skipped or not self.user_has_permission("add"):
            return ""
        return f"{self._url(self.copy_url_name)}?{ASKS_AGAIN}=1"

    def _time_form(self, proposal: Proposal | None) -> TimeForm:
        if proposal and proposal.typed:
            return TimeForm(initial=proposal.typed)
        typed = {key: self.request.GET.get(key) for key in ("send_on", "time_zone")}
        if typed["send_on"]:
            return TimeForm(typed, initial=typed)
        return TimeForm(initial={"send_on": self.object.scheduled_locally_at, "time_zone": self.object.time_zone})

    def _links(self) -> dict[str, str | None]:
        finder = AdminURLFinder(self.request.user)
        return {
            "email": finder.get_edit_url(self.object.email),
            "segment": finder.get_edit_url(self.object.segment),
            "sender": (sender := sender_of(self.object)) and finder.get_edit_url(sender),
            "idea": self.object.idea and finder.get_edit_url(self.object.idea),
            "outbox": outbox_url(self.object, self.request.user),
        }

    def _url(self, name: str) -> str:
        return reverse(name, args=[self.object.pk])

    def _name(self, view: str) -> str:
        return f"{self.index_url_name.rpartition(':')[0]}:{view}"


def may_see_campaigns(user: Any) -> bool:
    """Whether a user has any permission for campaigns."""
    return bool(POLICY.user_has_any_permission(user, ANY_PERMISSION))


VERBS = ("schedule", "reschedule", "unschedule", "pause", "resume", "cancel", "evaluate")


class ProgressView(PermissionCheckedMixin, View):
    """The live part of the campaign page, as a fragment of HTML."""

    http_method_names = ["get", "head", "options"]
    any_permission_required = ANY_PERMISSION
    model = Campaign

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        campaign = get_object_or_404(Campaign.objects.select_related("send"), pk=pk)
        context: dict[str, Any] = {"campaign": campaign}
        if campaign.send:
            context |= send_context(campaign.send)
        response = render(request, "wagtail_precise_mail/campaigns/includes/progress.html", context)
        # The page reloads when this changes: other buttons, other cards.
        response["Wpm-State"] = page_state(campaign)
        response["Cache-Control"] = "no-store"
        return response


def page_state(campaign: Campaign) -> str:
    """Return a word that changes whenever the page must be drawn anew."""
    return f"{campaign.state}-{campaign.send.state if campaign.send else 'none'}"


def send_context(send: Send) -> dict[str, Any]:
    """Return what the figures of a send need."""
    report, at = report_for(send), timezone.now()
    return {
        "send": send,
        "report": report,
        "kept": kept_of(send) if report.progress.skipped.get(OutboxMessage.SkipReason.KEPT) else None,
        "is_live": send.state in (Send.State.FREEZING, Send.State.RUNNING),
        "pace": pace_of(send, remaining=report.progress.waiting_count, at=at)
        if send.state == Send.State.RUNNING
        else None,
        "waiting": waiting_for(send, at=at),
        "page_state": page_state(send.campaign),
        "came_back": came_back(send),
        "conversion_days": options().conversion_window_days,
    }


def stages(campaign: Campaign) -> list[Stage]:
    """Return the way of a campaign: what is behind it, where it stands, and what lies ahead."""
    path = [State.DRAFT, State.SCHEDULED, State.SENDING, State.SENT, State.EVALUATED]
    state = campaign.state
    if state == State.PAUSED:
        state = State.SENDING if campaign.send else State.SCHEDULED
    reached = (2 if campaign.send else 1) if state == State.CANCELLED else path.index(State(state))
    approved = bool(campaign.email_revision_id or (campaign.email.live and campaign.email.live_revision_id))
    is_over = campaign.state in (State.CANCELLED, State.EVALUATED)
    steps = [
        Stage(str(step.label), place < reached or (is_over and place <= reached), place == reached and not is_over)
        for place, step in enumerate(path)
    ]
    steps.insert(1, Stage(_("approved"), approved, False))
    if campaign.state == State.CANCELLED:
        steps = [step for step in steps if step.is_done] + [Stage(str(State.CANCELLED.label), False, True)]
    return steps


def version_of(campaign: Campaign) -> dict[str, Any]:
    """Return what the page says about the version that goes out: the pinned one, once there is one."""
    revision = Revision.objects.filter(pk=campaign.email_revision_id).first() if campaign.email_revision_id else None
    if revision is None:
        return {"subject": as_read(campaign.email.subject), "block_names": {}}
    return {
        "subject": as_read(revision.content.get("subject", "")),
        "approved_at": revision.created_at,
        "block_names": block_names(json.loads(revision.content.get("body") or "[]")),
    }


def block_names(body: list[Any]) -> dict[str, str]:
    """Return what editors call each block of a stored body, by its id: the kind and its place."""
    kinds = Email._meta.get_field("body").stream_block.child_blocks
    names = {"header": _("Header")}
    for place, block in enumerate(body, start=1):
        kind = kinds.get(block["type"])
        name = _("%(kind)s, block %(place)d") % {"kind": kind.label if kind else block["type"], "place": place}
        names.update(dict.fromkeys(_ids(block), name))
    return names


def _ids(value: Any) -> Iterator[str]:
    """Yield the ids of a block and of every block inside: a link in a column belongs to the columns."""
    if isinstance(value, dict):
        if isinstance(value.get("id"), str):
            yield value["id"]
        value = list(value.values())
    if isinstance(value, list):
        for part in value:
            yield from _ids(part)


def audience_lines(audience: Audience | None) -> list[dict[str, Any]]:
    """Return each reason to leave somebody out, with its words."""
    if audience is None:
        return []
    return [
        {
            "label": OutboxMessage.SkipReason(reason).label,
            "count": count,
            "percent": 100 * count / audience.total_count,
        }
        for reason, count in sorted(audience.skipped.items(), key=lambda item: -item[1])
    ]


def outbox_url(campaign: Campaign, user: Any) -> str | None:
    """Return the listing of the frozen audience, message by message, for those who may see it."""
    if not campaign.send_id or not user.has_perms(SEE):
        return None
    return reverse("precise_mail_outbox", args=[campaign.send_id])


def _log_entries(campaign: Campaign) -> list:
    return list(log_registry.get_logs_for_instance(campaign).select_related("user")[:_LOG_ENTRIES])
