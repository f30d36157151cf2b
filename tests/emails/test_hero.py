"""The hero: where its words stand, and that they can be read there."""

from __future__ import annotations

import re
from typing import Any

import pytest
from bs4 import Tag
from PIL import Image
from wagtail.images import get_image_model

from tests.emails.conftest import body_of, fill, image_value, soup, text_of
from tests.factories.campaigns import make_segment
from tests.factories.emails import make_brand, make_email, make_image, raw_block
from wagtail_precise_mail.emails.blocks.hero import INK, ground_of
from wagtail_precise_mail.emails.brand import Brand, contrast

pytestmark = pytest.mark.django_db


def hero(image: Any = None, **overrides: Any) -> dict[str, Any]:
    value = {"title": "The kettle is on", "words": "Three teas.\nOne pot.", "label": "See them", "url": "/teas/"}
    chosen = {"image": image_value(image)} if image else {}
    return raw_block("hero", **{**value, **chosen, **overrides})


def test_words_stand_on_the_picture_in_every_mail_program() -> None:
    html = fill(make_email(hero(make_image()))).html
    background = re.search(r"background=\"(https://shop\.example\.com/media/images/[^\"]+\.jpg)\"", html)
    assert background
    assert "mailshade-" in background[1]
    # Outlook draws the same picture with VML, behind words that stay words.
    assert f'<v:fill position="0, 0" origin="0, 0" src="{background[1]}"' in html
    assert html.index("<v:rect") < html.index("The kettle is on</h1>") < html.index("</v:rect>")


def test_picture_is_as_dark_as_the_words_need() -> None:
    fill(make_email(hero(make_image())))
    rendition = get_image_model().objects.get().renditions.get()
    with rendition.file.open() as file:
        pixel = Image.open(file).convert("RGB").getpixel((300, 200))
    assert contrast(f"#{bytes(pixel).hex()}", INK) >= 4.4  # JPEG rounds


@pytest.mark.parametrize("primary", ["#ffee00", "#1f6f5c", "#000000", "#ffffff", "#ff0000"])
def test_ground_of_any_brand_carries_light_words(primary: str) -> None:
    assert contrast(ground_of(Brand(primary_color=primary)), INK) >= 7


@pytest.mark.parametrize(("layout", "ratio"), [("above", "fill-1200x675"), ("beside", "fill-680x850")])
def test_picture_stands_by_itself(layout: str, ratio: str) -> None:
    panel = body_of(soup(make_email(hero(make_image(), layout=layout))))
    picture = panel.find("img")
    assert isinstance(picture, Tag)
    assert ratio in str(picture["src"])
    assert picture["alt"] == "A fern"
    assert panel.h1 is not None
    assert panel.h1.get_text() == "The kettle is on"


def test_hero_without_a_picture_is_a_field_of_color() -> None:
    panel = body_of(soup(make_email(hero(layout="beside"))))
    assert not panel.find_all("img")
    assert ground_of(Brand()) in str(panel)


def starts_at_the_edge(*blocks: dict[str, Any]) -> bool:
    panel = body_of(soup(make_email(*blocks)))
    cell = panel.find("td")
    assert isinstance(cell, Tag)
    return re.search(r"padding:0(px)? 0(px)? \d", str(cell["style"])) is not None


def test_hero_at_the_top_reaches_the_edge_of_the_panel() -> None:
    first = raw_block("heading", title="First", level="2")
    assert starts_at_the_edge(hero(make_image()))
    assert starts_at_the_edge(hero(make_image(), layout="above"))
    assert starts_at_the_edge(raw_block("preheader", text="Hidden"), hero(make_image()))
    assert not starts_at_the_edge(first, hero(make_image()))
    assert not starts_at_the_edge(hero(make_image(), layout="beside"))


def test_hero_for_some_leaves_space_for_the_block_that_others_see_first() -> None:
    audience = {"show": "only", "segments": [make_segment().pk]}
    assert not starts_at_the_edge(hero(make_image(), audience=audience))


def test_text_part_reads_like_an_opening() -> None:
    expected = (
        "The kettle is on\n================\n\nThree teas.\nOne pot.\n\n→ See them\nhttps://shop.example.com/teas/"
    )
    assert text_of(make_email(hero())) == expected


def test_button_in_the_brands_color_does_not_vanish_in_the_ground() -> None:
    make_brand(primary_color="#0f382e")
    panel = body_of(soup(make_email(hero())))
    link = panel.find("a")
    assert isinstance(link, Tag)
    assert re.search(r"background: ?#ffffff", str(link["style"]))


def test_button_without_words_is_none() -> None:
    assert not body_of(soup(make_email(hero(label="")))).find_all("a")


def test_empty_hero_says_nothing() -> None:
    email = make_email(raw_block("hero"), raw_block("heading", title="Below", level="3"))
    assert text_of(email) == "Below"
