"""POST api/orders/: orders of other systems."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from wagtail_precise_mail.commerce.models import Order
from wagtail_precise_mail.commerce.signals import order_recorded
from wagtail_precise_mail.contacts.models import Contact

pytestmark = pytest.mark.django_db

URL = reverse("wagtail_precise_mail:api_orders")

ORDER: dict[str, Any] = {
    "source": "erp",
    "number": "1000",
    "placed_at": "2026-01-15T12:00:00+01:00",
    "currency": "GBP",
    "email": "ada@example.com",
    "country": "GB",
    "lines": [{"sku": "85123A", "quantity": 6, "unit_price": "2.55", "name": "White hanging heart"}],
}


@pytest.fixture(autouse=True)
def _tokens(settings) -> None:
    settings.WAGTAIL_PRECISE_MAIL = {"api_tokens": ["first-token", "second-token"]}


def post(body: Any = ORDER, *, token: str = "second-token", **headers: str) -> HttpResponse:
    data = body if isinstance(body, (bytes, str)) else json.dumps(body)
    client = Client(enforce_csrf_checks=True)
    return client.post(URL, data, "application/json", headers={"Authorization": f"Bearer {token}", **headers})


def errors(answer: HttpResponse) -> dict[str, str]:
    assert answer.status_code == 400, answer.content
    return json.loads(answer.content)["errors"]


def test_an_order_is_kept_with_contact_and_lines() -> None:
    answer = post()

    assert (answer.status_code, answer.json()) == (201, {"number": "1000", "created": True, "changed": False})
    order = Order.objects.get(source="erp")
    assert (order.total, order.contact.email, order.contact.country) == (Decimal("15.30"), "ada@example.com", "GB")
    assert order.lines.get().product.name == "White hanging heart"


def test_the_same_order_posted_twice_counts_once(django_capture_on_commit_callbacks) -> None:
    heard: list[Order] = []
    order_recorded.connect(lambda order, **kwargs: heard.append(order), weak=False, dispatch_uid="test")
    try:
        with django_capture_on_commit_callbacks(execute=True):
            answers = [post(), post()]
    finally:
        order_recorded.disconnect(dispatch_uid="test")

    assert [answer.status_code for answer in answers] == [201, 200]
    assert answers[1].json() == {"number": "1000", "created": False, "changed": False}
    assert heard == [Order.objects.get()]
    assert Contact.objects.count() == 1


def test_a_corrected_order_is_told_as_changed() -> None:
    post()

    answer = post({**ORDER, "lines": [{**ORDER["lines"][0], "quantity": 5}]})

    assert (answer.status_code, answer.json()["changed"]) == (200, True)
    assert Order.objects.get().total == Decimal("12.75")


def test_a_price_written_as_a_number_is_exact() -> None:
    post(json.dumps(ORDER).replace('"2.55"', "0.1235"))

    assert Order.objects.get().lines.get().unit_price == Decimal("0.1235")


@pytest.mark.parametrize("token", ["", "third-token", "first-token2", "ünïcode".encode().decode("latin-1")])
def test_a_wrong_token_is_401(token: str) -> None:
    answer = post(token=token)

    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, 'Bearer realm="precise mail"')
    assert not Order.objects.exists()


def test_another_scheme_is_401() -> None:
    assert post(Authorization="Basic second-token").status_code == 401


def test_without_tokens_the_api_is_closed(settings) -> None:
    settings.WAGTAIL_PRECISE_MAIL = {"api_tokens": []}

    assert post(token="").status_code == 401


@pytest.mark.parametrize("method", ["get", "put", "patch", "delete", "head"])
def test_only_post_is_allowed(method: str) -> None:
    assert getattr(Client(), method)(URL).status_code == 405


def test_a_body_that_is_too_large_is_413(settings) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100

    assert post().status_code == 413


@pytest.mark.parametrize("body", ["", "{", "[]", "null", b"\xff\xfe", '{"a": NaN}', "[" * 100_000])
def test_what_is_no_json_object_is_400(body: str | bytes) -> None:
    assert "" in errors(post(body))


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("source", ""),
        ("source", 5),
        ("number", "x" * 101),
        ("number", "a\0b"),
        ("placed_at", "2026-01-15T12:00:00"),
        ("placed_at", "2026-13-45T99:00:00Z"),
        ("placed_at", None),
        ("currency", "pounds"),
        ("currency", "£££"),
        ("email", "not an address"),
        ("email", ["ada@example.com"]),
        ("kind", "gift"),
        ("kind", ["sale"]),
        ("country", "United Kingdom"),
        ("is_historical", "yes"),
        ("lines", []),
        ("lines", {}),
        ("surprise", 1),
    ],
)
def test_a_wrong_value_is_told_at_its_place(place: str, value: Any) -> None:
    assert place in errors(post({**ORDER, place: value}))
    assert not Order.objects.exists()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("sku", ""),
        ("sku", None),
        ("quantity", "6"),
        ("quantity", True),
        ("quantity", 1.5),
        ("quantity", 10**12),
        ("unit_price", "free"),
        ("unit_price", "NaN"),
        ("unit_price", "1e99999999"),
        ("unit_price", 0.00001),
        ("unit_price", False),
        ("position", 0),
        ("name", "x" * 251),
        ("color", "red"),
    ],
)
def test_a_wrong_value_of_a_line_is_told_at_its_place(field: str, value: Any) -> None:
    lines = [ORDER["lines"][0], {**ORDER["lines"][0], field: value}]

    assert f"lines[1].{field}" in errors(post({**ORDER, "lines": lines}))


def test_a_line_that_is_no_object_is_told() -> None:
    assert "lines[0]" in errors(post({**ORDER, "lines": ["85123A"]}))


def test_an_amount_beyond_belief_is_told() -> None:
    line = {"sku": "X", "quantity": 2_000_000_000, "unit_price": 99_999_999}

    assert "lines[0].quantity" in errors(post({**ORDER, "lines": [line]}))


def test_two_lines_at_one_position_are_told() -> None:
    line = {**ORDER["lines"][0], "position": 1}

    assert "lines" in errors(post({**ORDER, "lines": [line, line]}))


def test_all_mistakes_are_told_at_once() -> None:
    assert set(errors(post({}))) == {"source", "number", "placed_at", "currency", "lines"}


def test_history_is_kept_without_announcing_it(django_capture_on_commit_callbacks) -> None:
    heard: list[Order] = []
    order_recorded.connect(lambda order, **kwargs: heard.append(order), weak=False, dispatch_uid="test")
    try:
        with django_capture_on_commit_callbacks(execute=True):
            post({**ORDER, "is_historical": True})
    finally:
        order_recorded.disconnect(dispatch_uid="test")

    assert (heard, Order.objects.get().is_historical) == ([], True)
