"""Keeping an issue for the digest of those who want mail less often: with the message that was not sent, or neither."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import connection

from wagtail_precise_mail.contacts.models import Cadence, Contact
from wagtail_precise_mail.delivery.digests.models import DigestIssue
from wagtail_precise_mail.delivery.models import OutboxMessage, Send

SkipReason = OutboxMessage.SkipReason

# By the contacts' ids and then the unique key of messages: each chunk costs the same, however many came before it.
_KEEP = """
    INSERT INTO {issues} (contact_id, send_id, message_id, topic_id, site_id, kept_at, left_out)
    SELECT message.contact_id, message.send_id, message.id, {topic}, {site}, message.finished_at, ''
    FROM {contacts} AS contact
    JOIN {messages} AS message ON message.send_id = %s AND message.recipient_key = contact.address_hash
    WHERE contact.id > %s AND contact.id <= %s AND contact.cadence <> %s
        AND message.contact_id = contact.id AND message.skip_reason = %s
    ON CONFLICT DO NOTHING
"""


def keep_frozen(send: Send, *, after: int, until: int) -> None:
    """Keep the issue for the contacts of one chunk (ids above ``after``, up to ``until``) whom freezing left out.

    Belongs into the transaction that wrote their messages.
    """
    if not collects(send):
        return
    quote = connection.ops.quote_name
    sql = _KEEP.format(
        issues=quote(DigestIssue._meta.db_table),
        contacts=quote(Contact._meta.db_table),
        messages=quote(OutboxMessage._meta.db_table),
        topic=int(send.topic_id or 0),
        site=int(send.digest_site_id or 0),
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, [send.pk, after, until, Cadence.EVERY.value, SkipReason.KEPT.value])


def keep_skipped(send: Send, messages: Sequence[OutboxMessage], reason: str, *, at: datetime) -> None:
    """Do what follows for digests when the gate leaves messages out, in the transaction that says so.

    An issue is kept; and what was in a digest whose reader has asked for a pause waits for its end.
    """
    left_out = OutboxMessage.objects.filter(
        pk__in=[message.pk for message in messages], state=OutboxMessage.State.SKIPPED, skip_reason=reason
    )
    if reason == SkipReason.KEPT and collects(send):
        rows = [
            DigestIssue(
                contact_id=contact_id,
                send=send,
                message_id=pk,
                topic=send.topic,
                site=send.digest_site,
                kept_at=at,
            )
            for pk, contact_id in left_out.filter(contact__isnull=False).values_list("pk", "contact_id")
        ]
        DigestIssue.objects.bulk_create(rows, ignore_conflicts=True)
    elif reason == SkipReason.PAUSED and send.origin_kind == Send.DIGEST:
        DigestIssue.objects.filter(digest__in=left_out).update(digest=None)


def collects(send: Send) -> bool:
    """Whether contacts who want mail less often get the issue in their digest."""
    # Who is asked for permission again is asked now, whatever their pace.
    is_for_topic = send.topic_id is not None and not send.asks_permission
    return is_for_topic and send.digest_site_id is not None and not send.is_test
