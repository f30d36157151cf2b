"""Handing off and recording: what is committed before messages leave, and what became of those before them.

On PostgreSQL all of it is one statement, and so one journey to the database for a whole group of messages. SQLite,
which changes one table in a statement, does the same in one transaction.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction

from wagtail_precise_mail.conf import options
from wagtail_precise_mail.contacts.models import Consent, Contact, Suppression
from wagtail_precise_mail.delivery.claims import Claim, Result, database_value, storable
from wagtail_precise_mail.delivery.contents import content_json_sql, keep_contents, keep_items
from wagtail_precise_mail.delivery.models import OutboxMessage, Send
from wagtail_precise_mail.emails.readers import Reader

# What may have changed since somebody looked, in the statement that commits the handoff: nothing can come in between.
# Stricter than the gate: whoever does not pass is looked at again, and skipped with the reason, or handed over. The
# offset keeps each question with its message: joined, all contacts are walked where statistics are older than they are.
_STILL_WANTED = """
    AND EXISTS (
        SELECT 1 FROM {contacts} WHERE {contacts}.id = {table}.contact_id AND {contacts}.quarantined_at IS NULL
            AND ({contacts}.paused_until IS NULL OR {contacts}.paused_until <= %s)
            AND NOT EXISTS (
                SELECT 1 FROM {suppressions}
                WHERE {suppressions}.address_hash IN ({table}.recipient_key, {contacts}.address_hash)
            )
        LIMIT 1 OFFSET 0
    )
"""
_STILL_AGREED = """
    AND EXISTS (
        SELECT 1 FROM {consents}
        WHERE {consents}.contact_id = {table}.contact_id AND topic_id = %s AND status = 'granted'
        LIMIT 1 OFFSET 0
    )
"""
# COALESCE keeps the planner from the indexes on states: few messages are claimed at any time, but between two vacuums
# such an index has an entry for every one that was. The primary key does not. The send is named: joined to its
# messages, all of them are walked where statistics are older than the freeze.
_HAND_OFF = """
    UPDATE {table}
    SET state = 'handoff', attempt_count = attempt_count + 1, handed_off_at = %s, lease_expires_at = %s
    WHERE id {among} AND claim_token = %s AND COALESCE(state, '') = 'claimed'
        AND EXISTS (SELECT 1 FROM {sends} WHERE id = %s AND state = 'running')
        {conditions}
    RETURNING id
"""
_RECORD = """
    UPDATE {table} SET {values}, claim_token = NULL, lease_expires_at = NULL
    {rows}
    WHERE {table}.id {among} AND {table}.claim_token = %s AND COALESCE({table}.state, '') = 'handoff'
"""
# By database, a few rows in one statement. Of a hundred placeholders, the driver of PostgreSQL makes one long text each
# time; one JSON is one. bulk_update does the same and spends ten times as long on building it. And a JSON that is
# looked into for each row leaves the planner nothing to join, and so nothing to walk through.
_VALUES_OF_JSON = """(state, reply, provider_id, next_attempt_at, finished_at, reply_class, first_failed_at) = (
        SELECT result.state, result.reply, result.provider_id, result.next_attempt_at, result.finished_at,
            result.reply_class, COALESCE({table}.first_failed_at, result.failed_at)
        FROM jsonb_to_record(%s::jsonb -> {table}.id::text) AS result(state text, reply text, provider_id text,
            next_attempt_at timestamptz, finished_at timestamptz, reply_class text, failed_at timestamptz)
    )"""
_VALUES_OF_ROWS = """state = result.column2, reply = result.column3, provider_id = result.column4,
        next_attempt_at = result.column5, finished_at = result.column6, reply_class = result.column7,
        first_failed_at = COALESCE({table}.first_failed_at, result.column8)"""
_ROWS = "FROM (VALUES {rows}) AS result"
# The parts see each other's rows by RETURNING only: what is recorded and what is handed off are different messages.
_ALL_AT_ONCE = """
    WITH handed_off AS ({hand_off}){others}
    SELECT id, false FROM handed_off UNION ALL SELECT {written}, true
"""

Sql = tuple[str, list[Any]]


@dataclass(frozen=True)
class Handoff:
    """Messages that are about to leave, and what is asked once more about them.

    Attributes:
        messages: all of one send.
        readers: what each message says, by its id; kept in the same transaction, so that it can be shown again.
        asks_again: leave out those of whom a consent, a suppression or a pause may say something else by now.
        topic_id: what they must agree to, where that is asked again; None for mail that needs no consent.
    """

    messages: Sequence[OutboxMessage]
    readers: Mapping[int, Reader] = field(default_factory=dict)
    asks_again: bool = False
    topic_id: int | None = None


def hand_off(
    claimed: Claim, handoff: Handoff, *, at: datetime, results: Sequence[Result] = ()
) -> tuple[list[OutboxMessage], int]:
    """Commit that messages are about to leave, as far as their send still runs and the lease still holds.

    Args:
        results: what became of messages that left before, written in the same transaction.

    Returns:
        The messages that may leave now: whatever happens after this, none of them is sent again by itself. And how
        many results were still ours to write.
    """
    if not handoff.messages:
        return [], record(claimed, results)
    if _is_one_statement(handoff):
        kept, written = _all_at_once(claimed, handoff, at, results)
    else:
        # Durable: were this part of a transaction around it, a rollback would forget mails that have left.
        with transaction.atomic(durable=True):
            written = record(claimed, results) if results else 0
            kept = _kept(handoff, {row[0] for row in _rows(_hand_off_sql(claimed, handoff, at))})
            keep_contents(kept, handoff.readers)
            keep_items(kept, handoff.readers)
            _keep_languages(kept)
    for message in kept:
        message.attempt_count += 1
    return kept, written


def record(claimed: Claim, results: Sequence[Result]) -> int:
    """Write what became of messages in handoff, all in one statement.

    Returns:
        How many were still ours to write; a lease that ran out in between leaves its message unknown.
    """
    if not results:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(*_record_sql(claimed, results))
        return cursor.rowcount


def _is_one_statement(handoff: Handoff) -> bool:
    """Whether one statement says all: a list shown, or another language, is written in further ones."""
    is_plain = not any(message.language for message in handoff.messages)
    return connection.vendor == "postgresql" and is_plain and not any(one.lists for one in handoff.readers.values())


def _all_at_once(
    claimed: Claim, handoff: Handoff, at: datetime, results: Sequence[Result]
) -> tuple[list[OutboxMessage], int]:
    hand_off_sql, parameters = _hand_off_sql(claimed, handoff, at)
    others, written = "", "0"
    if results:
        sql, values = _record_sql(claimed, results)
        others += f", recorded AS ({sql} RETURNING 1)"
        written = "(SELECT count(*) FROM recorded)"
        parameters += values
    if handoff.readers:
        sql, values = content_json_sql(handoff.messages, handoff.readers, among="handed_off")
        others += f", contents AS ({sql})"
        parameters += values
    sql = _ALL_AT_ONCE.format(hand_off=hand_off_sql, others=others, written=written)
    # One statement is a transaction of its own; durable as below, where somebody has begun one around it.
    with transaction.atomic(durable=True) if connection.in_atomic_block else nullcontext():
        rows = _rows((sql, parameters))
    found = next(number for number, is_count in rows if is_count)
    return _kept(handoff, {number for number, is_count in rows if not is_count}), found


def _kept(handoff: Handoff, ids: set[int]) -> list[OutboxMessage]:
    return [message for message in handoff.messages if message.pk in ids]


def _rows(sql: Sql) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(*sql)
        return list(cursor.fetchall())


def _hand_off_sql(claimed: Claim, handoff: Handoff, at: datetime) -> Sql:
    moment = database_value("handed_off_at", at)
    lease = database_value("lease_expires_at", at + timedelta(seconds=options().lease_seconds))
    among, chosen = _among(handoff.messages)
    parameters = [moment, lease, *chosen, database_value("claim_token", claimed.token), handoff.messages[0].send_id]
    conditions = ""
    if handoff.asks_again:
        conditions = _STILL_WANTED
        parameters.append(moment)
        if handoff.topic_id is not None:
            conditions += _STILL_AGREED
            parameters.append(handoff.topic_id)
    tables = {"contacts": Contact, "suppressions": Suppression, "consents": Consent, "sends": Send}
    names = {name: connection.ops.quote_name(model._meta.db_table) for name, model in tables.items()}
    names["table"] = connection.ops.quote_name(OutboxMessage._meta.db_table)
    sql = _HAND_OFF.format(among=among, conditions=conditions.format(**names), **names)
    return sql, parameters


def _record_sql(claimed: Claim, results: Sequence[Result]) -> Sql:
    table = connection.ops.quote_name(OutboxMessage._meta.db_table)
    among, chosen = _among([result.message for result in results])
    if connection.vendor == "postgresql":
        values, rows, parameters = _VALUES_OF_JSON, "", [_as_json(results)]
    else:
        values, rows = _VALUES_OF_ROWS, _ROWS.format(rows=", ".join([f"({', '.join(['%s'] * 8)})"] * len(results)))
        adapt = connection.ops.adapt_datetimefield_value
        parameters = [value for one in results for value in (one.message.pk, *_result_values(one, adapt))]
        among = f"= result.column1 AND {table}.id {among}"
    sql = _RECORD.format(table=table, values=values.format(table=table), rows=rows, among=among)
    return sql, [*parameters, *chosen, database_value("claim_token", claimed.token)]


def _among(messages: Sequence[OutboxMessage]) -> Sql:
    """Return what follows a column that is the id of one of these."""
    ids = [message.pk for message in messages]
    if connection.vendor == "postgresql":
        return "= ANY(%s::bigint[])", [f"{{{','.join(map(str, ids))}}}"]
    return f"IN ({', '.join(['%s'] * len(ids))})", list(ids)


_RESULT = ("state", "reply", "provider_id", "next_attempt_at", "finished_at", "reply_class", "failed_at")


def _as_json(results: Sequence[Result]) -> str:
    return json.dumps({one.message.pk: dict(zip(_RESULT, _result_values(one, _iso), strict=True)) for one in results})


def _result_values(result: Result, moment: Callable[[datetime | None], Any]) -> list[Any]:
    return [
        str(result.state),
        storable(result.reply, 500),
        storable(result.provider_id, 250),
        moment(result.next_attempt_at),
        moment(result.finished_at),
        str(result.reply_class),
        moment(result.failed_at),
    ]


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _keep_languages(messages: Sequence[OutboxMessage]) -> None:
    """Write which version of the email each message is: one statement for each language, none in sends of one."""
    by_language: dict[str, list[int]] = {}
    for message in messages:
        if message.language:
            by_language.setdefault(message.language, []).append(message.pk)
    for language, ids in by_language.items():
        OutboxMessage.objects.filter(pk__in=ids).update(language=language)
