"""Choosers of products and categories."""

from __future__ import annotations

import json

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from tests.factories.commerce import make_category, make_product
from wagtail_precise_mail.commerce.choosers import CategoryChooserBlock, ProductChooserBlock
from wagtail_precise_mail.commerce.models import Product

pytestmark = pytest.mark.django_db

MODAL = reverse("precise_mail_product_chooser:choose")
RESULTS = reverse("precise_mail_product_chooser:choose_results")


def client_with(*codenames: str) -> Client:
    user = User.objects.create_user("editor", "editor@example.com", "secret")
    user.user_permissions.set(Permission.objects.filter(codename__in=["access_admin", *codenames]))
    client = Client()
    client.force_login(user)
    return client


def test_products_are_offered_with_sku_and_price() -> None:
    make_product("85123A", name="White hanging heart", price="2.55", category=make_category(name="Lights"))

    html = client_with("view_product").get(RESULTS).content.decode()

    assert "White hanging heart" in html
    assert "85123A" in html
    assert "£2.55" in html
    assert "Lights" in html


def test_charges_are_not_offered() -> None:
    make_product("POST", name="Postage", kind=Product.Kind.CHARGE)

    assert "Postage" not in client_with("view_product").get(RESULTS).content.decode()


@pytest.mark.parametrize("term", ["hanging", "8512", "85123a"])
@pytest.mark.usefixtures("search_index")
def test_the_search_finds_by_name_and_sku(term: str) -> None:
    make_product("85123A", name="White hanging heart")
    make_product("22423", name="Regency cakestand")

    html = client_with("view_product").get(RESULTS, {"q": term}).content.decode()

    assert "White hanging heart" in html
    assert "Regency cakestand" not in html


def test_a_long_listing_is_paged() -> None:
    for number in range(13):
        make_product(f"P{number:02}", name=f"Product {number:02}")

    client = client_with("view_product")

    assert "P12" not in client.get(RESULTS).content.decode()
    assert "P12" in client.get(RESULTS, {"p": 2}).content.decode()


def test_the_number_of_queries_does_not_grow_with_the_products(django_assert_max_num_queries) -> None:
    client = client_with("view_product")
    for number in range(12):
        make_product(f"P{number:02}", category=make_category())

    with django_assert_max_num_queries(12):
        client.get(RESULTS)


def test_choosing_returns_the_product() -> None:
    product = make_product("85123A", name="White hanging heart")

    answer = client_with("view_product").get(reverse("precise_mail_product_chooser:chosen", args=[product.pk]))

    assert json.loads(answer.content)["result"]["title"] == "White hanging heart"


@pytest.mark.parametrize("name", ["precise_mail_product_chooser", "precise_mail_category_chooser"])
@pytest.mark.parametrize("view", ["choose", "choose_results", "chosen_multiple", "chosen", "create"])
def test_the_chooser_is_closed_without_a_permission_on_the_model(name: str, view: str) -> None:
    url = reverse(f"{name}:{view}", args=[1] if view == "chosen" else [])

    # Wagtail's admin answers PermissionDenied with a redirect to its home page and a message.
    answer = client_with().get(url)

    assert (answer.status_code, answer.headers.get("Location")) == (302, reverse("wagtailadmin_home"))


def test_categories_are_offered_with_their_number_of_products() -> None:
    parent = make_category(name="Home")
    make_product(category=make_category(name="Lights", parent=parent))

    html = client_with("view_category").get(reverse("precise_mail_category_chooser:choose_results")).content.decode()

    assert "Lights" in html
    assert "Home" in html


def test_blocks_keep_their_import_path_for_migrations() -> None:
    assert ProductChooserBlock().deconstruct()[0] == "wagtail_precise_mail.commerce.choosers.ProductChooserBlock"
    assert CategoryChooserBlock().deconstruct()[0] == "wagtail_precise_mail.commerce.choosers.CategoryChooserBlock"


def test_a_deleted_product_becomes_nothing_in_a_block() -> None:
    assert ProductChooserBlock().to_python(12345) is None
