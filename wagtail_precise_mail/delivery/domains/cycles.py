"""How often domains are looked at: the home page warns when nobody did."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils.translation import gettext_lazy as _

from wagtail_precise_mail.contacts.freshness import Cycle, cycles
from wagtail_precise_mail.delivery.domains.services import JOB, is_available
from wagtail_precise_mail.emails.senders import SenderIdentity


def has_senders(moment: datetime) -> bool:
    """Whether there was a domain to look at, and the means to do it."""
    return is_available() and SenderIdentity.objects.filter(created_at__lt=moment).exists()


cycles.register(JOB)(Cycle(_("checks of sender domains"), timedelta(days=1), has_senders))
