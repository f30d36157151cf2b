"""The page of recommendations, at the width of a desk and of a telephone."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from tests.browser.test_import_wizard import shot
from tests.commerce.test_catalog import shown
from tests.factories.commerce import make_category, make_order
from tests.factories.contacts import make_contact
from wagtail_precise_mail.commerce.evaluation import PROGRAMS
from wagtail_precise_mail.models import Contact, ProductPair, RecommenderRun


def _result(day: int, place: int) -> dict[str, object]:
    hits = {"5": 50 + day - 9 * place, "10": 90 + 2 * day - 15 * place, "20": 120 + day - 9 * place}
    return {"hits": hits, "covered": 280 - 60 * place, "products": 160 - 30 * place}


def _fill() -> Contact:
    teas, now = make_category(name="Teas"), timezone.now()
    names = [
        "Breakfast Assam",
        "Darjeeling, Second Flush",
        "The Brown Teapot, 1 l",
        "Heather Honey",
        "Oatcakes in a Tin",
    ]
    stock = [
        shown(name=name, category=teas, recent_order_count=9 - n, replenish_days=30) for n, name in enumerate(names)
    ]
    for number, product in enumerate(stock):
        ProductPair.objects.create(
            product=product, companion=stock[number - 1], lift=3.7 - number / 3, order_count=40 - number
        )
    ProductPair.objects.create(product=stock[0], companion=stock[2], is_manual=True)
    for day in range(12):
        results = {name: _result(day, place) for place, name in enumerate(PROGRAMS)}
        at = now - timedelta(days=12 - day)
        RecommenderRun.objects.create(
            evaluated_at=at, trained_until=at - timedelta(days=30), test_days=30, contact_count=300, results=results
        )
    contact = make_contact(email="ada.lovelace@example.com", first_name="Ada")
    make_order(contact, [(stock[0], 2, 8)], now - timedelta(days=40))
    return contact


def test_the_page_tells_how_well_it_does_and_what_somebody_sees(admin_page: Page, live_server: LiveServer) -> None:
    contact, page = _fill(), admin_page
    page.goto(f"{live_server.url}/admin/precise-mail-recommendations/?contact={contact.pk}")

    expect(page.get_by_text("The recommender is better than the best sellers.")).to_be_visible()
    expect(page.get_by_text("Because you bought Breakfast Assam").first).to_be_visible()
    shot(page, "recommendations")
    page.get_by_role("button", name="Learn again now").click()
    expect(page.get_by_text("Recommendations are learned again.")).to_be_visible()
