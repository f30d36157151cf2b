"""Words of pages never become merge tags."""

from __future__ import annotations

from typing import Any

import pytest
from bs4 import BeautifulSoup
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.emails.conftest import fill
from tests.factories.pages import make_page
from wagtail_precise_mail.emails.bridge.literal import literal, literal_rich_text
from wagtail_precise_mail.emails.bridge.making import email_from_page
from wagtail_precise_mail.emails.merge import parse

HOSTILE = 'Dear {{ contact.email }} & {{{contact.first_name | default: "x"}}} {{ nothing'
BRACES = st.text(alphabet='{} ab.|"<>&', max_size=40)


def visible(text: str) -> str:
    return text.replace("\u2060", "")


@given(BRACES)
def test_no_text_of_a_page_holds_a_tag_and_all_of_it_reads_the_same(text: str) -> None:
    written = literal(text)
    assert all(isinstance(part, str) for part in parse(written))
    assert visible(written) == text


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["", "b", "i", "a"]), BRACES), max_size=6))
def test_no_rich_text_of_a_page_holds_a_tag_whatever_is_formatted(parts: list[tuple[str, str]]) -> None:
    soup = BeautifulSoup("<p></p>", "html.parser")
    for name, text in parts:
        tag = soup.new_tag(name or "span", href=text) if name == "a" else soup.new_tag(name or "span")
        tag.append(text)
        soup.p.append(tag)
    written = BeautifulSoup(literal_rich_text(str(soup)), "html.parser")
    assert all(isinstance(part, str) for part in parse(written.get_text()))
    assert all("{{" not in tag["href"] for tag in written.find_all("a"))
    assert "".join(visible(written.get_text()).split()) == "".join(soup.get_text().split())


@pytest.mark.parametrize("source", ["&#123;&#123; contact.email }}", "&lbrace;{ contact.email }}", "{<b>{</b> x }}"])
def test_braces_in_disguise_are_braces(source: str) -> None:
    text = BeautifulSoup(literal_rich_text(f"<p>{source}</p>"), "html.parser").get_text()
    assert all(isinstance(part, str) for part in parse(text))


def test_links_keep_their_braces_as_codes() -> None:
    assert literal("https://x.example/?q={{ contact.email }}") == "https://x.example/?q={{ contact.email }}".replace(
        "{{ ", "{\u2060{ "
    ), "with a space it is no address"
    assert literal("https://x.example/?q={{contact.email}}") == "https://x.example/?q=%7B%7Bcontact.email%7D%7D"
    link = literal_rich_text('<p><a href="https://x.example/?q={{ contact.email }}">x</a></p>')
    assert 'href="https://x.example/?q=%7B%7B contact.email %7D%7D"' in link


@pytest.mark.parametrize("source", ["<p>Nothing &amp; nobody</p>", '<p><a linktype="page" id="3">x</a><br/></p>'])
def test_text_without_braces_is_not_touched(source: str) -> None:
    assert literal_rich_text(source) is source


@pytest.mark.django_db
def test_email_from_a_hostile_page_shows_its_words_and_fills_nothing_in() -> None:
    page = make_page(
        ("heading", HOSTILE),
        ("words", f"<p>{HOSTILE.replace('&', '&amp;')}<a href='https://evil.example/{{{{contact.email}}}}'>x</a></p>"),
        ("plain", HOSTILE),
        ("quote", HOSTILE),
        title=f"<script>alert(1)</script> {HOSTILE}",
        search_description=f"{HOSTILE}\r\nBcc: x@example.com",
    )
    made = email_from_page(page, by=None)
    filled = fill(made.email, email="ada@example.com", first_name="Ada")
    for part in (filled.subject, filled.text, filled.html, filled.preheader):
        assert "ada@example.com" not in part
        assert "Ada" not in part
    assert visible(filled.subject) == f"<script>alert(1)</script> {HOSTILE}"
    assert "\n" not in filled.subject + filled.preheader
    assert "<script" not in filled.html
    assert visible(BeautifulSoup(filled.html, "html.parser").get_text()).count("{{ contact.email }}") >= 5
    assert visible(filled.text).count("{{ contact.email }}") >= 4


@pytest.mark.django_db
def test_merge_fields_inside_columns_are_literal_too(monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.testapp.models import MixedPage

    def box(value: Any) -> list[tuple[str, Any]]:
        return [("columns", {"columns": [{"content": [("heading", {"title": value["title"]})]}]})]

    monkeypatch.setattr(MixedPage, "email_blocks", {"box": box})
    page = make_page(("box", {"title": "{{ contact.email }}", "text": "<p>x</p>"}))
    body = email_from_page(page, by=None).email.body
    column = next(child for child in body if child.block_type == "columns").value["columns"][0]["content"]
    assert column[0].value["title"] == "{\u2060{ contact.email }}"
