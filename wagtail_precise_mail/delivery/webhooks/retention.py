"""How long it is kept what providers told."""

from __future__ import annotations

from datetime import datetime

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from wagtail_precise_mail.contacts.retention import RetentionRule, retention_rules
from wagtail_precise_mail.delivery.webhooks.models import ProviderEvent


@retention_rules.register("provider_events")
class OldProviderEvents(RetentionRule):
    """That events came; what they mean is kept elsewhere."""

    label = _("Events of providers")
    description = _("That a provider told of a delivery, a bounce or an open is deleted. Bounces and figures stay.")

    days = 90

    def due(self, before: datetime) -> QuerySet[ProviderEvent]:
        return ProviderEvent.objects.filter(happened_at__lt=before)

    def let_go(self, rows: QuerySet) -> int:
        return rows.delete()[0]
