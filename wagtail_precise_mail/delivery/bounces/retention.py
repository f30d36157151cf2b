"""How long it is kept what servers said about mailboxes."""

from __future__ import annotations

from datetime import datetime

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from wagtail_precise_mail.contacts.retention import RetentionRule, retention_rules
from wagtail_precise_mail.delivery.bounces.models import Bounce


@retention_rules.register("bounces")
class OldBounces(RetentionRule):
    """The words of servers, and the address that they refused."""

    label = _("Words of bounces")
    description = _(
        "What servers said when mail came back, and the refused address, are deleted. That it came back, why, and the "
        "suppression stay."
    )

    def due(self, before: datetime) -> QuerySet[Bounce]:
        return Bounce.objects.filter(happened_at__lt=before).exclude(diagnostic="", address="")

    def let_go(self, rows: QuerySet) -> int:
        return rows.update(diagnostic="", address="")
