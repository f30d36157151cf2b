"""Orders as a sign of life: who bought something is no inactive contact."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q

from wagtail_precise_mail.commerce.models import Order
from wagtail_precise_mail.contacts.retention import signs_of_life


@signs_of_life.register("orders")
def ordered(moment: datetime) -> Q:
    """Orders since a moment."""
    return Q(pk__in=Order.objects.filter(placed_at__gte=moment, contact__isnull=False).values("contact"))
