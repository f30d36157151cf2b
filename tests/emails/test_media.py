"""Videos, files, galleries, and what is new about images."""

from __future__ import annotations

from typing import Any

import pytest
from bs4 import Tag
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from wagtail.documents import get_document_model
from wagtail.models import Collection, CollectionViewRestriction

from tests.emails.conftest import body_of, image_value, soup, text_of
from tests.factories.emails import COMPILED_AT, compiled, default_site, make_email, make_image, raw_block
from wagtail_precise_mail.emails.blocks.media import row_sizes
from wagtail_precise_mail.emails.body import make_body_block
from wagtail_precise_mail.emails.composition import compose
from wagtail_precise_mail.emails.rights import ImageRights
from wagtail_precise_mail.exceptions import RenderError

pytestmark = pytest.mark.django_db


def video(**overrides: Any) -> dict[str, Any]:
    value = {"image": image_value(make_image(), alt_text=""), "title": "How to warm a pot", "url": "https://youtu.be/x"}
    return raw_block("video", **{**value, **overrides})


def make_document(**overrides: Any) -> Any:
    file = ContentFile(b"x" * 1_363_149, name="tea.pdf")
    return get_document_model().objects.create(**{"title": "A small book of tea", "file": file, **overrides})


def test_video_is_one_picture_with_its_badge_that_leads_to_it() -> None:
    panel = body_of(soup(make_email(video())))
    picture = panel.find("img")
    assert isinstance(picture, Tag)
    assert "mailplay-1f6f5c-ffffff" in str(picture["src"])
    assert picture["alt"] == "Play the video: How to warm a pot"
    assert {link["href"] for link in panel.find_all("a")} == {"https://youtu.be/x"}


def test_video_in_the_text_part_says_what_and_how_long() -> None:
    text = text_of(make_email(video(duration="4:12")))
    assert text == "▶ Watch the video: How to warm a pot (4:12)\nhttps://youtu.be/x"


@pytest.mark.parametrize("url", ["", "javascript:alert(1)"])
def test_video_without_a_harmless_address_is_an_error(url: str) -> None:
    with pytest.raises(RenderError):
        compiled(make_email(video(url=url)))


def test_file_shows_title_type_and_size_with_an_absolute_address() -> None:
    document = make_document()
    email = make_email(raw_block("file", document=document.pk))
    address = f"https://shop.example.com/documents/{document.pk}/tea.pdf"
    assert text_of(email).replace("\xa0", " ") == f"A small book of tea (PDF, 1.3 MB)\n{address}"
    panel = body_of(soup(email))
    assert {link["href"] for link in panel.find_all("a")} == {address}
    assert "PDF" in panel.get_text()


def test_braces_in_the_title_of_a_file_stay_literal() -> None:
    document = make_document(title="{{ contact.email }}")
    assert "{{ contact.email }}" in text_of(make_email(raw_block("file", document=document.pk)))


def test_deleted_file_is_an_error_that_names_the_block() -> None:
    document = make_document()
    email = make_email(raw_block("file", document=document.pk))
    document.delete()
    email.refresh_from_db()
    with pytest.raises(RenderError, match="Choose a file"):
        compiled(email)


def test_private_file_is_flagged() -> None:
    collection = Collection.get_first_root_node().add_child(name="Board")
    restriction = CollectionViewRestriction.PASSWORD
    CollectionViewRestriction.objects.create(collection=collection, restriction_type=restriction, password="x")
    email = make_email(raw_block("file", document=make_document(collection=collection).pk))
    source = compose(email, site=default_site(), base_url="https://x.example", at=COMPILED_AT)
    assert any("private collection" in message for *_place, message in source.context.shared.warnings)


def gallery(count: int, **overrides: Any) -> dict[str, Any]:
    image = make_image()
    items = [
        {"image": image_value(image), "caption": f"No. {number}", "url": f"https://example.org/{number}", **overrides}
        for number in range(1, count + 1)
    ]
    return raw_block("gallery", pictures=items)


@pytest.mark.parametrize("count", range(1, 12))
def test_rows_of_a_gallery_have_no_hole(count: int) -> None:
    sizes = row_sizes(count)
    assert sum(sizes) == count
    assert all(size in (2, 3) for size in sizes) or count == 1


def test_gallery_shows_each_picture_with_its_link() -> None:
    panel = body_of(soup(make_email(gallery(5))))
    links = [str(image.find_parent("a")["href"]) for image in panel.find_all("img")]
    assert links == [f"https://example.org/{number}" for number in range(1, 6)]
    assert [image["width"] for image in panel.find_all("img")] == ["254", "254", "165", "165", "165"]


def test_gallery_in_the_text_part_is_a_list() -> None:
    expected = "- No. 1\n  https://example.org/1\n- No. 2\n  https://example.org/2"
    assert text_of(make_email(gallery(2))) == expected


def test_gallery_without_captions_lists_descriptions() -> None:
    assert text_of(make_email(gallery(2, caption="", url=""))) == "- A fern\n- A fern"


def test_pictures_that_were_deleted_leave_a_gallery() -> None:
    block = gallery(3)
    block["value"]["pictures"][1]["image"]["image"] = 99999
    panel = body_of(soup(make_email(block)))
    assert len(panel.find_all("img")) == 2


@pytest.mark.parametrize(("width", "pixels"), [("full", "520"), ("medium", "343"), ("small", "187")])
def test_image_has_the_width_asked_for(width: str, pixels: str) -> None:
    picture = body_of(soup(make_email(raw_block("image", image=image_value(make_image()), width=width)))).find("img")
    assert isinstance(picture, Tag)
    assert picture["width"] == pixels


def test_credit_of_an_image_stands_below_it() -> None:
    image = make_image()
    ImageRights.objects.create(image=image, credit="Photo: Ada <b>")
    email = make_email(raw_block("image", image=image_value(image), caption="Our garden"))
    assert "Our gardenPhoto: Ada <b>" in body_of(soup(email)).get_text()
    assert text_of(email) == "Our garden\nPhoto: Ada <b>"


@pytest.mark.parametrize(
    ("value", "field"),
    [
        ({"second_label": "Ask us"}, "second_page"),
        ({"second_url": "https://a.example/"}, "second_label"),
        ({"second_label": "Ask us", "second_url": "javascript:alert(1)"}, "second_url"),
        ({"second_label": "{{ nobody }}", "second_url": "https://a.example/"}, "second_label"),
    ],
)
def test_second_button_is_checked_like_the_first(value: dict[str, Any], field: str) -> None:
    block = make_body_block().child_blocks["button"]
    with pytest.raises(ValidationError) as caught:
        block.clean(block.to_python({"label": "Go", "url": "https://a.example/", **value}))
    assert list(caught.value.block_errors) == [field]


def test_two_buttons_stand_side_by_side_also_in_outlook() -> None:
    value = {"label": "Go", "url": "https://a.example/", "second_label": "Ask", "second_url": "https://b.example/"}
    email = make_email(raw_block("button", **value, second_style="outline"))
    html = str(body_of(soup(email)))
    assert html.count('class="wpm-pair"') == 2
    assert html.count("<!--[if mso]></td><td") == 1
    assert text_of(email) == "→ Go\nhttps://a.example/\n→ Ask\nhttps://b.example/"
