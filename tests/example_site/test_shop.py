"""Buying something."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from django.test import Client

from example_site.shop.services import SOURCE
from tests.factories.landing import client_of
from tests.factories.tracking import make_message
from wagtail_precise_mail.commerce.models import Order, Product
from wagtail_precise_mail.commerce.signals import order_recorded
from wagtail_precise_mail.commerce.viewed import ProductView
from wagtail_precise_mail.contacts.models import Contact

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("demo")]

BUYER = {"first_name": "Nora", "last_name": "Field", "email": "nora.field@example.com", "country": "IE"}


def live_orders() -> list[Order]:
    return list(Order.objects.filter(source=SOURCE, is_historical=False))


def put(client: Client, slug: str = "tea-assam", quantity: int = 2, **more: str) -> None:
    client.post(f"/shop/{slug}/put/", {"quantity": quantity, **more})


def start_checkout(client: Client) -> dict[str, str]:
    put(client)
    page = client.get("/shop/checkout/").content.decode()
    number = re.search(r'name="number" value="([^"]+)"', page)
    assert number
    return {**BUYER, "number": number[1]}


def test_buying_records_one_live_order(client: Client) -> None:
    response = client.post("/shop/checkout/", start_checkout(client), follow=True)

    [order] = live_orders()
    assert "Thank you" in response.content.decode()
    assert order.contact == Contact.objects.get(email=BUYER["email"])
    assert order.contact.first_name == "Nora"
    assert order.kind == Order.Kind.SALE
    assert order.total == 2 * Decimal("9.80") + Decimal("3.90")
    assert [line.product.sku for line in order.lines.all()] == ["TEA-ASSAM", "POSTAGE"]


def test_a_large_basket_travels_free(client: Client) -> None:
    put(client, "pot-forest", quantity=1)

    client.post("/shop/checkout/", start_checkout(client))

    assert live_orders()[0].total == Decimal("42.00") + 2 * Decimal("9.80")


def test_posting_twice_is_one_order(client: Client) -> None:
    form = start_checkout(client)

    answers = [client.post("/shop/checkout/", form, follow=True) for _twice in range(2)]

    assert [answer.redirect_chain[-1][0] for answer in answers] == [f"/shop/thanks/{form['number']}/"] * 2
    assert len(live_orders()) == 1


def test_two_requests_at_the_same_moment_are_one_order(client: Client) -> None:
    form = start_checkout(client)
    twin = Client()
    twin.cookies = client.cookies
    # The second request read the session before the first one wrote it.
    before = dict(client.session)
    client.post("/shop/checkout/", form)
    session = client.session
    session.clear()
    session.update(before)
    session.save()

    twin.post("/shop/checkout/", form)

    assert len(live_orders()) == 1


def test_an_order_is_announced_once(client: Client, django_capture_on_commit_callbacks: object) -> None:
    heard: list[str] = []

    def listen(order: Order, **kwargs: object) -> None:
        heard.append(order.number)

    order_recorded.connect(listen)
    form = start_checkout(client)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            client.post("/shop/checkout/", form)
            client.post("/shop/checkout/", form)
    finally:
        order_recorded.disconnect(listen)

    assert heard == [form["number"]]


def test_the_basket_is_empty_afterwards(client: Client) -> None:
    client.post("/shop/checkout/", start_checkout(client))

    assert "Nothing in it yet" in client.get("/shop/basket/").content.decode()


def test_a_number_that_was_not_given_to_the_visitor_buys_nothing(client: Client) -> None:
    form = start_checkout(client)

    response = client.post("/shop/checkout/", {**form, "number": "FK-000001"}, follow=True)

    assert response.redirect_chain[-1][0] == "/shop/basket/"
    assert live_orders() == []


def test_an_empty_basket_buys_nothing(client: Client) -> None:
    assert client.get("/shop/checkout/").headers["Location"] == "/shop/basket/"
    client.post("/shop/checkout/", {**BUYER, "number": "FK-1"})

    assert live_orders() == []


def test_nobody_else_sees_what_was_bought(client: Client) -> None:
    form = start_checkout(client)
    client.post("/shop/checkout/", form)

    assert Client().get(f"/shop/thanks/{form['number']}/").status_code == 404


@pytest.mark.parametrize("email", ["", "nobody", "a@b", "x@example.com\r\nBcc: y@example.com"])
def test_a_wrong_address_is_asked_for_again(client: Client, email: str) -> None:
    response = client.post("/shop/checkout/", {**start_checkout(client), "email": email})

    assert response.status_code == 422
    assert "field--wrong" in response.content.decode()
    assert live_orders() == []


def test_a_known_contact_is_found_again(client: Client) -> None:
    known = Contact.objects.filter(first_name="Emma").first() or Contact.objects.first()
    assert known
    count = Contact.objects.count()

    client.post("/shop/checkout/", {**start_checkout(client), "email": known.email.upper()})

    assert live_orders()[0].contact == known
    assert Contact.objects.count() == count


def test_putting_adds_and_changing_sets(client: Client) -> None:
    put(client, quantity=2)
    put(client, quantity=3)
    assert client.session["basket"] == {"TEA-ASSAM": 5}

    put(client, quantity=1, change="1")
    assert client.session["basket"] == {"TEA-ASSAM": 1}

    put(client, quantity=0, change="1")
    assert client.session["basket"] == {}


@pytest.mark.parametrize("quantity", ["-1", "21", "many", ""])
def test_an_absurd_quantity_is_refused(client: Client, quantity: str) -> None:
    client.post("/shop/tea-assam/put/", {"quantity": quantity})

    assert not client.session.get("basket")


def test_what_is_sold_out_cannot_be_put(client: Client) -> None:
    put(client, "pot-travel")

    assert not client.session.get("basket")


def test_a_product_that_left_the_shop_falls_out_of_the_basket(client: Client) -> None:
    put(client)
    Product.objects.filter(sku="TEA-ASSAM").update(is_published=False)

    assert "Nothing in it yet" in client.get("/shop/basket/").content.decode()


def test_a_get_puts_nothing(client: Client) -> None:
    assert client.get("/shop/tea-assam/put/").status_code == 405
    assert not client.session.get("basket")


def test_forms_carry_a_token_against_forgery() -> None:
    strict = Client(enforce_csrf_checks=True)

    assert strict.post("/shop/tea-assam/put/", {"quantity": 1}).status_code == 403
    assert strict.post("/shop/checkout/", BUYER).status_code == 403


def test_a_product_is_remembered_for_who_came_by_a_mail(client: Client) -> None:
    ProductView.objects.all().delete()
    message = make_message()
    client.get("/shop/tea-assam/")
    assert not ProductView.objects.exists(), "strangers are not"

    known = client_of(message)
    known.get("/shop/tea-assam/")

    view = ProductView.objects.get()
    assert (view.contact, view.product.sku) == (message.contact, "TEA-ASSAM")
