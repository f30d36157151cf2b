"""Signed values: ours only, for their purpose only, in one spelling only, and valid across key rotation."""

from __future__ import annotations

import base64

import pytest
from django.core.exceptions import SuspiciousOperation
from hypothesis import given
from hypothesis import strategies as st

from wagtail_precise_mail.exceptions import InvalidToken
from wagtail_precise_mail.signing import sign, unsign

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


@given(st.binary(max_size=300), st.text(max_size=20))
def test_what_was_signed_comes_back(payload, purpose):
    assert unsign(purpose, sign(purpose, payload)) == payload


@given(st.binary(max_size=100))
def test_a_token_needs_no_escaping_in_a_url(payload):
    assert set(sign("x", payload)) <= {*ALPHABET, "."}


@given(st.text(max_size=100))
def test_nothing_made_up_is_accepted(token):
    with pytest.raises(InvalidToken):
        unsign("x", token)


def test_another_purpose_is_refused():
    with pytest.raises(InvalidToken):
        unsign("click", sign("open", b"payload"))


def test_purpose_and_payload_cannot_trade_characters():
    signature = sign("ab", b"c").split(".")[1]
    with pytest.raises(InvalidToken):
        unsign("a", f"{base64.urlsafe_b64encode(b'bc').rstrip(b'=').decode()}.{signature}")


def test_every_changed_character_is_noticed():
    token = sign("x", b"some payload")
    for position in range(len(token)):
        for other in ("A", "B", "."):
            changed = token[:position] + other + token[position + 1 :]
            if changed != token:
                with pytest.raises(InvalidToken):
                    unsign("x", changed)


def test_a_second_spelling_of_the_same_bytes_is_refused():
    body, signature = sign("x", b"a").split(".")  # one byte: four unused bits in its second character
    twin = body[0] + ALPHABET[ALPHABET.index(body[1]) + 1]
    assert base64.urlsafe_b64decode(twin + "==") == b"a"
    with pytest.raises(InvalidToken):
        unsign("x", f"{twin}.{signature}")


@pytest.mark.parametrize("change", [str.lower, str.upper, lambda t: t + "=", lambda t: f" {t}", lambda t: t + "\n"])
def test_what_mail_programs_do_to_links_is_noticed(change):
    with pytest.raises(InvalidToken):
        unsign("x", change(sign("x", b"some payload")))


def test_the_signature_has_128_bits():
    assert len(sign("x", b"").partition(".")[2]) == 22


def test_another_site_is_refused(settings):
    token = sign("x", b"a")
    settings.SECRET_KEY = "the key of another site"
    with pytest.raises(InvalidToken):
        unsign("x", token)


def test_a_retired_key_is_still_read_and_no_longer_written(settings):
    old = sign("x", b"a")
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "the new key"
    assert unsign("x", old) == b"a"
    assert sign("x", b"a") != old


def test_a_key_of_bytes_is_as_good_as_one_of_text(settings):
    settings.SECRET_KEY = "key"
    token = sign("x", b"a")
    settings.SECRET_KEY = b"key"
    assert unsign("x", token) == b"a"


def test_a_bad_token_becomes_a_400():
    assert issubclass(InvalidToken, SuspiciousOperation)
