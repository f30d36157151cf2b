"""What each block shows, in HTML and in text."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import wagtail.admin
from bs4 import Tag
from django.core.exceptions import ValidationError
from wagtail.models import Page

from tests.emails.conftest import body_of, fill, soup, text_of
from tests.factories.commerce import make_category, make_product
from tests.factories.emails import compiled, default_site, make_email, make_image, make_saved_block, raw_block
from tests.testapp.models import StoryPage
from wagtail_precise_mail.commerce.models import Product
from wagtail_precise_mail.emails.body import email_blocks, make_body_block
from wagtail_precise_mail.emails.personalize import Personalizer
from wagtail_precise_mail.exceptions import RenderError

pytestmark = pytest.mark.django_db


def make_article(**overrides: Any) -> StoryPage:
    values = {"title": "Seven ferns", "intro": "They ask for little.", **overrides}
    return default_site().root_page.add_child(instance=StoryPage(**values))


def product_block(product: Product | None, **overrides: Any) -> dict[str, Any]:
    value = {"replacement": None, "layout": "above", "show_price": True, "show_description": False, "link_label": ""}
    return raw_block("product", **{**value, "product": product.pk if product else None, **overrides})


def page_block(page: Page | None, **overrides: Any) -> dict[str, Any]:
    value = {"layout": "above", "max_length": 200, "link_label": ""}
    return raw_block("page", **{**value, "page": page.pk if page else None, **overrides})


@pytest.mark.parametrize("level", ["1", "2", "3"])
def test_heading_is_a_heading_of_its_level(level: str) -> None:
    panel = body_of(soup(make_email(raw_block("heading", title="Ferns & more", level=level))))
    heading = panel.find(f"h{level}")
    assert heading is not None
    assert heading.get_text() == "Ferns & more"


def test_headings_are_underlined_in_the_text_part() -> None:
    blocks = [
        raw_block("heading", title=title, level=level) for title, level in [("One", "1"), ("Two", "2"), ("Three", "3")]
    ]
    assert text_of(make_email(*blocks)) == "One\n===\n\nTwo\n---\n\nThree"


def test_text_keeps_what_every_mail_client_shows_and_nothing_else() -> None:
    content = (
        '<p onclick="x()">a <b>b</b> <i>c</i><br/>d</p><ul><li>e</li></ul><script>f()</script><style>g{}</style>'
        '<iframe src="h"></iframe><p style="position:fixed">j</p><form><input/>k</form><!-- l -->'
        '<svg><a href="//m">m</a></svg>'
    )
    panel = body_of(soup(make_email(raw_block("rich_text", content=content))))
    assert not panel.find_all(["script", "style", "iframe", "form", "input", "svg"])
    assert not panel.find_all(onclick=True)
    assert "position:fixed" not in str(panel)
    words = panel.get_text(" ", strip=True)
    assert words == "a b c d e j k"


def test_lists_look_like_lists_in_the_text_part() -> None:
    content = "<ul><li>one</li><li>two<ul><li>in two</li></ul></li></ul><ol><li>first</li><li>second</li></ol>"
    text = text_of(make_email(raw_block("rich_text", content=content)))
    assert text == "- one\n- two\n  - in two\n\n1. first\n2. second"


def test_long_paragraphs_are_wrapped_in_the_text_part() -> None:
    text = text_of(make_email(raw_block("rich_text", content=f"<p>{'word ' * 60}</p>")))
    assert max(map(len, text.splitlines())) <= 72
    assert text.split() == ["word"] * 60


def test_addresses_of_links_stand_once_below_the_paragraph_in_the_text_part() -> None:
    content = '<p>See <a href="https://a.example/1">one</a>, <a href="https://a.example/1">again</a> and <a href="https://b.example">https://b.example</a>.</p>'
    text = text_of(make_email(raw_block("rich_text", content=content)))
    assert text == "See one [1], again [1] and https://b.example.\n\n[1] https://a.example/1"


def test_links_of_rich_text_are_absolute() -> None:
    page = make_article()
    content = f'<p><a linktype="page" id="{page.pk}">page</a> <a href="/sale?x=1">sale</a></p>'
    panel = body_of(soup(make_email(raw_block("rich_text", content=content))))
    hrefs = [link["href"] for link in panel.find_all("a")]
    assert hrefs == ["https://shop.example.com/seven-ferns/", "https://shop.example.com/sale?x=1"]


def test_link_to_a_deleted_page_becomes_plain_text() -> None:
    panel = body_of(soup(make_email(raw_block("rich_text", content='<p><a linktype="page" id="99999">gone</a></p>'))))
    assert panel.find("a") is None
    assert "gone" in panel.get_text()


def test_button_leads_to_its_page() -> None:
    page = make_article()
    panel = body_of(soup(make_email(raw_block("button", label="Read", page=page.pk, url=""))))
    link = panel.find("a")
    assert isinstance(link, Tag)
    assert link["href"] == "https://shop.example.com/seven-ferns/"
    assert link.get_text() == "Read"


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "JaVa\nScript:alert(1)",
        "data:text/html,x",
        "vbscript:x",
        "\u200bjavascript:x",
        "file:///etc",
        "{{ contact.email }}",
        "https://{{ contact.email }}/",
        "https://x{{ contact.email }}",
        "//{{ contact.email }}",
    ],
)
def test_button_with_an_unsafe_address_is_an_error(url: str) -> None:
    with pytest.raises(RenderError) as caught:
        compiled(make_email(raw_block("button", label="Go", url=url)))
    assert caught.value.block == "Button, block 1"


@pytest.mark.parametrize("url", ["mailto:hello@example.com", "tel:+44117", "#top"])
def test_addresses_that_are_no_web_pages_stay_as_they_are(url: str) -> None:
    email = make_email(raw_block("button", label="Go", url=url))
    assert f'href="{url}"' in fill(email).html
    assert [link.block_id for link in Personalizer(compiled(email)).links] == ["header"]


def test_same_address_in_two_blocks_is_two_links() -> None:
    blocks = [raw_block("button", label=label, url="https://a.example/") for label in ("One", "Two")]
    links = Personalizer(compiled(make_email(*blocks))).links[1:]
    assert [(link.label, link.index) for link in links] == [("One", 1), ("Two", 2)]
    assert [link.block_id for link in links] == [block["id"] for block in blocks]


def image_value(image: Any, **overrides: Any) -> dict[str, Any]:
    inner = {"image": image.pk, "alt_text": "A fern", "decorative": False}
    return {"image": {**inner, **overrides}, "caption": "", "page": None, "url": ""}


def test_image_has_an_absolute_address_twice_the_pixels_and_its_description() -> None:
    panel = body_of(soup(make_email(raw_block("image", **image_value(make_image())))))
    picture = panel.find("img")
    assert isinstance(picture, Tag)
    assert str(picture["src"]).startswith("https://shop.example.com/media/images/")
    assert str(picture["src"]).endswith(".jpg")
    assert ".width-1040." in str(picture["src"])
    assert picture["width"] == "520"
    assert picture["alt"] == "A fern"


def test_image_in_the_text_part_is_its_description() -> None:
    assert text_of(make_email(raw_block("image", **image_value(make_image())))) == "[A fern]"


def test_decorative_image_has_an_empty_description() -> None:
    email = make_email(raw_block("image", **image_value(make_image(), decorative=True)))
    picture = body_of(soup(email)).find("img")
    assert isinstance(picture, Tag)
    assert picture["alt"] == ""
    assert text_of(email) == ""


def test_image_whose_file_is_missing_is_an_error_with_its_name() -> None:
    image = make_image("Fern at noon")
    image.file.storage.delete(image.file.name)
    with pytest.raises(RenderError, match="Fern at noon"):
        compiled(make_email(raw_block("image", **image_value(image))))


def test_small_image_is_not_blown_up() -> None:
    panel = body_of(soup(make_email(raw_block("image", **image_value(make_image(size=(200, 100)))))))
    picture = panel.find("img")
    assert isinstance(picture, Tag)
    assert picture["width"] == "200"


def test_page_shows_its_title_summary_picture_and_link() -> None:
    page = make_article(hero_image=make_image())
    panel = body_of(soup(make_email(page_block(page))))
    assert "Seven ferns" in panel.get_text()
    assert "They ask for little." in panel.get_text()
    assert panel.find("img") is not None
    assert {link["href"] for link in panel.find_all("a")} == {"https://shop.example.com/seven-ferns/"}


def test_page_block_has_one_link_however_often_it_stands_there() -> None:
    links = Personalizer(compiled(make_email(page_block(make_article(hero_image=make_image()))))).links
    assert [link.label for link in links[1:]] == ["Seven ferns"]


@pytest.mark.parametrize(("limit", "shown"), [(200, "word " * 200), (60, "word " * 200), (0, "")])
def test_summary_of_a_page_has_at_most_the_characters_asked_for(limit: int, shown: str) -> None:
    text = text_of(make_email(page_block(make_article(intro="word " * 200), max_length=limit)))
    summary = " ".join(text.split("\n")[1:-1])
    assert len(summary) <= limit
    assert summary.endswith("word…") == bool(shown)
    assert text.endswith("https://shop.example.com/seven-ferns/")


def test_page_without_a_picture_still_fits_the_layout_beside() -> None:
    panel = body_of(soup(make_email(page_block(make_article(), layout="beside"))))
    assert panel.find("img") is None
    assert "Seven ferns" in panel.get_text()


def test_braces_in_the_title_of_a_page_stay_literal() -> None:
    page = make_article(title="{{ contact.email }} <b>", slug="x")
    assert "{{ contact.email }} <b>" in text_of(make_email(page_block(page)), email="a@b.example")


def test_deleted_page_is_an_error_that_names_the_block() -> None:
    page = make_article()
    email = make_email(raw_block("divider", style="line"), page_block(page))
    page.delete()
    email.refresh_from_db()
    with pytest.raises(RenderError) as caught:
        compiled(email)
    assert caught.value.block == "Page, block 2"


def test_unpublished_page_is_an_error() -> None:
    page = make_article()
    page.unpublish()
    with pytest.raises(RenderError, match="“Seven ferns” is not published"):
        compiled(make_email(page_block(page)))


def test_product_shows_name_price_and_link() -> None:
    product = make_product(name="Teapot", price=Decimal("38.00"), url="/shop/teapot/")
    assert text_of(make_email(product_block(product))) == "Teapot, £38.00\nhttps://shop.example.com/shop/teapot/"


def test_price_is_read_when_the_email_is_compiled() -> None:
    product = make_product(name="Teapot", price=Decimal("38.00"))
    email = make_email(product_block(product))
    before = compiled(email)
    Product.objects.update(price=Decimal("29.00"))
    email.refresh_from_db()
    assert compiled(email) != before
    assert text_of(email) == "Teapot, £29.00"


def test_markup_in_the_name_of_a_product_stays_text() -> None:
    product = make_product(name='<img src=x onerror=alert(1)> {{ contact.email }} "')
    panel = body_of(soup(make_email(product_block(product)), email="a@b.example"))
    assert not panel.find_all("img")
    assert '<img src=x onerror=alert(1)> {{ contact.email }} "' in panel.get_text()


def test_product_with_an_unsafe_link_has_none() -> None:
    panel = body_of(soup(make_email(product_block(make_product(name="Teapot", url="javascript:alert(1)")))))
    assert not panel.find_all("a")


def test_sold_out_product_makes_room_for_the_chosen_replacement() -> None:
    tea = make_category()
    sold_out = make_product(name="Teapot", stock_count=0, category=tea)
    make_product(name="A cup", category=tea)
    replacement = make_product(name="Kettle")
    email = make_email(product_block(sold_out, replacement=replacement.pk))
    assert text_of(email).startswith("Kettle,")


def test_sold_out_product_makes_room_for_the_next_of_its_category() -> None:
    tea = make_category()
    sold_out = make_product(name="Teapot", stock_count=0, category=tea)
    make_product(name="Bowl", category=tea, is_published=False)
    make_product(name="Cup", category=tea, stock_count=0)
    make_product(name="Gaiwan", category=tea, stock_count=3)
    make_product(name="Aster")
    assert text_of(make_email(product_block(sold_out))).startswith("Gaiwan,")


def test_replacement_is_no_product_that_the_email_shows_already() -> None:
    tea = make_category()
    cup, bowl = make_product(name="A cup", category=tea), make_product(name="Bowl", category=tea)
    sold_out = make_product(name="Teapot", stock_count=0, category=tea)
    text = text_of(make_email(product_block(sold_out), product_block(cup)))
    assert text.split(",")[0] == bowl.name


def test_sold_out_product_without_a_replacement_says_nothing() -> None:
    email = make_email(raw_block("divider", style="line"), product_block(make_product(name="Teapot", stock_count=0)))
    assert text_of(email) == "* * *"
    assert "Teapot" not in fill(email).html


def test_deleted_product_is_an_error_that_names_the_block() -> None:
    product = make_product()
    email = make_email(product_block(product))
    product.delete()
    email.refresh_from_db()
    with pytest.raises(RenderError) as caught:
        compiled(email)
    assert caught.value.block == "Product, block 1"


def columns(*streams: list[dict[str, Any]], **overrides: Any) -> dict[str, Any]:
    return raw_block("columns", columns=[{"content": one} for one in streams], vertical_align="top", **overrides)


def test_columns_stand_side_by_side_and_follow_each_other_in_the_text_part() -> None:
    block = columns(*([raw_block("rich_text", content=f"<p>{word}</p>")] for word in ("one", "two", "three")))
    panel = body_of(soup(make_email(block)))
    assert len(panel.find_all(class_="wpm-column")) == 3
    assert text_of(make_email(block)) == "one\n\ntwo\n\nthree"


def test_error_in_a_column_names_the_block_inside() -> None:
    with pytest.raises(RenderError) as caught:
        compiled(make_email(columns([product_block(None)])))
    assert caught.value.block == "Product, block 1"


def test_columns_do_not_hold_what_needs_a_section() -> None:
    column = make_body_block().child_blocks["columns"].child_blocks["columns"].child_block.child_blocks["content"]
    assert {"columns", "saved_block"}.isdisjoint(column.child_blocks)


def test_saved_block_shows_its_blocks_with_their_own_ids() -> None:
    inner = raw_block("button", label="Delivery", url="https://a.example/")
    saved = make_saved_block(inner)
    email = make_email(raw_block("saved_block", saved_block=saved.pk))
    assert Personalizer(compiled(email)).links[1].block_id == inner["id"]


def test_saved_blocks_cannot_hold_saved_blocks() -> None:
    assert "saved_block" not in make_saved_block().body.stream_block.child_blocks


@pytest.mark.parametrize(
    ("kind", "value", "field"),
    [
        ("heading", {"title": "Hi {{ contact.first_name }}"}, "title"),
        ("rich_text", {"content": "<p>Hi {{ contact.nobody | default: &quot;x&quot; }}</p>"}, "content"),
        ("rich_text", {"content": "<p>Hi {{ contact.<b>email</b> }}</p>"}, "content"),
        ("button", {"label": "{{ contact.city | shout }}", "url": "https://a.example/"}, "label"),
        ("button", {"label": "Go", "url": "https://a.example/{{ contact.city }}"}, "url"),
        ("button", {"label": "Go", "url": "javascript:alert(1)"}, "url"),
        ("button", {"label": "Go", "url": ""}, "page"),
    ],
)
def test_editor_is_told_at_the_field_what_is_wrong(kind: str, value: dict[str, Any], field: str) -> None:
    block = make_body_block().child_blocks[kind]
    with pytest.raises(ValidationError) as caught:
        block.clean(block.to_python(value))
    assert list(caught.value.block_errors) == [field]


def test_half_written_tag_may_stay_in_a_draft() -> None:
    block = make_body_block().child_blocks["heading"]
    block.clean_deferred(block.to_python({"title": "Hi {{ contact.fir", "level": "2"}))


@pytest.mark.parametrize("kind", list(email_blocks))
def test_every_block_has_a_place_in_the_picker(kind: str) -> None:
    meta = make_body_block().child_blocks[kind].meta
    assert meta.group
    assert meta.description
    assert meta.icon in icon_names()


def icon_names() -> set[str]:
    """The icons of Wagtail, by the names of their files."""
    folder = Path(wagtail.admin.__file__).parent / "templates" / "wagtailadmin" / "icons"
    return {file.stem for file in folder.glob("*.svg")}
