"""Freezing an audience against one hand-written INSERT ... SELECT of the same rows.

Needs ``DATABASE_URL`` (PostgreSQL). Ours is the whole of ``freeze``: the rules of a segment, suppression, quarantine,
consent, permission and pace as one expression, in restartable chunks of a transaction each. The hand-written statement
judges the same and writes the same rows, all at once. ``BENCH_CONTACTS`` says how many (50,000).
"""

from __future__ import annotations

import os
import statistics
import time
from datetime import UTC, datetime
from typing import Any

from django.db import connection

from tests.benchmarks.databases import temporary_database

LIMIT = 1.3
ROUNDS = 5
AT = datetime(2026, 3, 1, 12, tzinfo=UTC)

_BY_HAND = """
    INSERT INTO wagtail_precise_mail_outboxmessage (contact_id, address, recipient_key, skip_reason, state,
        finished_at, send_id, priority, created_at, attempt_count, reply, provider_id, language, mx_group, reply_class)
    SELECT id, email, address_hash, reason, CASE WHEN reason = '' THEN 'pending' ELSE 'skipped' END,
        CASE WHEN reason = '' THEN NULL ELSE %(at)s::timestamptz END, %(send)s, 10, %(at)s, 0, '', '', '', '', ''
    FROM (
        SELECT c.id, c.email, c.address_hash, CASE
            WHEN s.reason = 'unsubscribed' THEN 'unsubscribed'
            WHEN s.reason IS NOT NULL THEN 'suppressed'
            WHEN c.quarantined_at IS NOT NULL THEN 'quarantined'
            WHEN k.status = 'withdrawn' THEN 'unsubscribed'
            WHEN k.status IS DISTINCT FROM 'granted' THEN 'no_consent'
            WHEN c.paused_until > %(at)s THEN 'paused'
            ELSE '' END AS reason
        FROM wagtail_precise_mail_contact c
        LEFT JOIN wagtail_precise_mail_consent k ON k.contact_id = c.id AND k.topic_id = %(topic)s
        LEFT JOIN wagtail_precise_mail_suppression s ON s.address_hash = c.address_hash
            AND (s.expires_at IS NULL OR s.expires_at > %(at)s)
        WHERE c.country IN ('DE', 'FR')
    ) judged
    ON CONFLICT DO NOTHING
"""


def main() -> int:
    """Print both times and the ratio; return 1 when the limit was missed."""
    if connection.vendor != "postgresql":
        print("skipped: needs DATABASE_URL of PostgreSQL")
        return 0
    with temporary_database("freezing"):
        return int(measure(int(os.environ.get("BENCH_CONTACTS", "50000"))))


def measure(number: int) -> bool:
    """Time both in turn with ``number`` members; return whether the limit was missed."""
    from tests.factories.contacts import make_topic
    from tests.factories.delivery import make_send
    from tests.factories.segments import make_rules
    from wagtail_precise_mail.delivery.freezing import freeze
    from wagtail_precise_mail.segments.queries import members

    topic = make_topic()
    _fill(number, topic.pk)
    rules = make_rules({"country": {"countries": ["DE", "FR"]}})
    times: dict[str, list[float]] = {"ours": [], "by hand": []}
    counts: set[tuple[int, int]] = set()
    for _round in range(ROUNDS):
        for name in times:
            send = make_send(topic=topic, state="freezing")
            start = time.perf_counter()
            if name == "ours":
                freeze(send, members(rules, at=AT), at=AT)
            else:
                _insert(send.pk, topic.pk)
            times[name].append(time.perf_counter() - start)
            counts.add((send.messages.count(), send.messages.filter(skip_reason="").count()))
            send.messages.all()._raw_delete(send.messages.db)
    if len(counts) != 1:
        raise AssertionError(f"the two disagree: {counts}")
    ours, reference = (statistics.median(taken) for taken in times.values())
    ratio = ours / reference
    print(f"freezing {number}: ours {ours:.2f} s  reference {reference:.2f} s  ratio {ratio:.2f}  limit {LIMIT}")
    return ratio > LIMIT


def _fill(number: int, topic: int) -> None:
    statements: list[tuple[str, Any]] = [
        (
            "INSERT INTO wagtail_precise_mail_contact (email, address_hash, first_name, last_name, locale, time_zone,"
            " country, region, city, gender, job_title, job_level, organization, attributes, is_tracking_allowed,"
            " is_profiling_allowed, cadence, quarantine_reason, source, created_at, updated_at)"
            " SELECT 'p' || n || '@example.com', md5('a' || n) || md5('b' || n), '', '', '', '',"
            " CASE WHEN n %% 2 = 0 THEN 'DE' ELSE 'FR' END, '', '', '', '', '', '', '{}', true, true, 'every', '', '',"
            " now(), now() FROM generate_series(1, %s) n",
            [number],
        ),
        (
            "INSERT INTO wagtail_precise_mail_consent (contact_id, topic_id, status, basis, is_asked_again, changed_at)"
            " SELECT id, %s, CASE WHEN id %% 20 = 0 THEN 'withdrawn' ELSE 'granted' END, '', false, now()"
            " FROM wagtail_precise_mail_contact WHERE id %% 10 <> 1",
            [topic],
        ),
        (
            "INSERT INTO wagtail_precise_mail_suppression"
            " (address_hash, reason, scope, detail, origin_kind, created_at)"
            " SELECT address_hash, 'hard_bounce', 'everything', '', '', now()"
            " FROM wagtail_precise_mail_contact WHERE id %% 50 = 3",
            [],
        ),
    ]
    with connection.cursor() as cursor:
        for sql, parameters in statements:
            cursor.execute(sql, parameters)
        cursor.execute("ANALYZE" if connection.in_atomic_block else "VACUUM ANALYZE")


def _insert(send: int, topic: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_BY_HAND, {"at": AT, "send": send, "topic": topic})
