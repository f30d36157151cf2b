"""How the pieces of a filled email are written: as text, or as the quoted-printable bytes that leave.

Quoted-printable (RFC 2045, section 6.7) can be encoded piece by piece, because a piece that ends with a soft line break
("=" before the line end, which readers drop) leaves the next one at the start of a line. So everything that is the same
for all contacts is encoded once, and only a contact's own values are encoded for the contact.
"""

from __future__ import annotations

import binascii
import html
import re
from collections.abc import Collection, Sequence
from functools import lru_cache
from typing import Generic, TypeVar

AnyStr = TypeVar("AnyStr", str, bytes)

_SOFT_BREAK = b"=\r\n"
_FOLD = 72
"""Characters of a line that needs no folding, with room for the soft line break."""
# Values that are their own encoding: short, plain ASCII, no "=", and no dot where SMTP looks for one.
_PLAIN = re.compile(r"[ !-<>-~]{1,72}")
_SIMPLE_ADDRESS = re.compile(r"[A-Za-z0-9:/._~-]+")
_DOTTED_LINE = re.compile(rb"(?m)^\..*$")
# What changes in HTML, in quoted-printable, or by being cleaned: controls (but the line end) and six characters.
_CHANGING = bytes({*range(32), 127} - {10}) + b"&<>\"'="


class Encoding(Generic[AnyStr]):
    """One way to write pieces so that joining them is all that is left to do."""

    empty: AnyStr
    end: AnyStr
    """Closes an open value."""

    def literal(self, text: str) -> AnyStr:
        """Return a piece that is the same for all contacts."""
        raise NotImplementedError

    def value(self, text: str) -> AnyStr:
        """Return a piece for one contact."""
        raise NotImplementedError

    def open_value(self, text: str) -> AnyStr:
        """Return a piece for one contact behind which :attr:`end` stands."""
        raise NotImplementedError

    def plain_values(self, values: tuple[str, ...]) -> Sequence[AnyStr]:
        """Return values of which :func:`are_plain` as pieces that :attr:`end` follows."""
        raise NotImplementedError

    def address(self, url: str, is_html: bool) -> AnyStr:
        """Return an address, escaped for HTML where it stands there."""
        return self.value(html.escape(url) if is_html else url)


class Plain(Encoding[str]):
    """Text as it is."""

    empty = end = ""

    def literal(self, text: str) -> str:
        return text

    value = open_value = literal

    def plain_values(self, values: tuple[str, ...]) -> Sequence[str]:
        return values


class QuotedPrintable(Encoding[bytes]):
    """Lines of at most 76 bytes, each piece closed, no line beginning with a dot (which SMTP would double)."""

    empty = b""
    end = _SOFT_BREAK

    def literal(self, text: str) -> bytes:
        return quoted_printable(text) + _SOFT_BREAK if text else b""

    def value(self, text: str) -> bytes:
        return self.open_value(text) + _SOFT_BREAK

    def open_value(self, text: str) -> bytes:
        if _PLAIN.fullmatch(text) and text[0] != ".":
            return text.encode("ascii")
        return quoted_printable(text)

    def plain_values(self, values: tuple[str, ...]) -> Sequence[bytes]:
        return "\n".join(values).encode("ascii").split(b"\n")

    def address(self, url: str, is_html: bool) -> bytes:
        return _simple_address(url) or _other_address(url, is_html)


@lru_cache(maxsize=256)
def _other_address(url: str, is_html: bool) -> bytes:
    return QUOTED_PRINTABLE.value(html.escape(url) if is_html else url)


@lru_cache(maxsize=256)
def _simple_address(url: str) -> bytes:
    """Return a signed address as a piece, or nothing when it is none; a message has it in HTML and in text.

    They are long, and nothing in them needs escaping or encoding, in HTML or elsewhere: folding is enough.
    """
    if not _SIMPLE_ADDRESS.fullmatch(url) or url.startswith("."):
        return b""
    piece = "=\r\n".join([url[start : start + _FOLD] for start in range(0, len(url), _FOLD)]) + "=\r\n"
    return b"" if "\n." in piece else piece.encode("ascii")


def quoted_printable(text: str) -> bytes:
    """Return text in quoted-printable with CRLF line ends; half characters become question marks."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").encode("utf-8", "replace")
    encoded = binascii.b2a_qp(lines, istext=True)
    if encoded.startswith(b".") or b"\n." in encoded:
        encoded = _DOTTED_LINE.sub(lambda match: _without_leading_dots(match.group()), encoded)
    return encoded.replace(b"\n", b"\r\n")


def _without_leading_dots(line: bytes) -> bytes:
    """Return an encoded line, folded anew where the longer form of its dot needs the room."""
    lines: list[bytes] = []
    while line.startswith(b"."):
        line = b"=2E" + line[1:]
        if len(line) <= 76:
            break
        # Not inside of "=E9", and not before the "=" that ends a folded line.
        cut = next(place for place in range(70, 0, -1) if b"=" not in line[place - 2 : place])
        lines.append(line[:cut] + b"=")
        line = line[cut:]
    return b"\n".join([*lines, line])


def are_plain(values: Collection[str]) -> bool:
    """Whether values are written the same in every place: short lines of ordinary ASCII words; empty ones do not count.

    One look at all of them costs less than one at each, and nearly all contacts pass it.
    """
    filled = list(filter(None, values))
    joined = "\n".join(filled)
    if not joined.isascii() or max(map(len, filled), default=0) > _FOLD:
        return False
    lines = joined.encode()
    return (
        len(lines.translate(None, _CHANGING)) == len(lines)
        and lines.count(b"\n") == max(len(filled) - 1, 0)
        # No blanks at the ends of a value, no two together, and no dot at the start.
        and len(" ".join(joined.split())) == len(joined)
        and not (b"\n." in lines or lines.startswith(b"."))
    )


PLAIN = Plain()
QUOTED_PRINTABLE = QuotedPrintable()
