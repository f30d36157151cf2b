"""A whole newsletter with every block, as a contact gets it."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from bs4 import BeautifulSoup, Tag
from wagtail.models import Locale

from tests.emails.conftest import fill
from tests.factories.commerce import make_product
from tests.factories.emails import (
    compiled,
    default_site,
    make_brand,
    make_email,
    make_image,
    make_saved_block,
    raw_block,
)
from tests.testapp.models import StoryPage
from wagtail_precise_mail.conf import options
from wagtail_precise_mail.emails.checks import Level, check_email
from wagtail_precise_mail.emails.models import Email
from wagtail_precise_mail.emails.personalize import FilledEmail, Personalizer

pytestmark = pytest.mark.django_db


def make_newsletter() -> Email:
    """An email with every block in it."""
    image = make_image()
    make_brand(logo=make_image("Logo", size=(640, 160), name="logo.png"))
    story = StoryPage(title="Seven ferns that like the dark", intro="They ask for little. " * 20, hero_image=image)
    page = default_site().root_page.add_child(instance=story)
    products = [
        make_product(name=name, price=Decimal(price), image=image, url=f"/shop/{name.lower()}/")
        for name, price in [("Teapot", "38"), ("Fern", "24.5"), ("Cup", "14")]
    ]
    saved = make_saved_block(
        raw_block("divider", style="line"), raw_block("rich_text", content="<p>Delivery is free above £40.</p>")
    )
    greeting = '<p>Dear {{ contact.first_name | default: "friend" }}, see the <a href="/shop/">shop</a>.</p>'
    return make_email(
        raw_block("image", image={"image": image.pk, "alt_text": "Ferns", "decorative": False}),
        raw_block("heading", title="A quiet morning", level="1"),
        raw_block("rich_text", content=f"{greeting}<ul><li>one</li><li>two</li></ul>"),
        raw_block("button", label="See the teas", url="https://example.org/teas?for={{ contact.email }}"),
        raw_block("heading", title="From the magazine", level="2"),
        raw_block("page", page=page.pk, layout="above", max_length=120),
        raw_block("page", page=page.pk, layout="beside", max_length=120),
        raw_block("product", product=products[0].pk, layout="beside", show_price=True),
        raw_block(
            "columns",
            on_phones="pairs",
            columns=[
                {"content": [raw_block("product", product=one.pk, layout="above", show_price=True)]}
                for one in products[1:]
            ],
        ),
        raw_block("divider", style="space"),
        raw_block("saved_block", saved_block=saved.pk),
        subject='The kettle is on, {{ contact.first_name | default: "friend" }}',
    )


@pytest.fixture
def newsletter() -> FilledEmail:
    return fill(make_newsletter(), first_name="Ada", email="ada@example.com")


def outline(panel: Tag) -> list[str]:
    """What a reader meets, from top to bottom."""
    found = []
    for tag in panel.find_all(["h1", "h2", "h3", "p", "li", "img", "a"]):
        words = " ".join(tag.get_text().split())
        if tag.name == "img":
            found.append(f"img {tag['alt']}")
        elif tag.name != "a" and words:
            found.append(f"{tag.name} {words[:40]}")
        elif tag.name == "a" and words and not tag.find_parent(["p", "h3"]):
            found.append(f"a {words}")
    return found


def test_reader_meets_every_block_in_its_order(newsletter: FilledEmail) -> None:
    panel = BeautifulSoup(newsletter.html, "html.parser").find(class_="wpm-panel")
    assert isinstance(panel, Tag)
    card = ["h3 Seven ferns that like the dark", "p They ask for little. They ask for little", "a Read more"]
    assert outline(panel) == [
        "img Ferns",
        "h1 A quiet morning",
        "p Dear Ada, see the shop.",
        "li one",
        "li two",
        "a See the teas",
        "h2 From the magazine",
        *["img ", *card] * 2,
        *["img Teapot", "h3 Teapot", "p £38.00", "a View product"],
        *["img Fern", "h3 Fern", "p £24.50", "a View product"],
        *["img Cup", "h3 Cup", "p £14.00", "a View product"],
        "p Delivery is free above £40.",
    ]


def test_text_part_says_the_same(newsletter: FilledEmail) -> None:
    expected = """
[Ferns]

A quiet morning
===============

Dear Ada, see the shop [1].

- one
- two

[1] https://shop.example.com/shop/

→ See the teas
https://example.org/teas?for=ada%40example.com

From the magazine
-----------------

Seven ferns that like the dark
They ask for little. They ask for little. They ask for little. They ask
for little. They ask for little. They ask for…
https://shop.example.com/seven-ferns-that-like-the-dark/

Seven ferns that like the dark
They ask for little. They ask for little. They ask for little. They ask
for little. They ask for little. They ask for…
https://shop.example.com/seven-ferns-that-like-the-dark/

Teapot, £38.00
https://shop.example.com/shop/teapot/

Fern, £24.50
https://shop.example.com/shop/fern/

Cup, £14.00
https://shop.example.com/shop/cup/

* * *

Delivery is free above £40.

----------------------------------------

Fern & Kettle
12 Moss Lane
Bristol BS1 4QA

Manage preferences:
https://shop.example.com/mail/preferences
Unsubscribe:
https://shop.example.com/leave

View in browser:
https://shop.example.com/mail/web_version

Got this from a friend? Subscribe:
https://shop.example.com/mail/join
"""
    assert newsletter.text.strip() == expected.strip()


def test_nothing_of_the_kitchen_is_left(newsletter: FilledEmail) -> None:
    for part in (newsletter.html, newsletter.text, newsletter.subject):
        assert "{{" not in part
        assert "{%" not in part
        assert "<mj-" not in part
        assert not re.search(r"wpm[0-9a-f]{16}", part)
        assert "None" not in part


def test_every_address_is_absolute(newsletter: FilledEmail) -> None:
    html = BeautifulSoup(newsletter.html, "html.parser")
    addresses = [tag["href"] for tag in html.find_all(href=True)] + [tag["src"] for tag in html.find_all("img")[:-1]]
    assert len(addresses) > 20
    assert all(str(address).startswith("https://") for address in addresses)


def test_every_picture_has_a_description_and_a_width(newsletter: FilledEmail) -> None:
    pictures = BeautifulSoup(newsletter.html, "html.parser").find_all("img")[:-1]
    assert all(picture.has_attr("alt") and int(str(picture["width"])) <= 600 for picture in pictures)


def test_tables_are_for_layout_only(newsletter: FilledEmail) -> None:
    tables = BeautifulSoup(newsletter.html, "html.parser").find_all("table")
    assert all(table["role"] == "presentation" for table in tables)


def test_mail_says_its_language_and_that_it_can_be_dark(newsletter: FilledEmail) -> None:
    html = BeautifulSoup(newsletter.html, "html.parser")
    assert html.html is not None
    assert html.html["lang"] == "en"
    scheme = html.find("meta", attrs={"name": "color-scheme"})
    assert isinstance(scheme, Tag)
    assert scheme["content"] == "light dark"
    assert "prefers-color-scheme: dark" in newsletter.html


def test_preheader_is_hidden_above_the_body(newsletter: FilledEmail) -> None:
    body = BeautifulSoup(newsletter.html, "html.parser").body
    assert body is not None
    hidden = body.find("div")
    assert isinstance(hidden, Tag)
    assert hidden.get_text().startswith("What grows this week")
    assert "display:none" in str(hidden["style"])


def test_footer_has_the_sender_and_the_way_out(newsletter: FilledEmail) -> None:
    footer = BeautifulSoup(newsletter.html, "html.parser").find_all(class_="wpm-footer")[-1]
    assert isinstance(footer, Tag)
    assert "12 Moss Lane" in footer.get_text()
    assert [link["href"] for link in footer.find_all("a")] == [
        "https://shop.example.com/mail/preferences",
        "https://shop.example.com/leave",
    ]


def test_gmail_shows_all_of_it(newsletter: FilledEmail) -> None:
    assert len(newsletter.html.encode()) < options().html_size_limit


def test_checks_find_nothing_in_it() -> None:
    findings = check_email(make_newsletter(), default_site())
    assert [finding.message for finding in findings if finding.level != Level.HINT] == []


def test_every_link_is_numbered_once() -> None:
    links = Personalizer(compiled(make_newsletter())).links
    assert [link.index for link in links] == list(range(len(links)))
    assert len({(link.block_id, link.url) for link in links}) == len(links)


def test_mail_says_the_direction_of_its_language() -> None:
    email = make_newsletter()
    email.locale = Locale.objects.create(language_code="ar")
    html = BeautifulSoup(fill(email).html, "html.parser")
    assert html.html is not None
    assert (html.html["lang"], html.html["dir"]) == ("ar", "rtl")
