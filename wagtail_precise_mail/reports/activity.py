"""When people are active: by hour and weekday, on the clocks of the site."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import Count, QuerySet
from django.db.models.functions import ExtractHour, ExtractIsoWeekDay
from django.utils import timezone

from wagtail_precise_mail.commerce.models import Order
from wagtail_precise_mail.reports.periods import Period
from wagtail_precise_mail.tracking.models import MessageEvent

Week = Mapping[tuple[int, int], int]
"""Counts by weekday (Monday is 0) and hour; what is not in it is 0."""


def order_week(period: Period) -> Week:
    """Return when the sales of a period were placed, in one query."""
    sales = Order.objects.filter(kind=Order.Kind.SALE, placed_at__gte=period.since, placed_at__lt=period.until)
    return _week(sales, "placed_at")


def click_weeks(period: Period) -> tuple[Week, Week]:
    """Return when links in mails of a period were followed by people, and when by machines, in two queries."""
    clicks = MessageEvent.objects.filter(
        kind=MessageEvent.Kind.CLICK,
        send__is_test=False,
        happened_at__gte=period.since,
        happened_at__lt=period.until,
    )
    return _week(clicks.filter(is_machine=False), "happened_at"), _week(clicks.filter(is_machine=True), "happened_at")


def _week(rows: QuerySet[Any], column: str) -> Week:
    zone = timezone.get_default_timezone()
    counted = rows.order_by().annotate(
        wpm_weekday=ExtractIsoWeekDay(column, tzinfo=zone), wpm_hour=ExtractHour(column, tzinfo=zone)
    )
    found = counted.values_list("wpm_weekday", "wpm_hour").annotate(Count("pk"))
    return {(weekday - 1, hour): count for weekday, hour, count in found}
