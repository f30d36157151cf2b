"""Products, categories and orders in Wagtail's admin."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import NoReverseMatch, reverse
from wagtail.admin.admin_url_finder import AdminURLFinder
from wagtail.test.utils.form_data import inline_formset, nested_form_data

from tests.factories.commerce import make_category, make_order, make_product
from tests.factories.contacts import make_contact
from wagtail_precise_mail.commerce.models import Category, Order, Product

pytestmark = pytest.mark.django_db

PRODUCTS = reverse("precise-mail-products:index")
CATEGORIES = reverse("precise-mail-categories:index")
ORDERS = reverse("precise-mail-orders:index")
HOME = reverse("wagtailadmin_home")


def user_with(*codenames: str) -> User:
    user = User.objects.create_user("editor", "editor@example.com", "secret")
    user.user_permissions.set(Permission.objects.filter(codename__in=["access_admin", *codenames]))
    return user


def client_with(*codenames: str) -> Client:
    client = Client()
    client.force_login(user_with(*codenames))
    return client


def page(client: Client, url: str, **query: str) -> str:
    answer = client.get(url, query)
    assert answer.status_code == 200, answer
    return answer.content.decode()


def test_products_are_listed_with_sku_price_and_state(admin_client) -> None:
    make_product("85123A", name="White hanging heart", price="2.55")
    make_product("POST", name="Postage", kind="charge")
    make_product("OLD", name="Old lamp", is_published=False)
    make_product("GONE", name="Cup", stock_count=0)

    html = page(admin_client, PRODUCTS)

    for text in ("White hanging heart", "85123A", "£2.55", "on sale", "charge", "not on sale", "sold out"):
        assert text in html


def test_a_product_without_a_name_is_listed_by_its_sku(admin_client) -> None:
    product = make_product("21134", name="")

    assert reverse("precise-mail-products:edit", args=[product.pk]) in page(admin_client, PRODUCTS, q="21134")


@pytest.mark.parametrize("query", [{"q": "8512"}, {"kind": "product"}, {"category": "1"}, {"is_published": "true"}])
def test_products_can_be_searched_and_filtered(admin_client, query: dict[str, str]) -> None:
    category = make_category()
    query = {name: str(category.pk) if name == "category" else value for name, value in query.items()}
    make_product("85123A", name="Heart", category=category)
    make_product("POST", name="Postage", kind="charge", is_published=False)

    html = page(admin_client, PRODUCTS, **query)

    assert "Heart" in html
    assert "Postage" not in html


def test_listing_products_takes_a_fixed_number_of_queries(admin_client, django_assert_max_num_queries) -> None:
    for _number in range(30):
        make_product(category=make_category())
    page(admin_client, PRODUCTS)

    with django_assert_max_num_queries(20):
        page(admin_client, PRODUCTS)


def test_a_product_is_added_with_its_sku_in_upper_case(admin_client) -> None:
    form = {
        "name": "Heart",
        "sku": "85123a",
        "kind": "product",
        "price": "2.55",
        "currency": "GBP",
        "is_published": "on",
    }

    form |= nested_form_data({"variants": inline_formset([]), "images": inline_formset([])})
    answer = admin_client.post(reverse("precise-mail-products:add"), form)

    assert answer.status_code == 302
    assert Product.objects.get().sku == "85123A"


def test_a_second_product_of_a_sku_is_refused_by_the_form(admin_client) -> None:
    make_product("85123A")

    answer = admin_client.post(reverse("precise-mail-products:add"), {"sku": "85123a", "kind": "product"})

    assert (answer.status_code, Product.objects.count()) == (200, 1)


def test_a_product_in_orders_cannot_be_deleted(admin_client) -> None:
    product = make_product("85123A")
    make_order(lines=[(product, 1, "2.55")])

    answer = admin_client.post(reverse("precise-mail-products:delete", args=[product.pk]), follow=True)

    assert "Take it off sale instead" in answer.content.decode()
    assert Product.objects.exists()


def test_a_product_that_nobody_ordered_can_be_deleted_by_post_only(admin_client) -> None:
    url = reverse("precise-mail-products:delete", args=[make_product().pk])

    admin_client.get(url)
    assert Product.objects.exists()
    admin_client.post(url)

    assert not Product.objects.exists()


def test_a_category_is_added(admin_client) -> None:
    admin_client.post(reverse("precise-mail-categories:add"), {"name": "Lights", "slug": "lights"})

    assert Category.objects.get().slug == "lights"
    assert "Lights" in page(admin_client, CATEGORIES)


def test_orders_are_listed_with_contact_country_and_total(admin_client) -> None:
    make_order(make_contact(email="ada@example.com"), [("A", 2, "2.55")], number="536365", country="DE")

    html = page(admin_client, ORDERS)

    for text in ("536365", "ada@example.com", "Germany", "£5.10", "sale"):
        assert text in html


@pytest.mark.parametrize(
    "query",
    [
        {"q": "5363"},
        {"q": "ada@"},
        {"kind": "sale"},
        {"source": "shop"},
        {"placed_at_from": "2026-01-01", "placed_at_to": "2026-01-31"},
    ],
)
@pytest.mark.usefixtures("in_clear")
def test_orders_can_be_searched_and_filtered(admin_client, query: dict[str, str]) -> None:
    make_order(make_contact(email="ada@example.com"), [("A", 1, 1)], number="536365")
    make_order(None, [("A", -1, 1)], datetime(2026, 3, 1, tzinfo=UTC), number="C9", kind="refund", source="erp")

    html = page(admin_client, ORDERS, **query)

    assert "536365" in html
    assert "C9" not in html


def test_the_page_of_an_order_shows_its_lines(admin_client) -> None:
    contact = make_contact(email="ada@example.com")
    order = make_order(contact, [("85123A", 6, "2.55"), ("22423", 1, "0.0012")], country="GB")

    html = page(admin_client, reverse("precise-mail-orders:inspect", args=[order.pk]))

    for text in ("85123A", "£15.30", "£0.0012", "£15.3012", "United Kingdom", "2 lines", "ada@example.com"):
        assert text in html
    assert reverse("precise-mail-contacts:inspect", args=[contact.pk]) in html


def test_the_page_of_an_order_takes_a_fixed_number_of_queries(admin_client, django_assert_max_num_queries) -> None:
    order = make_order(lines=[(f"S{number}", 1, 1) for number in range(40)])
    url = reverse("precise-mail-orders:inspect", args=[order.pk])
    page(admin_client, url)

    with django_assert_max_num_queries(12):
        page(admin_client, url)


def test_links_lead_only_where_the_person_may_go() -> None:
    contact = make_contact(email="ada@example.com")
    order = make_order(contact, [("85123A", 1, 1)])

    html = page(client_with("view_order"), reverse("precise-mail-orders:inspect", args=[order.pk]))

    assert reverse("precise-mail-contacts:inspect", args=[contact.pk]) not in html
    assert reverse("precise-mail-products:edit", args=[order.lines.get().product_id]) not in html


@pytest.mark.parametrize("name", ["add", "edit", "delete", "copy", "history", "usage"])
def test_orders_have_no_forms(name: str) -> None:
    with pytest.raises(NoReverseMatch):
        reverse(f"precise-mail-orders:{name}", args=[] if name == "add" else [1])


def test_looking_at_an_order_cannot_change_it(admin_client) -> None:
    order = make_order(lines=[("A", 1, 1)])

    assert admin_client.post(reverse("precise-mail-orders:inspect", args=[order.pk])).status_code == 405
    assert Order.objects.exists()


@pytest.mark.parametrize(
    ("viewset", "views"),
    [
        ("products", ["index", "index_results", "add", "edit", "delete", "history", "usage"]),
        ("categories", ["index", "index_results", "add", "edit", "delete", "history", "usage"]),
        ("orders", ["index", "index_results", "inspect"]),
    ],
)
def test_every_address_is_closed_without_a_permission(viewset: str, views: list[str]) -> None:
    order = make_order(lines=[(make_product(category=make_category()), 1, 1)])
    pks = {"products": Product.objects.get().pk, "categories": Category.objects.get().pk, "orders": order.pk}
    client = client_with()

    for view in views:
        args = [] if view in ("index", "index_results", "add") else [pks[viewset]]
        url = reverse(f"precise-mail-{viewset}:{view}", args=args)
        for method in (client.get, client.post):
            answer = method(url)
            is_closed = answer.status_code == 302 and answer.headers["Location"] == HOME
            assert is_closed or answer.status_code == 405, (url, answer)
    assert Product.objects.exists()


def test_the_view_permission_opens_listings_and_no_forms() -> None:
    client = client_with("view_product")

    assert client.get(PRODUCTS).status_code == 200
    assert client.get(reverse("precise-mail-products:add")).status_code == 302
    assert client.get(ORDERS).status_code == 302


def test_the_link_to_an_order_is_its_page() -> None:
    order = make_order(lines=[("A", 1, 1)])
    user = user_with("view_order")

    assert AdminURLFinder(user).get_edit_url(order) == reverse("precise-mail-orders:inspect", args=[order.pk])


def test_the_link_to_an_order_is_kept_from_those_who_may_not_see_it() -> None:
    assert AdminURLFinder(user_with()).get_edit_url(make_order(lines=[("A", 1, 1)])) is None
