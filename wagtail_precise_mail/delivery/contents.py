"""What each message said: kept when it is handed over, to be shown again, and so that nobody is sent a thing twice."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.utils import timezone

from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.delivery.models import MessageContent, OutboxMessage, SendVersion, SentItem
from wagtail_precise_mail.emails.models import CompiledEmail
from wagtail_precise_mail.emails.readers import Reader, sent_items

State = OutboxMessage.State
# Whoever may have got it has got it: a doubt is no reason to send it again.
LEFT = (State.HANDOFF, State.ACCEPTED, State.UNKNOWN)
"""States of messages that count as sent."""


def keep_contents(messages: Sequence[OutboxMessage], readers: Mapping[int, Reader]) -> None:
    """Keep what some messages say, in one statement; a second attempt overwrites the first."""
    prepare = MessageContent._meta.get_field("data").get_db_prep_save
    rows = [
        (message.pk, message.contact_id, prepare(readers[message.pk].to_json(), connection))
        for message in messages
        if message.pk in readers
    ]
    if rows:
        values = "VALUES " + ", ".join(["(%s, %s, %s)"] * len(rows))
        table = connection.ops.quote_name(MessageContent._meta.db_table)
        with connection.cursor() as cursor:
            cursor.execute(_WRITE.format(table=table, rows=values), [value for row in rows for value in row])


def keep_items(messages: Sequence[OutboxMessage], readers: Mapping[int, Reader]) -> None:
    """Keep which items the lists of some messages show, in one statement."""
    at = timezone.now()
    items = [
        SentItem(message=message, contact_id=message.contact_id, key=key, sent_at=at)
        for message in messages
        if message.contact_id and message.pk in readers
        for key in dict.fromkeys(readers[message.pk].item_keys)
    ]
    if items:
        SentItem.objects.bulk_create(items, ignore_conflicts=True)


# What bulk_create does on PostgreSQL: the contents as one array, in which Python escapes each quote of their JSON. That
# took as long as composing the messages.
_WRITE = """
    INSERT INTO {table} (message_id, contact_id, data) {rows}
    ON CONFLICT (message_id) DO UPDATE SET contact_id = excluded.contact_id, data = excluded.data
"""
_AMONG = """
    SELECT given.* FROM json_to_recordset(%s::json) AS given(message_id bigint, contact_id bigint, data jsonb)
    JOIN {among} ON {among}.id = given.message_id
"""


def content_json_sql(
    messages: Sequence[OutboxMessage], readers: Mapping[int, Reader], *, among: str
) -> tuple[str, list[Any]]:
    """Return the statement that writes contents on PostgreSQL, with its one parameter.

    Args:
        among: a part of the same statement whose ids are those to write.
    """
    field = MessageContent._meta.get_field("data")
    rows = [
        {
            "message_id": message.pk,
            "contact_id": message.contact_id,
            "data": field.encrypted(readers[message.pk].to_json()),
        }
        for message in messages
        if message.pk in readers
    ]
    table = connection.ops.quote_name(MessageContent._meta.db_table)
    return _WRITE.format(table=table, rows=_AMONG.format(among=among)), [json.dumps(rows)]


def content_of(message: OutboxMessage) -> Reader | None:
    """Return what a message said beside its compiled email, or None when that is not known (any more)."""
    row = MessageContent.objects.filter(message=message).first()
    return Reader.from_json(row.data) if row else None


@sent_items.register("outbox")
def already_sent(contacts: Sequence[Contact], days: int, at: datetime) -> dict[int, set[str]]:
    """Return the keys of pages and products that contacts were sent in the last days: four queries at the most."""
    since, ids = at - timedelta(days=days), [contact.pk for contact in contacts]
    found: dict[int, set[str]] = {pk: set() for pk in ids}
    items = SentItem.objects.filter(contact__in=ids, sent_at__gte=since, message__state__in=LEFT)
    for contact_id, key in items.values_list("contact_id", "key"):
        found[contact_id].add(key)
    messages = OutboxMessage.objects.filter(contact__in=ids, created_at__gte=since, state__in=LEFT, send__is_test=False)
    rows = list(messages.values_list("contact_id", "send_id", "send__compiled_id", "language").distinct())
    versions = SendVersion.objects.filter(send__in={send for _contact, send, _compiled, language in rows if language})
    translated = {(send, language): pk for send, language, pk in versions.values_list("send", "language", "compiled")}
    pairs = [(contact, translated.get((send, code), original)) for contact, send, original, code in rows]
    compiled = CompiledEmail.objects.filter(pk__in={compiled_id for _contact, compiled_id in pairs})
    shown: dict[int, list[str]] = dict(compiled.values_list("pk", "shown"))
    for contact_id, compiled_id in pairs:
        if contact_id is not None:
            found[contact_id].update(shown.get(compiled_id, ()))
    return found
