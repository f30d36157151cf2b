"""What an order that belongs to a mail is worth: the sale, less what came back of it."""

from __future__ import annotations

from decimal import Decimal

from django.db.models import Case, DecimalField, Exists, F, OuterRef, Q, QuerySet, Subquery, Sum, When
from django.db.models.functions import Coalesce

from wagtail_precise_mail.commerce.models import Order
from wagtail_precise_mail.commerce.sums import rounded
from wagtail_precise_mail.tracking.models import MessageEvent

_SUM = DecimalField(max_digits=18, decimal_places=4)


def worth(order: Order) -> Decimal:
    """Return what a sale brought, in its own currency: its total less its refunds.

    A refund in another currency counts by the rates of both orders. Without one of them nobody can say what it takes
    away, and it takes nothing.
    """
    returned = (_back(order, one) for one in order.refunds.all() if one.kind == Order.Kind.REFUND)
    return rounded(sum(returned, order.total))


def _back(sale: Order, refund: Order) -> Decimal:
    if refund.currency == sale.currency:
        return refund.total
    if not sale.base_rate or refund.base_total is None:
        return Decimal(0)
    return rounded(refund.base_total / sale.base_rate)


def wrong_conversions() -> QuerySet[MessageEvent]:
    """Return the conversions that say something else than their order and its refunds do now.

    A refund in another currency is always looked at again: its sum is rounded in other places here.
    """
    refunds = Order.objects.filter(refund_of=OuterRef("order"), kind=Order.Kind.REFUND).order_by()
    back = refunds.filter(currency=OuterRef("order__currency")).values("refund_of").annotate(back=Sum("total"))
    expected = F("order__total") + Coalesce(Subquery(back.values("back")), Decimal(0), output_field=_SUM)
    conversions = MessageEvent.objects.filter(kind=MessageEvent.Kind.CONVERSION, order__isnull=False)
    # SQLite adds as floats: the same sum differs by less than its last digit.
    off = Case(When(value__isnull=True, then=Decimal(1)), default=F("value") - expected, output_field=_SUM)
    least = Decimal("0.00005")
    differs = Q(wpm_off__gt=least) | Q(wpm_off__lt=-least) | ~Q(currency=F("order__currency"))
    foreign = Exists(refunds.exclude(currency=OuterRef("order__currency")))
    return conversions.alias(wpm_off=off).filter(differs | foreign).order_by("pk")


def machine_conversions() -> QuerySet[MessageEvent]:
    """Return the conversions that belong to a link which, before the sale, nobody but machines followed."""
    clicks = MessageEvent.objects.filter(
        message=OuterRef("message"), kind=MessageEvent.Kind.CLICK, happened_at__lte=OuterRef("happened_at")
    )
    # A provider's click knows no link, and NULL equals nothing.
    same = clicks.alias(wpm_link=Coalesce("link_index", -1)).filter(wpm_link=Coalesce(OuterRef("link_index"), -1))
    # Where the contact is gone, so is whose the earlier clicks were: those figures stay as they are.
    conversions = MessageEvent.objects.filter(
        kind=MessageEvent.Kind.CONVERSION, order__isnull=False, contact__isnull=False
    )
    only_machines = Exists(same.filter(is_machine=True)) & ~Exists(same.filter(is_machine=False))
    return conversions.filter(only_machines).order_by("pk")
