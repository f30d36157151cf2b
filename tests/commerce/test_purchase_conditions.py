"""The conditions on purchases against the plainest Python one can write, on a made-up crowd."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction

from tests.factories.crowd import AT, make_crowd
from tests.factories.segments import make_rules
from tests.rows import check_once
from tests.segments.examples import EXAMPLES
from wagtail_precise_mail.commerce.models import Category, ContactFigures, ContactStanding, Order, OrderLine
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.segments.conditions import conditions
from wagtail_precise_mail.segments.movements import Movement
from wagtail_precise_mail.segments.queries import members

pytestmark = pytest.mark.django_db

BELOW = {
    "tea": {"Tea", "Sorts", *(f"Level {level}" for level in range(7))},
    "gifts": {"Gifts"},
    "ring": {"Ring", "Rung"},
}
Holds = Callable[[Contact, dict[str, Any]], bool]


@pytest.fixture(scope="module")
def crowd(django_db_setup: None, django_db_blocker: Any) -> Iterator[list[Contact]]:
    """Made once, and rolled back at the end."""
    with django_db_blocker.unblock(), transaction.atomic():
        everybody = make_crowd()
        check_once()
        yield everybody
        transaction.set_rollback(True)


def in_window(moment: datetime, options: dict[str, Any]) -> bool:
    if moment > AT - timedelta(days=options.get("before_days", 0)):
        return False
    if "days" in options and moment < AT - timedelta(days=options["days"]):
        return False
    first, last = (
        date.fromisoformat(options.get(name, day))
        for name, day in (("from_on", "1900-01-01"), ("until_on", "2900-01-01"))
    )
    return first <= moment.astimezone(UTC).date() <= last


def orders(contact: Contact, options: dict[str, Any], kinds: Iterable[str] = ("sale",)) -> list[Order]:
    found = [one for one in contact.orders.all() if one.kind in kinds and in_window(one.placed_at, options)]
    return sorted(found, key=lambda order: (order.placed_at, order.pk))


def money(order: Order, amount: Decimal, currency: str = "") -> Decimal | None:
    if currency:
        return amount if order.currency == currency else None
    return None if order.base_rate is None else amount * order.base_rate


def added(contact: Contact, options: dict[str, Any], name: str = "total", kinds: Iterable[str] = ("sale",)) -> Decimal:
    currency = options.get("currency", "")
    amounts = [money(one, getattr(one, name), currency) for one in orders(contact, options, kinds)]
    return sum((amount for amount in amounts if amount is not None), Decimal(0))


def within(value: Any, options: dict[str, Any]) -> bool:
    if value is None:
        return False
    value = round(Decimal(value), 4)
    return bool(
        ("min" not in options or value >= Decimal(str(options["min"])))
        and ("over" not in options or value > Decimal(str(options["over"])))
        and ("max" not in options or value <= Decimal(str(options["max"])))
    )


def share(part: Decimal, whole: Decimal) -> Decimal | None:
    return 100 * part / whole if whole > 0 else None


def is_about(line: Any, options: dict[str, Any], prefix: str = "") -> bool:
    """Whether a line is about the products that are asked for."""
    product, variant = line.product, getattr(line, "variant", None)
    names = {product.category.name if product.category else ""} | {one.name for one in product.further_categories.all()}
    key, value = options.get("attribute"), options.get("attribute_value", "").lower()

    def has(attributes: dict[str, Any]) -> bool:
        stored = attributes.get(key)
        return value in [str(one).lower() for one in (stored if isinstance(stored, list) else [stored])]

    return bool(
        product.sku in [sku.upper() for sku in options.get(f"{prefix}products", [])]
        or any(names & BELOW[slug] for slug in options.get(f"{prefix}categories", []))
        or (variant and variant.sku in options.get("variants", []))
        or product.brand_name.lower() in [brand.lower() for brand in options.get(f"{prefix}brands", [])]
        or any(tag.slug in options.get("tags", []) for tag in product.tags.all())
        or (key and (has(product.attributes) or (variant and has(variant.attributes))))
    )


def sums(lines: Iterable[OrderLine], options: dict[str, Any]) -> tuple[int, Decimal]:
    """Return units and money of lines."""
    units, amount = 0, Decimal(0)
    for line in lines:
        units += line.quantity
        amount += money(line.order, line.total, options.get("currency", "")) or 0
    return units, amount


def refunds_of(line: OrderLine) -> list[OrderLine]:
    return [one for one in line.refunds.all() if one.order.kind == "refund" and one.order.placed_at <= AT]


def bought(contact: Contact, options: dict[str, Any]) -> bool:
    bound, is_net = options.get("bound_to", "line"), options.get("net_of_refunds", False)
    kinds = ("sale", "refund") if bound == "all" and is_net else ("sale",)
    currency = options.get("currency")
    found = {
        order.pk: [line for line in order.lines.all() if is_about(line, options) and currency in (None, order.currency)]
        for order in orders(contact, options, kinds)
    }
    quantity, amount = options.get("quantity", 1), Decimal(str(options.get("amount", "-99999")))

    def is_enough(lines: list[OrderLine], *, least: int = quantity) -> bool:
        if is_net and bound != "all":
            lines = lines + [refund for line in lines for refund in refunds_of(line)]
        units, total = sums(lines, options)
        only_amount = "amount" in options and quantity == 1 and not is_net and bound != "order"
        return (only_amount or units >= least) and round(total, 4) >= amount

    if bound == "line":
        return sum(any(is_enough([line]) for line in lines) for lines in found.values()) >= options.get("orders", 1)
    if bound == "order":
        return sum(bool(lines) and is_enough(lines) for lines in found.values()) >= options.get("orders", 1)
    lines = [line for several in found.values() for line in several]
    sales = {line.order_id for line in lines if line.order.kind == "sale"}
    return bool(lines) and is_enough(lines) and len(sales) >= options.get("orders", 1)


def followed(contact: Contact, options: dict[str, Any]) -> Iterator[tuple[Order, bool]]:
    """Yield each order that comes first, with whether what is wanted followed it."""
    names = {f"{prefix}{name}" for prefix in ("", "then_") for name in ("products", "categories", "brands")}
    chosen = names & set(options)
    has_first, has_second = (any(one.startswith("then_") is is_then for one in chosen) for is_then in (False, True))
    length = timedelta(days=options.get("within_days", 30))
    for first in orders(contact, options):
        if has_first and not any(is_about(line, options) for line in first.lines.all()):
            continue
        is_same = options.get("follows") == "same_or_later"
        later = [
            one
            for one in orders(contact, {})
            if first.placed_at < one.placed_at <= first.placed_at + length
            or (is_same and one.placed_at == first.placed_at)
        ]
        yield (
            first,
            any(not has_second or any(is_about(line, options, "then_") for line in one.lines.all()) for one in later),
        )


def not_followed(contact: Contact, options: dict[str, Any]) -> bool:
    end = AT - timedelta(days=options.get("within_days", 30))
    return any(not is_followed and order.placed_at <= end for order, is_followed in followed(contact, options))


def average(contact: Contact, options: dict[str, Any]) -> Decimal | None:
    amounts = [money(one, one.total, options.get("currency", "")) for one in orders(contact, options)]
    known = [amount for amount in amounts if amount is not None]
    return sum(known, Decimal(0)) / len(known) if known else None


def order_like(order: Order, options: dict[str, Any]) -> bool:
    total = money(order, order.total, options.get("currency", ""))
    bounds = {
        new: options[old]
        for old, new in (("min_total", "min"), ("over_total", "over"), ("max_total", "max"))
        if old in options
    }
    codes = [one.code for one in order.coupons.all()]
    prefix = options.get("coupon_prefix", "")
    wanted = [code.upper() for code in options.get("coupons", [])]
    has_coupon = any(code in wanted or (prefix and code.startswith(prefix.upper())) for code in codes)
    first, last = options.get("from_hour", 0), options.get("until_hour", 23)
    hour = order.placed_at.astimezone(UTC).hour
    days = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
    checks = {
        "payment_methods": order.payment_method,
        "shipping_methods": order.shipping_method,
        "channels": order.channel,
        "countries": order.country,
        "currencies": order.currency,
        "weekdays": days[order.placed_at.astimezone(UTC).weekday()],
    }
    return bool(
        (not bounds or within(total, bounds))
        and (not options.get("any_coupon") or codes)
        and (not (wanted or prefix) or has_coupon)
        and all(
            value in [one.upper() if name == "currencies" else one for one in options[name]]
            for name, value in checks.items()
            if name in options
        )
        and (first <= hour <= last if first <= last else hour >= first or hour <= last)
    )


def orders_like(contact: Contact, options: dict[str, Any]) -> bool:
    return sum(order_like(one, options) for one in orders(contact, options)) >= options.get("orders", 1)


def margin(contact: Contact, options: dict[str, Any]) -> Decimal | None:
    if added(contact, options, "costed_total") <= 0:
        return None
    costed, cost = (added(contact, options, name, ("sale", "refund")) for name in ("costed_total", "cost_total"))
    return costed - cost


def margin_share(contact: Contact, options: dict[str, Any]) -> Decimal | None:
    costed, cost = (added(contact, options, name, ("sale", "refund")) for name in ("costed_total", "cost_total"))
    return share(costed - cost, costed)


def discount_share(contact: Contact, options: dict[str, Any]) -> Decimal | None:
    discount, total, shipping = (added(contact, options, f"{name}total") for name in ("discount_", "", "shipping_"))
    return share(discount, total + discount - shipping)


def average_price(contact: Contact, options: dict[str, Any]) -> Decimal | None:
    currency = options.get("currency", "")
    lines = [
        line
        for order in orders(contact, options)
        for line in order.lines.all()
        if line.product.kind == "product" and money(order, line.total, currency) is not None
    ]
    units, amount = sums(lines, options)
    return amount / units if units > 0 else None


def interval(contact: Contact) -> tuple[float, datetime] | None:
    moments = [one.placed_at for one in orders(contact, {})]
    days = len({moment.astimezone(UTC).date() for moment in moments})
    return ((moments[-1] - moments[0]) / timedelta(days=1) / (days - 1), moments[-1]) if days > 1 else None


def is_due(cycle: float, last: datetime, options: dict[str, Any]) -> bool:
    left = cycle - (AT - last) / timedelta(days=1)
    return -options.get("overdue_days", 99_999) <= left <= options.get("due_in_days", 0)


def reorder_due(contact: Contact, options: dict[str, Any]) -> bool:
    found = interval(contact)
    return bool(found and is_due(*found, options))


def replenish_due(contact: Contact, options: dict[str, Any]) -> bool:
    latest: dict[Any, datetime] = {}
    for order in orders(contact, {}):
        for line in order.lines.all():
            wanted = is_about(line, options) if options.keys() & {"products", "categories"} else True
            if line.product.is_replenishable and line.product.replenish_days and wanted:
                latest[line.product] = order.placed_at
    return any(is_due(product.replenish_days, moment, options) for product, moment in latest.items())


def open_cart(contact: Contact, options: dict[str, Any]) -> bool:
    for cart in contact.carts.all():
        hours = (AT - cart.changed_at) / timedelta(hours=1)
        if (
            (cart.closed_at is None or cart.closed_at > AT)
            and options.get("min_hours", 0) <= hours <= options.get("max_hours", 99_999)
            and ("min_total" not in options or (cart.currency == "GBP" and cart.total >= options["min_total"]))
            and (
                not options.keys() & {"products", "categories"}
                or any(is_about(line, options) for line in cart.lines.all())
            )
        ):
            return True
    return False


def rfm_score(contact: Contact, options: dict[str, Any]) -> bool:
    standing = ContactStanding.objects.filter(contact=contact).first()
    for name, bound in options.items():
        side, _under, what = name.partition("_")
        score = getattr(standing, f"{what}_score") if standing else None
        if score is None or (score < bound if side == "min" else score > bound):
            return False
    return True


def figures(contact: Contact) -> ContactFigures | None:
    return ContactFigures.objects.filter(contact=contact).first()


def is_below(category: Category | None, slugs: list[str]) -> bool:
    return bool(category and any(category.name in BELOW[slug] for slug in slugs))


def favorite_changed(contact: Contact, options: dict[str, Any]) -> bool:
    found = figures(contact)
    return bool(
        found
        and found.category_changed_at
        and in_window(found.category_changed_at, options)
        and ("from_categories" not in options or is_below(found.former_category, options["from_categories"]))
        and ("to_categories" not in options or is_below(found.favorite_category, options["to_categories"]))
    )


def preferred_time(contact: Contact, options: dict[str, Any]) -> bool:
    found = figures(contact)
    if found is None:
        return False
    if "weekdays" in options:
        return found.preferred_weekday == 0
    return found.preferred_hour is not None and options["from_hour"] <= found.preferred_hour <= options["until_hour"]


def moves(contact: Contact, axis: str, options: dict[str, Any]) -> list[Movement]:
    found = [one for one in contact.movements.all() if one.axis == axis and in_window(one.moved_at, options)]
    return sorted(found, key=lambda move: (move.moved_at, move.pk))


def places(options: dict[str, Any], name: str) -> tuple[str, list[str]]:
    pairs = [one.split(".") for one in options.get(name, [])]
    return (pairs[0][0] if pairs else ""), [place for _axis, place in pairs]


def moved(contact: Contact, options: dict[str, Any]) -> bool:
    (axis, before), (other, after) = places(options, "before"), places(options, "after")
    return any(
        (not before or (move.before or "prospect") in before) and (not after or (move.after or "prospect") in after)
        for move in moves(contact, axis or other, options)
    )


def stands_at(contact: Contact, options: dict[str, Any]) -> bool:
    axis, wanted = places(options, "places")
    history = moves(contact, axis, {})
    place = history[-1].after if history else ""
    if axis == "buying_stage":
        place = place or "prospect"
    days = (AT - history[-1].moved_at) / timedelta(days=1) if history else None
    is_long = days is not None and options.get("min_days", 0) <= days <= options.get("max_days", 99_999)
    return place in wanted and (is_long or not options.keys() & {"min_days", "max_days"})


def was_at(contact: Contact, options: dict[str, Any]) -> bool:
    axis, wanted = places(options, "places")
    return any(move.after in wanted for move in moves(contact, axis, options))


NET, REFUNDS = ("sale", "refund"), ("refund",)
TRUTH: dict[str, Holds] = {
    "bought_product": bought,
    "never_bought_product": lambda c, o: not bought(c, o),
    "bought_then": lambda c, o: any(is_followed for _order, is_followed in followed(c, o)),
    "bought_not_then": not_followed,
    "order_count": lambda c, o: within(len(orders(c, o)), o),
    "net_spend": lambda c, o: within(added(c, o, kinds=NET), o),
    "gross_spend": lambda c, o: within(added(c, o), o),
    "average_order": lambda c, o: within(average(c, o), o),
    "last_order": lambda c, o: any(in_window(one.placed_at, _days(o)) for one in orders(c, {})[-1:]),
    "first_order": lambda c, o: any(in_window(one.placed_at, _days(o)) for one in orders(c, {})[:1]),
    **dict.fromkeys(
        (
            "order_value",
            "used_coupon",
            "paid_with",
            "shipped_with",
            "ordered_through",
            "ordered_from",
            "order_currency",
            "order_time",
            "order_with",
        ),
        orders_like,
    ),
    "unrated_orders": lambda c, o: sum(one.base_rate is None for one in orders(c, o)) >= o.get("orders", 1),
    "margin": lambda c, o: within(margin(c, o), o),
    "margin_share": lambda c, o: within(margin_share(c, o), o),
    "discount_share": lambda c, o: within(discount_share(c, o), o),
    "refund_count": lambda c, o: within(len(orders(c, o, REFUNDS)), o),
    "refund_amount": lambda c, o: within(-added(c, o, kinds=REFUNDS), o),
    "refund_share": lambda c, o: within(share(-added(c, o, kinds=REFUNDS), added(c, o)), o),
    "average_price": lambda c, o: within(average_price(c, o), o),
    "order_interval": lambda c, o: within((interval(c) or [None])[0], o),
    "reorder_due": reorder_due,
    "replenish_due": replenish_due,
    "open_cart": open_cart,
    "rfm_score": rfm_score,
    "favorite_category": lambda c, o: bool((f := figures(c)) and is_below(f.favorite_category, o["categories"])),
    "favorite_changed": favorite_changed,
    "favorite_brand": lambda c, o: bool((f := figures(c)) and f.favorite_brand in o["brands"]),
    "preferred_time": preferred_time,
    "stands_at": stands_at,
    "moved": moved,
    "was_at": was_at,
}


def _days(options: dict[str, Any]) -> dict[str, Any]:
    names = {"max_days_ago": "days", "min_days_ago": "before_days"}
    return {names.get(name, name): value for name, value in options.items()}


@dataclass(frozen=True)
class Case:
    """A condition with options."""

    key: str
    options: dict[str, Any]

    def __str__(self) -> str:
        return f"{self.key} {self.options}"


CASES = [Case(key, options) for key in TRUTH for options in EXAMPLES[key]]


def test_every_condition_of_this_room_has_a_truth() -> None:
    ours = {key for key, one in conditions.items() if ".commerce." in one.__module__}
    # Forecasts have theirs in test_forecasts.py.
    forecasts = {key for key in ours if conditions.get(key).__module__.endswith(".forecasts")}
    assert ours - forecasts <= set(TRUTH)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_condition_finds_the_same_as_python(crowd: list[Contact], case: Case) -> None:
    found = set(members(make_rules({case.key: case.options}), at=AT).values_list("pk", flat=True))
    assert found == {contact.pk for contact in crowd if TRUTH[case.key](contact, case.options)}
