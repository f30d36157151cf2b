"""Lists "for you" and "viewed by those who viewed the same": reasons, permission, and what changes until sending."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.emails.lists import body, fill, load, read, titles
from tests.emails.test_product_lists import bought, email_of, list_block, product
from tests.factories.commerce import make_category, make_order
from tests.factories.contacts import make_contact
from tests.factories.emails import compiled
from wagtail_precise_mail.commerce.models import CategoryPair, Product, ProductPair, RecommenderRun, ViewedPair
from wagtail_precise_mail.commerce.viewed import keep_view

pytestmark = pytest.mark.django_db


def reasons(filled: Any) -> dict[str, str]:
    """What is said below each title."""
    return {
        title.get_text(): reason.get_text() if (reason := title.find_next(class_="wpm-soft")) else ""
        for title in body(filled).find_all("h3")
    }


def test_every_choice_says_why() -> None:
    teas = make_category(name="Teas")
    old = timezone.now() - timedelta(days=300)
    assam = product("Assam", category=teas, is_replenishable=True, replenish_days=20, published_at=old)
    contact = make_contact()
    bought(contact, assam, days_ago=25)
    strainer = product("Strainer", published_at=old)
    ProductPair.objects.create(product=assam, companion=strainer, is_manual=True)
    product("Mint", category=teas, published_at=old, recent_order_count=9)
    product("Oolong", category=teas)
    product("Lamp", published_at=old)
    filled = read(email_of(list_block("for_you", show_reason=True, count=6)), contact)
    assert reasons(filled) == {
        "Assam": "Time for a new Assam",
        "Strainer": "Because you bought Assam",
        "Mint": "Because you like Teas",
        "Oolong": "New in Teas",
        "Lamp": "Popular just now",
    }
    assert list(reasons(filled)) == ["Assam", "Strainer", "Mint", "Oolong", "Lamp"]


@pytest.mark.parametrize("refused", [{}, {"is_profiling_allowed": False}])
def test_best_sellers_are_for_those_without_orders_or_permission(refused: dict[str, Any]) -> None:
    pot, tea, popular = product("Pot"), product("Tea"), product("Popular")
    ProductPair.objects.create(product=pot, companion=tea, is_manual=True)
    make_order(lines=[(popular, 9, 8)], placed_at=timezone.now() - timedelta(days=9))
    contact = make_contact(**refused)
    if refused:
        bought(contact, pot)
    # Of those who do not allow it, not even what they have is known.
    expected = ["Popular", "Pot"] if refused else ["Popular"]
    assert titles(read(email_of(list_block("for_you")), contact)) == expected


def test_a_recommender_that_does_not_win_gives_way_where_the_site_wants_it(settings: Any) -> None:
    pot, tea, popular = product("Pot"), product("Tea"), product("Popular")
    ProductPair.objects.create(product=pot, companion=tea, is_manual=True)
    make_order(lines=[(popular, 9, 8)], placed_at=timezone.now() - timedelta(days=9))
    contact = make_contact()
    bought(contact, pot)
    now = timezone.now()
    RecommenderRun.objects.create(evaluated_at=now, trained_until=now, test_days=30, contact_count=5, results={})
    email = email_of(list_block("for_you", count=1))
    assert titles(read(email, contact)) == ["Tea"]
    settings.WAGTAIL_PRECISE_MAIL = {**settings.WAGTAIL_PRECISE_MAIL, "recommender_must_win": True}
    assert titles(read(email, contact)) == ["Popular"]


def test_what_the_mail_shows_already_is_left_out() -> None:
    pot, tea, cup = product("Pot"), product("Tea"), product("Cup")
    for companion in (tea, cup):
        ProductPair.objects.create(product=pot, companion=companion, is_manual=True)
    contact = make_contact()
    bought(contact, pot)
    email = email_of(list_block("picked", products=[tea.pk]), list_block("for_you", count=2))
    assert titles(read(email, contact)) == ["Tea", "Cup"]


def test_what_is_bought_between_scheduling_and_sending_changes_the_list() -> None:
    pot, tea, cup = product("Pot"), product("Tea"), product("Cup")
    ProductPair.objects.create(product=pot, companion=cup, is_manual=True)
    ProductPair.objects.create(product=cup, companion=tea, is_manual=True)
    contact = make_contact()
    bought(contact, pot, days_ago=9)
    email = email_of(list_block("for_you", count=1))
    frozen = compiled(email, at=timezone.now())
    assert titles(fill(email, load(email, contact)[contact.pk])) == ["Cup"]
    bought(contact, cup, days_ago=0)
    assert compiled(email, at=timezone.now()).payload == frozen.payload, "nothing of the list is in what was compiled"
    assert titles(fill(email, load(email, contact)[contact.pk])) == ["Tea"]
    Product.objects.filter(pk=tea.pk).update(stock_count=0)
    assert titles(fill(email, load(email, contact)[contact.pk])) == []


@pytest.mark.parametrize("refused", ["is_tracking_allowed", "is_profiling_allowed"])
def test_viewed_also_viewed_is_for_those_who_allow_it_and_best_sellers_for_the_others(refused: str) -> None:
    pot, tea, popular = product("Pot"), product("Tea"), product("Popular")
    ViewedPair.objects.create(product=pot, companion=tea, lift=4)
    make_order(lines=[(popular, 9, 8)], placed_at=timezone.now() - timedelta(days=9))
    allowed, silent, curious = make_contact(), make_contact(**{refused: False}), make_contact()
    for contact in (allowed, silent):
        keep_view(contact, pot, at=timezone.now() - timedelta(days=1))
    email = email_of(list_block("also_viewed", show_reason=True))
    assert reasons(read(email, allowed)) == {"Tea": "Because you looked at Pot"}
    assert titles(read(email, silent)) == ["Popular"]
    assert titles(read(email, curious)) == ["Popular"]


@pytest.mark.parametrize("selection", ["for_you", "also_viewed"])
def test_more_readers_cost_no_more_queries(selection: str) -> None:
    teas = make_category(name="Teas")
    stock = [product(f"Tea {number}", category=teas, is_replenishable=number % 2 == 0) for number in range(8)]
    CategoryPair.objects.create(category=teas, companion=stock[7])
    ViewedPair.objects.create(product=stock[0], companion=stock[6], lift=4)
    contacts = [make_contact() for _number in range(20)]
    for number, contact in enumerate(contacts):
        bought(contact, stock[0], stock[1 + number % 3])
        keep_view(contact, stock[0], at=timezone.now())
    email = email_of(list_block(selection, show_reason=True))

    def queries(some: list[Any]) -> int:
        with CaptureQueriesContext(connection) as captured:
            load(email, *some)
        return len(captured)

    queries(contacts[:2])
    assert queries(contacts[:2]) == queries(contacts)
