"""The order in a mail: whose, with which sums, in HTML and in text."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any
from unicodedata import east_asian_width

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.emails.lists import body, load, read, text_of
from tests.emails.test_varied import is_whole
from tests.factories.commerce import make_order, make_product
from tests.factories.contacts import make_contact
from tests.factories.emails import BASE_URL, make_email, make_image, raw_block
from wagtail_precise_mail.commerce.models import Order
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.emails.blocks.orders import OrderSummaryBlock
from wagtail_precise_mail.emails.preview import picker_preview
from wagtail_precise_mail.emails.readers import Occasion
from wagtail_precise_mail.emails.sources.orders import dotted, orders_for

pytestmark = pytest.mark.django_db

NOW = timezone.now()


def summary(**overrides: Any) -> dict[str, Any]:
    return raw_block("order_summary", title="", show_pictures=True, **overrides)


def order(contact: Contact | None, **overrides: Any) -> Order:
    tea = make_product(name="Assam <b>", url="/shop/assam/", image=make_image(), price=Decimal("9.8"))
    pot = make_product(name="Pot", price=Decimal("34"))
    post = make_product("POST", name="Postage", kind="charge")
    lines = [(tea, 2, "9.80"), (pot, 1, "34"), (post, 1, "3.95")]
    facts = {"placed_at": NOW - timedelta(days=1), "number": "FK-7", **overrides}
    return make_order(contact, lines, **facts)


def rows(html: Any) -> list[list[str]]:
    table = html.find("table", class_="wpm-order")
    return [
        [" ".join(cell.get_text(" ").split()) for cell in row.find_all(["th", "td"])] for row in table.find_all("tr")
    ]


def test_order_is_a_table_with_its_sums() -> None:
    contact = make_contact()
    order(contact)
    filled = read(make_email(summary()), contact)
    assert rows(body(filled)) == [
        ["Item", "Amount"],
        ["", "Assam <b> 2 × £9.80", "£19.60"],
        ["", "Pot 1 × £34.00", "£34.00"],
        ["Goods", "£53.60"],
        ["Postage", "£3.95"],
        ["Total", "£57.55"],
    ]
    assert [tag["href"] for tag in body(filled).select(".wpm-order a")] == ["https://shop.example.com/shop/assam/"] * 2
    assert "No. FK-7" in filled.html
    assert is_whole(filled.html)


def test_order_without_pictures_leaves_no_room_for_them() -> None:
    contact = make_contact()
    order(contact)
    block = raw_block("order_summary", title="Thanks", show_pictures=False)
    filled = read(make_email(block), contact)
    assert rows(body(filled))[1] == ["Assam <b> 2 × £9.80", "£19.60"]
    assert not body(filled).select(".wpm-order img")


def test_text_part_is_a_table_too() -> None:
    contact = make_contact()
    order(contact)
    lines = text_of(read(make_email(summary()), contact)).splitlines()
    table = lines[lines.index("") + 1 :]
    assert [line.split(" ..")[0] for line in table] == [
        "2 × Assam <b>",
        "1 × Pot",
        "-" * 64,
        "Goods",
        "Postage",
        "Total",
    ]
    assert [line.rpartition(" ")[2] for line in table if "£" in line] == [
        "£19.60",
        "£34.00",
        "£53.60",
        "£3.95",
        "£57.55",
    ]
    assert {len(line) for line in table} == {64}


@pytest.mark.parametrize("words", ["a" * 400, "茶" * 100, "", "Tea"])
def test_line_of_the_text_table_has_one_width(words: str) -> None:
    line = dotted(words, "£1.00")
    width = sum(2 if east_asian_width(letter) in "WF" else 1 for letter in line)
    assert width in (63, 64)
    assert line.endswith(" £1.00")


def test_latest_sale_counts_and_nobody_else_s() -> None:
    contact = make_contact()
    make_order(contact, [("OLD", 1, 5)], NOW - timedelta(days=90))
    make_order(contact, [("NEW", 1, 5)], NOW - timedelta(days=2))
    make_order(contact, [("NEW", -1, 5)], NOW - timedelta(days=1), kind="refund")
    make_order(make_contact(), [("ALIEN", 1, 5)], NOW)
    filled = read(make_email(summary()), contact)
    assert "Product NEW" in filled.html
    assert not {"Product OLD", "Product ALIEN"} & set(filled.html.split("<"))


def test_contact_without_orders_reads_nothing_of_it() -> None:
    order(make_contact())
    filled = read(make_email(summary(), raw_block("heading", title="Hello")), make_contact())
    assert "Your order" not in filled.html
    assert text_of(filled) == "Hello\n-----"


def occasion(**overrides: Any) -> Occasion:
    return Occasion(**{"at": NOW, "base_url": BASE_URL, "language": "en", "messages": {1: 1}, **overrides})


def test_send_may_name_the_order_but_never_somebody_else_s() -> None:
    contact, other = make_contact(), make_contact()
    first = make_order(contact, [("A", 1, 5)], NOW - timedelta(days=9))
    make_order(contact, [("B", 1, 5)], NOW - timedelta(days=2))
    theirs = make_order(other, [("C", 1, 5)], NOW - timedelta(days=2))
    assert orders_for([contact], occasion(orders={contact.pk: first.pk})) == {contact.pk: first}
    assert orders_for([contact], occasion(orders={contact.pk: theirs.pk})) == {}


def test_products_of_an_order_may_be_shown_elsewhere_in_the_email() -> None:
    contact = make_contact()
    made = order(contact)
    product = made.lines.get(position=1).product
    card = raw_block("product", product=product.pk, layout="above", show_price=True)
    again = raw_block("product_list", selection="newest", count=4, layout="above", columns="2")
    filled = read(make_email(card, again, summary()), contact)
    assert len(rows(body(filled))) == 6


def test_deleted_picture_and_unnamed_product_are_no_trouble() -> None:
    contact, image = make_contact(), make_image()
    product = make_product(name="", image=image)
    make_order(contact, [(product, 1, 5)], NOW)
    image.delete()
    assert product.sku in read(make_email(summary()), contact).html


def test_long_order_says_how_many_lines_are_not_shown() -> None:
    contact = make_contact()
    make_order(contact, [(f"P{number}", 1, 1) for number in range(45)], NOW)
    filled = read(make_email(summary()), contact)
    assert "and 5 more lines" in filled.html
    assert "and 5 more lines" in filled.text
    assert "£45.00" in filled.html


def test_more_readers_cost_no_more_queries() -> None:
    contacts = [make_contact() for _number in range(30)]
    product = make_product(image=make_image())
    for contact in contacts:
        make_order(contact, [(product, 1, 5)], NOW)
    email = make_email(summary())
    load(email, contacts[0])

    def queries(some: list[Contact]) -> int:
        with CaptureQueriesContext(connection) as captured:
            assert all(len(reader.lists["list1"]) == 1 for reader in load(email, *some).values())
        return len(captured)

    assert queries(contacts[:2]) == queries(contacts)


def test_made_up_contact_of_a_preview_has_an_order() -> None:
    make_product(name="Assam", image_url="https://cdn.example.com/a.jpg")
    filled = read(make_email(summary()), Contact(email="a@example.com"))
    assert "Assam" in filled.html
    assert not Order.objects.exists()


def test_picker_shows_an_order_before_there_is_one() -> None:
    assert "£50.85" in picker_preview(OrderSummaryBlock())
