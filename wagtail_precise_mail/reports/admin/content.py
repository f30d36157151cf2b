"""The report "Content in mails": which pages and products were shown, clicked and bought from."""

from __future__ import annotations

from typing import Any

import django_filters
from django.urls import path, reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from wagtail import hooks
from wagtail.admin.admin_url_finder import AdminURLFinder
from wagtail.admin.filters import DateRangePickerWidget, WagtailFilterSet
from wagtail.admin.menu import MenuItem
from wagtail.admin.ui.tables import Column, TitleColumn
from wagtail.admin.views.reports import ReportView

from wagtail_precise_mail.campaigns.admin.columns import CountColumn, RevenueColumn
from wagtail_precise_mail.campaigns.admin.pages import ANY_PERMISSION, POLICY
from wagtail_precise_mail.delivery.models import OutboxMessage
from wagtail_precise_mail.reports.admin.campaigns import CampaignReportMenuItem, harmless
from wagtail_precise_mail.reports.content import MODELS, ContentFigures, content_figures

INDEX = "precise_mail_content_report"


class ContentReportFilterSet(WagtailFilterSet):
    """Which content, and mails of which days. The report reads the values: there is no table to filter."""

    kind = django_filters.ChoiceFilter(
        label=_("Kind"), choices=[(kind, model._meta.verbose_name) for kind, model in MODELS.items()]
    )
    sent = django_filters.DateFromToRangeFilter(label=_("Sent"), widget=DateRangePickerWidget)

    class Meta:
        model = OutboxMessage
        fields: list[str] = []


class ContentReportView(ReportView):
    """Every page and product that a mail showed."""

    page_title = _("Content in mails")
    header_icon = "doc-full-inverse"
    template_name = "wagtail_precise_mail/reports/content.html"
    results_template_name = "wagtail_precise_mail/reports/wide_results.html"
    index_url_name = INDEX
    index_results_url_name = f"{INDEX}_results"
    any_permission_required = ANY_PERMISSION
    permission_policy = POLICY
    filterset_class = ContentReportFilterSet
    default_ordering = "-sends"
    paginate_by = 50
    columns = [
        TitleColumn("name", label=_("Content"), get_url=lambda row: row.edit_url),
        Column("kind", label=_("Kind"), classname="wpm-wide"),
        CountColumn("sends", label=_("Shown in mails"), sort_key="sends", classname="wpm-number"),
        CountColumn("clicks", label=_("Clicks"), sort_key="clicks", classname="wpm-number"),
        CountColumn("orders", label=_("Orders"), sort_key="orders", classname="wpm-number"),
        RevenueColumn("revenue", label=_("Revenue"), accessor="revenue_lines", classname="wpm-number"),
    ]
    list_export = ["name", "kind", "key", "sends", "clicks", "orders", "revenue_lines"]
    export_headings = {
        "name": _("Content"),
        "kind": _("Kind"),
        "key": _("Key"),
        "sends": _("Shown in mails"),
        "clicks": _("Clicks"),
        "orders": _("Orders"),
        "revenue_lines": _("Revenue"),
    }
    export_filename = "content-in-mails"

    @cached_property
    def no_results_message(self) -> Any:
        return _("No mail that left showed a page or product.")

    def get_queryset(self) -> Any:
        values = self.filters.form.cleaned_data if self.filters and self.filters.is_valid() else {}
        days = values.get("sent")
        rows = content_figures(
            kind=values.get("kind") or "", since=(days and days.start) or None, until=(days and days.stop) or None
        )
        figure = self.ordering.lstrip("-")
        return sorted(rows, key=lambda row: getattr(row, figure), reverse=self.ordering.startswith("-"))

    def filter_queryset(self, queryset: Any) -> Any:
        # The figures are computed for what the filters say.
        return queryset

    def decorate_paginated_queryset(self, object_list: Any) -> Any:
        rows: list[ContentFigures] = list(object_list)
        if not self.is_export:
            finder = AdminURLFinder(self.request.user)
            for row in rows:
                row.edit_url = finder.get_edit_url(row.thing) if row.thing is not None else None
        return rows

    def write_csv_row(self, writer: Any, row_dict: dict[str, Any]) -> Any:
        return super().write_csv_row(writer, {name: harmless(value) for name, value in row_dict.items()})


@hooks.register("register_reports_menu_item")
def register_menu_item() -> MenuItem:
    """Below the report of campaigns, for the same people."""
    return CampaignReportMenuItem(
        _("Content in mails"),
        reverse(INDEX),
        name="precise-mail-content",
        icon_name="doc-full-inverse",
        order=610,
    )


@hooks.register("register_admin_urls")
def register_urls() -> list:
    """The page, and its results for filtering without a reload."""
    return [
        path("reports/precise-mail-content/", ContentReportView.as_view(), name=INDEX),
        path(
            "reports/precise-mail-content/results/",
            ContentReportView.as_view(results_only=True),
            name=f"{INDEX}_results",
        ),
    ]
