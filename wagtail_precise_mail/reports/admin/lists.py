"""The report "List": how it grows by source, and how well it does."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import path, reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.generic import TemplateView
from wagtail import hooks
from wagtail.admin.views.generic import WagtailAdminTemplateMixin

from wagtail_precise_mail.campaigns.admin.pages import may_see_campaigns
from wagtail_precise_mail.reports.admin.campaigns import CampaignReportMenuItem
from wagtail_precise_mail.reports.growth import Growth, list_growth
from wagtail_precise_mail.reports.health import list_health

INDEX = "precise_mail_list_report"
PERIODS = (30, 90, 365)


class ListReportView(WagtailAdminTemplateMixin, TemplateView):
    """Figures of people together, and of nobody in particular."""

    page_title = _("List growth and health")
    header_icon = "group"
    template_name = "wagtail_precise_mail/reports/list.html"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not may_see_campaigns(request.user):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    @cached_property
    def days(self) -> int:
        given = self.request.GET.get("days", "")
        return int(given) if given.isascii() and given.isdigit() and int(given) in PERIODS else 90

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        return [*self.breadcrumbs_items, {"url": "", "label": self.page_title}]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        until = timezone.now()
        since = until - timedelta(days=self.days)
        growth = list_growth(since, until)
        return {
            **super().get_context_data(**kwargs),
            "health": list_health(until, since),
            "growth": growth,
            "total": Growth(
                "",
                sum(row.new for row in growth),
                sum(row.confirmed for row in growth),
                sum(row.lost for row in growth),
            ),
            "largest": max([*(max(row.new, row.lost) for row in growth), 1]),
            "periods": [
                (days, ngettext("%(count)d day", "%(count)d days", days) % {"count": days}, days == self.days)
                for days in PERIODS
            ],
        }


@hooks.register("register_reports_menu_item")
def register_menu_item() -> CampaignReportMenuItem:
    """Below the report of content."""
    return CampaignReportMenuItem(
        _("List growth and health"), reverse(INDEX), name="precise-mail-list", icon_name="group", order=620
    )


@hooks.register("register_admin_urls")
def register_urls() -> list:
    """One page."""
    return [path("reports/precise-mail-list/", ListReportView.as_view(), name=INDEX)]
