"""What became of messages, by class, as the report of domains counts them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet

from wagtail_precise_mail.contacts.models import Suppression, SuppressionReason
from wagtail_precise_mail.delivery.bounces.kinds import Kind
from wagtail_precise_mail.delivery.domains.models import Outcome
from wagtail_precise_mail.delivery.models import OutboxMessage, Send
from wagtail_precise_mail.delivery.replies import ReplyClass, read

State = OutboxMessage.State

_CHUNK = 5000
_OUTCOMES = {
    Kind.HARD: Outcome.ADDRESS,
    Kind.QUOTA: Outcome.FULL,
    Kind.CONTENT: Outcome.CONTENT,
    Kind.BLOCK: Outcome.POLICY,
    Kind.POLICY: Outcome.POLICY,
}


@dataclass(frozen=True)
class Ending:
    """How one message ended: when, from which address, to which, and how."""

    at: datetime
    sender: str
    address: str
    outcome: Outcome


def classify(reply: str) -> Outcome:
    """Return the class of a refusal by the words of the server."""
    reading = read(reply)
    if reading.reply_class == ReplyClass.ADDRESS:
        return Outcome.ADDRESS
    return _OUTCOMES.get(reading.verdict.kind, Outcome.OTHER)


def endings_between(since: datetime, until: datetime) -> Iterator[Ending]:
    """Return how messages ended within a time: outbox messages, and what came back about them later.

    What else comes back, such as bounces by mail, belongs here: the report counts nothing that is not in it.
    """
    yield from _of_outbox(since, until)
    yield from _complaints(since, until)


def _of_outbox(since: datetime, until: datetime) -> Iterator[Ending]:
    # By the sends that were under way then, because messages have no index of times, and sends are few.
    sends = Send.objects.filter(Q(finished_at=None) | Q(finished_at__gte=since), created_at__lt=until, is_test=False)
    messages = OutboxMessage.objects.filter(send__in=sends, finished_at__gte=since, finished_at__lt=until).order_by()
    names = ("finished_at", "send__from_address", "address")
    for at, sender, address in _walk(messages.filter(state=State.ACCEPTED), *names):
        yield Ending(at, sender, address, Outcome.ACCEPTED)
    for at, sender, address in _walk(messages.filter(state=State.UNKNOWN), *names):
        yield Ending(at, sender, address, Outcome.UNKNOWN)
    for at, sender, address, reply in _walk(messages.filter(state=State.REJECTED), *names, "reply"):
        yield Ending(at, sender, address, classify(reply))


def _complaints(since: datetime, until: datetime) -> Iterator[Ending]:
    complaints = Suppression.objects.filter(
        reason=SuppressionReason.COMPLAINT, created_at__gte=since, created_at__lt=until
    )
    rows = complaints.filter(origin_kind="outbox_message").values_list("origin_id", "created_at")
    by_message = {pk: at for pk, at in rows if pk is not None}
    messages = OutboxMessage.objects.filter(pk__in=by_message, send__is_test=False)
    for pk, sender, address in messages.values_list("pk", "send__from_address", "address"):
        yield Ending(by_message[pk], sender, address, Outcome.COMPLAINT)


def _walk(messages: QuerySet[OutboxMessage], *names: str) -> Iterator[tuple]:
    return messages.values_list(*names).iterator(chunk_size=_CHUNK)
