"""The product card: what it says of price, discount, stars and stock, in its three layouts."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.emails.conftest import fill, soup
from tests.emails.test_blocks import body_of, product_block, text_of
from tests.emails.test_varied import is_whole
from tests.factories.commerce import make_product
from tests.factories.emails import compiled, make_email, make_image, raw_block
from wagtail_precise_mail.commerce.models import Product
from wagtail_precise_mail.emails.blocks.commerce import ProductBlock
from wagtail_precise_mail.emails.preview import picker_preview

pytestmark = pytest.mark.django_db

SHOWN = {"show_rating": True, "show_stock": True}


def teapot(**overrides: Any) -> Product:
    facts = {
        "name": "Teapot",
        "url": "/shop/teapot/",
        "price": Decimal(38),
        "compare_at_price": Decimal(48),
        "rating": Decimal("4.66"),
        "rating_count": 128,
        "stock_count": 3,
        "image": make_image(),
        "description": "Pours four cups.",
    }
    return make_product(**{**facts, **overrides})


@pytest.mark.parametrize("layout", ["beside", "above", "compact"])
def test_every_layout_says_it_all(layout: str) -> None:
    email = make_email(product_block(teapot(), layout=layout, **SHOWN))
    panel = body_of(soup(email))
    words = panel.get_text(" ")
    for fact in ("Teapot", "£38.00", "£48.00", "-20%", "★★★★★", "4.7 of 5 (128)", "Only 3 left"):
        assert words.count(fact) == 1, fact
    assert [tag.get_text() for tag in panel.find_all("s")] == ["£48.00"]
    assert len(panel.find_all("img")) == 1
    assert {tag["href"] for tag in panel.find_all("a")} == {"https://shop.example.com/shop/teapot/"}
    assert is_whole(fill(email).html)


@pytest.mark.parametrize("layout", ["beside", "above", "compact"])
def test_card_fits_in_a_column(layout: str) -> None:
    columns = [{"content": [product_block(teapot(), layout=layout, **SHOWN)]}] * 2
    filled = fill(make_email(raw_block("columns", columns=columns)))
    assert filled.html.count("-20%") == 2
    assert is_whole(filled.html)


def test_text_part_says_the_same() -> None:
    assert text_of(make_email(product_block(teapot(), show_description=True, **SHOWN))) == (
        "Teapot, £38.00 (before £48.00, -20%)\nPours four cups.\n4.7 of 5 (128)\nOnly 3 left\n"
        "https://shop.example.com/shop/teapot/"
    )


@pytest.mark.parametrize(
    ("facts", "silent"),
    [
        ({"compare_at_price": Decimal(38)}, "%"),
        ({"compare_at_price": Decimal(30)}, "£30"),
        ({"compare_at_price": None}, "%"),
        ({"price": None}, "£"),
        ({"rating": None}, "★"),
        ({"rating_count": 0}, "★"),
        ({"stock_count": None}, "left"),
        ({"stock_count": 6}, "left"),
    ],
)
def test_card_says_nothing_that_is_not_so(facts: dict[str, Any], silent: str) -> None:
    assert silent not in body_of(soup(make_email(product_block(teapot(**facts), **SHOWN)))).get_text()


def test_low_stock_is_a_setting(settings: Any) -> None:
    settings.WAGTAIL_PRECISE_MAIL = {**settings.WAGTAIL_PRECISE_MAIL, "low_stock_count": 10}
    assert "Only 9 left" in fill(make_email(product_block(teapot(stock_count=9), **SHOWN))).html


def test_own_words_stand_in_place_of_the_description_and_know_merge_fields() -> None:
    words = 'For you, {{ contact.first_name | default: "friend" }} & yours.'
    email = make_email(product_block(teapot(), description=words))
    assert "For you, Ada &amp; yours." in fill(email, first_name="Ada").html
    assert "For you, Ada & yours." in fill(email, first_name="Ada").text
    assert "Pours four cups." not in fill(email).html


def test_own_words_go_away_with_the_product_when_it_is_replaced() -> None:
    sold_out, other = teapot(stock_count=0), make_product(name="Mug", image=make_image())
    email = make_email(product_block(sold_out, replacement=other.pk, description="My favorite teapot."))
    assert "Mug" in fill(email).html
    assert "My favorite teapot." not in fill(email).html


def test_replacement_is_what_readers_were_shown() -> None:
    sold_out, other = teapot(stock_count=0), make_product(name="Mug", image=make_image())
    assert compiled(make_email(product_block(sold_out, replacement=other.pk))).shown == [f"product:{other.pk}"]
    assert compiled(make_email(product_block(sold_out))).shown == []
    assert compiled(make_email(product_block(other))).shown == [f"product:{other.pk}"]


def test_product_that_two_cards_name_is_no_replacement_of_a_third() -> None:
    sold_out, other = teapot(stock_count=0), make_product(name="Mug", image=make_image())
    email = make_email(product_block(sold_out, replacement=other.pk), product_block(other), product_block(sold_out))
    assert compiled(email).shown == [f"product:{other.pk}"]


def test_product_without_an_address_has_no_links() -> None:
    for layout in ("beside", "above", "compact"):
        panel = body_of(soup(make_email(product_block(teapot(url=""), layout=layout))))
        assert not panel.find_all("a")
        assert "Teapot" in panel.get_text()


def test_picture_elsewhere_must_be_a_web_address() -> None:
    product = teapot(image=None, image_url="javascript:alert(1)")
    for layout in ("beside", "above", "compact"):
        assert "javascript" not in fill(make_email(product_block(product, layout=layout))).html


def test_picker_shows_an_offer() -> None:
    assert "-20%" in picker_preview(ProductBlock())
