"""The seam to mjml-python."""

from __future__ import annotations

import pytest
from bs4 import BeautifulSoup

from wagtail_precise_mail.emails.mjml import compile_mjml
from wagtail_precise_mail.exceptions import RenderError


def document(content: str, head: str = "") -> str:
    body = f"<mj-body><mj-section><mj-column>{content}</mj-column></mj-section></mj-body>"
    return f"<mjml><mj-head>{head}</mj-head>{body}</mjml>"


@pytest.mark.parametrize(
    "alt", ["❤️", "नमस्ते", "שָׁלוֹם", "a\u00a0b\u00ad", 'say "hi"', "C:\\new", "a\nb\tc", "1 < 2 & 3 > 2", "\u200f\u202e"]
)
def test_attributes_survive_the_renderer(alt: str) -> None:
    escaped = alt.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")
    html = compile_mjml(document(f'<mj-image src="x.png" alt="{escaped}" />'))
    image = BeautifulSoup(html, "html.parser").find("img")
    assert image is not None
    assert image["alt"] == alt


def test_title_with_quotes_does_not_end_the_label_of_the_mail() -> None:
    html = compile_mjml(document("<mj-text>x</mj-text>", '<mj-title>A "b" \\ é &lt;c&gt;</mj-title>'))
    soup = BeautifulSoup(html, "html.parser")
    assert soup.title is not None
    assert soup.title.get_text() == 'A "b" \\ é <c>'
    labelled = soup.find(attrs={"aria-label": True})
    assert labelled is not None
    assert labelled["aria-label"] == 'A "b" \\ é <c>'


@pytest.mark.parametrize("content", ["1 < 2", "<P>x<BR>y", "<p>one<p>two", "<b>x</i>", "a & b", "<ul><li>x</ul>"])
def test_loose_html_in_text_is_put_right(content: str) -> None:
    assert "<mj-" not in compile_mjml(document(f"<mj-text>{content}</mj-text>"))


def test_no_font_is_fetched_from_elsewhere() -> None:
    assert "fonts.googleapis" not in compile_mjml(document("<mj-text>x</mj-text>"))


def test_element_that_mjml_does_not_know_is_an_error() -> None:
    with pytest.raises(RenderError, match="mj-foo"):
        compile_mjml(document("<mj-foo>x</mj-foo>"))


def test_error_says_the_line() -> None:
    with pytest.raises(RenderError) as caught:
        compile_mjml(
            "<mjml>\n<mj-body>\n<mj-section><mj-column>\n<mj-include />\n</mj-column></mj-section></mj-body></mjml>"
        )
    assert caught.value.line == 4


def test_deep_nesting_is_refused_before_it_ends_the_process() -> None:
    with pytest.raises(RenderError, match="nested"):
        compile_mjml(document("<mj-text>" + "<div>" * 15_000 + "</mj-text>"))


def test_lone_surrogates_and_nul_do_not_break_it() -> None:
    assert "\ufffd" in compile_mjml(document("<mj-text>a\ud800b\x00c</mj-text>"))


@pytest.mark.parametrize("content", ["x" * 1_000_001, "<b>x</b>" * 10_001], ids=["bytes", "elements"])
def test_source_that_takes_seconds_is_refused(content: str) -> None:
    with pytest.raises(RenderError, match="shorten it"):
        compile_mjml(document(f"<mj-text>{content}</mj-text>"))


def test_line_of_an_error_is_that_of_the_source_and_not_of_what_we_make_of_it() -> None:
    broken = '<mj-text css-class="a\n\n\nb">x</mj-text>\n<mj-include />'
    with pytest.raises(RenderError) as caught:
        compile_mjml(document(broken))
    assert caught.value.line == 5


@pytest.mark.parametrize(
    ("padding", "width"), [("0 40px", 520), ("0 40px 0 40px", 520), ("10px 0", 600), ("0", 600), ("0px 40px", 520)]
)
def test_picture_is_as_wide_as_the_padding_leaves_room(padding: str, width: int) -> None:
    image = '<mj-image src="x.png" padding="0" />'
    section = f'<mj-section padding="{padding}"><mj-column>{image}</mj-column></mj-section>'
    html = compile_mjml(f"<mjml><mj-body>{section}</mj-body></mjml>")
    assert f'width="{width}"' in html
    assert f"width:{width}px;" in html


def test_picture_without_words_is_marked_as_one() -> None:
    assert 'alt=""' in compile_mjml(document('<mj-image src="x.png" />'))
