"""The comparison itself: it sees what differs, and nothing else."""

from __future__ import annotations

import pytest

from tests.fidelity.listed import unexplained
from tests.fidelity.structure import compare, outlook_html, tokens_of


@pytest.mark.parametrize(
    ("ours", "official"),
    [
        ('<p class="a b" id=x>y</p>', "<p id='x' class=\"b  a\">\n y </p>"),
        ('<p style="color:#fff;margin:0px">', '<p style="margin: 0; color: #ffffff;">'),
        ("<br>", "<br />"),
        ('<p title="&quot;">&amp;</p>', "<p title='\"'>&#38;</p>"),
        ("<style>a{b:c;d:e}</style>", "<style> a { d: e; b: c }\n</style>"),
        ("<style>@media x{a,b{c:d}}</style>", "<style>@media x { b, a { c: d; } }</style>"),
        (
            "<!--[if mso | IE]><tr><![endif]--><!--[if mso | IE]><td><![endif]-->",
            "<!--[if mso | IE]><tr><td><![endif]-->",
        ),
        ('<input id="00000001">', '<input id="c808dc2119fd893e">'),
    ],
)
def test_same_structure_is_the_same(ours: str, official: str) -> None:
    comparison = compare(ours, official)
    assert comparison.differences == []
    assert comparison.similarity == 1


@pytest.mark.parametrize(
    ("ours", "official"),
    [
        ("<p></p>", "<div></div>"),
        ('<td width="600">', '<td width="520">'),
        ('<td style="width:600px">', '<td style="width:520px">'),
        ('<p style="color:red;color:blue">', '<p style="color:blue;color:red">'),
        ("<!--[if mso]><td><![endif]-->", "<td>"),
        ("<!--[if mso]><td><![endif]-->", "<!--[if !mso]><td><![endif]-->"),
        ("<!--[if mso]><td width='1'><![endif]-->", "<!--[if mso]><td><![endif]-->"),
        ("<style>@media x{a{b:c}}</style>", "<style>a{b:c}</style>"),
        ("one", "two"),
        ("<p></p><div></div>", "<div></div><p></p>"),
    ],
)
def test_other_structure_is_a_difference_that_nothing_explains(ours: str, official: str) -> None:
    comparison = compare(ours, official)
    assert comparison.similarity < 1
    assert unexplained(comparison.differences)


def test_outlook_reads_its_own_comments_and_not_those_of_others() -> None:
    html = "<!--[if mso | IE]><td><![endif]-->a<!--[if !mso]><!-->b<!--<![endif]--><!--[if lt mso 12]>c<![endif]-->"
    assert outlook_html(html) == "<td>ac"


def test_comments_for_outlook_are_read_like_the_rest() -> None:
    assert [token.name for token in tokens_of("<!--[if mso]><v:rect fill='a'><![endif]-->")] == ["mso", "v:rect", "end"]
