"""What Outlook for Windows reads: conditional comments, and tables that must add up."""

from __future__ import annotations

import re
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from bs4 import BeautifulSoup, Tag
from django.utils import timezone

from tests.emails.test_newsletter import make_newsletter
from tests.factories.blocks import sample_of, samples_of, starter_email
from tests.factories.emails import BASE_URL, default_site, raw_block
from tests.fidelity.structure import outlook_html
from wagtail_precise_mail.emails.body import email_blocks, make_body_block
from wagtail_precise_mail.emails.composition import Written, compile_source, compose
from wagtail_precise_mail.emails.mjml import compile_mjml
from wagtail_precise_mail.emails.personalize import Personalizer
from wagtail_precise_mail.emails.readers import Reader
from wagtail_precise_mail.emails.starters import starters

WIDTH = 600
"""Pixels of every mail."""

PAIRED = ("table", "tbody", "tr", "td", "div", "v:rect", "v:textbox", "v:roundrect", "a", "p", "h1", "h2", "h3")


def html_for_everyone(*blocks: dict[str, Any]) -> list[str]:
    """The HTML of an email of these raw blocks: as members of every segment read it, and as members of none do."""
    email = SimpleNamespace(subject="News", preheader="", body=make_body_block().to_python(list(blocks)))
    return filled(email)


def filled(email: Written) -> list[str]:
    payload = compile_source(compose(email, site=default_site(), base_url=BASE_URL, at=timezone.now()))
    personalizer = Personalizer(SimpleNamespace(payload=payload))
    return [
        personalizer.fill(
            Reader({}, frozenset(segments), {}),
            rewrite_link=lambda link: link.url,
            system={"unsubscribe_url": f"{BASE_URL}/leave"},
        ).html
        for segments in (range(1000), [])
    ]


def pixels(value: object) -> float | None:
    match = re.fullmatch(r"(\d+(?:\.\d+)?)(?:px)?", str(value or ""))
    return float(match[1]) if match else None


def style(tag: Tag) -> dict[str, str]:
    pairs = (part.partition(":") for part in str(tag.get("style") or "").split(";"))
    return {name.strip(): value.strip() for name, _colon, value in pairs}


def width_of(tag: Tag) -> float | None:
    width = pixels(tag.get("width"))
    return pixels(style(tag).get("width")) if width is None else width


def padding_of(tag: Tag) -> float:
    """The pixels left and right of the content of a cell."""
    declared = style(tag)
    words = declared.get("padding", "0").split()
    sides = {1: [0, 0], 2: [1, 1], 3: [1, 1], 4: [1, 3]}[len(words)]
    left = pixels(declared.get("padding-left")) or pixels(words[sides[1]]) or 0
    right = pixels(declared.get("padding-right")) or pixels(words[sides[0]]) or 0
    return left + right


def too_wide(tag: Tag, room: float) -> Iterator[str]:
    """What does not fit into what is around it."""
    for child in tag.find_all(True, recursive=False):
        width = width_of(child) if child.name in ("table", "td", "img", "v:rect", "v:roundrect") else None
        if width is not None and width > room + 1:  # thirds are rounded
            yield f"<{child.name}> of {width:g} pixels in {room:g}"
        cells = child.find_all("td", recursive=False) if child.name == "tr" else []
        if (taken := sum((width_of(cell) or 0) + padding_of(cell) for cell in cells)) > room + 2:
            yield f"cells of {taken:g} pixels in a row of {room:g}"
        if width is not None and child.name != "img":
            yield from too_wide(child, width)  # the width of a cell is that of its content
        else:
            yield from too_wide(child, room - padding_of(child) if child.name == "td" else room)


def check(html: str) -> None:
    assert html.count("<!--[if") == html.count("<![endif]-->")
    seen = outlook_html(html)
    assert "<!--[if" not in seen
    body = seen[seen.index("<body") :]
    for name in PAIRED:
        assert len(re.findall(rf"<{name}[\s>]", body)) == body.count(f"</{name}>"), name
    soup = BeautifulSoup(body, "html.parser")
    tops = [table for table in soup.find_all("table") if table.find_parent("table") is None]
    assert tops
    assert {width_of(table) for table in tops} == {WIDTH}
    assert list(too_wide(soup, WIDTH)) == []


@pytest.mark.slow
@pytest.mark.django_db
@pytest.mark.parametrize("kind", list(email_blocks))
def test_outlook_reads_a_whole_mail_of_each_block(kind: str) -> None:
    for sample in samples_of(kind):
        for html in html_for_everyone(sample):
            check(html)


@pytest.mark.slow
@pytest.mark.django_db
@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_columns_add_up_to_the_width_of_the_mail(count: int) -> None:
    kinds = [kind for kind, block in email_blocks.items() if block.fits_in_column]
    column = {"type": "item", "id": None, "value": {"content": [sample_of(kind) for kind in kinds]}}
    for html in html_for_everyone(raw_block("columns", columns=[column] * count)):
        check(html)


@pytest.mark.django_db
def test_newsletter_adds_up_to_the_width_of_the_mail() -> None:
    for html in filled(make_newsletter()):
        check(html)


@pytest.mark.slow
@pytest.mark.django_db
@pytest.mark.parametrize("key", list(starters))
def test_starter_email_adds_up_to_the_width_of_the_mail(key: str) -> None:
    for html in filled(starter_email(key)):
        check(html)


def plain(section: str) -> str:
    column = "<mj-column><mj-text>a</mj-text></mj-column>"
    return compile_mjml(f"<mjml><mj-body><mj-section {section}>{column}</mj-section></mj-body></mjml>")


def test_mail_that_is_too_wide_is_seen() -> None:
    html = plain('padding="0px"')
    check(html)
    with pytest.raises(AssertionError, match="pixels in"):
        check(html.replace("padding:0px", "padding:0px 40px"))


def test_comment_that_is_not_closed_is_seen() -> None:
    html = plain("")
    with pytest.raises(AssertionError):
        check(html.replace("<![endif]-->", "", 1))


BACKGROUND = """
<mj-section background-url="https://example.org/back.png" background-color="#123456" background-size="cover">
<mj-column><mj-text>On a picture</mj-text></mj-column></mj-section>"""


@pytest.mark.django_db
def test_background_picture_has_its_drawing_for_outlook() -> None:
    for html in html_for_everyone(raw_block("raw_mjml", mjml=BACKGROUND)):
        check(html)
        drawing = BeautifulSoup(outlook_html(html), "html.parser").find("v:rect")
        assert isinstance(drawing, Tag)
        assert pixels(style(drawing)["width"]) == WIDTH
        fill = drawing.find("v:fill")
        assert isinstance(fill, Tag)
        assert fill["src"] == "https://example.org/back.png"
