"""What delivery knows about people: the mails that they were sent."""

from __future__ import annotations

import re
from collections.abc import Mapping

from django.db.models import CharField, QuerySet, Value
from django.db.models.functions import Cast, Concat
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.contacts.personal_data import PersonalData, Rows, personal_data, rows_of
from wagtail_precise_mail.delivery.digests.models import DigestIssue
from wagtail_precise_mail.delivery.models import MessageContent, OutboxMessage, SentItem

State, SkipReason = OutboxMessage.State, OutboxMessage.SkipReason

_CODE = re.compile(r"\d{3}(?:[ -]\d\.\d{1,3}\.\d{1,3})?")


@personal_data.register("mail")
class MailData(PersonalData):
    """Messages, what they said, and the items of lists that they showed."""

    label = _("Mail that you were sent")
    models = (
        "wagtail_precise_mail.OutboxMessage",
        "wagtail_precise_mail.MessageContent",
        "wagtail_precise_mail.SentItem",
        "wagtail_precise_mail.DigestIssue",
    )

    def collect(self, contact: Contact) -> Mapping[str, Rows]:
        messages = OutboxMessage.objects.filter(contact=contact).order_by("pk")
        fields = ("id", "address", "language", "state", "skip_reason", "reply", "created_at", "handed_off_at")
        contents = MessageContent.objects.filter(contact=contact).order_by("pk")
        kept = DigestIssue.objects.filter(contact=contact).order_by("pk")
        items = SentItem.objects.filter(contact=contact).order_by("pk")
        return {
            "messages": rows_of(messages, *fields, "send__compiled__email__subject", "send__topic__name"),
            "message_contents": rows_of(contents, "message_id", "data"),
            "message_items": rows_of(items, "message_id", "key", "sent_at"),
            "digest_issues": rows_of(
                kept, "message_id", "topic__name", "kept_at", "digest_id", "left_out", "clicked_at"
            ),
        }

    def anonymize(self, contact: Contact) -> None:
        """Stop what has not left, and take the address out of what has."""
        messages = OutboxMessage.objects.filter(contact=contact)
        # Workers write only to what they hold: whoever claimed one of these cannot hand it over any more.
        messages.filter(state__in=[State.PENDING, State.CLAIMED, State.DEFERRED]).update(
            state=State.SKIPPED,
            skip_reason=SkipReason.ERASED,
            finished_at=timezone.now(),
            claim_token=None,
            lease_expires_at=None,
            next_attempt_at=None,
        )
        _shorten_replies(messages)
        # One message per person and send: the number of the message takes the place of the hash.
        key = Concat(Value("erased-"), Cast("pk", CharField()), output_field=CharField())
        messages.update(address="", recipient_key=key, provider_id="")


def _shorten_replies(messages: QuerySet[OutboxMessage]) -> None:
    """Keep the code of what servers said: their words may name the mailbox."""
    worded = list(messages.exclude(reply="").only("pk", "reply"))
    for message in worded:
        found = _CODE.match(message.reply)
        message.reply = found.group() if found else ""
    OutboxMessage.objects.bulk_update(worded, ["reply"], batch_size=500)
