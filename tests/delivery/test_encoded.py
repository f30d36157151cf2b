"""Messages from pieces that were encoded once: they say exactly what the plain filling says, whatever the values."""

from __future__ import annotations

import email
import email.policy
import quopri
import random
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wagtail_precise_mail.delivery import mime
from wagtail_precise_mail.emails.encodings import QUOTED_PRINTABLE, are_plain, quoted_printable
from wagtail_precise_mail.emails.personalize import CommonLink, LinkInfo, Personalizer
from wagtail_precise_mail.emails.readers import Reader

AT = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
SYSTEM = {
    "unsubscribe_url": "https://shop.example.com/unsubscribe/" + "AbC-_9" * 20 + ".sig/",
    "html_tail": '<img src="https://shop.example.com/open/x=y/" alt="">',
}
HOSTILE = [
    "",
    ".",
    "..",
    ".gif",
    "=",
    "=3D",
    "=\r\n",
    "a=",
    "x" * 300,
    "é" * 300,
    "名前",
    "🌿" * 80,
    "e\u0301\ufe0f",
    "trailing ",
    "  leading",
    "two  blanks",
    "{{ contact.email }}",
    "<script>alert(1)</script>",
    "\"'&<>",
    "Bcc: all@example.com\r\nX: y",
    "line\nbreak",
    "\x00\x07\x1b",
    "\u202egnp.exe",
    "\ud800",
    "From me",
    "--=_boundary",
    "O'Brien",
    "tab\there",
    "\xa0",
    "y" * 1_000_000,
]


def make_payload(*, is_varied: bool = False) -> dict[str, Any]:
    def merge(name: str, escape: str, *filters: list[str]) -> dict[str, Any]:
        return {"merge": {"field": f"contact.{name}", "filters": list(filters), "escape": escape}}

    html: list[Any] = [
        "<!doctype html>\n<html><body>\n",
        merge("a", "html", ["default", "friend"]),
        ".gif\n.dot at the start, = and trailing blank \n",
        '<a href="',
        {"link": 0},
        '">Grüße</a>',
        merge("b", "html"),
        merge("a", "html", ["default", "friend"]),
        "." * 200,
        {"system": "html_tail"},
        "\n</body></html>\n",
    ]
    text: list[Any] = ["Hello ", merge("a", "text", ["default", "friend"]), ",\n\n.\n", {"link": 0}, "\n"]
    if is_varied:
        text += [{"if": ["in", 1], "parts": ["\n\nOnly some.\n\n"]}, "\n\n\nEnd.\n"]
    return {
        "version": 2,
        "language": "en",
        "subject": ["Hi ", merge("a", "header", ["default", "friend"])],
        "preheader": [],
        "html": html,
        "text": [*text, {"system": "unsubscribe_url"}, "\n"],
        "links": [
            {"url": ["https://a.example/?q=", {**merge("b", "url")["merge"]}, "&x=1"], "block_id": "", "label": ""}
        ],
    }


def parts_of(personalizer: Personalizer, reader: Reader) -> tuple[bytes, Any, Any]:
    """The bytes of the message, the message as Python's parser reads it, and what the plain filling says."""
    encoded = personalizer.encode(reader, rewrite_link=lambda link: link.url, system=SYSTEM)
    plain = personalizer.fill(reader, rewrite_link=lambda link: link.url, system=SYSTEM)
    pieces = mime.build(
        mime.Parts(
            from_name="Shop",
            from_address="shop@example.com",
            to_address="reader@example.com",
            subject=encoded.subject,
            text=encoded.text,
            html=encoded.html,
            message_id="<AQ.abc@example.com>",
            sent_at=AT,
        )
    )
    content = b"".join(pieces)
    return content, email.message_from_bytes(content, policy=email.policy.default), plain


def check(personalizer: Personalizer, reader: Reader) -> None:
    content, message, plain = parts_of(personalizer, reader)
    assert not message.defects
    assert not any(part.defects for part in message.walk())
    text, html = (part.get_payload(decode=True).decode() for part in message.iter_parts())
    assert html.replace("\r\n", "\n") == plain.html
    assert text.replace("\r\n", "\n") == plain.text
    assert message["Subject"] == " ".join(plain.subject.split())
    lines = content.split(b"\r\n")
    assert max(map(len, lines)) <= 78
    assert not any(line.startswith(b".") for line in lines)
    assert b"\n" not in content.replace(b"\r\n", b"")
    assert content.isascii()


@pytest.mark.slow
def test_600_hostile_messages_come_back_equal() -> None:
    chosen = random.Random(600)
    personalizers = [Personalizer(SimpleNamespace(payload=make_payload(is_varied=one))) for one in (False, True)]
    for number in range(600):
        values = {"contact.a": chosen.choice(HOSTILE), "contact.b": chosen.choice(HOSTILE)}
        check(personalizers[number % 2], Reader(values, frozenset({number % 3})))


@settings(deadline=None, max_examples=150)
@given(st.text(max_size=120), st.text(max_size=120))
def test_any_values_come_back_equal(a: str, b: str) -> None:
    check(Personalizer(SimpleNamespace(payload=make_payload())), Reader({"contact.a": a, "contact.b": b}))


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=200))
def test_quoted_printable_has_short_lines_and_none_with_a_leading_dot(text: str) -> None:
    lines = quoted_printable(text).split(b"\r\n")
    assert max(map(len, lines)) <= 76
    assert not any(line.startswith(b".") for line in lines)


@given(st.text(max_size=40))
def test_plain_values_are_their_own_encoding(value: str) -> None:
    if value and are_plain([value]):
        assert QUOTED_PRINTABLE.open_value(value) == value.encode()
        assert not set(value) & set("&<>\"'=")


def test_common_links_stand_with_the_ending_of_each_message_wherever_they_are_shown() -> None:
    payload = make_payload(is_varied=True)
    payload["links"].append({"url": ["https://b.example/?x=1&y=.2"], "block_id": "", "label": ""})
    payload["html"] += [{"if": ["in", 1], "parts": ['<a href="', {"link": 1}, '">Only some</a>']}]
    payload["text"] += [{"link": 1}, "\n"]
    plain = Personalizer(SimpleNamespace(payload=payload))
    assert [link.index for link in plain.fixed_links] == [1]
    for ending in ("own-part/", ".odd=part&", ""):
        common = {1: CommonLink("https://t.example/?a&b=" + "x" * 90 + ".", has_ending=bool(ending))}
        personalizer = Personalizer(SimpleNamespace(payload=payload), common_links=common)

        def rewrite(link: LinkInfo, url: str = common[1].url + ending) -> str:
            return url if link.index == 1 else link.url

        for segments in (frozenset[int](), frozenset({1})):
            reader = Reader({"contact.a": "Ada", "contact.b": "x"}, segments)
            encoded = personalizer.encode(reader, rewrite_link=rewrite, system=SYSTEM, link_ending=ending)
            filled = plain.fill(reader, rewrite_link=rewrite, system=SYSTEM)
            for pieces, said in ((encoded.html, filled.html), (encoded.text, filled.text)):
                content = b"".join(pieces)
                assert not any(line.startswith(b".") for line in content.split(b"\r\n"))
                assert quopri.decodestring(content).decode().replace("\r\n", "\n") == said
            assert ("Only some" in filled.html) is bool(segments)


def test_what_all_contacts_share_is_encoded_once() -> None:
    personalizer = Personalizer(SimpleNamespace(payload=make_payload()))
    for name in ("Ada", "Bob"):
        reader = Reader({"contact.a": name, "contact.b": "x"})
        personalizer.encode(reader, rewrite_link=lambda link: link.url, system=SYSTEM)
    program = personalizer._encoded_html
    assert program is personalizer._encoded_html
    assert all(isinstance(piece, bytes) for piece in program._literals)
