"""Freezing: an audience becomes one outbox message per contact, by the database itself and in restartable chunks."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime
from functools import partial

from django.core.exceptions import EmptyResultSet
from django.db import connection, transaction
from django.db.models import Case, CharField, Exists, F, OuterRef, Q, Value, When
from django.utils import timezone

from wagtail_precise_mail.conf import options
from wagtail_precise_mail.contacts.models import (
    Cadence,
    Consent,
    ConsentStatus,
    Contact,
    Suppression,
    SuppressionReason,
)
from wagtail_precise_mail.contacts.queries import ContactQuerySet
from wagtail_precise_mail.delivery.aging import NOBODY_IS_ASKED, PermissionRule
from wagtail_precise_mail.delivery.claims import database_value
from wagtail_precise_mail.delivery.crew import call_workers
from wagtail_precise_mail.delivery.digests.keeping import collects, keep_frozen
from wagtail_precise_mail.delivery.models import OutboxMessage, Send
from wagtail_precise_mail.delivery.pace import came_too_soon
from wagtail_precise_mail.delivery.pacing.ranking import priority_in
from wagtail_precise_mail.delivery.seeds.adding import add_seeds

SkipReason = OutboxMessage.SkipReason


def freeze(
    send: Send,
    contacts: ContactQuerySet,
    *,
    excluded: Sequence[ContactQuerySet] = (),
    at: datetime | None = None,
    seconds: float | None = None,
) -> bool:
    """Write one outbox message per contact: waiting, or skipped with the reason, so that nobody is left out silently.

    Each chunk is a transaction with its place; calling again goes on from there, and repeating a chunk adds nothing.
    When all are written, the send runs and a worker is woken.

    Args:
        contacts: the audience. Resuming needs the same one, evaluated as of the same moment.
        excluded: audiences whose members are skipped.
        at: when the messages were made.
        seconds: stop after so long, to be called again.

    Returns:
        Whether the audience is complete. False also when somebody paused or cancelled the send, or when another
        worker freezes it at this moment.
    """
    at = at or timezone.now()
    deadline = None if seconds is None else time.monotonic() + seconds
    judge = partial(skip_reason, send.topic_id, excluded, at=at, rule=PermissionRule.of(send), is_kept=collects(send))
    audience = as_plain(contacts)
    cursor = Send.objects.values_list("freeze_cursor", flat=True).get(pk=send.pk)
    while (last := _last_of_chunk(audience, cursor)) is not None:
        # The names of annotations begin with wpm_, for conditions may bring names of their own.
        judged = audience.annotate(wpm_reason=judge(within=(cursor, last)))
        if not _freeze_chunk(send, judged, cursor, last, at):
            send.refresh_from_db()
            return False
        cursor = last
        if deadline is not None and time.monotonic() >= deadline:
            send.refresh_from_db()
            return False
    return start_running(send, at)


def as_plain(contacts: ContactQuerySet) -> ContactQuerySet:
    """Return the same contacts as a queryset that can be filtered and annotated further, without order."""
    query = contacts.query
    if query.is_sliced or query.distinct or query.group_by:
        return Contact.objects.filter(pk__in=contacts.values("pk")).order_by()
    return contacts.order_by()


def skip_reason(
    topic_id: int | None,
    excluded: Sequence[ContactQuerySet],
    *,
    at: datetime,
    rule: PermissionRule = NOBODY_IS_ASKED,
    is_kept: bool = False,
    within: tuple[int, int] | None = None,
) -> Case:
    """Return the same answers as ``gate.judge`` gives later, and exclusion, as an expression over contacts.

    Args:
        is_kept: whether those who want mail less often get it in a digest, rather than not at all.
        within: only contacts with ids above the first and up to the second are asked about.
    """
    holding = Suppression.objects.holding_back(is_marketing=topic_id is not None, at=at)
    suppressions = holding.filter(address_hash=OuterRef("address_hash"))
    unsubscribed = Exists(suppressions.filter(reason=SuppressionReason.UNSUBSCRIBED))
    whens = [
        When(unsubscribed, then=Value(SkipReason.UNSUBSCRIBED.value)),
        When(Exists(suppressions), then=Value(SkipReason.SUPPRESSED.value)),
        When(quarantined_at__isnull=False, then=Value(SkipReason.QUARANTINED.value)),
    ]
    if topic_id is not None:
        whens += _whens_of_topic(topic_id, rule, at, within)
    whens += [When(Q(pk__in=others.values("pk")), then=Value(SkipReason.EXCLUDED.value)) for others in excluded]
    # After exclusion: what is not meant for somebody is not in their digest either.
    if topic_id is not None and is_kept:
        whens.append(When(~Q(cadence=Cadence.EVERY), then=Value(SkipReason.KEPT.value)))
    elif topic_id is not None:
        whens.append(When(came_too_soon(topic_id, at), then=Value(SkipReason.CADENCE.value)))
    return Case(*whens, default=Value(""), output_field=CharField())


def _whens_of_topic(topic_id: int, rule: PermissionRule, at: datetime, within: tuple[int, int] | None) -> list[When]:
    consents = Consent.objects.filter(contact=OuterRef("pk"), topic=topic_id)
    if within:
        # Else PostgreSQL reads all who withdrew for each chunk of a few, and a chunk costs more the more there are.
        consents = consents.filter(contact__gt=within[0], contact__lte=within[1])
    withdrawn = Exists(consents.filter(status=ConsentStatus.WITHDRAWN))
    granted = Exists(consents.filter(status=ConsentStatus.GRANTED))
    return [
        When(withdrawn, then=Value(SkipReason.UNSUBSCRIBED.value)),
        When(~granted, then=Value(SkipReason.NO_CONSENT.value)),
        *rule.whens(at),
        When(paused_until__gt=at, then=Value(SkipReason.PAUSED.value)),
    ]


def _last_of_chunk(audience: ContactQuerySet, cursor: int) -> int | None:
    """Return the id that ends the next chunk, or None when nobody is left."""
    ordered = audience.filter(pk__gt=cursor).order_by("pk").values_list("pk", flat=True)
    size = options().freeze_chunk_size
    last = ordered[size - 1 : size].first()
    return last if last is not None else ordered.last()


def _freeze_chunk(send: Send, audience: ContactQuerySet, cursor: int, last: int, at: datetime) -> bool:
    """Write the messages of one chunk and the place after it, or neither."""
    with transaction.atomic():
        # First, because it locks the send: pausing and cancelling wait for the end of the chunk.
        moved = Send.objects.filter(pk=send.pk, state=Send.State.FREEZING, freeze_cursor=cursor)
        if not moved.update(freeze_cursor=last):
            return False
        insert_messages(send, audience.filter(pk__gt=cursor, pk__lte=last), at)
        keep_frozen(send, after=cursor, until=last)
    return True


# MATERIALIZED: without it the reason, with its look-ups, is worked out once per column that uses it.
_INSERT = """
    INSERT INTO {table} (contact_id, address, recipient_key, skip_reason, state, finished_at,
        send_id, priority, created_at, attempt_count, reply, provider_id, language, mx_group, reply_class)
    WITH member (id, email, address_hash, reason, priority) AS MATERIALIZED ({members})
    SELECT id, email, address_hash, reason,
        CASE WHEN reason = '' THEN 'pending' ELSE 'skipped' END,
        CASE WHEN reason = '' THEN NULL ELSE {at} END,
        %s, priority, {at}, 0, '', '', '', '', ''
    FROM member WHERE true
    ON CONFLICT DO NOTHING
"""

# Compiling the statement anew for each chunk takes PostgreSQL longer than it saves.
_NO_JIT = {"postgresql": "SET LOCAL jit TO off"}


def insert_messages(send: Send, contacts: ContactQuerySet, at: datetime) -> None:
    """Write a message for each contact, by what ``wpm_reason`` says of them: waiting, or skipped.

    INSERT ... SELECT: the rows never travel through Python.
    """
    ranked = contacts.annotate(wpm_priority=priority_in(send, at=at))
    chosen = ranked.values_list("pk", "email", "address_hash", F("wpm_reason"), F("wpm_priority"))
    try:
        members, member_parameters = chosen.query.get_compiler(connection=connection).as_sql()
    except EmptyResultSet:
        return
    table = connection.ops.quote_name(OutboxMessage._meta.db_table)
    sql = _INSERT.format(
        table=table, members=members, at="%s::timestamptz" if connection.vendor == "postgresql" else "%s"
    )
    moment = database_value("created_at", at)
    with connection.cursor() as cursor:
        if no_jit := _NO_JIT.get(connection.vendor):
            cursor.execute(no_jit)
        cursor.execute(sql, [*member_parameters, moment, send.pk, moment])


def start_running(send: Send, at: datetime) -> bool:
    """Let a send whose audience is complete run, and wake a worker; return whether it is complete."""
    freezing = Send.objects.filter(pk=send.pk, state=Send.State.FREEZING)
    with transaction.atomic():
        started = freezing.update(state=Send.State.RUNNING, frozen_at=at)
        if started:
            add_seeds(send, at=at)
            call_workers(send.pk)
    send.refresh_from_db()
    return send.frozen_at is not None
