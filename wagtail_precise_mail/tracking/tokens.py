"""The tokens in tracked mails. Each holds all that is needed, so that resolving one asks no table.

A tracked link has two parts, each signed by itself: the *link*, which says where it leads and is the same in all
messages of a send, and the *message*, which is the same in all links of a message. So a message is signed once, however
many links are in it. Both name their send: parts of two sends make no token together.
"""

from __future__ import annotations

import re
import struct
import uuid
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from urllib.parse import urlsplit

from django.utils.encoding import iri_to_uri

from wagtail_precise_mail.exceptions import InvalidToken
from wagtail_precise_mail.signing import sign, unsign

URL_LIMIT = 2000
"""Characters of an encoded address. Longer links stay untracked: browsers and gateways cut them off."""

_OF_MESSAGE = "message"
_OF_LINK = "link"
_VISIT = "visit"
_VISITOR = "visitor"
_STAMPED = struct.Struct(">QQ")
_LINK = struct.Struct(">HB")
# The highest bit of the number of a link says that it leads to a page of ours.
_OWN_PAGE = 0x8000
TRAP_INDEX = 0x7FFF
"""The number of the hidden link; the others stay below."""
# Blocks of a StreamField are named by UUIDs: 16 bytes instead of 36. This length says so.
_UUID = 255

# Nothing that could split the Location header, and no backslash, which browsers read as a slash.
_FORBIDDEN = re.compile(r"[\x00-\x20\x7f\\]")


@dataclass(frozen=True)
class ClickToken:
    """What a tracked link knows about itself.

    Attributes:
        is_own_page: whether it led to a site of ours when the mail left: then the page may know who comes.
    """

    send_id: int
    message_id: int
    link_index: int
    block_id: str
    url: str
    is_own_page: bool = False

    @property
    def is_trap(self) -> bool:
        """Whether it is the hidden link."""
        return self.link_index == TRAP_INDEX


def make_message_token(send_id: int, message_id: int) -> str:
    """Return the token of one outbox message: that of its pixel, and the end of all its links."""
    return sign(_OF_MESSAGE, _pack_id(send_id) + _pack_id(message_id))


def read_message_token(token: str) -> tuple[int, int]:
    """Return the ids of a send and of its outbox message.

    Raises:
        InvalidToken: damaged, changed, or not ours.
    """
    send_id, rest = _unpack_id(unsign(_OF_MESSAGE, token))
    message_id, rest = _unpack_id(rest)
    if rest:
        raise InvalidToken("This link is damaged.")
    return send_id, message_id


@lru_cache(maxsize=5000)
def is_trackable(url: str) -> bool:
    """Whether a link may lead through ours: a web address of a sane length (not mailto: and the like)."""
    try:
        is_long, parts = len(iri_to_uri(url)) > URL_LIMIT, urlsplit(url)
    except ValueError:  # half a character (a lone surrogate), or brackets that close nothing
        return False
    if is_long or _FORBIDDEN.search(url):
        return False
    return parts.scheme in ("http", "https") and bool(parts.netloc)


def make_link_token(send_id: int, *, link_index: int, block_id: str, url: str, is_own_page: bool = False) -> str:
    """Return the token of one link in all messages of a send; with that of a message behind it, a click is known.

    Args:
        link_index: below ``TRAP_INDEX``, or that for the hidden link.
        is_own_page: whether the page is on a site of ours.

    Raises:
        ValueError: the address is not :func:`is_trackable`, or the block's id is too long, or there are too many links.
    """
    if not is_trackable(url):
        raise ValueError(f"{url[:100]!r} cannot be tracked.")
    if not 0 <= link_index <= TRAP_INDEX:
        raise ValueError(f"A mail has no link number {link_index}.")
    length, block = _pack_block(block_id)
    number = link_index | _OWN_PAGE if is_own_page else link_index
    return sign(_OF_LINK, _pack_id(send_id) + _LINK.pack(number, length) + block + url.encode())


def make_click_token(
    send_id: int, message_id: int, *, link_index: int, block_id: str, url: str, is_own_page: bool = False
) -> str:
    """Return the token of one link in one outbox message; see :func:`make_link_token`."""
    link = make_link_token(send_id, link_index=link_index, block_id=block_id, url=url, is_own_page=is_own_page)
    return f"{link}.{make_message_token(send_id, message_id)}"


def read_click_token(token: str) -> ClickToken:
    """Return what a tracked link knows.

    Raises:
        InvalidToken: damaged, changed, not ours, put together of two sends, or not leading to a web address.
    """
    link, _dot, signed_message = token.rpartition(".")
    link, _dot, message = link.rpartition(".")
    send_id, message_id = read_message_token(f"{message}.{signed_message}")
    send_of_link, payload = _unpack_id(unsign(_OF_LINK, link))
    if send_of_link != send_id:
        raise InvalidToken("This link is not of this message.")
    try:
        number, length = _LINK.unpack_from(payload)
        end = _LINK.size + (16 if length == _UUID else length)
        block_id, url = _unpack_block(length, payload[_LINK.size : end]), payload[end:].decode()
    except (struct.error, ValueError):
        raise InvalidToken("This link is damaged.") from None
    # The signature vouches for it already; checked again because an open redirect is worth two locks.
    if not is_trackable(url):
        raise InvalidToken("This link leads nowhere.")
    return ClickToken(send_id, message_id, number & ~_OWN_PAGE, block_id, url, bool(number & _OWN_PAGE))


def make_visit_token(message_id: int, at: datetime) -> str:
    """Return what an address of ours carries from a click to the page behind it."""
    return sign(_VISIT, _stamp(message_id, at))


def read_visit_token(token: str, *, at: datetime, seconds: int) -> int:
    """Return the outbox message id behind a click.

    Args:
        seconds: after how long the token is worth nothing.

    Raises:
        InvalidToken: damaged, changed, not ours, or too old.
    """
    return _read_stamp(unsign(_VISIT, token), at, seconds)


def make_visitor_token(message_id: int, at: datetime) -> str:
    """Return the value of the cookie by which the site knows a visitor."""
    return sign(_VISITOR, _stamp(message_id, at))


def read_visitor_token(token: str, *, at: datetime, seconds: int) -> int:
    """Return the outbox message id in the cookie of a visitor; see :func:`read_visit_token`."""
    return _read_stamp(unsign(_VISITOR, token), at, seconds)


def _stamp(message_id: int, at: datetime) -> bytes:
    return _STAMPED.pack(message_id, int(at.timestamp()))


def _read_stamp(payload: bytes, at: datetime, seconds: int) -> int:
    try:
        message_id, moment = _STAMPED.unpack(payload)
    except struct.error:
        raise InvalidToken("This link is damaged.") from None
    # A minute ahead: the clocks of two servers differ.
    if not -60 <= at.timestamp() - moment <= seconds:
        raise InvalidToken("This link is too old.")
    return int(message_id)


def _pack_id(number: int) -> bytes:
    """Return an id in as few bytes as it needs, with their number in front."""
    length = (number.bit_length() + 7) // 8
    return bytes([length]) + number.to_bytes(length, "big")


def _unpack_id(payload: bytes) -> tuple[int, bytes]:
    """Return an id and what stands behind it."""
    end = 1 + payload[0] if payload else 1
    if end > len(payload):
        raise InvalidToken("This link is damaged.")
    return int.from_bytes(payload[1:end], "big"), payload[end:]


@lru_cache(maxsize=5000)
def _pack_block(block_id: str) -> tuple[int, bytes]:
    try:
        as_uuid = uuid.UUID(block_id)
    except ValueError:
        raw = block_id.encode()
        if len(raw) >= _UUID:
            raise ValueError("The id of a block is too long.") from None
        return len(raw), raw
    if str(as_uuid) != block_id:
        return len(block_id), block_id.encode()
    return _UUID, as_uuid.bytes


@lru_cache(maxsize=5000)
def _unpack_block(length: int, raw: bytes) -> str:
    return str(uuid.UUID(bytes=raw)) if length == _UUID else raw.decode()
