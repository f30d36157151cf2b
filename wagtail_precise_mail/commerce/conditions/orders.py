"""Conditions on single orders: their value, coupon, payment, shipping, channel, country, currency and time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

from django.db.models import Exists, OuterRef, Q, Value
from django.db.models.functions import ExtractHour, ExtractIsoWeekDay
from django.db.models.lookups import GreaterThan, GreaterThanOrEqual, In, LessThanOrEqual
from django.utils.timezone import get_default_timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from wagtail_precise_mail.commerce.conditions.order_details import OrderDetails
from wagtail_precise_mail.commerce.conditions.weekdays import Weekdays, weekday_numbers, weekdays_in_words
from wagtail_precise_mail.commerce.conditions.windows import Currency, in_currency, in_words, money_of
from wagtail_precise_mail.commerce.models import OrderCoupon
from wagtail_precise_mail.segments.conditions import (
    Amount,
    Count,
    Flag,
    Several,
    Text,
    conditions,
)
from wagtail_precise_mail.segments.conditions.profile import CountryCode, country_choices
from wagtail_precise_mail.segments.conditions.words import between, listed

Hour = int | None


@conditions.register("order_value")
@dataclass(frozen=True)
class OrderValue(OrderDetails):
    """Contacts with single orders of a value."""

    label = gettext_lazy("Value of one order")
    description = gettext_lazy("Any single order of such a total, charges such as postage included.")
    icon = "doc-full"

    min_total: Annotated[Decimal | None, Amount(label=gettext_lazy("Total of at least"))] = None
    over_total: Annotated[Decimal | None, Amount(label=gettext_lazy("Total of more than"))] = None
    max_total: Annotated[Decimal | None, Amount(label=gettext_lazy("Total of at most"))] = None
    currency: Currency = ""

    def missing(self) -> Iterator[tuple[str, str]]:
        yield from super().missing()
        if self.min_total is not None and self.over_total is not None:
            yield "over_total", _("give min_total or over_total, not both")
        low = self.min_total if self.over_total is None else self.over_total
        if low is not None and self.max_total is not None and low > self.max_total:
            yield "max_total", _("must not be below min_total")

    def facets(self, at: datetime) -> Iterator[tuple[Q, str]]:
        yield from super().facets(at)
        amount = money_of("total", self.currency)
        lookups = [
            lookup(amount, Value(bound))
            for lookup, bound in (
                (GreaterThanOrEqual, self.min_total),
                (GreaterThan, self.over_total),
                (LessThanOrEqual, self.max_total),
            )
            if bound is not None
        ]
        if lookups:
            words = between(self.min_total, self.max_total, self.over_total) + in_words(self.currency)
            yield Q(*lookups) & in_currency(self.currency), _("of %(amount)s") % {"amount": words}


@conditions.register("used_coupon")
@dataclass(frozen=True)
class UsedCoupon(OrderDetails):
    """Contacts who used a coupon."""

    label = gettext_lazy("Used a coupon")
    description = gettext_lazy("Any, one of some codes, or one that starts in a way.")
    icon = "pick"

    any_coupon: Annotated[bool, Flag(label=gettext_lazy("Any coupon"))] = False
    coupons: Annotated[
        tuple[str, ...],
        Several(
            label=gettext_lazy("Coupons"),
            help_text=gettext_lazy("Any of these codes. Case does not matter."),
            item=Text(label=gettext_lazy("Code"), max_length=100),
        ),
    ] = ()
    coupon_prefix: Annotated[
        str,
        Text(
            label=gettext_lazy("Coupons that start with"),
            help_text=gettext_lazy("Such as WELCOME-, for the codes of one pile."),
            max_length=100,
        ),
    ] = ""

    def facets(self, at: datetime) -> Iterator[tuple[Q, str]]:
        yield from super().facets(at)
        codes, words = self._codes()
        if words:
            used = OrderCoupon.objects.order_by().filter(codes, order=OuterRef("pk"))
            yield Q(Exists(used)), _("with %(coupons)s") % {"coupons": listed(words)}

    def joined(self) -> Q:
        # It starts from the codes.
        if self.any_coupon:
            return Q(coupons__isnull=False)
        found = Q(coupons__code__in=[code.upper() for code in self.coupons]) if self.coupons else Q()
        return found | Q(coupons__code__startswith=self.coupon_prefix.upper()) if self.coupon_prefix else found

    def _codes(self) -> tuple[Q, list[str]]:
        if self.any_coupon:
            return Q(), [_("a coupon")]
        found, words = Q(), []
        if self.coupons:
            found |= Q(code__in=[code.upper() for code in self.coupons])
            words += [_("the coupon %(code)s") % {"code": code.upper()} for code in self.coupons]
        if self.coupon_prefix:
            found |= Q(code__startswith=self.coupon_prefix.upper())
            words.append(_("a coupon %(prefix)s…") % {"prefix": self.coupon_prefix.upper()})
        return found, words


def _texts(label: Any, item: Any) -> Several:
    help_text = gettext_lazy("Any of them, exactly as the shop writes it.")
    return Several(label=label, help_text=help_text, item=Text(label=item, max_length=50))


@conditions.register("paid_with")
@dataclass(frozen=True)
class PaidWith(OrderDetails):
    """Contacts who paid in some way."""

    label = gettext_lazy("Way of payment")
    description = gettext_lazy("Paid an order in one of these ways.")
    icon = "order"

    payment_methods: Annotated[
        tuple[str, ...], _texts(gettext_lazy("Ways of payment"), gettext_lazy("Way of payment"))
    ] = ()

    def facets(self, at: datetime) -> Iterator[tuple[Q, str]]:
        yield from super().facets(at)
        if self.payment_methods:
            words = _("paid by %(methods)s") % {"methods": listed(self.payment_methods)}
            yield Q(payment_method__in=self.payment_methods), words


@conditions.register("shipped_with")
@dataclass(frozen=True)
class ShippedWith(OrderDetails):
    """Contacts whose orders went in some way."""

    label = gettext_lazy("Way of shipping")
    description = gettext_lazy("Had an order shipped in one of these ways.")
    icon = "redirect"

    shipping_methods: Annotated[
        tuple[str, ...], _texts(gettext_lazy("Ways of shipping"), gettext_lazy("Way of shipping"))
    ] = ()

    def facets(self, at: datetime) -> Iterator[tuple[Q, str]]:
        yield from super().facets(at)
        if self.shipping_methods:
            words = _("shipped by %(methods)s") % {"methods": listed(self.shipping_methods)}
            yield Q(shipping_method__in=self.shipping_methods), words


@conditions.register("ordered_through")
@dataclass(frozen=True)
class OrderedThrough(OrderDetails):
    """Contacts who ordered through a channel."""

    label = gettext_lazy("Channel of an order")
    description = gettext_lazy("Ordered through one of these, such as web, app or store.")
    icon = "desktop"

    channels: Annotated[tuple[str, ...], _texts(gettext_lazy("Channels"), gettext_lazy("Channel"))] = ()

    def facets(self, at: datetime) -> Iterator[tuple[Q, str]]:
        yield from super().facets(at)
        if self.channels:
            words = _("through %(channels)s") % {"channels": listed(self.channels)}
            yield Q(channel__in=self.channels), words


@conditions.register("ordered_from")
@dataclass(frozen=True)
class OrderedFrom(OrderDetails):
    """Contacts with orders of a country."""

    label = gettext_lazy("Country of an order")
    description = gettext_lazy("Placed an order in one of these countries, wherever they live.")
    icon = "globe"

    countries: Annotated[
        tuple[str, ...],
        Several(
            label=gettext_lazy("Countries"),
            help_text=gettext_lazy("ISO 3166 codes, such as GB."),
            item=CountryCode(label=gettext_lazy("Country"), choices=country_choices),
        ),
    ] = ()

    def facets(self, at: datetime) -> Iterator[tuple[Q, str]]:
        yield from super().facets(at)
        if self.countries:
            names = dict(country_choices())
            words = _("in %(countries)s") % {"countries": listed(names.get(code, code) for code in self.countries)}
            yield Q(country__in=self.countries), words


@conditions.register("order_currency")
@dataclass(frozen=True)
class OrderCurrency(OrderDetails):
    """Contacts with orders in a currency."""

    label = gettext_lazy("Currency of an order")
    description = gettext_lazy("Placed an order in one of these currencies.")
    icon = "doc-full-inverse"

    currencies: Annotated[
        tuple[str, ...],
        Several(label=gettext_lazy("Currencies"), item=Text(label=gettext_lazy("Currency"), max_length=3)),
    ] = ()

    def facets(self, at: datetime) -> Iterator[tuple[Q, str]]:
        yield from super().facets(at)
        if self.currencies:
            codes = [code.upper() for code in self.currencies]
            yield Q(currency__in=codes), _("in the currency %(currencies)s") % {"currencies": listed(codes)}


@conditions.register("order_time")
@dataclass(frozen=True)
class OrderTime(OrderDetails):
    """Contacts with orders on some weekdays or at some hours, in the time zone of the site."""

    label = gettext_lazy("Weekday and hour of an order")
    description = gettext_lazy("Placed an order on such a day, at such an hour, in the time zone of the site.")
    icon = "time"

    weekdays: Weekdays = ()
    from_hour: Annotated[Hour, Count(label=gettext_lazy("From the hour"), maximum=23)] = None
    until_hour: Annotated[
        Hour,
        Count(
            label=gettext_lazy("Until the hour"),
            help_text=gettext_lazy("To its last minute. May be below the first: 22 to 5 is a night."),
            maximum=23,
        ),
    ] = None

    def facets(self, at: datetime) -> Iterator[tuple[Q, str]]:
        yield from super().facets(at)
        zone = get_default_timezone()
        if self.weekdays:
            numbers = [number + 1 for number in weekday_numbers(self.weekdays)]
            wanted = Q(In(ExtractIsoWeekDay("placed_at", tzinfo=zone), numbers))
            yield wanted, _("on a %(weekdays)s") % {"weekdays": weekdays_in_words(self.weekdays)}
        if self.from_hour is not None or self.until_hour is not None:
            first, last = self.from_hour or 0, 23 if self.until_hour is None else self.until_hour
            hours = [*range(first, last + 1)] if first <= last else [*range(first, 24), *range(last + 1)]
            wanted = Q(In(ExtractHour("placed_at", tzinfo=zone), hours))
            yield wanted, _("between %(first)s:00 and %(last)s:59") % {"first": first, "last": last}

    def is_guesswork(self) -> bool:
        return bool(self.weekdays) or self.from_hour is not None or self.until_hour is not None


@conditions.register("order_with")
@dataclass(frozen=True)
class OrderWith(OrderTime, OrderCurrency, OrderedFrom, OrderedThrough, ShippedWith, PaidWith, UsedCoupon, OrderValue):
    """Contacts with one order that is everything chosen here at once."""

    label = gettext_lazy("One order with all of this")
    description = gettext_lazy(
        "Total, coupon, payment, shipping, channel, country and time, in one and the same order."
    )
    icon = "list-ul"

    def joined(self) -> Q:
        return Q()  # more than coupons


@conditions.register("unrated_orders")
@dataclass(frozen=True)
class UnratedOrders(OrderDetails):
    """Contacts with orders in a currency without a rate: their money is missing in sums in the base currency."""

    label = gettext_lazy("Orders without a rate")
    description = gettext_lazy("In a currency whose rate is not known: missing in all sums in the base currency.")
    icon = "warning"

    def facets(self, at: datetime) -> Iterator[tuple[Q, str]]:
        yield Q(base_total__isnull=True), _("in a currency without a rate")
