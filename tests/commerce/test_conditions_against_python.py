"""Every condition against the plainest Python one can write, on a made-up crowd, with its complement."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.factories.commerce import make_category, make_order, make_product
from tests.factories.contacts import make_contact, make_list, make_tag
from tests.factories.segments import make_rules
from tests.rows import check_once
from wagtail_precise_mail.commerce.models import Order
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.contacts.preferences import correct, months_later
from wagtail_precise_mail.contacts.tagging import add_tag
from wagtail_precise_mail.segments.conditions import conditions
from wagtail_precise_mail.segments.queries import members
from wagtail_precise_mail.segments.rules import Match

AT = datetime(2026, 6, 1, 12, tzinfo=UTC)


def orders(contact: Contact, *, days: int | None = None, kinds: Iterable[str] = ("sale",)) -> list[Order]:
    earliest = AT - timedelta(days=days or 99_999)
    every = contact.orders.all()
    return [order for order in every if order.kind in kinds and earliest <= order.placed_at <= AT]


def net(contact: Contact, days: int | None = None) -> Decimal:
    return sum((order.total for order in orders(contact, days=days, kinds=("sale", "refund"))), Decimal(0))


def average(contact: Contact) -> Decimal | None:
    totals = [order.total for order in orders(contact)]
    return sum(totals, Decimal(0)) / len(totals) if totals else None


def bought(contact: Contact, skus: set[str], *, quantity: int = 1, days: int | None = None) -> int:
    return sum(
        any(line.product.sku in skus and line.quantity >= quantity for line in order.lines.all())
        for order in orders(contact, days=days)
    )


def moments(contact: Contact) -> list[datetime]:
    return sorted(order.placed_at for order in orders(contact))


def back(days: int) -> datetime:
    return AT - timedelta(days=days)


@dataclass
class Case:
    """A rule in JSON, and the same in Python."""

    key: str
    options: dict[str, Any]
    holds: Callable[[Contact], bool]


def is_unconfirmed(contact: Contact, months: int) -> bool:
    since = months_later(AT, -months)
    looked = [one.changed_at for one in contact.changes.all() if (one.field, one.source) == ("confirmed", "self")]
    return contact.created_at <= since and not any(since < moment <= AT for moment in looked)


CASES = [
    Case("everybody", {}, lambda c: True),
    Case("country", {"countries": ["GB", "DE"]}, lambda c: c.country in ("GB", "DE")),
    Case("age", {"min": 30}, lambda c: bool(c.birthday_on and c.birthday_on <= date(1996, 6, 1))),
    Case("age", {"max": 29}, lambda c: bool(c.birthday_on and c.birthday_on > date(1996, 6, 1))),
    Case("details_unconfirmed", {"months": 6}, lambda c: is_unconfirmed(c, 6)),
    Case("details_unconfirmed", {}, lambda c: is_unconfirmed(c, 12)),
    Case("tag", {"tags": ["tea"]}, lambda c: any(one.slug == "tea" for one in c.tags.all())),
    Case("tag", {"tags": ["tea", "cake"]}, lambda c: bool(c.tags.all())),
    Case("job_level", {"levels": ["head", "owner"]}, lambda c: c.job_level in ("head", "owner")),
    Case("in_list", {"lists": ["vips"]}, lambda c: any(one.slug == "vips" for one in c.lists.all())),
    Case("contact_field", {"field": "city", "operator": "is", "values": ["Rome"]}, lambda c: c.city == "Rome"),
    Case("contact_field", {"field": "city", "operator": "is_not", "values": ["Rome"]}, lambda c: c.city != "Rome"),
    Case("contact_field", {"field": "city", "operator": "is_set"}, lambda c: c.city != ""),
    Case(
        "contact_field",
        {"field": "attribute", "attribute": "size", "operator": "greater", "values": ["40"]},
        lambda c: isinstance(c.attributes.get("size"), int) and c.attributes["size"] > 40,
    ),
    Case(
        "contact_field",
        {"field": "attribute", "attribute": "size", "operator": "is_set"},
        lambda c: c.attributes.get("size") is not None,
    ),
    Case(
        "contact_field",
        {"field": "attribute", "attribute": "size", "operator": "is_not", "values": ["41"]},
        lambda c: c.attributes.get("size") != 41,
    ),
    Case("bought_product", {"products": ["A"]}, lambda c: bought(c, {"A"}) >= 1),
    Case("bought_product", {"products": ["A", "B"], "orders": 2}, lambda c: bought(c, {"A", "B"}) >= 2),
    Case(
        "bought_product",
        {"products": ["B"], "quantity": 4, "days": 60},
        lambda c: bought(c, {"B"}, quantity=4, days=60) > 0,
    ),
    Case("bought_product", {"categories": ["tea"]}, lambda c: bought(c, {"A", "C"}) >= 1),
    Case("order_count", {"min": 1}, lambda c: len(orders(c)) >= 1),
    Case("order_count", {"min": 2, "days": 90}, lambda c: len(orders(c, days=90)) >= 2),
    Case("order_count", {"max": 0}, lambda c: not orders(c)),
    Case("order_count", {"max": 2}, lambda c: len(orders(c)) <= 2),
    Case("order_count", {"min": 1, "max": 2}, lambda c: 1 <= len(orders(c)) <= 2),
    Case("order_count", {"min": 0, "max": 1, "days": 90}, lambda c: len(orders(c, days=90)) <= 1),
    Case("net_spend", {"min": 50}, lambda c: net(c) >= 50),
    Case("net_spend", {"over": 0, "max": 50}, lambda c: 0 < net(c) <= 50),
    Case("net_spend", {"max": 20, "days": 90}, lambda c: net(c, 90) <= 20),
    Case("net_spend", {"min": -10}, lambda c: net(c) >= -10),
    Case("net_spend", {"max": -1}, lambda c: net(c) <= -1),
    Case("average_order", {"min": 20}, lambda c: (average(c) or 0) >= 20),
    Case("average_order", {"max": 20}, lambda c: average(c) is not None and average(c) <= 20),
    Case("last_order", {"max_days_ago": 60}, lambda c: bool(moments(c)) and moments(c)[-1] >= back(60)),
    Case("last_order", {"min_days_ago": 60}, lambda c: bool(moments(c)) and moments(c)[-1] <= back(60)),
    Case(
        "last_order",
        {"min_days_ago": 30, "max_days_ago": 120},
        lambda c: bool(moments(c)) and back(120) <= moments(c)[-1] <= back(30),
    ),
    Case("first_order", {"max_days_ago": 60}, lambda c: bool(moments(c)) and moments(c)[0] >= back(60)),
    Case("first_order", {"min_days_ago": 60}, lambda c: bool(moments(c)) and moments(c)[0] <= back(60)),
]


@pytest.fixture(scope="module")
def crowd(django_db_setup: None, django_db_blocker: Any) -> Any:
    """Forty contacts with holes in everything, made once and rolled back at the end."""
    from django.db import transaction

    with django_db_blocker.unblock(), transaction.atomic():
        _make_crowd(random.Random(20260601))
        check_once()
        prefetched = Contact.objects.prefetch_related("orders__lines__product", "lists", "tags")
        yield list(prefetched.order_by("pk"))
        transaction.set_rollback(True)


def _make_crowd(dice: random.Random) -> None:
    tea = make_category(name="Tea")
    sorts = make_category(name="Sorts", parent=tea)
    products = [make_product("A", category=tea), make_product("B"), make_product("C", category=sorts)]
    vips, press = make_list(slug="vips"), make_list(slug="press")
    tea_tag, cake_tag = make_tag(slug="tea"), make_tag(slug="cake")
    for index in range(40):
        contact = make_contact(
            country=dice.choice(["GB", "DE", "FR", ""]),
            city=dice.choice(["Rome", "Paris", ""]),
            job_level=dice.choice(["staff", "head", "owner", ""]),
            birthday_on=dice.choice([None, date(1990, 5, 5), date(1996, 6, 1), date(1996, 6, 2), date(2004, 1, 1)]),
            attributes=dice.choice([{}, {"size": 38}, {"size": 41}, {"size": None}, {"other": 1}]),
        )
        for tag in (tea_tag, cake_tag):
            if dice.random() < 0.3:
                add_tag(contact, tag, source="test", at=AT)
        for one in (vips, press):
            if dice.random() < 0.4:
                one.contacts.add(contact)
        for _order in range(0 if index % 4 == 0 else dice.randint(1, 5)):
            _make_random_order(dice, contact, products)
    _make_random_order(dice, None, products)
    for index, contact in enumerate(Contact.objects.order_by("pk")):
        Contact.objects.filter(pk=contact.pk).update(created_at=months_later(AT, -(index % 24)))
        if index % 3:
            correct(contact, {}, at=AT - timedelta(days=70 * (index % 7)))


def _make_random_order(dice: random.Random, contact: Contact | None, products: list[Any]) -> None:
    kind = dice.choice(["sale", "sale", "sale", "refund", "adjustment"])
    sign = -1 if kind == "refund" else 1
    lines = [
        (dice.choice(products), sign * dice.randint(1, 5), Decimal(dice.randint(1, 1000)) / 100)
        for _line in range(dice.randint(1, 3))
    ]
    placed_at = AT - timedelta(days=dice.choice([-5, 0, 10, 30, 59, 60, 61, 100, 400]))
    make_order(contact, lines, placed_at=placed_at, kind=kind)


def _ids(*rules: dict[str, Any]) -> set[int]:
    found = list(members(make_rules(*rules), at=AT).values_list("pk", flat=True))
    assert len(found) == len(set(found))
    return set(found)


def test_every_case_is_about_a_condition() -> None:
    assert {case.key for case in CASES} <= set(conditions)


@pytest.mark.django_db
@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.key} {case.options}")
def test_a_condition_finds_the_same_as_python(crowd: list[Contact], case: Case) -> None:
    assert _ids({case.key: case.options}) == {contact.pk for contact in crowd if case.holds(contact)}


@pytest.mark.django_db
@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.key} {case.options}")
def test_not_is_the_exact_complement(crowd: list[Contact], case: Case) -> None:
    rule = {case.key: case.options}
    inside, outside, again = _ids(rule), _ids({"none": [rule]}), _ids({"none": [{"none": [rule]}]})
    assert inside | outside == {contact.pk for contact in crowd}
    assert not inside & outside
    assert again == inside


@pytest.mark.django_db
def test_any_nesting_finds_the_same_as_python(crowd: list[Contact]) -> None:
    dice = random.Random(7)
    sizes = set()
    for _round in range(150):
        rule, holds = _random_rule(dice, depth=3)
        expected = {contact.pk for contact in crowd if holds(contact)}
        assert _ids(rule) == expected, rule
        sizes.add(len(expected))
    assert len(sizes) > 10  # the rules do tell people apart


def _random_rule(dice: random.Random, depth: int) -> tuple[dict[str, Any], Callable[[Contact], bool]]:
    if depth == 0 or dice.random() < 0.3:
        case = dice.choice(CASES)
        return {case.key: case.options}, case.holds
    parts = [_random_rule(dice, depth - 1) for _part in range(dice.randint(1, 4))]
    match = dice.choice(list(Match))
    checks = [holds for _rule, holds in parts]
    together: dict[Match, Callable[[Contact], bool]] = {
        Match.ALL: lambda contact: all(holds(contact) for holds in checks),
        Match.ANY: lambda contact: any(holds(contact) for holds in checks),
        Match.NONE: lambda contact: not any(holds(contact) for holds in checks),
    }
    return {match.value: [rule for rule, _holds in parts]}, together[match]


@pytest.mark.django_db
def test_any_rules_are_one_query(crowd: list[Contact], django_assert_num_queries: Any) -> None:
    rules = make_rules({"any": [{case.key: case.options} for case in CASES]}, {"none": [{"age": {"min": 90}}]})
    with django_assert_num_queries(1):
        members(rules, at=AT).count()
    assert " JOIN " not in str(members(rules, at=AT).query).split("WHERE")[0]
