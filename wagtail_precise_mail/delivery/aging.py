"""Who has heard nothing for so long that they must be asked again before a campaign."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef

from wagtail_precise_mail.conf import options
from wagtail_precise_mail.contacts.models import ConsentChange, ConsentStatus, Contact
from wagtail_precise_mail.contacts.queries import ContactQuerySet
from wagtail_precise_mail.delivery.models import OutboxMessage

_DAYS_A_MONTH = 365.25 / 12


def needs_permission(*, at: datetime, contacts: ContactQuerySet | None = None) -> ContactQuerySet:
    """Return contacts whose yes has grown old: no mail was accepted for them and they said yes to nothing since.

    People forget what they agreed to; after ``permission_months`` without a mail they are asked, not told. A new
    contact has the same time from the day they came.

    Args:
        contacts: among whom; None for all.
    """
    since = at - timedelta(days=round(options().permission_months * _DAYS_A_MONTH))
    mailed = OutboxMessage.objects.filter(
        contact=OuterRef("pk"), state=OutboxMessage.State.ACCEPTED, created_at__gte=since
    )
    agreed = ConsentChange.objects.filter(contact=OuterRef("pk"), status=ConsentStatus.GRANTED, changed_at__gte=since)
    among = Contact.objects.all() if contacts is None else contacts
    return among.filter(~Exists(mailed), ~Exists(agreed), created_at__lt=since)
