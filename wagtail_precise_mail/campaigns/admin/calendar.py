"""The timetable of campaigns: a month on wide screens, a list on narrow ones."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.http import Http404
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import TemplateView
from wagtail.admin.menu import MenuItem
from wagtail.admin.views.generic.base import WagtailAdminTemplateMixin
from wagtail.admin.views.generic.permissions import PermissionCheckedMixin
from wagtail.admin.viewsets.base import ViewSet
from wagtail.admin.widgets.button import HeaderButton

from wagtail_precise_mail.campaigns.admin.forms import TimeForm
from wagtail_precise_mail.campaigns.admin.pages import ANY_PERMISSION, POLICY, may_see_campaigns
from wagtail_precise_mail.campaigns.models import Campaign
from wagtail_precise_mail.campaigns.timetable import month_of

State = Campaign.State
_WAITING = (State.SCHEDULED, State.PAUSED)


class CalendarView(PermissionCheckedMixin, WagtailAdminTemplateMixin, TemplateView):
    """One month; the campaigns in it can be moved, paused and resumed in place."""

    any_permission_required = ANY_PERMISSION
    permission_policy = POLICY
    model = Campaign
    page_title = gettext_lazy("Calendar")
    header_icon = "calendar-alt"
    template_name = "wagtail_precise_mail/campaigns/calendar.html"
    calendar_url_name = ""

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        return [
            *self.breadcrumbs_items,
            {"url": reverse("precise-mail-campaigns:index"), "label": _("Campaigns")},
            {"url": "", "label": _("Calendar")},
        ]

    def get_header_buttons(self) -> list:
        if not self.user_has_permission("add"):
            return []
        return [HeaderButton(_("Add campaign"), url=reverse("precise-mail-campaigns:add"), icon_name="plus")]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        today = timezone.localdate()
        month = month_of(self._on(today), today=today)
        may_send = self.user_has_permission("send")
        for week in month.weeks:
            for day in week:
                for campaign in day.campaigns:
                    _prepare(campaign, may_send)
        return {
            **super().get_context_data(**kwargs),
            "month": month,
            "today": today,
            "time_zone": timezone.get_current_timezone_name(),
            "here": self.request.get_full_path(),
        }

    def _on(self, today: date) -> date:
        given = {key: self.request.GET.get(key) for key in ("year", "month")}
        if not any(given.values()):
            return today
        try:
            on = date(int(given["year"] or today.year), int(given["month"] or today.month), 1)
        except ValueError:
            raise Http404 from None
        if not 2000 <= on.year <= 2200:
            raise Http404
        return on


def _prepare(campaign: Any, may_send: bool) -> None:
    """Hang on a campaign what the template needs beside its fields."""
    may_move = may_send and campaign.state in _WAITING and campaign.started_at is None
    campaign.time_form = _time_form(campaign) if may_move else None
    campaign.may_be_paused = may_send and campaign.may_become(State.PAUSED)
    campaign.may_be_resumed = may_send and campaign.state == State.PAUSED


def _time_form(campaign: Campaign) -> TimeForm:
    initial = {"send_on": campaign.scheduled_locally_at, "time_zone": campaign.time_zone}
    return TimeForm(initial=initial, auto_id=f"id_{campaign.pk}_%s")


class CalendarMenuItem(MenuItem):
    """Shown to whoever may see campaigns."""

    def is_shown(self, request: Any) -> bool:
        return may_see_campaigns(request.user)


class CalendarViewSet(ViewSet):
    """The calendar below the menu group."""

    name = "precise-mail-calendar"
    icon = "calendar-alt"
    menu_label = gettext_lazy("Calendar")
    menu_item_class = CalendarMenuItem

    def get_urlpatterns(self) -> list:
        return [path("", self.construct_view(CalendarView), name="index")]
