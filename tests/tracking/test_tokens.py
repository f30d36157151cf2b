"""The tokens of tracked links: self-contained, short, and good for nothing else."""

from __future__ import annotations

import struct
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wagtail_precise_mail.exceptions import InvalidToken
from wagtail_precise_mail.signing import sign
from wagtail_precise_mail.tracking.tokens import (
    URL_LIMIT,
    ClickToken,
    is_trackable,
    make_click_token,
    make_message_token,
    read_click_token,
    read_message_token,
)

URL = "https://shop.example.com/teapot/?color=blue&size=2#top"


def click_token(url=URL, **overrides):
    return make_click_token(**{"send_id": 5, "message_id": 7, "link_index": 3, "block_id": "", "url": url, **overrides})


def signed(url: bytes) -> str:
    """A click token of ours for an address that ours would not sign."""
    return signed_link(b"\x01\x05" + struct.pack(">HB", 0, 0) + url)


def signed_link(payload: bytes) -> str:
    """A click token with whatever is signed as a link."""
    return f"{sign('link', payload)}.{make_message_token(5, 7)}"


@given(
    send_id=st.integers(0, 2**63 - 1),
    message_id=st.integers(0, 2**63 - 1),
    link_index=st.integers(0, 2**15 - 1),
    block_id=st.one_of(st.just(""), st.uuids().map(str), st.text(max_size=40), st.uuids().map(lambda u: u.hex)),
    path=st.text(st.characters(blacklist_categories=["Cs", "Cc"], blacklist_characters=" \\"), max_size=100),
)
def test_a_click_token_gives_back_what_went_in(send_id, message_id, link_index, block_id, path):
    link = ClickToken(send_id, message_id, link_index, block_id, f"https://example.com/{path}")
    token = make_click_token(send_id, message_id, link_index=link_index, block_id=block_id, url=link.url)
    assert read_click_token(token) == link
    assert token.endswith(f".{make_message_token(send_id, message_id)}")


@given(send_id=st.integers(0, 2**63 - 1), message_id=st.integers(0, 2**63 - 1))
def test_the_token_of_a_message_gives_back_its_ids(send_id, message_id):
    assert read_message_token(make_message_token(send_id, message_id)) == (send_id, message_id)


def test_tokens_are_short():
    assert len(make_message_token(1_234, 123_456)) == 33
    assert len(click_token(block_id=str(uuid.uuid4()))) < 87 + len(URL) * 4 / 3


def test_a_link_of_one_send_is_no_link_of_another():
    link, message = click_token(send_id=5).rsplit(".", 2)[0], make_message_token(6, 7)
    with pytest.raises(InvalidToken, match="not of this message"):
        read_click_token(f"{link}.{message}")
    assert read_click_token(f"{link}.{make_message_token(5, 8)}").message_id == 8


@pytest.mark.parametrize("payload", [b"", b"\x01", b"\x01\x05", b"\x01\x05\x02\x07", b"\x01\x05\x01\x07\x00"])
def test_a_cut_message_or_one_with_more_behind_it_is_refused(payload):
    with pytest.raises(InvalidToken):
        read_message_token(sign("message", payload))


def test_a_token_survives_an_address_bar():
    assert set(click_token()) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.")


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "mailto:ann@example.com",
        "tel:+123",
        "//evil.example",
        "/relative/",
        "",
        "https://",
        "https:///nowhere",
        "ftp://example.com/",
        "https://example.com/\r\nSet-Cookie: a=b",
        "https://example.com/a b",
        "https://example.com\\@evil.example",
        "https://example.com/\x00",
        "https://[broken",
        "https://example.com/" + "a" * URL_LIMIT,
        "https://example.com/" + "ü" * (URL_LIMIT // 6),
    ],
)
class TestWhatIsNoWebAddress:
    def test_it_is_not_signed(self, url):
        assert not is_trackable(url)
        with pytest.raises(ValueError, match="cannot be tracked"):
            click_token(url)

    def test_it_is_not_read_even_with_our_signature(self, url):
        with pytest.raises(InvalidToken):
            read_click_token(signed(url.encode()))


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"\x08short",
        b"\x01\x05",
        b"\x01\x05\x00",
        b"\x01\x05" + struct.pack(">HB", 1, 200),
        b"\x01\x05" + struct.pack(">HB", 1, 255) + b"x",
    ],
)
def test_a_cut_payload_is_refused(payload):
    with pytest.raises(InvalidToken):
        read_click_token(signed_link(payload))


def test_an_address_that_is_no_utf8_is_refused():
    with pytest.raises(InvalidToken):
        read_click_token(signed(b"https://example.com/\xff"))


def test_a_token_is_good_for_its_own_purpose_only():
    with pytest.raises(InvalidToken):
        read_click_token(make_message_token(5, 7))
    with pytest.raises(InvalidToken):
        read_click_token(f"{make_message_token(5, 7)}.{make_message_token(5, 7)}")
    with pytest.raises(InvalidToken):
        read_message_token(click_token())


def test_changing_any_character_breaks_a_token():
    token = click_token()
    for position, character in enumerate(token):
        changed = token[:position] + ("A" if character != "A" else "B") + token[position + 1 :]
        with pytest.raises(InvalidToken):
            read_click_token(changed)


def test_links_in_old_mails_survive_a_new_secret_key(settings):
    settings.SECRET_KEY = "old"
    token = click_token()
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "new", ["old"]
    assert read_click_token(token).url == URL
    settings.SECRET_KEY_FALLBACKS = []
    with pytest.raises(InvalidToken):
        read_click_token(token)


def test_an_address_with_half_a_character_is_left_alone():
    assert not is_trackable("https://example.com/\ud800")
