"""The hour at which somebody reads and buys (C008): learned from their own clicks and orders, never from machines.

Opens do not count: proxies load pictures when it suits them, and an inbox is looked through at any time of day.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from enum import StrEnum
from heapq import merge
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from django.db.models import Count, Q, QuerySet
from django.db.models.functions import ExtractHour
from django.utils import timezone
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from wagtail_precise_mail.commerce.models import Order
from wagtail_precise_mail.conf import options
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.contacts.zones import zone_of
from wagtail_precise_mail.tracking.engagement import ContactEngagement
from wagtail_precise_mail.tracking.models import MessageEvent

if TYPE_CHECKING:
    from wagtail_precise_mail.contacts.queries import ContactQuerySet

EVIDENCE_DAYS = 365
"""How far back clicks and orders count."""
LEAST_EVIDENCE = 5
"""Clicks and orders of one person from which on their own hour is believed."""
LEAST_CLICKS = 50
"""Clicks of a segment, or of the site, from which on its hour is believed."""


class HourBasis(StrEnum):
    """Whose habits an hour comes from."""

    OWN = "own"
    SEGMENT = "segment"
    SITE = "site"
    SETTING = "setting"


@dataclass(frozen=True)
class SendHour:
    """The hour at which one contact should get mail.

    Attributes:
        hour: 0 to 23, on the clock of ``zone``.
        zone: the contact's own, or the site's.
        weekday: 0 is Monday; None where no habit is known.
        why: a sentence for colleagues.
    """

    hour: int
    zone: tzinfo
    basis: HourBasis
    why: str
    weekday: int | None = None
    evidence_count: int = 0


def send_hour(contact: Contact, *, segment: ContactQuerySet | None = None, at: datetime | None = None) -> SendHour:
    """Return when a contact should get mail, and why: by their own habits, else the segment's, else the site's.

    Args:
        segment: the contacts whose habits count where the contact has none; None goes to the site's at once.
        at: only clicks up to this moment count for segment and site. The contact's own are as of the last night.
    """
    at = at or timezone.now()
    zone = zone_of(contact).zone
    known = ContactEngagement.objects.filter(contact=contact).first()
    if known and known.preferred_hour is not None and known.hour_evidence_count >= LEAST_EVIDENCE:
        return _own_hour(known, zone)
    if segment is not None and (found := _usual_hour(at, Q(contact__in=segment.order_by().values("pk")))):
        hour, count = found
        why = _("%(hour)s: when this segment clicks most (%(count)s clicks); the contact's own habits are not known.")
        return SendHour(hour, zone, HourBasis.SEGMENT, why % _words(hour, count), evidence_count=count)
    if found := _usual_hour(at, Q()):
        hour, count = found
        why = _("%(hour)s: when readers of this site click most (%(count)s clicks); nothing closer is known.")
        return SendHour(hour, zone, HourBasis.SITE, why % _words(hour, count), evidence_count=count)
    hour = options().send_hour
    return SendHour(hour, zone, HourBasis.SETTING, _("%(hour)s: as set, for nobody clicked enough yet.") % _words(hour))


def _own_hour(known: ContactEngagement, zone: tzinfo) -> SendHour:
    hour, count = int(known.preferred_hour or 0), known.hour_evidence_count
    why = ngettext(
        "%(hour)s: when this contact clicks and orders most, by %(count)s click or order in a year.",
        "%(hour)s: when this contact clicks and orders most, by %(count)s clicks and orders in a year.",
        count,
    )
    return SendHour(hour, zone, HourBasis.OWN, why % _words(hour, count), known.preferred_weekday, count)


def _words(hour: int, count: int = 0) -> dict[str, Any]:
    return {"hour": f"{hour:02}:00", "count": count}


def weekday_name(weekday: int | None) -> str:
    """Return the name of a day, Monday for 0; "" for None."""
    return "" if weekday is None else str(WEEKDAYS[weekday])


def _usual_hour(at: datetime, whose: Q) -> tuple[int, int] | None:
    """Return the hour of most clicks on the clock of the site, and how many clicks were looked at."""
    clicks = _clicks(at).filter(whose)
    counts = Counter(
        dict(
            clicks.order_by()
            .annotate(wpm_hour=ExtractHour("happened_at", tzinfo=timezone.get_default_timezone()))
            .values_list("wpm_hour")
            .annotate(Count("pk"))
        )
    )
    total = sum(counts.values())
    return (most_of_a_round(counts, 24), total) if total >= LEAST_CLICKS else None


def _clicks(at: datetime) -> QuerySet[MessageEvent]:
    return MessageEvent.objects.filter(
        kind=MessageEvent.Kind.CLICK,
        is_machine=False,
        contact__isnull=False,
        happened_at__gt=at - timedelta(days=EVIDENCE_DAYS),
        happened_at__lte=at,
    )


def most_of_a_round(counts: Counter[int], size: int) -> int:
    """Return the most frequent place on a clock; between equals the one with busier neighbors, and then the first."""

    def rank(place: int) -> tuple[int, int, int]:
        beside = counts[(place - 1) % size] + counts[(place + 1) % size]
        return counts[place], beside, -place

    return max(counts, key=rank)


def learn_hours(chosen: Q, *, at: datetime) -> None:
    """Write the preferred hour and weekday of the contacts in a range that have a row of engagement.

    Args:
        chosen: a condition on ``contact``.
    """
    known: dict[int, tuple[Any, ...]] = {
        row[0]: row[1:] for row in ContactEngagement.objects.filter(chosen).values_list("contact_id", *_LEARNED)
    }
    changed = []
    for contact_id, zone, moments in _evidence(chosen, at):
        if contact_id not in known:
            continue
        learned = _habits(moments, zone)
        if known.pop(contact_id) != learned:
            changed.append(_row(contact_id, learned, at))
    # Whoever has no evidence any more prefers nothing.
    changed += [_row(contact_id, _NOTHING, at) for contact_id, before in known.items() if before != _NOTHING]
    # Upserts of rows that are all there: several times faster than bulk_update, with its one CASE for each row.
    ContactEngagement.objects.bulk_create(
        changed, update_conflicts=True, unique_fields=["contact"], update_fields=_LEARNED, batch_size=1000
    )


_LEARNED = ["preferred_hour", "preferred_weekday", "hour_evidence_count"]
_NOTHING = (None, None, 0)


def _row(contact_id: int, learned: tuple[Any, ...], at: datetime) -> ContactEngagement:
    return ContactEngagement(contact_id=contact_id, computed_at=at, **dict(zip(_LEARNED, learned, strict=True)))


def _habits(moments: list[datetime], zone: tzinfo) -> tuple[int, int, int]:
    local = [moment.astimezone(zone) for moment in moments]
    hours, weekdays = Counter(one.hour for one in local), Counter(one.weekday() for one in local)
    return most_of_a_round(hours, 24), most_of_a_round(weekdays, 7), len(local)


def _evidence(chosen: Q, at: datetime) -> Iterator[tuple[int, tzinfo, list[datetime]]]:
    """Yield contacts with their zone and the moments of their clicks and orders; one contact at a time in memory."""
    orders = Order.objects.filter(
        chosen,
        kind=Order.Kind.SALE,
        contact__isnull=False,
        placed_at__gt=at - timedelta(days=EVIDENCE_DAYS),
        placed_at__lte=at,
    )
    where = ("contact__time_zone", "contact__country", "contact__city")
    clicked = _clicks(at).filter(chosen).order_by("contact_id").values_list("contact_id", *where, "happened_at")
    ordered = orders.order_by("contact_id").values_list("contact_id", *where, "placed_at")
    both = (clicked.iterator(chunk_size=2000), ordered.iterator(chunk_size=2000))
    rows = merge(*both, key=itemgetter(0))
    zones: dict[tuple[str, ...], tzinfo] = {}
    for contact_id, group in groupby(rows, key=itemgetter(0)):
        some = list(group)
        place = some[0][1:4]
        if place not in zones:
            zones[place] = _zone(place)
        yield contact_id, zones[place], [row[4] for row in some]


def _zone(place: tuple[str, ...]) -> tzinfo:
    time_zone, country, city = place
    return zone_of(Contact(time_zone=time_zone, country=country, city=city)).zone
