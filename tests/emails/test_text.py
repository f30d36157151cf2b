"""The plain-text part: lines, lists, tables and addresses as a person would write them."""

from __future__ import annotations

import re

import pytest
from bs4 import BeautifulSoup
from hypothesis import given, settings
from hypothesis import strategies as st

from wagtail_precise_mail.emails.marks import Marks
from wagtail_precise_mail.emails.merge import Tag
from wagtail_precise_mail.emails.mjml import normalize
from wagtail_precise_mail.emails.text import LINE, columns, join, paragraph_text, plain_address, table, underline, wrap

CHINESE = "我们今年夏天在山上采摘的新茶已经到了，欢迎您来店里品尝。"
JAPANESE = "お茶の新しい季節が始まりました。「山の」お茶を、ぜひ飲みませんか？"
THAI = "เราได้เก็บใบชาสดใหม่จากภูเขาในฤดูร้อนนี้และพร้อมให้คุณได้ลิ้มลองที่ร้านของเราแล้ววันนี้"


def text_of(html: str) -> str:
    return paragraph_text(BeautifulSoup(normalize(html), "html.parser"), {}, str)


@pytest.mark.parametrize("words", [CHINESE * 5, JAPANESE * 5, THAI * 4, "Latin words " * 30, f"ABC {CHINESE} def " * 4])
def test_no_line_is_wider_than_readers_expect(words: str) -> None:
    lines = wrap(words).split("\n")
    assert len(lines) > 1
    assert max(map(columns, lines)) <= LINE
    assert min(map(columns, lines[:-1])) > LINE * 0.6
    assert "".join(lines).replace(" ", "") == words.replace(" ", "")


@pytest.mark.parametrize("words", [CHINESE * 9, JAPANESE * 9])
def test_line_of_chinese_or_japanese_does_not_start_with_a_stop(words: str) -> None:
    for line in wrap(words).split("\n"):
        assert line[0] not in "，。」？、"
        assert line[-1] not in "「（"


def test_wide_characters_take_two_columns_and_combining_ones_none() -> None:
    assert [columns(text) for text in ("ab", "茶", "e\u0301", "กำ", "ﾊﾝ", "👩\u200d🍳", "")] == [2, 2, 1, 2, 2, 4, 0]


@pytest.mark.parametrize("words", ["e\u0301", "ก\u0e49"])
def test_character_is_not_torn_from_what_combines_with_it(words: str) -> None:
    for line in wrap(words * 200).split("\n"):
        assert line[0] == words[0]


def test_addresses_stay_whole() -> None:
    address = f"https://example.com/{'x' * 200}"
    assert wrap(f"See {address} now") == f"See\n{address}\nnow"


def test_word_that_is_no_address_and_longer_than_a_line_is_cut() -> None:
    assert max(map(len, wrap("x" * 5000).split("\n"))) == LINE


def test_marks_stay_whole() -> None:
    marks = Marks()
    written = [marks.merge(Tag("contact.first_name", (("default", str(number)),))) for number in range(40)]
    for text in (" ".join(written), "".join(written), "字".join(written), f"{'x' * 100}{''.join(written)}"):
        assert marks.find(wrap(text).replace("\n", " ")) == written


def test_spaces_that_hold_words_together_hold_them_and_are_ordinary_afterwards() -> None:
    text = wrap(f"{'x' * 66} 38,00\u00a0€ for\u202fyou")
    assert text == f"{'x' * 66}\n38,00 € for you"


def test_characters_that_nobody_sees_are_gone() -> None:
    assert wrap("a\u00adb\u200bc\ufeffd \u202eabc\u2066x\x00\x07") == "abcd abcx"


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>one &amp; two&nbsp;three &lt;b&gt;</p>", "one & two three <b>"),
        ("<p>a</p><p></p><p>&nbsp;</p><p>b</p>", "a\n\nb"),
        ("<p>a<br>b  <br/>c</p>", "a\nb\nc"),
        ("<h2>Über uns</h2><p>x</p>", "Über uns\n--------\n\nx"),
        ("<h2>茶</h2>", "茶\n---"),
        ("<ol><li>a</li><li>b<ul><li>c</li></ul></li></ol>", "1. a\n2. b\n   - c"),
        ("<blockquote><p>a</p><p>b</p></blockquote>", "> a\n>\n> b"),
        ("<div><div>a</div>b<span>c</span></div>", "a\n\nbc"),
        (
            "<table><tr><td>Tea</td><td align='right'>9</td></tr><tr><td>Cup</td><td align=right>14</td></tr></table>",
            "Tea   9\nCup  14",
        ),
        ("<table><tr><td><p>only</p></td></tr><tr><td>layout</td></tr></table>", "only\n\nlayout"),
        ("<p>a</p><!-- b --><hr><p>c</p>", "a\n\n* * *\n\nc"),
        ("<p>See <img alt='a fern' src='x'></p>", "See a fern"),
        ("<pre>a\n  b</pre>", "a\n  b"),
        ("", ""),
    ],
)
def test_html_as_a_person_would_write_it(html: str, text: str) -> None:
    assert text_of(html) == text


def test_heading_is_underlined_as_far_as_it_reaches() -> None:
    assert underline("新茶", character="=") == "新茶\n===="


@pytest.mark.parametrize(
    ("href", "shown"),
    [
        ("mailto:hello@example.com?subject=Hi", "hello@example.com"),
        ("tel:+441234", "+441234"),
        ("https://example.com/?a=mailto:x", "https://example.com/?a=mailto:x"),
        ("", ""),
    ],
)
def test_address_is_shown_as_people_write_it(href: str, shown: str) -> None:
    assert plain_address(href) == shown


def test_order_is_a_table_that_stands_straight() -> None:
    rows = [
        ["Description", "Qty", "Amount"],
        None,
        ["Stoneware teapot, thrown by hand in Bristol by people who know what a pot is", "2", "£76.00"],
        ["今年夏天的新茶", "1", "£9.50"],
        None,
        ["Total", "", "£85.50"],
    ]
    assert (
        table(rows, align="lrr")
        == """\
Description                                                  Qty  Amount
------------------------------------------------------------------------
Stoneware teapot, thrown by hand in Bristol by people who      2  £76.00
know what a pot is
今年夏天的新茶                                                 1   £9.50
------------------------------------------------------------------------
Total                                                             £85.50"""
    )


def test_table_with_too_many_columns_is_a_list() -> None:
    text = table([[f"column {number}" for number in range(12)]])
    assert text.startswith("- column 0\n  column 1\n")
    assert max(map(len, text.split("\n"))) <= LINE


def test_table_without_rows_is_nothing() -> None:
    assert table([]) == ""
    assert table([None]) == ""


def test_paragraphs_stand_apart_by_one_empty_line() -> None:
    assert join("a  \n\n\n\nb", "", "  ", "c\n") == "a\n\nb\n\nc"


# For every text whatsoever.

ANY = st.text(st.characters(codec=None), max_size=300)


@settings(max_examples=150, deadline=None)
@given(st.lists(ANY, max_size=8))
def test_any_text_makes_bearable_lines(words: list[str]) -> None:
    written = wrap(" ".join(words))
    for line in written.split("\n"):
        assert len(line.encode()) <= 998 or re.match(r"(?i)https?://|mailto:|tel:|www\.", line)
        assert line == line.rstrip()


@settings(max_examples=150, deadline=None)
@given(st.lists(st.lists(ANY, max_size=5), max_size=6), st.text("lrx", max_size=6))
def test_any_table_is_written(rows: list[list[str]], align: str) -> None:
    for line in table(rows, align=align).split("\n"):
        assert line == line.rstrip()


NAMES = st.sampled_from("p div b i a ul ol li h1 h2 table tr td blockquote pre br hr img span x-y".split())  # noqa: SIM905


def _element(children: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.builds(
        lambda name, inner: f"<{name}>{inner}</{name}>", NAMES, st.lists(children, max_size=4).map("".join)
    )


@settings(max_examples=150, deadline=None)
@given(st.recursive(ANY.map(lambda text: text.replace("<", "&lt;")), _element, max_leaves=12))
def test_any_html_leaves_no_tag_and_no_gap(html: str) -> None:
    text = text_of(html)
    words = BeautifulSoup(normalize(html), "html.parser").get_text()
    assert not re.search(r"</?(p|div|li|td|h1|table)>", text) or re.search(r"</?(p|div|li|td|h1|table)>", words)
    assert "\n\n\n" not in text or "<pre>" in html
    assert not re.search(r"[ \t]+$", text, re.MULTILINE)
