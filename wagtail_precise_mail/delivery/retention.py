"""How long delivery keeps what is personal in messages."""

from __future__ import annotations

from datetime import datetime

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from wagtail_precise_mail.contacts.retention import RetentionRule, retention_rules
from wagtail_precise_mail.delivery.models import MessageContent


@retention_rules.register("message_contents")
class OldContents(RetentionRule):
    """What each message said beside the compiled email."""

    label = _("Contents of messages")
    description = _(
        "What a mail said to this one person is deleted: names, codes, chosen products. Its web version shows what "
        "everybody saw. That it was sent stays."
    )

    def due(self, before: datetime) -> QuerySet[MessageContent]:
        return MessageContent.objects.filter(message__finished_at__lt=before)
