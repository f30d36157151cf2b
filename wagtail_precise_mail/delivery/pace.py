"""How often contacts want mail of a topic, and whether the next one would come too soon."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import Case, DateTimeField, Exists, OuterRef, Q, QuerySet, Value, When
from django.db.models.lookups import Exact

from wagtail_precise_mail.contacts.models import Cadence, Contact
from wagtail_precise_mail.delivery.models import OutboxMessage

State = OutboxMessage.State

INTERVALS = {
    Cadence.DAILY: timedelta(hours=20),
    Cadence.WEEKLY: timedelta(days=6, hours=12),
    Cadence.MONTHLY: timedelta(days=27, hours=12),
    Cadence.QUARTERLY: timedelta(days=88, hours=12),
}
"""What must lie between two mails of one topic. A little less than the word says: what leaves every Thursday at ten
reached some at five past last week, February has 28 days, and the shortest three months have 89."""

# Whoever may have got it has got it.
_LEFT = (State.HANDOFF, State.ACCEPTED, State.UNKNOWN)


def came_too_soon(topic_id: int, at: datetime) -> Q:
    """Return the condition, on contacts, that they had a mail of this topic within the time that they asked for."""
    since = Case(
        *(
            When(Exact(OuterRef("cadence"), Value(cadence.value)), then=Value(at - interval))
            for cadence, interval in INTERVALS.items()
        ),
        output_field=DateTimeField(),
    )
    # By the contact's own index: were the moment the same for all, PostgreSQL would read the whole outbox instead.
    recent = _left(topic_id).filter(contact=OuterRef("pk"), handed_off_at__gt=since)
    return Q(~Q(cadence=Cadence.EVERY), Exists(recent))


def find_too_soon(contacts: Iterable[Contact], topic_id: int, *, except_send: int, at: datetime) -> set[int]:
    """Return the ids of those for whom a mail of this topic would come too soon: at most one query, often none.

    Args:
        except_send: the send that asks; what was tried of it before is no other mail.
    """
    by_cadence: dict[str, list[int]] = {}
    for contact in contacts:
        if contact.cadence in INTERVALS:
            by_cadence.setdefault(contact.cadence, []).append(contact.pk)
    if not by_cadence:
        return set()
    recent = Q()
    for cadence, ids in by_cadence.items():
        recent |= Q(contact__in=ids, handed_off_at__gt=at - INTERVALS[Cadence(cadence)])
    oldest = at - max(INTERVALS[Cadence(cadence)] for cadence in by_cadence)
    found = _left(topic_id).filter(recent, handed_off_at__gt=oldest).exclude(send=except_send)
    return {pk for pk in found.values_list("contact_id", flat=True) if pk is not None}


def _left(topic_id: int) -> QuerySet[OutboxMessage]:
    return OutboxMessage.objects.filter(send__topic=topic_id, send__is_test=False, state__in=_LEFT)
