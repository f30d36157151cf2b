"""The report "Unsubscribes": who leaves, by audience and by reason."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.urls import path, reverse
from django.utils.formats import number_format
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from wagtail import hooks
from wagtail.admin.menu import MenuItem
from wagtail.admin.paginator import WagtailPaginator
from wagtail.admin.ui.tables import Column
from wagtail.admin.views.reports import ReportView

from wagtail_precise_mail.campaigns.admin.columns import CountColumn, ShareColumn
from wagtail_precise_mail.campaigns.admin.pages import ANY_PERMISSION, POLICY
from wagtail_precise_mail.contacts.models import UnsubscribeReason
from wagtail_precise_mail.reports.admin.campaigns import CampaignReportMenuItem, harmless
from wagtail_precise_mail.reports.unsubscribes import leaving_by_segment, mailed_segments
from wagtail_precise_mail.segments.models import Segment

INDEX = "precise_mail_unsubscribe_report"

# Reasons as attributes of a row; "" would be none.
_NONE = "none_given"
_REASONS = [*UnsubscribeReason.choices, (_NONE, _("No reason given"))]


class AudiencePaginator(WagtailPaginator):
    """Counts the rows as what they are here."""

    @cached_property
    def items_count_label(self) -> str:
        words = {"count": number_format(self.count, force_grouping=True)}
        return ngettext("%(count)s audience", "%(count)s audiences", self.count) % words


class UnsubscribeReportView(ReportView):
    """Every segment that a campaign was sent to, with the reasons for leaving side by side."""

    model = Segment
    page_title = _("Unsubscribes")
    header_icon = "user"
    index_url_name = INDEX
    index_results_url_name = f"{INDEX}_results"
    any_permission_required = ANY_PERMISSION
    permission_policy = POLICY
    results_template_name = "wagtail_precise_mail/reports/wide_results.html"
    paginate_by = 30
    paginator_class = AudiencePaginator
    columns = [
        Column("name", label=_("Audience")),
        CountColumn("accepted_count", label=_("Accepted"), accessor="leaving.accepted_count", classname="wpm-number"),
        ShareColumn("total", label=_("Unsubscribed"), accessor="leaving.total", classname="wpm-number"),
        *(CountColumn(key, label=label, accessor=f"reasons.{key}", classname="wpm-number") for key, label in _REASONS),
    ]
    list_export = [
        "name",
        "leaving.accepted_count",
        "leaving.total.count",
        *(f"reasons.{key}" for key, _label in _REASONS),
    ]
    export_headings = {
        "name": _("Audience"),
        "leaving.accepted_count": _("Accepted"),
        "leaving.total.count": _("Unsubscribed"),
        **{f"reasons.{key}": label for key, label in _REASONS},
    }
    export_filename = "unsubscribes"

    @cached_property
    def no_results_message(self) -> Any:
        return _("No campaign was sent yet.")

    def get_queryset(self) -> QuerySet[Segment]:
        return mailed_segments()

    def decorate_paginated_queryset(self, object_list: Any) -> Any:
        segments: list[Any] = list(object_list)
        leaving = leaving_by_segment(segments)
        for segment in segments:
            segment.leaving = leaving[segment.pk]
            found = segment.leaving.reasons
            segment.reasons = {key: found.get("" if key == _NONE else key, 0) for key, _label in _REASONS}
        return segments

    def write_csv_row(self, writer: Any, row_dict: dict[str, Any]) -> Any:
        return super().write_csv_row(writer, {field: harmless(value) for field, value in row_dict.items()})


@hooks.register("register_reports_menu_item")
def register_menu_item() -> MenuItem:
    """Among Wagtail's own reports."""
    return CampaignReportMenuItem(
        _("Unsubscribes"), reverse(INDEX), name="precise-mail-unsubscribes", icon_name="user", order=603
    )


@hooks.register("register_admin_urls")
def register_urls() -> list:
    """The page, and its results."""
    view = UnsubscribeReportView
    return [
        path("reports/precise-mail-unsubscribes/", view.as_view(), name=INDEX),
        path("reports/precise-mail-unsubscribes/results/", view.as_view(results_only=True), name=f"{INDEX}_results"),
    ]
