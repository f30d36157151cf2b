"""How the past was bought: where, paid and sent how, with which code, in which currency."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

from example_site.demo.seed.past import HISTORY_DAYS, PastLine, PastOrder
from example_site.shop.basket import POSTAGE_SKU
from example_site.shop.services import CURRENCY
from wagtail_precise_mail.commerce.models import ExchangeRate, Order, Product
from wagtail_precise_mail.contacts.models import Contact

EURO_LANDS = {"DE", "FR", "IE", "AT", "NL", "ES", "IT", "BE"}
"""Where the shop asks for euros, since a good year."""

_EURO_DAYS = 420
_CENT = Decimal("0.01")
# Codes with what they take off, in percent, and the months in which they were about.
_CODES = {"SPRING10": (10, (3, 4)), "KETTLE15": (15, (9, 10, 11)), "THANKYOU5": (5, tuple(range(1, 13)))}
_CHANNELS = {"web": 0.68, "app": 0.22, "market stall": 0.1}
_PAYMENTS = {"card": 0.56, "paypal": 0.26, "invoice": 0.18}
_WAYS = {"standard": 0.78, "express": 0.14, "parcel shop": 0.08}
# Forms of a product, as SKU and name; what they do not say is as in the product.
FORMS: dict[str, tuple[tuple[str, str, dict[str, str]], ...]] = {
    "GRD-GLOVES": tuple((f"GRD-GLOVES-{size}", f"size {size}", {"size": size}) for size in "SML"),
    "GRD-SECATEURS": (
        ("GRD-SECATEURS-R", "right-handed", {"hand": "right"}),
        ("GRD-SECATEURS-L", "left-handed", {"hand": "left"}),
    ),
    "PLANT-FERN": (
        ("PLANT-FERN-12", "in a 12 cm pot", {"pot": "12 cm"}),
        ("PLANT-FERN-17", "in a 17 cm pot", {"pot": "17 cm"}),
    ),
}


@dataclass(frozen=True)
class Terms:
    """What one sale has beside its lines; its refund has the same."""

    currency: str
    rate: Decimal
    channel: str
    payment_method: str
    shipping_method: str
    coupon: str = ""
    percent_off: int = 0
    line_percent_off: int = 0


def make_rates(at: datetime) -> dict[date, Decimal]:
    """Write what a euro was worth on the first of each month, and return it by day."""
    chance, rate, rates = random.Random("rates"), Decimal("0.8610"), {}
    day = (at - timedelta(days=HISTORY_DAYS + 31)).date().replace(day=1)
    while day <= at.date():
        rates[day] = rate
        ExchangeRate.objects.get_or_create(
            currency="EUR", base_currency=CURRENCY, valid_on=day, defaults={"rate": rate}
        )
        rate = (rate * Decimal(str(round(chance.uniform(0.985, 1.015), 4)))).quantize(Decimal("0.0001"))
        day = (day + timedelta(days=32)).replace(day=1)
    return rates


def terms_of(order: PastOrder, number: int, rates: dict[date, Decimal], *, at: datetime) -> Terms:
    """Return the terms of a sale; the same ones each time that it has this number."""
    chance = random.Random(f"terms {number}")
    in_euros = order.person.land.code in EURO_LANDS and order.placed_at > at - timedelta(days=_EURO_DAYS)
    channel, payment, way = (_one_of(words, chance) for words in (_CHANNELS, _PAYMENTS, _WAYS))
    code, percent = _code(order.placed_at.month, chance)
    return Terms(
        currency="EUR" if in_euros else CURRENCY,
        rate=rates[order.placed_at.date().replace(day=1)] if in_euros else Decimal(1),
        channel=channel,
        payment_method="cash" if channel == "market stall" else payment,
        shipping_method="" if channel == "market stall" else way,
        coupon=code,
        percent_off=percent,
        line_percent_off=20 if chance.random() < 0.06 else 0,
    )


def _one_of(words: dict[str, float], chance: random.Random) -> str:
    return chance.choices(list(words), list(words.values()))[0]


def _code(month: int, chance: random.Random) -> tuple[str, int]:
    current = [(code, percent) for code, (percent, months) in _CODES.items() if month in months]
    return chance.choice(current) if chance.random() < 0.17 else ("", 0)


def price_in(terms: Terms, price: Decimal) -> Decimal:
    """Return what a price in pounds is in the currency of an order."""
    return (price / terms.rate).quantize(_CENT, ROUND_HALF_UP)


def line_discount(terms: Terms, line: PastLine) -> Decimal:
    """Return what is off a line: one in so many sales takes something off everything but the postage."""
    if line.sku == POSTAGE_SKU:
        return Decimal(0)
    return share(price_in(terms, line.unit_price) * line.quantity, terms.line_percent_off)


def share(amount: Decimal, percent: int) -> Decimal:
    """Return so many percent of an amount, to the cent."""
    return (amount * percent / 100).quantize(_CENT, ROUND_HALF_UP)


def unit_cost(terms: Terms, product: Product) -> Decimal | None:
    """Return what one cost the shop, in the currency of the order."""
    return None if product.cost is None else price_in(terms, product.cost)


def head(terms: Terms, contact: Contact, order: PastOrder) -> dict[str, object]:
    """Return the fields of an order that its terms fill."""
    return {
        "kind": Order.Kind(order.kind),
        "contact": contact,
        "placed_at": order.placed_at,
        "currency": terms.currency,
        "base_rate": terms.rate,
        "channel": terms.channel,
        "payment_method": terms.payment_method,
        "shipping_method": terms.shipping_method,
        "country": order.person.land.code,
        "is_historical": True,
    }
