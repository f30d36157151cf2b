"""The report "Why people leave": each reason with its count, and the contacts behind it."""

from __future__ import annotations

from typing import Any

import django_filters
from django.core.exceptions import PermissionDenied
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import path, reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from wagtail import hooks
from wagtail.admin.filters import DateRangePickerWidget, WagtailFilterSet
from wagtail.admin.menu import MenuItem
from wagtail.admin.ui.tables import Column, DateColumn, TitleColumn
from wagtail.admin.views.reports import ReportView

from wagtail_precise_mail.contacts.admin.columns import WideColumn, WideDateColumn
from wagtail_precise_mail.contacts.departures import Departure
from wagtail_precise_mail.contacts.models import UnsubscribeReason

INDEX = "precise_mail_departures"
SEE, EXPORT = "wagtail_precise_mail.view_contact", "wagtail_precise_mail.export_contact"
NO_REASON = "none"
# Spreadsheets run a cell that begins with one of these.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


class DepartureFilterSet(WagtailFilterSet):
    """By reason, time, and whether they came back."""

    reason = django_filters.ChoiceFilter(
        label=_("Reason"),
        choices=[*UnsubscribeReason.choices, (NO_REASON, _("no reason given"))],
        method="filter_by_reason",
    )
    left_at = django_filters.DateFromToRangeFilter(label=_("Left"), widget=DateRangePickerWidget)
    is_back = django_filters.BooleanFilter(
        label=_("Came back"), field_name="returned_at", lookup_expr="isnull", exclude=True
    )

    class Meta:
        model = Departure
        fields: list[str] = []

    def filter_by_reason(self, departures: QuerySet, _name: str, value: str) -> QuerySet:
        return departures.filter(reason="" if value == NO_REASON else value)


class DepartureReportView(ReportView):
    """Everybody who left, with the reasons as bars above."""

    model = Departure
    page_title = _("Why people leave")
    header_icon = "cross"
    template_name = "wagtail_precise_mail/contacts/departures.html"
    index_url_name = INDEX
    index_results_url_name = f"{INDEX}_results"
    permission_required = None
    any_permission_required = None
    filterset_class = DepartureFilterSet
    default_ordering = "-left_at"
    paginate_by = 50
    list_export = ["contact.email", "reason_label", "comment", "left_at", "returned_at"]
    export_headings = {
        "contact.email": _("Email address"),
        "reason_label": _("Reason"),
        "comment": _("In their words"),
        "left_at": _("Left"),
        "returned_at": _("Came back"),
    }
    export_filename = "departures"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        wanted = [SEE, EXPORT] if "export" in request.GET else [SEE]
        if not request.user.has_perms(wanted):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    @cached_property
    def no_results_message(self) -> Any:
        if self.is_filtering:
            return super().no_results_message
        return _("Nobody has left yet. Whoever unsubscribes may say why, and their answers stand here.")

    @property
    def show_export_buttons(self) -> bool:
        return bool(self.request.user.has_perm(EXPORT))

    @property
    def columns(self) -> list[Column]:
        return [
            TitleColumn("contact", label=_("Who"), accessor=who_left, get_url=profile_url, width="30%"),
            Column("reason", label=_("Reason"), accessor=reason_of),
            WideColumn("comment", label=_("In their words")),
            DateColumn("left_at", label=_("Left"), sort_key="left_at", width="14%"),
            WideDateColumn("returned_at", label=_("Came back"), width="14%"),
        ]

    def get_queryset(self) -> Any:
        return super().get_queryset().select_related("contact")

    def decorate_paginated_queryset(self, object_list: Any) -> Any:
        rows = list(object_list)
        for row in rows:
            row.reason_label = reason_of(row)
        return rows

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {**super().get_context_data(**kwargs), "bars": self.bars()}

    def bars(self) -> list[dict[str, Any]]:
        """Return the reasons with their counts, the most frequent first: of everybody, whatever the filters say."""
        counts = list(Departure.objects.order_by().values_list("reason").annotate(count=Count("pk")))
        total = sum(count for _reason, count in counts)
        labels = dict(UnsubscribeReason.choices)
        return [
            {
                "label": labels.get(reason) or gettext("no reason given"),
                "count": count,
                "percent": round(100 * count / total),
                "url": f"{reverse(INDEX)}?reason={reason or NO_REASON}",
            }
            for reason, count in sorted(counts, key=lambda pair: -pair[1])
        ]

    def write_csv_row(self, writer: Any, row_dict: dict[str, Any]) -> Any:
        return super().write_csv_row(writer, {name: _harmless(value) for name, value in row_dict.items()})


def who_left(departure: Departure) -> str:
    """Return the address, or that nobody knows it any more."""
    return departure.contact.email if departure.contact else gettext("erased contact")


def profile_url(departure: Departure) -> str | None:
    """Return the profile of who left."""
    return reverse("precise-mail-contacts:inspect", args=[departure.contact_id]) if departure.contact_id else None


def reason_of(departure: Departure) -> str:
    """Return the reason in words."""
    return str(departure.get_reason_display()) if departure.reason else gettext("no reason given")


def _harmless(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA_STARTS) else value


class DepartureMenuItem(MenuItem):
    """Shown to whoever may see contacts."""

    def is_shown(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm(SEE))


@hooks.register("register_reports_menu_item")
def register_menu_item() -> MenuItem:
    """Among Wagtail's own reports."""
    return DepartureMenuItem(
        _("Why people leave"), reverse(INDEX), name="precise-mail-departures", icon_name="cross", order=620
    )


@hooks.register("register_admin_urls")
def register_urls() -> list:
    """The page, and its results for filtering without a reload."""
    return [
        path("reports/precise-mail-departures/", DepartureReportView.as_view(), name=INDEX),
        path(
            "reports/precise-mail-departures/results/",
            DepartureReportView.as_view(results_only=True),
            name=f"{INDEX}_results",
        ),
    ]
