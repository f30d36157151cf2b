"""The page of recommendations: what it says, to whom, and what it starts."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pytest
from bs4 import BeautifulSoup
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests.commerce.test_admin import client_with, page
from tests.commerce.test_catalog import shown
from tests.factories.commerce import make_category, make_order
from tests.factories.contacts import make_contact
from wagtail_precise_mail.commerce.models import CategoryPair, ProductPair, RecommenderRun
from wagtail_precise_mail.emails.admin import recommender

pytestmark = pytest.mark.django_db

PAGE = reverse("precise-mail-recommendations:index")
REBUILD = reverse("precise-mail-recommendations:rebuild")


def make_run(ours: int = 82, theirs: int = 50, days_ago: int = 0) -> RecommenderRun:
    def result(hits: int) -> dict[str, Any]:
        return {"hits": {"5": hits - 10, "10": hits, "20": hits + 10}, "covered": 190, "products": 321}

    at = timezone.now() - timedelta(days=days_ago)
    return RecommenderRun.objects.create(
        evaluated_at=at,
        trained_until=at - timedelta(days=30),
        test_days=30,
        contact_count=200,
        results={"for_you": result(ours), "best_selling": result(theirs)},
    )


def text_of(html: str) -> str:
    return " ".join(BeautifulSoup(html, "html.parser").get_text(" ").split())


def test_hit_rates_stand_beside_the_baseline_with_their_definition(admin_client: Client) -> None:
    make_run()
    soup = BeautifulSoup(page(admin_client, PAGE), "html.parser")
    rows = {
        row.find("th").get_text(): [cell.get_text() for cell in row.find_all("td")]
        for row in soup.select("section[aria-labelledby=wpm-hits] tbody tr")
    }
    assert rows == {
        "For you": ["36.0%", "41.0%", "46.0%", "95%", "321"],
        "Best-selling: most pieces in 90 days (the baseline)": ["20.0%", "25.0%", "30.0%", "95%", "321"],
    }
    text = text_of(str(soup))
    assert "The recommender is better than the best sellers." in text
    assert "at least one of the first N products within 30 days, of 200 who had bought before and bought again" in text


def test_a_recommender_that_is_no_better_is_said_to_be(admin_client: Client, settings: Any) -> None:
    make_run(50, 50)
    text = text_of(page(admin_client, PAGE))
    assert "The recommender is no better than the best sellers." in text
    assert "show its choice all the same" in text
    settings.WAGTAIL_PRECISE_MAIL = {**settings.WAGTAIL_PRECISE_MAIL, "recommender_must_win": True}
    assert "show best sellers until it is." in text_of(page(admin_client, PAGE))


def test_runs_are_listed_and_drawn(admin_client: Client) -> None:
    make_run(50, 60, days_ago=1)
    html = page(admin_client, PAGE)
    assert "<polyline" not in html
    make_run(90, 45)
    soup = BeautifulSoup(page(admin_client, PAGE), "html.parser")
    rows = [[cell.get_text() for cell in row.find_all("td")] for row in soup.select(".wpm-reco-runs tbody tr")]
    assert rows == [["200", "45.0%", "22.5%", "yes"], ["200", "25.0%", "30.0%", "no"]]
    ours = soup.select_one(".wpm-reco-line--ours")
    assert ours
    assert ours["points"] == "0.0,71.1 640.0,0.0"


def test_pairs_are_found_by_the_product_that_was_bought(admin_client: Client) -> None:
    pot, tea, lamp = shown(name="Teapot"), shown(name="Assam"), shown(name="Lamp")
    ProductPair.objects.create(product=pot, companion=tea, order_count=12, lift=3.44)
    ProductPair.objects.create(product=lamp, companion=pot, is_manual=True)
    soup = BeautifulSoup(page(admin_client, PAGE, q="teapot"), "html.parser")
    [row] = soup.select("section[aria-labelledby=wpm-pairs] tbody tr")
    assert [cell.get_text() for cell in row.find_all(["th", "td"])] == ["Teapot", "Assam", "learned", "12", "3.4"]
    assert "Nothing goes with such a product." in page(admin_client, PAGE, q="nothing")


def test_what_somebody_would_see_is_shown_with_reasons_and_a_masked_address() -> None:
    pot, tea = shown(name="Teapot"), shown(name="Assam", sku="TEA1")
    ProductPair.objects.create(product=pot, companion=tea, is_manual=True)
    contact = make_contact(email="ada.lovelace@example.com")
    make_order(contact, [(pot, 1, 8)], timezone.now() - timedelta(days=5))
    client = client_with("view_productpair", "view_contact")
    text = text_of(page(client, PAGE, contact=str(contact.pk)))
    assert "Assam (TEA1) Because you bought Teapot" in text
    assert "ada.lovelace@" not in text
    assert "a•••@example.com" in text


def test_who_may_not_see_contacts_is_shown_nobody() -> None:
    contact = make_contact(email="ada.lovelace@example.com")
    html = page(client_with("view_productpair"), PAGE, contact=str(contact.pk))
    assert "What somebody would see" not in html
    assert "@example.com" not in html


@pytest.mark.parametrize("codenames", [[], ["view_product"], ["view_contact"]])
def test_the_page_is_closed_without_the_permission(codenames: list[str]) -> None:
    client = client_with(*codenames)
    assert client.get(PAGE).status_code in (302, 403)
    assert client.post(REBUILD).status_code in (302, 403)


def test_learning_again_takes_a_post_and_the_permission_to_change_pairs() -> None:
    viewer = client_with("view_productpair")
    with patch.object(recommender, "enqueue") as enqueue:
        assert viewer.post(REBUILD).status_code in (302, 403)
        assert "Learn again now" not in page(viewer, PAGE)
        viewer.logout()
    assert not enqueue.called


def test_learning_again_starts_all_three_tasks(admin_client: Client) -> None:
    with patch.object(recommender, "enqueue") as enqueue:
        assert admin_client.get(REBUILD).status_code == 405
        assert not enqueue.called
        assert admin_client.post(REBUILD).status_code == 302
    names = [call.args[0].__name__ for call in enqueue.call_args_list]
    assert names == ["learn_from_orders", "learn_from_views", "evaluate_recommendations"]


def test_an_empty_shop_says_so(admin_client: Client) -> None:
    text = text_of(page(admin_client, PAGE))
    assert "Nothing was evaluated yet" in text
    assert "Nothing was learned yet" in text


def test_pairs_of_categories_are_said_in_the_admin(admin_client: Client) -> None:
    teas, cup = make_category(name="Teas"), shown(name="Cup")
    answer = admin_client.post(reverse("precise-mail-category-pairs:add"), {"category": teas.pk, "companion": cup.pk})
    assert answer.status_code == 302
    assert CategoryPair.objects.get().companion == cup
    html = page(admin_client, reverse("precise-mail-category-pairs:index"))
    assert "Teas" in html
    assert "Cup" in html
    assert client_with("view_product").get(reverse("precise-mail-category-pairs:index")).status_code in (302, 403)
