"""The recommender: what it mixes, in which order, and why."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.commerce.test_catalog import AT, shown
from tests.commerce.test_recommendations import ago, baskets, products_of
from tests.factories.commerce import make_category, make_order
from tests.factories.contacts import make_contact
from wagtail_precise_mail.commerce.for_you import for_you
from wagtail_precise_mail.commerce.learning import learn_cycles, learn_pairs, learn_popularity
from wagtail_precise_mail.commerce.models import CategoryPair, Product, ProductPair
from wagtail_precise_mail.commerce.recommendations import Choice, Why, bought_together

pytestmark = pytest.mark.django_db


def learn() -> None:
    learn_popularity(at=AT)
    learn_pairs(at=AT)
    learn_cycles(at=AT)


def choices(contact: Any, limit: int = 9, **words: Any) -> list[Choice]:
    return list(for_you([contact.pk], limit, at=AT, **words).get(contact.pk, ()))


def test_what_goes_with_a_purchase_comes_before_what_sells_better() -> None:
    pot, tea, popular = shown(name="Pot"), shown(name="Tea"), shown(name="Popular")
    contact = make_contact()
    make_order(contact, [(pot, 1, 30)], ago(200))
    baskets([pot, tea], times=4)
    baskets([popular], times=7)
    learn()
    # Orders of late and one: 5 for tea, 8 for the other; the lift of pot and tea is 4 * 12 / (5 * 4) = 2.4.
    assert choices(contact) == [Choice(tea.pk, pot.pk, Why.BOUGHT), Choice(popular.pk, None, Why.POPULAR)]


def test_the_whole_history_counts_and_what_is_recent_counts_more() -> None:
    old, new, of_old, of_new = (shown() for _number in range(4))
    for days, contact in ((700, make_contact()), (1, make_contact())):
        make_order(contact, [(old, 1, 30)], ago(days))
        make_order(contact, [(new, 1, 30)], ago(350))
        for seed, companion in ((old, of_old), (new, of_new)):
            ProductPair.objects.get_or_create(product=seed, companion=companion, lift=5)
        expected = [of_new.pk, of_old.pk] if days == 700 else [of_old.pk, of_new.pk]
        assert products_of(for_you([contact.pk], 9, at=AT), contact) == expected


def test_a_pair_that_a_person_said_overrides_the_learned_one() -> None:
    pot, said, learned = shown(), shown(), shown(recent_order_count=99)
    contact = make_contact()
    make_order(contact, [(pot, 1, 30)], ago(5))
    ProductPair.objects.create(product=pot, companion=learned, lift=50, order_count=90)
    ProductPair.objects.create(product=pot, companion=said, is_manual=True)
    assert choices(contact, 1) == [Choice(said.pk, pot.pk, Why.BOUGHT)]
    assert products_of(for_you([contact.pk], 2, at=AT), contact) == [said.pk, learned.pk]


def test_a_pair_of_a_category_holds_for_those_below_it_and_comes_after_a_pair_of_the_product() -> None:
    kitchen = make_category(name="Kitchen")
    pots = make_category(name="Pots", parent=kitchen)
    pot, cloth, tea, learned = shown(category=pots), shown(), shown(), shown()
    contact, other = make_contact(), make_contact()
    make_order(contact, [(pot, 1, 30)], ago(5))
    make_order(other, [(shown(), 1, 30)], ago(5))
    CategoryPair.objects.create(category=kitchen, companion=cloth)
    ProductPair.objects.create(product=pot, companion=tea, is_manual=True)
    ProductPair.objects.create(product=pot, companion=learned, lift=50)
    expected = [Choice(one.pk, pot.pk) for one in (tea, cloth, learned)]
    assert bought_together([contact.pk], 9, at=AT)[contact.pk] == expected
    assert products_of(for_you([contact.pk], 3, at=AT), contact) == [one.product_id for one in expected]
    assert products_of(bought_together([other.pk], 9, at=AT), other) == []


def test_a_ring_of_categories_ends_where_it_began() -> None:
    first, second = make_category(name="First"), make_category(name="Second")
    first.parent, second.parent = second, first
    first.save()
    second.save()
    contact, companion = make_contact(), shown()
    make_order(contact, [(shown(category=first), 1, 30)], ago(5))
    CategoryPair.objects.create(category=second, companion=companion)
    assert products_of(for_you([contact.pk], 1, at=AT), contact) == [companion.pk]


def test_liking_of_a_category_counts_with_its_reason() -> None:
    teas, pots = make_category(name="Teas"), make_category(name="Pots")
    contact = make_contact()
    make_order(contact, [(shown(category=teas, published_at=ago(90)), 1, 8)], ago(5))
    pot = shown(category=pots, recent_order_count=5, published_at=ago(90))
    tea = shown(category=teas, recent_order_count=2, published_at=ago(90))
    # (2 + 1) * (1 + 2 * 1) = 9 is more than 5 + 1.
    assert choices(contact) == [Choice(tea.pk, None, Why.CATEGORY, teas.pk), Choice(pot.pk, None, Why.POPULAR)]


def test_new_arrivals_come_from_favorite_categories() -> None:
    teas, pots = make_category(name="Teas"), make_category(name="Pots")
    contact = make_contact()
    make_order(contact, [(shown(category=teas, published_at=ago(90)), 1, 8)], ago(40))
    known = [shown(category=teas, published_at=ago(90), recent_order_count=9) for _number in range(3)]
    fresh = shown(category=teas, published_at=ago(3))
    shown(category=pots, published_at=ago(2))
    found = choices(contact)
    assert [one.product_id for one in found[:4]] == [known[0].pk, known[1].pk, fresh.pk, known[2].pk]
    assert found[2] == Choice(fresh.pk, None, Why.NEW, teas.pk)
    later = for_you([contact.pk], 9, at=AT + timedelta(days=60))[contact.pk]
    assert Why.NEW not in {one.why for one in later}


@pytest.mark.parametrize(
    ("said", "learned", "last", "is_due"),
    [(30, None, 30, True), (30, 90, 30, True), (90, 30, 30, False), (None, 30, 27, True), (None, 30, 20, False)],
)
def test_what_is_used_up_is_due_by_the_cycle_of_the_product(
    said: int | None, learned: int | None, last: int, is_due: bool
) -> None:
    tea = shown(is_replenishable=True, replenish_days=said, learned_replenish_days=learned)
    contact = make_contact()
    make_order(contact, [(tea, 1, 8)], ago(last))
    assert choices(contact) == ([Choice(tea.pk, tea.pk, Why.DUE)] if is_due else [])


def test_without_a_cycle_the_contacts_own_interval_says_when_it_is_due() -> None:
    tea, coffee = shown(is_replenishable=True), shown(is_replenishable=True)
    regular, buyer, unknown = make_contact(), make_contact(), make_contact()
    for days in (80, 40):
        make_order(regular, [(tea, 1, 8)], ago(days))
    make_order(buyer, [(shown(), 1, 8)], ago(70))
    make_order(buyer, [(coffee, 1, 8)], ago(40))
    make_order(unknown, [(coffee, 1, 8)], ago(40))
    found = for_you([regular.pk, buyer.pk, unknown.pk], 1, at=AT)
    assert found[regular.pk] == [Choice(tea.pk, tea.pk, Why.DUE)]
    assert found[buyer.pk] == [Choice(coffee.pk, coffee.pk, Why.DUE)]
    assert Why.DUE not in {one.why for one in found[unknown.pk]}


def test_what_is_long_overdue_was_given_up() -> None:
    tea = shown(is_replenishable=True, replenish_days=30)
    contact = make_contact()
    make_order(contact, [(tea, 1, 8)], ago(91))
    assert choices(contact) == []


def test_the_learned_cycle_is_the_median_of_the_customers_own_repeats() -> None:
    tea, pot, rare = shown(is_replenishable=True), shown(), shown(is_replenishable=True)
    for gap in (20, 30, 31, 33, 90):
        contact = make_contact()
        for days in (200, 200, 200 - gap):
            make_order(contact, [(tea, 1, 8), (pot, 1, 8)], ago(days))
    contact = make_contact()
    for days in (200, 180, 160, 140, 120):
        make_order(contact, [(rare, 1, 8)], ago(days))
    assert learn_cycles(at=AT) == 1
    assert dict(Product.objects.values_list("pk", "learned_replenish_days")) == {
        tea.pk: 31,
        pot.pk: None,
        rare.pk: None,
    }
    Product.objects.update(is_replenishable=False)
    assert learn_cycles(at=AT) == 0
    assert not Product.objects.exclude(learned_replenish_days=None).exists()


def test_owned_sold_out_and_pictureless_products_are_never_shown() -> None:
    seed, owned, sold_out, hidden, plain, good = (
        shown(),
        shown(),
        shown(stock_count=0),
        shown(is_published=False),
        shown(image_url=""),
        shown(),
    )
    charge = shown(kind="charge")
    contact = make_contact()
    make_order(contact, [(owned, 1, 8)], ago(300))
    make_order(contact, [(seed, 1, 8)], ago(3))
    for companion in (owned, sold_out, hidden, plain, good, charge):
        ProductPair.objects.create(product=seed, companion=companion, lift=9)
        CategoryPair.objects.create(category=make_category(), companion=companion)
    assert choices(contact) == [Choice(good.pk, seed.pk, Why.BOUGHT)]


def test_the_margin_is_kept_by_all_parts() -> None:
    teas, contact = make_category(), make_contact()
    facts: dict[str, Any] = {"category": teas, "price": Decimal(10), "cost": Decimal(9), "published_at": ago(3)}
    due = shown(**facts, is_replenishable=True, replenish_days=10)
    make_order(contact, [(due, 1, 8)], ago(12))
    poor, said = shown(**facts), shown(**facts)
    ProductPair.objects.create(product=due, companion=poor, lift=9)
    ProductPair.objects.create(product=due, companion=said, is_manual=True)
    good = shown(**{**facts, "cost": Decimal(5)})
    assert len(choices(contact)) == 4
    assert [one.product_id for one in choices(contact, min_margin=50)] == [good.pk]


def test_parts_take_turns_and_no_product_comes_twice() -> None:
    teas, contact = make_category(), make_contact()
    old = ago(300)
    due = [shown(is_replenishable=True, replenish_days=10, published_at=old) for _number in range(3)]
    seed = shown(category=teas, published_at=old)
    make_order(contact, [(one, 1, 8) for one in (*due, seed)], ago(12))
    pairs = [shown(published_at=old) for _number in range(4)]
    for companion in pairs:
        ProductPair.objects.create(product=seed, companion=companion, lift=9)
    fresh = [shown(category=teas, published_at=ago(9 - number)) for number in range(2)]
    ProductPair.objects.create(product=seed, companion=fresh[0], lift=1)
    found = choices(contact, 8)
    assert [one.why for one in found] == [Why.DUE, Why.BOUGHT, Why.BOUGHT, Why.NEW] * 2
    assert len({one.product_id for one in choices(contact, 99)}) == len(choices(contact, 99)) == 9


def test_equals_come_by_popularity_then_sku() -> None:
    contact = make_contact()
    make_order(contact, [(shown(), 1, 8)], ago(3))
    b, a, popular = shown(sku="B"), shown(sku="A"), shown(sku="Z", popularity=3)
    assert [one.product_id for one in choices(contact)] == [popular.pk, a.pk, b.pk]


def test_contacts_without_orders_are_missing_and_refunds_say_nothing() -> None:
    product = shown()
    nobody, returner = make_contact(), make_contact()
    make_order(returner, [(product, -1, 8)], ago(3), kind="refund")
    assert for_you([nobody.pk, returner.pk], 9, at=AT) == {}


def test_more_contacts_cost_no_more_queries_and_the_order_of_asking_does_not_matter() -> None:
    teas = make_category(name="Teas")
    stock = [shown(category=teas, is_replenishable=number % 2 == 0) for number in range(8)]
    contacts = [make_contact() for _number in range(30)]
    for number, contact in enumerate(contacts):
        make_order(contact, [(stock[0], 1, 8), (stock[number % 5], 1, 8)], ago(9 + number % 7))
    CategoryPair.objects.create(category=teas, companion=stock[7])
    learn()
    ids = [contact.pk for contact in contacts]

    def queries(some: list[int]) -> int:
        with CaptureQueriesContext(connection) as captured:
            assert len(for_you(some, 4, at=AT)) == len(some)
        return len(captured)

    assert queries(ids[:2]) == queries(ids) <= 10
    assert for_you(ids, 4, at=AT) == for_you(list(reversed(ids)), 4, at=AT)
