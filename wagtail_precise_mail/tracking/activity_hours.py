"""When contacts are active: clicks, orders and visits by hour and weekday, on the clock of the site (C009)."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db.models import Count, Q
from django.db.models.functions import ExtractHour, ExtractIsoWeekDay
from django.utils.timezone import get_default_timezone

from wagtail_precise_mail.commerce.models import Order
from wagtail_precise_mail.tracking.models import MessageEvent
from wagtail_precise_mail.tracking.site_views import SiteView

if TYPE_CHECKING:
    from wagtail_precise_mail.contacts.queries import ContactQuerySet

DAYS = 365
"""How far back the picture looks."""


def activity_by_hour(contacts: ContactQuerySet, *, at: datetime, days: int = DAYS) -> Counter[tuple[int, int]]:
    """Return how often contacts did something, by weekday (0 is Monday) and hour; three queries.

    A click in a mail by a person, an order and a look at the site count one each. Opens do not: proxies load pictures
    when it suits them.
    """
    whose = Q(contact__in=contacts.order_by().values("pk"))
    sources: list[tuple[Any, str]] = [
        (MessageEvent.objects.filter(kind=MessageEvent.Kind.CLICK, is_machine=False), "happened_at"),
        (Order.objects.filter(kind=Order.Kind.SALE), "placed_at"),
        (SiteView.objects.all(), "happened_at"),
    ]
    found: Counter[tuple[int, int]] = Counter()
    for rows, moment in sources:
        window = {f"{moment}__gt": at - timedelta(days=days), f"{moment}__lte": at}
        found += _counted(rows.filter(whose, **window), moment)
    return found


def _counted(rows: Any, moment: str) -> Counter[tuple[int, int]]:
    zone = get_default_timezone()
    slots = rows.order_by().annotate(
        wpm_weekday=ExtractIsoWeekDay(moment, tzinfo=zone), wpm_hour=ExtractHour(moment, tzinfo=zone)
    )
    counted = slots.values_list("wpm_weekday", "wpm_hour").annotate(Count("pk"))
    return Counter({(weekday - 1, hour): count for weekday, hour, count in counted})
