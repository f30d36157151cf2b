"""Styles that ask to be inlined."""

from __future__ import annotations

import re

import pytest
from bs4 import BeautifulSoup, Tag

from wagtail_precise_mail.emails.marks import Marks, Place
from wagtail_precise_mail.emails.mjml import compile_mjml

TEXT = '<mj-text><a class="loud" href="https://example.org/">A</a></mj-text>'
BODY = f'<mj-section css-class="x"><mj-column>{TEXT}</mj-column></mj-section>'


def document(css: str, body: str = BODY, *, where: str = "head") -> str:
    style = f'<mj-style inline="inline">{css}</mj-style>' if css else ""
    head, start = (style, "") if where == "head" else ("", style)
    head += "<mj-style>.kept { color: blue }</mj-style>"
    return f"<mjml><mj-head>{head}</mj-head><mj-body>{start}{body}</mj-body></mjml>"


def link(html: str) -> Tag:
    tag = BeautifulSoup(html, "html.parser").find("a")
    assert isinstance(tag, Tag)
    return tag


def steps(html: str) -> list[str]:
    """Elements, comments and words, without what inlining may change."""
    body = html[html.index("<body") :]
    return re.findall(r"<!--(?:\[if[^\]]*\]>)?|<!\[endif\]-->|-->|</?[a-zA-Z][\w:]*|wpm\w+", body)


@pytest.mark.parametrize("where", ["head", "body"])
def test_style_is_inlined_wherever_it_stands(where: str) -> None:
    html = compile_mjml(document(".loud { color: red; font-weight: bold }", where=where))
    assert "color: red" in str(link(html)["style"])
    assert ".loud" not in html


def test_other_styles_stay_in_the_head() -> None:
    html = compile_mjml(document(".loud { color: red }"))
    assert ".kept { color: blue }" in html
    assert "@media only screen" in html


def test_style_in_the_body_moves_to_the_head_once() -> None:
    body = f"<mj-style>.mine {{ color: green }}</mj-style>{BODY}" * 3
    html = compile_mjml(f"<mjml><mj-body>{body}</mj-body></mjml>")
    assert html.count(".mine { color: green }") == 1
    assert html.index(".mine") < html.index("<body")


def test_media_query_among_inlined_styles_stays_in_the_head() -> None:
    html = compile_mjml(document("@media (max-width: 400px) { .loud { color: blue } } .loud { color: red }"))
    assert "color: red" in str(link(html)["style"])
    assert "color: blue" not in str(link(html)["style"])
    assert "@media (max-width: 400px)" in html[: html.index("<body")]


def test_style_reaches_the_table_of_a_section() -> None:
    html = compile_mjml(document(".x > table { border: 1px solid #ccc }"))
    assert "border: 1px solid #ccc" in html


@pytest.mark.parametrize("css", ["}}}{{", "a {", "@", "<b>", ".loud { color: }"])
def test_broken_style_breaks_no_mail(css: str) -> None:
    assert steps(compile_mjml(document(css))) == steps(compile_mjml(document("")))


def test_inlining_changes_nothing_but_styles() -> None:
    plain, styled = compile_mjml(document("")), compile_mjml(document(".loud { color: red }"))
    assert steps(plain) == steps(styled)
    assert plain.count("<!--[if") == styled.count("<!--[if") > 0


@pytest.mark.parametrize("place", list(Place))
def test_marks_of_regions_stay_where_they_are(place: Place) -> None:
    marks = Marks()

    def region(content: str, name: Place) -> str:
        return marks.region({"if": ["in", 1]}, content, name) if name == place else content

    text = f"<mj-text>{region('words', Place.INLINE)}</mj-text>"
    rows = region("<tr><td>one</td></tr>", Place.ROW)
    table = f"<mj-table><tbody>{rows}<tr><td>two</td></tr></tbody></mj-table>"
    column = f"<mj-column>{region(text, Place.COLUMN)}{table}</mj-column>"
    section = f"<mj-section>{column}<mj-column><mj-text>b</mj-text></mj-column></mj-section>"
    body = f"<mj-wrapper>{region(section, Place.SECTION)}{section}</mj-wrapper>{region(section, Place.SECTION)}"
    plain, styled = compile_mjml(document("", body)), compile_mjml(document("td { color: red }", body))
    assert marks.find(plain)
    assert steps(plain) == steps(styled)


def test_words_between_rows_stay_where_they_are() -> None:
    table = "<mj-table><tr><td>1</td></tr>LOOSE<tr><td>2</td></tr></mj-table>"
    html = compile_mjml(document("td { color: red }", f"<mj-section><mj-column>{table}</mj-column></mj-section>"))
    assert re.search(r"</tr>\s*LOOSE\s*<tr", html)


def test_mark_in_front_of_the_first_row_stays_with_its_row() -> None:
    marks = Marks()
    row = marks.region({"if": ["in", 1]}, "<tr><td>1</td></tr>", Place.ROW)
    table = f"<mj-table>{row}<tr><td>2</td></tr></mj-table>"
    html = compile_mjml(document("td { color: red }", f"<mj-section><mj-column>{table}</mj-column></mj-section>"))
    assert re.search(r"<tbody><!--wpm\w+--><tr>.*</tr><!--wpm\w+--><tr>", html)
