"""Moves of outbox messages between states, each one conditional: whoever lost the lease cannot write.

The states and what they mean are described in docs/explanation/outbox.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast
from uuid import UUID

from django.db import connection, transaction
from django.db.models import F, Field, QuerySet

from wagtail_precise_mail.conf import options
from wagtail_precise_mail.contacts.models import Consent, Contact, Suppression
from wagtail_precise_mail.delivery.contents import keep_contents
from wagtail_precise_mail.delivery.models import OutboxMessage, Send
from wagtail_precise_mail.emails.readers import Reader

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
    WHERE id {picked} RETURNING id
"""
# By database: how to pick, and how to insist on the partial index. What is picked stays pending until it is claimed:
# PostgreSQL locks it, and SQLite has one writer at a time.
_PICKED = {
    "postgresql": ("= ANY(ARRAY({pending} FOR UPDATE SKIP LOCKED))", ""),
    "sqlite": ("IN ({pending})", "INDEXED BY wpm_message_pending"),
}
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
        cursor.execute(sql, parameters)
        ids = [row[0] for row in cursor.fetchall()]
    messages = OutboxMessage.objects.filter(pk__in=ids).order_by("priority", "pk") if ids else ()
    return Claim(token, list(messages))


def claim_sql(send_id: int, *, token: UUID, limit: int, at: datetime, group: str = "") -> tuple[str, list[Any]]:
    """Return the claiming statement of the database in use; a test reads its plan."""
    quote = connection.ops.quote_name
    table = quote(OutboxMessage._meta.db_table)
    picked, hint = _PICKED[connection.vendor]
    pending = _PENDING.format(table=table, hint=hint, sends=quote(Send._meta.db_table))
    sql = _CLAIM.format(table=table, picked=picked.format(pending=pending))
    lease = at + timedelta(seconds=options().lease_seconds)
    return sql, [
        database_value("claim_token", token),
        database_value("lease_expires_at", lease),
        send_id,
        group,
        send_id,
        limit,
    ]


# What may have changed since somebody looked, in the statement that commits the handoff: nothing can come in between.
# Stricter than the gate: whoever does not pass is looked at again, and skipped with the reason, or handed over.
_STILL_WANTED = """
    AND EXISTS (
        SELECT 1 FROM {contacts} WHERE {contacts}.id = {table}.contact_id AND {contacts}.quarantined_at IS NULL
            AND ({contacts}.paused_until IS NULL OR {contacts}.paused_until <= %s)
            AND NOT EXISTS (
                SELECT 1 FROM {suppressions}
                WHERE {suppressions}.address_hash IN ({table}.recipient_key, {contacts}.address_hash)
            )
    )
"""
_STILL_AGREED = """
    AND EXISTS (
        SELECT 1 FROM {consents}
        WHERE {consents}.contact_id = {table}.contact_id AND topic_id = %s AND status = 'granted'
    )
"""
_HAND_OFF = """
    UPDATE {table}
    SET state = 'handoff', attempt_count = attempt_count + 1, handed_off_at = %s, lease_expires_at = %s
    WHERE id IN ({ids}) AND claim_token = %s AND state = 'claimed'
        AND EXISTS (SELECT 1 FROM {sends} WHERE id = {table}.send_id AND state = 'running')
        {conditions}
    RETURNING id
"""


def hand_off(
    claimed: Claim,
    messages: Sequence[OutboxMessage],
    *,
    at: datetime,
    readers: Mapping[int, Reader] | None = None,
    asks_again: bool = False,
    topic_id: int | None = None,
) -> list[OutboxMessage]:
    """Commit that these messages are about to leave, as far as their send still runs and the lease still holds.

    Args:
        readers: what each message says, by its id; kept in the same transaction, so that it can be shown again.
        asks_again: leave out those of whom a consent, a suppression or a pause may say something else by now.
        topic_id: what they must agree to, where that is asked again; None for mail that needs no consent.

    Returns:
        Those that may leave now. Whatever happens after this, none of them is sent again by itself.
    """
    if not messages:
        return []
    sql, parameters = _hand_off_sql(claimed, messages, at, asks_again=asks_again, topic_id=topic_id)
    # Durable: were this part of a transaction around it, a rollback would forget mails that have left.
    with transaction.atomic(durable=True):
        with connection.cursor() as cursor:
            cursor.execute(sql, parameters)
            left = {row[0] for row in cursor.fetchall()}
        kept = [message for message in messages if message.pk in left]
        if readers:
            keep_contents(kept, readers)
        _keep_languages(kept)
    for message in kept:
        message.attempt_count += 1
    return kept


def _hand_off_sql(
    claimed: Claim, messages: Sequence[OutboxMessage], at: datetime, *, asks_again: bool, topic_id: int | None
) -> tuple[str, list[Any]]:
    moment = database_value("handed_off_at", at)
    lease = database_value("lease_expires_at", at + timedelta(seconds=options().lease_seconds))
    ids = [message.pk for message in messages]
    parameters = [moment, lease, *ids, database_value("claim_token", claimed.token)]
    conditions = ""
    if asks_again:
        conditions = _STILL_WANTED
        parameters.append(moment)
        if topic_id is not None:
            conditions += _STILL_AGREED
            parameters.append(topic_id)
    tables = {"contacts": Contact, "suppressions": Suppression, "consents": Consent, "sends": Send}
    names = {name: connection.ops.quote_name(model._meta.db_table) for name, model in tables.items()}
    names["table"] = connection.ops.quote_name(OutboxMessage._meta.db_table)
    sql = _HAND_OFF.format(ids=", ".join(["%s"] * len(ids)), conditions=conditions.format(**names), **names)
    return sql, parameters


def _keep_languages(messages: Sequence[OutboxMessage]) -> None:
    """Write which version of the email each message is: one statement for each language, none in sends of one."""
    by_language: dict[str, list[int]] = {}
    for message in messages:
        if message.language:
            by_language.setdefault(message.language, []).append(message.pk)
    for language, ids in by_language.items():
        OutboxMessage.objects.filter(pk__in=ids).update(language=language)


def record(claimed: Claim, results: Sequence[Result]) -> int:
    """Write what became of messages in handoff, all in one statement.

    Returns:
        How many were still ours to write; a lease that ran out in between leaves its message unknown.
    """
    if not results:
        return 0
    row = _RESULT_ROW[connection.vendor]
    table = connection.ops.quote_name(OutboxMessage._meta.db_table)
    sql = _RECORD.format(table=table, rows=", ".join([row] * len(results)))
    values = [value for result in results for value in _result_values(result)]
    with connection.cursor() as cursor:
        cursor.execute(sql, [*values, database_value("claim_token", claimed.token)])
        return cursor.rowcount


# bulk_update does the same and spends ten times as long on building it. No WITH: sqlite3 counts no rows then.
_RECORD = """
    UPDATE {table} SET state = result.column2, reply = result.column3, provider_id = result.column4,
        next_attempt_at = result.column5, finished_at = result.column6, reply_class = result.column7,
        first_failed_at = COALESCE({table}.first_failed_at, result.column8), claim_token = NULL, lease_expires_at = NULL
    FROM (VALUES {rows}) AS result
    WHERE {table}.id = result.column1 AND {table}.claim_token = %s AND {table}.state = 'handoff'
"""
_RESULT_ROW = {
    "postgresql": "(%s, %s, %s, %s, %s::timestamptz, %s::timestamptz, %s, %s::timestamptz)",
    "sqlite": "(%s, %s, %s, %s, %s, %s, %s, %s)",
}


def _result_values(result: Result) -> list[Any]:
    return [
        result.message.pk,
        str(result.state),
        _storable(result.reply, 500),
        _storable(result.provider_id, 250),
        database_value("next_attempt_at", result.next_attempt_at),
        database_value("finished_at", result.finished_at),
        str(result.reply_class),
        database_value("first_failed_at", result.failed_at),
    ]


def _storable(text: str, length: int) -> str:
    """Servers say what they like; PostgreSQL stores anything but NUL."""
    return text.replace("\x00", "")[:length]


def skip(claimed: Claim, messages: Sequence[OutboxMessage], reason: str, *, at: datetime, reply: str = "") -> int:
    """Leave claimed messages out of the send, with the reason that their contacts can be told."""
    return (
        _held(claimed, State.CLAIMED)
        .filter(pk__in=[message.pk for message in messages])
        .update(
            state=State.SKIPPED,
            skip_reason=reason,
            reply=_storable(reply, 500),
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
    """Whether a worker claimed or handed over messages of a send in the last ``task_seconds``.

    A killed worker seems to attend for that long, too; what it held stays leased for longer.
    """
    fresh = at + timedelta(seconds=options().lease_seconds - options().task_seconds)
    leased = OutboxMessage.objects.filter(send=send_id, state__in=[State.CLAIMED, State.HANDOFF])
    return leased.filter(lease_expires_at__gt=fresh).exists()


def database_value(name: str, value: object) -> Any:
    """Return a value as the database in use keeps it in a column."""
    field = cast("Field[Any, Any]", OutboxMessage._meta.get_field(name))
    return field.get_db_prep_value(value, connection)


def _held(claimed: Claim, state: str) -> QuerySet[OutboxMessage]:
    return OutboxMessage.objects.filter(claim_token=claimed.token, state=state)
