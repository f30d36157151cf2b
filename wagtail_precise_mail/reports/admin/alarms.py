"""The report "Alarms about senders": who is stopped, why, and the button that lets them go on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from django.contrib.auth.models import AbstractBaseUser, Permission
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import path, reverse
from django.utils.translation import gettext_lazy as _
from django.views.generic import View
from wagtail import hooks
from wagtail.admin import messages
from wagtail.admin.menu import MenuItem
from wagtail.admin.ui.components import Component
from wagtail.log_actions import LogActionRegistry, LogFormatter

from wagtail_precise_mail.delivery.pacing.circuit import LOG_ACTION, let_go_on, paused_sends
from wagtail_precise_mail.delivery.pacing.models import Alarm
from wagtail_precise_mail.delivery.pacing.notices import PAGE
from wagtail_precise_mail.delivery.pacing.stops import ADVICE, sentence
from wagtail_precise_mail.exceptions import InvalidTransition
from wagtail_precise_mail.reports.admin.pages import NeedsPermission, PermittedMenuItem, ReportPage, may

NEEDS, RESUME = ("view_alarm",), ("view_alarm", "resume_alarm")
_PAST = 20


class AlarmsView(ReportPage):
    """Alarms that are open, and the last ones that are over."""

    page_title = _("Alarms about senders")
    header_icon = "warning"
    template_name = "wagtail_precise_mail/reports/alarms.html"
    needs = NEEDS

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        alarms = Alarm.objects.select_related("send__compiled__email", "ended_by")
        return {
            **super().get_context_data(**kwargs),
            "cards": [_card(alarm) for alarm in alarms.filter(ended_at=None).order_by("level", "-raised_at")],
            "past": [(alarm, sentence(alarm)) for alarm in alarms.exclude(ended_at=None)[:_PAST]],
            "may_resume": may(self.request.user, *RESUME),
        }


class LetGoOnView(NeedsPermission, View):
    """POST only: end a stop."""

    http_method_names = ["post"]
    needs = RESUME

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        alarm = get_object_or_404(Alarm, pk=pk, level=Alarm.Level.STOP)
        try:
            let_go_on(alarm, by=cast("AbstractBaseUser", request.user))
        except InvalidTransition as error:
            messages.error(request, str(error))
        else:
            words = _("%(domain)s may send again. What was paused goes on when somebody resumes it on its own page.")
            messages.success(request, words % {"domain": alarm.domain})
        return redirect(PAGE)


def _card(alarm: Alarm) -> dict[str, Any]:
    is_stop = alarm.level == Alarm.Level.STOP
    return {
        "alarm": alarm,
        "is_stop": is_stop,
        "sentence": sentence(alarm),
        "advice": ADVICE[alarm.kind],
        "email": str(alarm.send.compiled.email or "") if alarm.send else "",
        "paused": paused_sends(alarm.domain) if is_stop else [],
    }


class AlarmsPanel(Component):
    """Senders that are stopped or in danger, on the home page; nothing while all is well."""

    name = "precise_mail_alarms"
    template_name = "wagtail_precise_mail/reports/alarms_panel.html"
    order = 104

    def get_context_data(self, parent_context: Mapping[str, Any]) -> dict[str, Any]:
        alarms = list(Alarm.objects.filter(ended_at=None).order_by("level", "-raised_at"))
        return {
            "alarms": [(alarm, sentence(alarm)) for alarm in alarms],
            "has_stop": any(alarm.level == Alarm.Level.STOP for alarm in alarms),
            "url": reverse(PAGE),
        }

    def render_html(self, parent_context: Mapping[str, Any] | None = None) -> str:
        context = self.get_context_data(parent_context or {})
        return super().render_html(parent_context) if context["alarms"] else ""


@hooks.register("construct_homepage_panels")
def add_alarms_panel(request: HttpRequest, panels: list) -> None:
    """For those who may see the report."""
    if may(request.user, *NEEDS):
        panels.append(AlarmsPanel())


@hooks.register("register_reports_menu_item")
def register_menu_item() -> MenuItem:
    """Below the report of deliverability."""
    return PermittedMenuItem(
        _("Alarms about senders"),
        reverse(PAGE),
        name="precise-mail-alarms",
        icon_name="warning",
        order=641,
        needs=NEEDS,
    )


@hooks.register("register_permissions")
def register_permissions() -> QuerySet[Permission]:
    """Let groups be given the right to see alarms, and to let a sender go on."""
    return Permission.objects.filter(
        content_type__app_label="wagtail_precise_mail", codename__in=["view_alarm", "resume_alarm"]
    )


@hooks.register("register_log_actions")
def register_log_action(registry: LogActionRegistry) -> None:
    """Who let which sender go on."""

    @registry.register_action(LOG_ACTION)
    class ResumeFormatter(LogFormatter):
        label = _("Let a sender go on")

        def format_message(self, log_entry: Any) -> str:
            domain = (log_entry.data or {}).get("domain", "?")
            return str(_("Let mail from %(domain)s go on")) % {"domain": domain}


@hooks.register("register_admin_urls")
def register_urls() -> list:
    """The page, and what its button does."""
    return [
        path("reports/precise-mail-alarms/", AlarmsView.as_view(), name=PAGE),
        path("reports/precise-mail-alarms/<int:pk>/resume/", LetGoOnView.as_view(), name=f"{PAGE}_resume"),
    ]
