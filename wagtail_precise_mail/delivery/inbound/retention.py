"""How long answers are kept."""

from __future__ import annotations

from datetime import datetime

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from wagtail_precise_mail.contacts.retention import RetentionRule, retention_rules
from wagtail_precise_mail.delivery.inbound.models import Reply


@retention_rules.register("replies")
class OldReplies(RetentionRule):
    """Answers to our mails."""

    label = _("Answers to mails")
    description = _("What contacts answered to our mails is deleted, from their timelines as well.")

    def due(self, before: datetime) -> QuerySet[Reply]:
        return Reply.objects.filter(happened_at__lt=before)
