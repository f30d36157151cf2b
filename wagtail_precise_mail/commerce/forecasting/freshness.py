"""How old forecasts may be. Apart from what computes them, which needs the extra."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils.translation import gettext_lazy as _

from wagtail_precise_mail.commerce.forecasting import is_available
from wagtail_precise_mail.commerce.models import Order
from wagtail_precise_mail.contacts.freshness import Cycle, cycles

JOB = "forecasts"


def _is_needed(at: datetime) -> bool:
    return is_available() and Order.objects.filter(contact__isnull=False, recorded_at__lte=at).exists()


cycles.register(JOB)(Cycle(_("Forecasts of contacts"), timedelta(days=1), _is_needed))
