"""Signed values for links in mails: short, tied to their purpose, and valid across key rotation.

A token is ``payload.signature`` in URL-safe base64. The signature is an HMAC-SHA256 of purpose and payload cut to
128 bits (RFC 2104 allows half the hash). ``SECRET_KEY_FALLBACKS`` keep the links in old mails working.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterator
from functools import cache
from typing import Any, TypeAlias

from django.conf import settings
from django.core.signals import setting_changed

from wagtail_precise_mail.exceptions import InvalidToken

_SIGNATURE_BYTES = 16
_BLOCK_BYTES = 64
_Keyed: TypeAlias = "tuple[hashlib._Hash, hashlib._Hash]"
_URL_SAFE = bytes.maketrans(b"+/", b"-_")


def sign(purpose: str, payload: bytes) -> str:
    """Return a URL-safe token for ``payload`` that :func:`unsign` accepts for the same ``purpose`` only."""
    encode = binascii.b2a_base64
    signature = _signature(_keyed(_keys()[0], purpose), payload)
    token = encode(payload, newline=False) + b"." + encode(signature, newline=False)
    return token.translate(_URL_SAFE, b"=").decode()


def unsign(purpose: str, token: str) -> bytes:
    """Return the payload of a token.

    Raises:
        InvalidToken: malformed, tampered with, or signed for another purpose or by another site.
    """
    body, dot, signature = token.partition(".")
    try:
        payload, given = _decode(body), _decode(signature)
    except (ValueError, binascii.Error, UnicodeEncodeError):
        raise InvalidToken("This link is damaged.") from None
    if not dot or not any(hmac.compare_digest(_signature(_keyed(key, purpose), payload), given) for key in _keys()):
        raise InvalidToken("This link was not made by this site, or was changed.")
    return payload


def _signature(keyed: _Keyed, payload: bytes) -> bytes:
    # HMAC by its definition (RFC 2104), from hashes that have read the key already: a mail has several signatures, and
    # hmac.digest takes twice as long, most of it to begin with the same key again.
    begun, ending = keyed
    inner, outer = begun.copy(), ending.copy()
    inner.update(payload)
    outer.update(inner.digest())
    return outer.digest()[:_SIGNATURE_BYTES]


@cache
def _keyed(key: bytes, purpose: str) -> _Keyed:
    """Return the hashes of a key (one block at most): the inside, which a payload goes on from, and the outside."""
    block = key.ljust(_BLOCK_BYTES, b"\0")
    inside = bytes(byte ^ 0x36 for byte in block) + purpose.encode() + b"\0"
    return hashlib.sha256(inside), hashlib.sha256(bytes(byte ^ 0x5C for byte in block))


@cache
def _keys() -> tuple[bytes, ...]:
    return tuple(_derived_keys())


def _derived_keys() -> Iterator[bytes]:
    for secret in [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]:
        raw = secret if isinstance(secret, bytes) else secret.encode()
        yield hashlib.sha256(b"wagtail_precise_mail.signing\0" + raw).digest()


def _forget(*, setting: str, **kwargs: Any) -> None:
    if setting in ("SECRET_KEY", "SECRET_KEY_FALLBACKS"):
        _keys.cache_clear()
        _keyed.cache_clear()


setting_changed.connect(_forget)


def _encode(value: bytes) -> str:
    # What base64.urlsafe_b64encode does, without its detours.
    return binascii.b2a_base64(value, newline=False).translate(_URL_SAFE, b"=").decode()


def _decode(value: str) -> bytes:
    raw = value.encode("ascii")
    decoded = base64.b64decode(raw + b"=" * (-len(raw) % 4), altchars=b"-_", validate=True)
    if _encode(decoded) != value:  # one value, one token: no second spelling of the unused bits
        raise ValueError("not canonical")
    return decoded
