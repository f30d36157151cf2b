"""What suits a contact by what they bought."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.commerce.test_catalog import AT, shown
from tests.factories.commerce import make_category, make_order
from tests.factories.contacts import make_contact
from wagtail_precise_mail.commerce import recommendations
from wagtail_precise_mail.commerce.learning import learn_pairs, learn_popularity
from wagtail_precise_mail.commerce.models import OrderLine, Product, ProductPair
from wagtail_precise_mail.commerce.recommendations import Choice, Choices

pytestmark = pytest.mark.django_db


def ago(days: int) -> Any:
    return AT - timedelta(days=days)


def products_of(found: Choices, contact: Any) -> list[int]:
    return [choice.product_id for choice in found.get(contact.pk, ())]


def test_owned_is_what_was_bought_and_is_not_used_up() -> None:
    contact, pot, tea = make_contact(), shown(), shown(is_replenishable=True)
    make_order(contact, [(pot, 1, 20), (tea, 1, 8)], ago(30))
    make_order(make_contact(), [(shown(), 1, 5)], ago(30))
    assert recommendations.owned_products([contact.pk], at=AT) == {contact.pk: {pot.pk}}
    assert recommendations.owned_products([contact.pk], at=AT, with_replenishable=True) == {
        contact.pk: {pot.pk, tea.pk}
    }


def test_last_order_is_the_latest_sale_and_no_refund_or_future() -> None:
    contact, first, second = make_contact(), shown(), shown()
    make_order(contact, [(first, 1, 5)], ago(30))
    make_order(contact, [(second, 1, 5), ("POST", 1, 4)], ago(20))
    make_order(contact, [(first, -1, 5)], ago(10), kind="refund")
    make_order(contact, [(first, 1, 5)], AT + timedelta(days=1))
    Product.objects.filter(sku="POST").update(kind="charge")
    assert recommendations.last_orders([contact.pk], at=AT)[contact.pk].product_ids == [second.pk]


def test_related_shows_the_best_sellers_of_the_categories_of_the_last_order() -> None:
    teas, pots = make_category(name="Teas"), make_category(name="Pots")
    assam, earl, mint = shown(category=teas), shown(category=teas), shown(category=teas)
    pot = shown(category=pots)
    contact = make_contact()
    make_order(contact, [(assam, 1, 8)], ago(5))
    make_order(make_contact(), [(mint, 9, 8), (earl, 2, 8), (pot, 20, 30)], ago(5))
    learn_popularity(at=AT)
    found = recommendations.related_to_last_order([contact.pk], 9, at=AT)
    assert found[contact.pk] == [Choice(mint.pk, assam.pk), Choice(earl.pk, assam.pk)]


def test_related_leaves_out_the_last_order_even_where_it_is_used_up() -> None:
    teas = make_category(name="Teas")
    assam = shown(category=teas, is_replenishable=True)
    used_up = shown(category=teas, is_replenishable=True)
    owned = shown(category=teas)
    contact = make_contact()
    make_order(contact, [(used_up, 1, 8), (owned, 1, 8)], ago(90))
    make_order(contact, [(assam, 1, 8)], ago(5))
    assert products_of(recommendations.related_to_last_order([contact.pk], 9, at=AT), contact) == [used_up.pk]


def test_related_finds_enough_for_who_owns_the_best_sellers() -> None:
    teas = make_category(name="Teas")
    products = [shown(category=teas) for _number in range(8)]
    contact, other = make_contact(), make_contact()
    make_order(contact, [(product, 9 - number, 8) for number, product in enumerate(products[:6])], ago(3))
    make_order(other, [(products[0], 1, 8)], ago(3))
    found = recommendations.related_to_last_order([contact.pk, other.pk], 2, at=AT)
    assert products_of(found, contact) == [products[6].pk, products[7].pk]
    assert products_of(found, other) == [products[1].pk, products[2].pk]


def test_favorites_come_from_the_categories_bought_from_most_often() -> None:
    shelves = [make_category(name=name) for name in ("Teas", "Pots", "Plants")]
    stock = [[shown(category=shelf, is_replenishable=True) for _number in range(2)] for shelf in shelves]
    contact = make_contact()
    for number, times in enumerate((3, 2, 1)):
        for day in range(times):
            make_order(contact, [(stock[number][0], 1, 8)], ago(20 + day + 10 * number))
    found = products_of(recommendations.favorites_not_bought([contact.pk], 9, at=AT), contact)
    assert found == [stock[0][1].pk, stock[1][1].pk]


def test_to_buy_again_is_what_is_used_up_and_was_bought_long_enough_ago() -> None:
    often, once, fresh, pot = (shown(is_replenishable=kind) for kind in (True, True, True, False))
    contact = make_contact()
    make_order(contact, [(often, 1, 8), (pot, 1, 30)], ago(100))
    make_order(contact, [(often, 1, 8), (once, 1, 8), (fresh, 1, 8)], ago(50))
    make_order(contact, [(fresh, 1, 8)], ago(5))
    found = recommendations.buy_again([contact.pk], 9, at=AT, days=30)
    assert products_of(found, contact) == [often.pk, once.pk]


def test_popularity_is_what_was_sold_within_a_year() -> None:
    often, returned, long_ago = shown(), shown(), shown(popularity=9)
    make_order(lines=[(often, 4, 5), (returned, 2, 5)], placed_at=ago(300))
    make_order(lines=[(returned, -3, 5)], placed_at=ago(200), kind="refund")
    make_order(lines=[(long_ago, 4, 5)], placed_at=ago(400))
    assert learn_popularity(at=AT) == 2
    assert learn_popularity(at=AT) == 0
    assert list(Product.objects.order_by("pk").values_list("popularity", flat=True)) == [4, 0, 0]


def baskets(*orders: list[Any], times: int = 1) -> None:
    for lines in orders * times:
        make_order(make_contact(), [(product, 1, 8) for product in lines], ago(30))


def test_pairs_are_learned_by_lift_and_need_support() -> None:
    pot, tea, milk, rare = (shown() for _number in range(4))
    baskets([pot, tea], times=4)
    baskets([pot, milk], [tea, milk], [milk], [milk], [milk], times=3)
    baskets([pot, rare], times=2)
    learn_pairs(at=AT)
    pairs = {(pair.product_id, pair.companion_id): pair for pair in ProductPair.objects.all()}
    assert set(pairs) == {(pot.pk, tea.pk), (tea.pk, pot.pk)}
    # 4 orders have both, of 21; 9 have the pot, 7 the tea.
    assert pairs[pot.pk, tea.pk].order_count == 4
    assert pairs[pot.pk, tea.pk].lift == pytest.approx(4 * 21 / (9 * 7))


def test_learning_again_changes_nothing_and_forgets_what_is_old() -> None:
    pot, tea = shown(), shown()
    baskets([pot, tea], times=3)
    baskets([shown()], times=20)
    assert learn_pairs(at=AT) == learn_pairs(at=AT) == ProductPair.objects.count() == 2
    assert learn_pairs(at=AT + timedelta(days=500)) == 0
    assert not ProductPair.objects.exists()


def test_order_of_a_reseller_says_nothing() -> None:
    pot, tea, *rest = (shown() for _number in range(61))
    for _number in range(3):
        make_order(make_contact(), [(product, 1, 8) for product in (pot, tea, *rest)], ago(30))
    assert learn_pairs(at=AT) == 0


def test_two_lines_of_one_product_are_one_order_with_it() -> None:
    pot, tea = shown(), shown()
    for _number in range(2):
        make_order(make_contact(), [(pot, 1, 8), (pot, 1, 8), (tea, 1, 8), (tea, 1, 8)], ago(30))
    baskets([shown()], times=9)
    assert learn_pairs(at=AT) == 0
    assert learn_pairs(at=AT, support=2) == 2


def test_what_a_person_said_comes_before_what_was_learned_and_stays() -> None:
    pot, tea, cup = shown(), shown(), shown()
    contact = make_contact()
    baskets([pot, tea], times=4)
    baskets([shown()], times=9)
    ProductPair.objects.create(product=pot, companion=cup, is_manual=True)
    ProductPair.objects.create(product=tea, companion=pot, is_manual=True)
    learn_pairs(at=AT)
    make_order(contact, [(pot, 1, 20)], ago(2))
    assert recommendations.bought_together([contact.pk], 9, at=AT)[contact.pk] == [
        Choice(cup.pk, pot.pk),
        Choice(tea.pk, pot.pk),
    ]
    assert ProductPair.objects.get(product=tea, companion=pot).is_manual


def test_sold_out_and_owned_companions_are_not_shown() -> None:
    pot, tea, cup, tin = shown(), shown(stock_count=0), shown(), shown()
    for companion in (tea, cup, tin):
        ProductPair.objects.create(product=pot, companion=companion, is_manual=True)
    contact = make_contact()
    make_order(contact, [(cup, 1, 10)], ago(90))
    make_order(contact, [(pot, 1, 20)], ago(2))
    assert products_of(recommendations.bought_together([contact.pk], 9, at=AT), contact) == [tin.pk]


def _again(contact_ids: list[int], limit: int, *, at: Any) -> Choices:
    return recommendations.buy_again(contact_ids, limit, at=at, days=1)


@pytest.mark.parametrize(
    "choose",
    [
        recommendations.related_to_last_order,
        recommendations.favorites_not_bought,
        recommendations.bought_together,
        _again,
    ],
)
def test_more_contacts_cost_no_more_queries(choose: Callable[..., Choices]) -> None:
    teas = make_category(name="Teas")
    stock = [shown(category=teas, is_replenishable=number % 2 == 0) for number in range(6)]
    ProductPair.objects.create(product=stock[0], companion=stock[5], is_manual=True)
    contacts = [make_contact() for _number in range(40)]
    for number, contact in enumerate(contacts):
        make_order(contact, [(stock[0], 1, 8), (stock[number % 3], 1, 8)], ago(9))
    ids = [contact.pk for contact in contacts]

    def queries(some: list[int]) -> int:
        with CaptureQueriesContext(connection) as captured:
            assert len(choose(some, 4, at=AT)) == len(some)
        return len(captured)

    assert queries(ids[:2]) == queries(ids)
    assert choose(ids, 4, at=AT) == choose(list(reversed(ids)), 4, at=AT)
    assert OrderLine.objects.count() == 80


PERSONAL: list[tuple[str, dict[str, int]]] = [
    ("related_to_last_order", {}),
    ("bought_together", {}),
    ("favorites_not_bought", {}),
    ("new_in_categories_bought", {"days": 3650}),
]


@pytest.mark.parametrize(("name", "words"), PERSONAL)
def test_personal_selection_keeps_the_margin(name: str, words: dict[str, int]) -> None:
    teas, contact = make_category(), make_contact()
    facts = {"category": teas, "price": Decimal(10), "published_at": ago(9)}
    bought, good, poor, unknown = (shown(**facts, cost=cost) for cost in (Decimal(1), Decimal(5), Decimal(9), None))
    make_order(contact, [(bought, 1, 8)], ago(5))
    for companion in (good, poor, unknown):
        ProductPair.objects.create(product=bought, companion=companion, is_manual=companion == poor)
    choose = getattr(recommendations, name)
    assert set(products_of(choose([contact.pk], 9, at=AT, **words), contact)) == {good.pk, poor.pk, unknown.pk}
    assert products_of(choose([contact.pk], 9, at=AT, min_margin=50, **words), contact) == [good.pk]


def test_to_buy_again_keeps_the_margin() -> None:
    contact = make_contact()
    facts = {"is_replenishable": True, "price": Decimal(10)}
    good, poor = shown(**facts, cost=Decimal(5)), shown(**facts, cost=Decimal(9))
    make_order(contact, [(good, 1, 8), (poor, 1, 8)], ago(50))
    found = recommendations.buy_again([contact.pk], 9, at=AT, days=30, min_margin=50)
    assert products_of(found, contact) == [good.pk]


def test_pair_that_a_person_said_wins_over_a_learned_one_and_obeys_the_stock() -> None:
    pot, said, learned, sold_out = shown(), shown(), shown(), shown(stock_count=0)
    ProductPair.objects.create(product=pot, companion=learned, lift=9, order_count=50)
    for companion in (said, sold_out):
        ProductPair.objects.create(product=pot, companion=companion, is_manual=True)
    contact = make_contact()
    make_order(contact, [(pot, 1, 30)], ago(5))
    found = recommendations.bought_together([contact.pk], 9, at=AT)
    assert products_of(found, contact) == [said.pk, learned.pk]


def test_new_arrivals_are_those_of_the_categories_somebody_bought_from() -> None:
    teas, pots, plants = (make_category() for _number in range(3))
    contact, other, newcomer = make_contact(), make_contact(), make_contact()
    make_order(contact, [(shown(category=teas, published_at=ago(300)), 1, 8)], ago(200))
    make_order(contact, [(shown(category=pots, published_at=ago(300)), 1, 8)], ago(100))
    make_order(other, [(shown(category=plants, published_at=ago(300)), 1, 8)], ago(100))
    tea, pot = shown(category=teas, published_at=ago(9)), shown(category=pots, published_at=ago(3))
    shown(category=teas, published_at=ago(40))
    shown(category=teas, published_at=AT + timedelta(days=1))
    shown(category=teas, published_at=ago(2), stock_count=0)
    found = recommendations.new_in_categories_bought([contact.pk, other.pk, newcomer.pk], 9, at=AT, days=30)
    assert products_of(found, contact) == [pot.pk, tea.pk]
    assert products_of(found, other) == []
    assert products_of(found, newcomer) == []


def test_new_arrivals_leave_out_what_somebody_has_already() -> None:
    teas, contact = make_category(), make_contact()
    arrivals = [shown(category=teas, published_at=ago(10 - number)) for number in range(4)]
    make_order(contact, [(arrivals[3], 1, 8), (arrivals[2], 1, 8)], ago(1))
    found = recommendations.new_in_categories_bought([contact.pk], 1, at=AT, days=30)
    assert products_of(found, contact) == [arrivals[1].pk]
