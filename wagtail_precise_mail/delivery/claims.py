"""Moves of outbox messages between states, each one conditional: whoever lost the lease cannot write.

The states and what they mean are described in docs/explanation/outbox.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Count, F, Field, QuerySet

from wagtail_precise_mail.conf import options
from wagtail_precise_mail.delivery.models import OutboxMessage, Send

State = OutboxMessage.State

# The state stands in the text, not among the parameters: only so is the partial index certain to be used.
_PENDING = """
    SELECT id FROM {table} {hint}
    WHERE send_id = %s AND mx_group = %s AND state = 'pending'
        AND EXISTS (SELECT 1 FROM {sends} WHERE id = %s AND state = 'running')
    ORDER BY priority, id LIMIT %s
"""
_CLAIM = """
    UPDATE {table} SET state = 'claimed', claim_token = %s, lease_expires_at = %s
    WHERE id {picked} RETURNING {columns}
"""
# By database: how to pick, and how to insist on the partial index. What is picked stays pending until it is claimed:
# PostgreSQL locks it, and SQLite has one writer at a time.
_PICKED = {
    "postgresql": ("= ANY(ARRAY({pending} FOR UPDATE SKIP LOCKED))", ""),
    "sqlite": ("IN ({pending})", "INDEXED BY wpm_message_pending"),
}
# What a worker never reads. A moment takes Django longer to load than all else of a row.
_UNREAD = {
    "state", "skip_reason", "claim_token", "lease_expires_at", "next_attempt_at", "reply", "reply_class", "provider_id",
    "created_at", "handed_off_at", "finished_at",
}  # fmt: skip
# With statistics from before a freeze, PostgreSQL expects few pending rows and sorts a million of them for each claim.
_NO_SORT = {"postgresql": "SET LOCAL enable_sort TO off"}


@dataclass(frozen=True)
class Claim:
    """Messages that belong to one worker until their lease ends."""

    token: UUID
    messages: Sequence[OutboxMessage]


@dataclass
class Result:
    """What became of one message: the new state, and what to write with it.

    ``failed_at`` is kept for the first failure only.
    """

    message: OutboxMessage
    state: str
    reply: str = ""
    provider_id: str = ""
    next_attempt_at: datetime | None = None
    finished_at: datetime | None = None
    reply_class: str = ""
    failed_at: datetime | None = None


def claim(send_id: int, *, token: UUID, limit: int, at: datetime, group: str = "") -> Claim:
    """Take up to ``limit`` pending messages of a running send, in their order, each for one worker only.

    Args:
        group: the mailbox provider whose parked messages are taken; "" takes those that are parked nowhere.
    """
    sql, parameters = claim_sql(send_id, token=token, limit=limit, at=at, group=group)
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        if no_sort := _NO_SORT.get(connection.vendor):
            cursor.execute(no_sort)
        # In no order of their own: what was changed comes as it was found.
        messages = sorted(OutboxMessage.objects.raw(sql, parameters), key=lambda one: (one.priority, one.pk))
    return Claim(token, messages)


def claim_sql(send_id: int, *, token: UUID, limit: int, at: datetime, group: str = "") -> tuple[str, list[Any]]:
    """Return the claiming statement of the database in use; a test reads its plan."""
    quote = connection.ops.quote_name
    table = quote(OutboxMessage._meta.db_table)
    picked, hint = _PICKED[connection.vendor]
    pending = _PENDING.format(table=table, hint=hint, sends=quote(Send._meta.db_table))
    names = [str(field.column) for field in OutboxMessage._meta.concrete_fields if field.name not in _UNREAD]
    columns = ", ".join(f"{table}.{quote(name)}" for name in names)
    sql = _CLAIM.format(table=table, picked=picked.format(pending=pending), columns=columns)
    lease = at + timedelta(seconds=options().lease_seconds)
    return sql, [
        database_value("claim_token", token),
        database_value("lease_expires_at", lease),
        send_id,
        group,
        send_id,
        limit,
    ]


def skip(claimed: Claim, messages: Sequence[OutboxMessage], reason: str, *, at: datetime, reply: str = "") -> int:
    """Leave claimed messages out of the send, with the reason that their contacts can be told."""
    return (
        _held(claimed, State.CLAIMED)
        .filter(pk__in=[message.pk for message in messages])
        .update(
            state=State.SKIPPED,
            skip_reason=reason,
            reply=storable(reply, 500),
            finished_at=at,
            claim_token=None,
            lease_expires_at=None,
        )
    )


def release(claimed: Claim) -> int:
    """Give back what is claimed and was not handed over; nothing of it has left."""
    ids = [message.pk for message in claimed.messages]
    return (
        _held(claimed, State.CLAIMED)
        .filter(pk__in=ids)
        .update(state=State.PENDING, claim_token=None, lease_expires_at=None)
    )


def park(claimed: Claim, group: str, messages: Sequence[OutboxMessage]) -> int:
    """Put claimed messages aside until their mailbox provider takes more; no attempt is counted."""
    if not messages:
        return 0
    rows = _held(claimed, State.CLAIMED).filter(pk__in=[message.pk for message in messages])
    return rows.update(state=State.PENDING, mx_group=group, claim_token=None, lease_expires_at=None)


def take_back(claimed: Claim, messages: Sequence[OutboxMessage]) -> int:
    """Give back messages in handoff that were certainly not accepted, as if they had not been tried."""
    return (
        _held(claimed, State.HANDOFF)
        .filter(pk__in=[message.pk for message in messages])
        .update(
            state=State.PENDING,
            attempt_count=F("attempt_count") - 1,
            handed_off_at=None,
            claim_token=None,
            lease_expires_at=None,
        )
    )


@contextmanager
def durable_commits() -> Iterator[None]:
    """Make commits survive a power failure, also where the site traded that for speed."""
    if connection.in_atomic_block:  # only in tests; SQLite refuses the change there
        yield
        return
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA synchronous")
            before = cursor.fetchone()[0]
            cursor.execute("PRAGMA synchronous=FULL")
        else:
            cursor.execute("SHOW synchronous_commit")
            before = cursor.fetchone()[0]
            if before == "off":
                cursor.execute("SET synchronous_commit TO on")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            if connection.vendor == "sqlite":
                cursor.execute(f"PRAGMA synchronous={int(before)}")
            elif before == "off":
                cursor.execute("SET synchronous_commit TO off")


def is_attended(send_id: int, *, at: datetime) -> bool:
    """Whether a worker claimed or handed over messages of a send in the last ``task_seconds``."""
    return attending_count(send_id, at=at) > 0


def attending_count(send_id: int, *, at: datetime) -> int:
    """Return how many workers claimed or handed over messages of a send in the last ``task_seconds``.

    A killed worker seems to attend for that long, too; what it held stays leased for longer.
    """
    fresh = at + timedelta(seconds=options().lease_seconds - options().task_seconds)
    leased = OutboxMessage.objects.filter(send=send_id, state__in=[State.CLAIMED, State.HANDOFF])
    return leased.filter(lease_expires_at__gt=fresh).aggregate(count=Count("claim_token", distinct=True))["count"]


def storable(text: str, length: int) -> str:
    """Return words of a server as they are kept: they say what they like, and PostgreSQL stores anything but NUL."""
    return text.replace("\x00", "")[:length]


def database_value(name: str, value: object) -> Any:
    """Return a value as the database in use keeps it in a column."""
    field = cast("Field[Any, Any]", OutboxMessage._meta.get_field(name))
    return field.get_db_prep_value(value, connection)


def _held(claimed: Claim, state: str) -> QuerySet[OutboxMessage]:
    return OutboxMessage.objects.filter(claim_token=claimed.token, state=state)
