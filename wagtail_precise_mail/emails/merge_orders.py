"""Merge fields about a contact's orders: loaded for many contacts at once."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import Count, Exists, Max, OuterRef
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from wagtail_precise_mail.commerce.models import Order
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.emails.merge_fields import MergeField, contact_fields
from wagtail_precise_mail.emails.merge_filters import Kind

_SALES = Order.objects.filter(kind=Order.Kind.SALE).order_by()


def _last_days(contacts: Sequence[Contact]) -> dict[int, str]:
    rows = _SALES.filter(contact__in=contacts).values_list("contact").annotate(Max("placed_at"))
    return {contact_id: timezone.localdate(placed_at).isoformat() for contact_id, placed_at in rows}


def _counts(contacts: Sequence[Contact]) -> dict[int, str]:
    rows = _SALES.filter(contact__in=contacts).values_list("contact").annotate(Count("pk"))
    counts = dict(rows)
    return {contact.pk: str(counts.get(contact.pk, 0)) for contact in contacts}


contact_fields.register("last_order_on")(
    MergeField(
        _("Day of the last order"),
        kind=Kind.DATE,
        load=_last_days,
        is_empty=~Exists(_SALES.filter(contact=OuterRef("pk"))),
        group=_("Orders"),
        example="2026-02-14",
    )
)
contact_fields.register("order_count")(
    MergeField(
        _("Number of orders"),
        kind=Kind.NUMBER,
        load=_counts,
        is_always_filled=True,
        group=_("Orders"),
        example="3",
    )
)
