"""The report "Campaigns": figures side by side, to be sorted by eye or in a spreadsheet."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import path, reverse
from django.utils.translation import gettext_lazy as _
from wagtail import hooks
from wagtail.admin.filters import WagtailFilterSet
from wagtail.admin.menu import MenuItem
from wagtail.admin.ui.tables import Column, TitleColumn
from wagtail.admin.views.reports import ReportView

from wagtail_precise_mail.campaigns.admin.columns import MomentColumn, RevenueColumn, ShareColumn
from wagtail_precise_mail.campaigns.admin.pages import ANY_PERMISSION, POLICY, may_see_campaigns
from wagtail_precise_mail.campaigns.landing.figures import landing_reports
from wagtail_precise_mail.campaigns.models import Campaign
from wagtail_precise_mail.reports.queries import reports_by_campaign, started_campaigns

INDEX = "precise_mail_campaign_report"
_FIGURES = ["accepted", "rejected", "unknown", "opened", "clicked", "unsubscribed", "converted"]


class CampaignReportFilterSet(WagtailFilterSet):
    """What to compare: the same topic, segment or state."""

    class Meta:
        model = Campaign
        fields = ["topic", "segment", "state"]


class CampaignReportView(ReportView):
    """Every campaign that was started."""

    model = Campaign
    page_title = _("Campaigns")
    header_icon = "mail"
    index_url_name = INDEX
    index_results_url_name = f"{INDEX}_results"
    any_permission_required = ANY_PERMISSION
    permission_policy = POLICY
    filterset_class = CampaignReportFilterSet
    results_template_name = "wagtail_precise_mail/reports/wide_results.html"
    paginate_by = 30
    columns = [
        TitleColumn("name", label=_("Campaign"), url_name="precise-mail-campaigns:inspect"),
        MomentColumn("started_at", label=_("Started")),
        Column("segment", label=_("Audience"), classname="wpm-wide"),
        ShareColumn("accepted", label=_("Accepted"), accessor="report.accepted", classname="wpm-number"),
        ShareColumn("opened", label=_("Opened"), accessor="report.opened", classname="wpm-number"),
        ShareColumn("clicked", label=_("Clicked"), accessor="report.clicked", classname="wpm-number"),
        ShareColumn("unsubscribed", label=_("Unsubscribed"), accessor="report.unsubscribed", classname="wpm-number"),
        ShareColumn("converted", label=_("Bought"), accessor="report.converted", classname="wpm-number"),
        ShareColumn("reached", label=_("Goal reached"), accessor="landing.reached", classname="wpm-number"),
        RevenueColumn("revenue", label=_("Revenue"), accessor="report.revenue_lines", classname="wpm-number"),
    ]
    list_export = [
        "name",
        "started_at",
        "state",
        "segment.name",
        "topic.name",
        "report.progress.total",
        *(f"report.{figure}.count" for figure in _FIGURES),
        "report.figures.machine_open_count",
        "report.figures.machine_click_count",
        "report.revenue_lines",
        "landing.visitors",
        "landing.reached.count",
        "landing.figures.order_count",
        "landing.revenue_lines",
    ]
    export_headings = {
        "name": _("Campaign"),
        "started_at": _("Started"),
        "state": _("State"),
        "segment.name": _("Audience"),
        "topic.name": _("Topic"),
        "report.progress.total": _("Contacts in the audience"),
        "report.accepted.count": _("Accepted"),
        "report.rejected.count": _("Rejected"),
        "report.unknown.count": _("Unknown"),
        "report.opened.count": _("Opened"),
        "report.clicked.count": _("Clicked"),
        "report.unsubscribed.count": _("Unsubscribed"),
        "report.converted.count": _("Bought"),
        "report.figures.machine_open_count": _("Opened by machines only"),
        "report.figures.machine_click_count": _("Clicks by machines"),
        "report.revenue_lines": _("Revenue"),
        "landing.visitors": _("Visitors of landing pages"),
        "landing.reached.count": _("Reached the goal"),
        "landing.figures.order_count": _("Orders of visitors"),
        "landing.revenue_lines": _("Revenue from visitors"),
    }
    export_filename = "campaigns"

    def get_queryset(self) -> Any:
        return started_campaigns()

    def decorate_paginated_queryset(self, object_list: Any) -> Any:
        campaigns: list[Any] = list(object_list)
        reports = reports_by_campaign(campaigns)
        landing = landing_reports(campaigns)
        for campaign in campaigns:
            campaign.report, campaign.landing = reports[campaign.pk], landing[campaign.pk]
        return campaigns

    def write_csv_row(self, writer: Any, row_dict: dict[str, Any]) -> Any:
        return super().write_csv_row(writer, {field: harmless(value) for field, value in row_dict.items()})


def harmless(value: Any) -> Any:
    """Return a cell of a spreadsheet that no program runs."""
    # Spreadsheets run text that begins like this as a formula; names come from people.
    return f"'{value}" if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")) else value


class CampaignReportMenuItem(MenuItem):
    """Shown to whoever may see campaigns."""

    def is_shown(self, request: HttpRequest) -> bool:
        return may_see_campaigns(request.user)


@hooks.register("register_reports_menu_item")
def register_menu_item() -> MenuItem:
    """Among Wagtail's own reports."""
    return CampaignReportMenuItem(_("Campaigns"), reverse(INDEX), name="precise-mail", icon_name="mail", order=600)


@hooks.register("register_admin_urls")
def register_urls() -> list:
    """The page, and its results for filtering without a reload."""
    return [
        path("reports/precise-mail-campaigns/", CampaignReportView.as_view(), name=INDEX),
        path(
            "reports/precise-mail-campaigns/results/",
            CampaignReportView.as_view(results_only=True),
            name=f"{INDEX}_results",
        ),
    ]
