"""The report "Digests": what became of the mails that collected the issues of those who want mail less often."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.template.defaultfilters import date as format_date
from django.urls import path, reverse
from django.utils.functional import cached_property
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from wagtail import hooks
from wagtail.admin.menu import MenuItem
from wagtail.admin.ui.tables import Column, TitleColumn
from wagtail.admin.views.reports import ReportView
from wagtail.models import Site

from wagtail_precise_mail.campaigns.admin.columns import RevenueColumn, ShareColumn
from wagtail_precise_mail.campaigns.admin.pages import ANY_PERMISSION, POLICY
from wagtail_precise_mail.delivery.admin.outbox import SEE
from wagtail_precise_mail.delivery.digests.queries import count_waiting, digest_sends
from wagtail_precise_mail.delivery.models import Send
from wagtail_precise_mail.reports.admin.campaigns import CampaignReportMenuItem, harmless
from wagtail_precise_mail.reports.queries import reports_by_send

INDEX = "precise_mail_digest_report"


class DigestReportView(ReportView):
    """Every batch of digests, the latest first; each leads to its messages."""

    model = Send
    page_title = _("Digests")
    header_icon = "history"
    index_url_name = INDEX
    index_results_url_name = f"{INDEX}_results"
    any_permission_required = ANY_PERMISSION
    permission_policy = POLICY
    paginate_by = 30
    columns = [
        TitleColumn("gathered", label=_("Gathered"), get_url=lambda send: send.outbox_url),
        Column("site_name", label=_("Site"), classname="wpm-wide"),
        Column("state", label=_("State"), accessor="get_state_display", classname="wpm-wide"),
        ShareColumn("accepted", label=_("Accepted"), accessor="report.accepted", classname="wpm-number"),
        ShareColumn("opened", label=_("Opened"), accessor="report.opened", classname="wpm-number"),
        ShareColumn("clicked", label=_("Clicked"), accessor="report.clicked", classname="wpm-number"),
        ShareColumn("unsubscribed", label=_("Unsubscribed"), accessor="report.unsubscribed", classname="wpm-number"),
        RevenueColumn("revenue", label=_("Revenue"), accessor="report.revenue_lines", classname="wpm-number"),
    ]
    list_export = [
        "site_name",
        "created_at",
        "get_state_display",
        "report.progress.total",
        "report.accepted.count",
        "report.opened.count",
        "report.clicked.count",
        "report.unsubscribed.count",
        "report.revenue_lines",
    ]
    export_headings = {
        "site_name": _("Site"),
        "created_at": _("Gathered"),
        "get_state_display": _("State"),
        "report.progress.total": _("Contacts in the audience"),
        "report.accepted.count": _("Accepted"),
        "report.opened.count": _("Opened"),
        "report.clicked.count": _("Clicked"),
        "report.unsubscribed.count": _("Unsubscribed"),
        "report.revenue_lines": _("Revenue"),
    }
    export_filename = "digests"

    @cached_property
    def no_results_message(self) -> Any:
        return _("No digest was sent yet.")

    def get_page_subtitle(self) -> str:
        count = count_waiting()
        text = ngettext("%(count)s issue waits for its reader’s digest", "%(count)s issues wait for digests", count)
        return text % {"count": count}

    def get_queryset(self) -> QuerySet[Send]:
        return digest_sends()

    def decorate_paginated_queryset(self, object_list: Any) -> Any:
        sends: list[Any] = list(object_list)
        reports = reports_by_send(sends)
        sites = Site.objects.in_bulk([send.origin_id for send in sends])
        may_look = self.request.user.has_perms(SEE)
        for send in sends:
            site = sites.get(send.origin_id)
            send.report = reports[send.pk]
            send.gathered = format_date(localtime(send.created_at), "SHORT_DATE_FORMAT")
            send.site_name = (site.site_name or site.hostname) if site else str(_("a site that was deleted"))
            send.outbox_url = reverse("precise_mail_outbox", args=[send.pk]) if may_look else None
        return sends

    def write_csv_row(self, writer: Any, row_dict: dict[str, Any]) -> Any:
        return super().write_csv_row(writer, {name: harmless(value) for name, value in row_dict.items()})


@hooks.register("register_reports_menu_item")
def register_menu_item() -> MenuItem:
    """Below the report of campaigns, for the same people."""
    return CampaignReportMenuItem(
        _("Digests"), reverse(INDEX), name="precise-mail-digests", icon_name="history", order=605
    )


@hooks.register("register_admin_urls")
def register_urls() -> list:
    """The page, and its results for filtering without a reload."""
    return [
        path("reports/precise-mail-digests/", DigestReportView.as_view(), name=INDEX),
        path(
            "reports/precise-mail-digests/results/",
            DigestReportView.as_view(results_only=True),
            name=f"{INDEX}_results",
        ),
    ]
