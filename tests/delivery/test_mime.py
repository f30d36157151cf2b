"""Messages as bytes: readable by every program, and closed to injection."""

from __future__ import annotations

import email
import email.policy
from datetime import UTC, datetime
from email.header import decode_header, make_header
from email.utils import parseaddr
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wagtail_precise_mail.delivery import mime
from wagtail_precise_mail.exceptions import InvalidToken, RenderError

AT = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)


def make_parts(**overrides: Any) -> mime.Parts:
    return mime.Parts(
        **{
            "from_name": "Fern & Kettle",
            "from_address": "shop@example.com",
            "to_address": "reader@example.com",
            "subject": "Hello",
            "text": "Hello\n",
            "html": "<p>Hello</p>\n",
            "message_id": "<AQ.abc@example.com>",
            "sent_at": AT,
            **overrides,
        }
    )


def whole(parts: mime.Parts) -> bytes:
    return b"".join(mime.build(parts))


def parse(content: bytes) -> Any:
    return email.message_from_bytes(content, policy=email.policy.default)


def test_both_parts_come_back_as_they_were_written_text_first() -> None:
    text, html = "Grüße, 你好 🌿\n.\n..\n=3D = equals \nFrom me\n", "<p>" + "é" * 5000 + "</p>\n"
    message = parse(whole(make_parts(text=text, html=html)))
    assert message.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
    # The last line end belongs to the boundary (RFC 2046).
    assert [part.get_content().replace("\r\n", "\n") + "\n" for part in message.iter_parts()] == [text, html]
    assert not message.defects


@settings(deadline=None)
@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=400))
def test_any_text_survives(text: str) -> None:
    expected = text.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n")
    content = whole(make_parts(text=text, html=text))
    parts = [part.get_payload(decode=True) for part in parse(content).iter_parts()]
    assert [part.replace(b"\r\n", b"\n").decode() for part in parts] == [expected] * 2
    assert max(map(len, content.split(b"\r\n"))) <= 998
    assert b"\n" not in content.replace(b"\r\n", b"")
    assert content.isascii()


@pytest.mark.parametrize(
    "subject",
    [
        "Hello",
        "Grüße aus dem Laden",
        "你好，" * 40,
        "🌿" * 60,
        "word " * 60,
        "x" * 400,
        "=?utf-8?q?not_an_encoded_word?=",
        '100% off, "really" <now>',
    ],
)
def test_any_subject_comes_back_in_short_lines(subject: str) -> None:
    content = whole(make_parts(subject=subject))
    assert parse(content)["Subject"] == subject.strip()
    assert max(map(len, content.split(b"\r\n"))) <= 78


@pytest.mark.parametrize("name", ["Fern & Kettle", "Müller GmbH", 'Fern, "the" Kettle', "a@b.c", "", "你好" * 30])
def test_any_sender_name_comes_back(name: str) -> None:
    # The older parser: the newer one puts spaces between the encoded words of a long name (RFC 2047 has none).
    raw = email.message_from_bytes(whole(make_parts(from_name=name)))["From"]
    words, address = parseaddr(raw)
    assert (str(make_header(decode_header(words))), address) == (name, "shop@example.com")


@pytest.mark.parametrize("field", ["subject", "from_name", "from_address", "to_address", "reply_to", "unsubscribe_url"])
@pytest.mark.parametrize("end", ["\r\n", "\n", "\r", "\x00", "\x0b", "\x85", "\u2028"])
def test_a_line_end_in_a_header_is_refused(field: str, end: str) -> None:
    value = f"victim@example.com{end}Bcc: all@example.com"
    with pytest.raises(RenderError):
        whole(make_parts(**{field: value}))


def test_processors_cannot_replace_or_break_headers() -> None:
    for headers in ({"Subject": "other"}, {"message-id": "<x@y>"}, {"X-A": "a\r\nBcc: b"}, {"X A": "a"}, {"X:": "a"}):
        with pytest.raises(RenderError):
            whole(make_parts(headers=headers))


def test_one_click_unsubscribe_is_announced_in_headers() -> None:
    url = "https://shop.example.com/mail/unsubscribe/" + "x" * 120 + "/"
    content = whole(make_parts(unsubscribe_url=url))
    # On one line each: some programs do not unfold this header.
    assert f"\r\nList-Unsubscribe: <{url}>\r\n".encode() in content
    assert b"\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" in content


def test_mail_that_nobody_can_unsubscribe_from_has_no_such_headers() -> None:
    assert b"List-Unsubscribe" not in whole(make_parts())


def test_an_international_domain_is_written_in_ascii() -> None:
    content = whole(make_parts(to_address="info@münchen.example"))
    assert b"\r\nTo: info@xn--mnchen-3ya.example\r\n" in content
    assert content.isascii()


def test_an_international_mailbox_is_written_in_utf_8() -> None:
    assert "\r\nTo: jürgen@example.com\r\n".encode() in whole(make_parts(to_address="jürgen@example.com"))


def test_a_message_id_is_the_same_each_time_and_names_its_message() -> None:
    first, again, other = (mime.make_message_id(number, "shop@münchen.example") for number in (77, 77, 78))
    assert first == again != other
    assert first.endswith("@xn--mnchen-3ya.example>")
    assert (mime.read_message_id(first), mime.read_message_id(other)) == (77, 78)


@pytest.mark.parametrize("message_id", ["<abc@example.com>", "<AQ.AAAA@example.com>", "", "<@>"])
def test_a_message_id_of_somebody_else_is_refused(message_id: str) -> None:
    with pytest.raises(InvalidToken):
        mime.read_message_id(message_id)
