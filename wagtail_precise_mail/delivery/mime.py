"""From a filled email to the bytes that leave: headers that cannot be injected, and two readable parts."""

from __future__ import annotations

import re
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email.charset import SHORTEST, Charset
from email.header import Header
from email.utils import format_datetime, quote
from functools import lru_cache

from email_validator import EmailNotValidError, validate_email

from wagtail_precise_mail.conf import options
from wagtail_precise_mail.emails.encodings import quoted_printable
from wagtail_precise_mail.exceptions import InvalidToken, RenderError
from wagtail_precise_mail.signing import sign, unsign

_PURPOSE = "message-id"
# What could end a header, or a line for some program on the way.
_FORBIDDEN = re.compile(r"[\x00-\x08\x0a-\x1f\x7f\x85\u2028\u2029]")
_HEADER_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]*\Z")
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]*\Z")
_UTF8 = Charset("utf-8")
_UTF8.header_encoding = SHORTEST


@dataclass(frozen=True)
class Parts:
    """All that one message is made of.

    Args:
        text: as text, or as pieces that are quoted-printable already, as :meth:`.Personalizer.encode` gives them.
        html: likewise.
        message_id: with its angle brackets, as :func:`make_message_id` returns it.
        unsubscribe_url: where one click unsubscribes, or "" for mail that nobody can unsubscribe from.
        unsubscribe_mailto: where a mail unsubscribes, beside that, as a mailto URL; or "".
        headers: further ones.
    """

    from_name: str
    from_address: str
    to_address: str
    subject: str
    text: str | Sequence[bytes]
    html: str | Sequence[bytes]
    message_id: str
    sent_at: datetime
    reply_to: str = ""
    unsubscribe_url: str = ""
    unsubscribe_mailto: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


def build(parts: Parts) -> list[bytes]:
    """Return the message in pieces, of which the first is the head: multipart/alternative, CRLF line ends, pure ASCII,
    every line below 998 bytes, and none that begins with a dot.

    Raises:
        RenderError: a value would break out of its header.
    """
    boundary = "=_" + parts.message_id.strip("<>").partition("@")[0].replace(".", "_")
    lines = [f"{name}: {value}" for name, value in _headers(parts).items() if value]
    lines.append(f'Content-Type: multipart/alternative;\r\n boundary="{boundary}"')
    head = "\r\n".join(lines).encode("utf-8" if _needs_utf8(parts) else "ascii")
    line = b"--" + boundary.encode()
    # Plain text first: readers show the last part that they can.
    text, html = _part(b"plain", parts.text), _part(b"html", parts.html)
    return [head, b"\r\n\r\n", line, b"\r\n", *text, line, b"\r\n", *html, line, b"--\r\n"]


def make_message_id(message_pk: int, from_address: str) -> str:
    """Return the Message-ID of an outbox message: the same on every attempt, and readable by us alone."""
    domain = options().message_id_domain or from_address.rpartition("@")[2]
    return f"<{sign(_PURPOSE, struct.pack('>q', message_pk).lstrip(bytes(1)))}@{ascii_domain(domain)}>"


def read_message_id(message_id: str) -> int:
    """Return the primary key of the outbox message that a Message-ID of ours names.

    Raises:
        InvalidToken: it is not one of ours.
    """
    payload = unsign(_PURPOSE, message_id.strip().strip("<>").partition("@")[0])
    if len(payload) > 8:
        raise InvalidToken("This Message-ID is not ours.")
    return int.from_bytes(payload, "big")


def wire_address(address: str) -> str:
    """Return an address as servers read it: the domain in ASCII, the local part as it is.

    Raises:
        RenderError: no mail could be sent there.
    """
    if address.isascii() and _FORBIDDEN.search(address) is None and address.count("@") == 1 and " " not in address:
        return address
    try:
        checked = validate_email(address, check_deliverability=False, test_environment=True)
    except EmailNotValidError as error:
        raise RenderError(f"{address[:100]!r} is not an email address: {error}") from error
    return f"{checked.local_part}@{checked.ascii_domain}"


def ascii_domain(domain: str) -> str:
    """Return a domain in its ASCII form (punycode)."""
    return domain if domain.isascii() else wire_address(f"x@{domain}").rpartition("@")[2]


def _headers(parts: Parts) -> dict[str, str]:
    headers = {
        "Date": _date(parts.sent_at.replace(microsecond=0)),
        "Message-ID": parts.message_id,
        "From": _mailbox(parts.from_name, parts.from_address),
        "To": wire_address(parts.to_address),
        "Reply-To": wire_address(parts.reply_to) if parts.reply_to else "",
        "Subject": _words("Subject", parts.subject),
        "MIME-Version": "1.0",
    }
    if parts.unsubscribe_url:
        # RFC 8058: the mail program posts this by itself, so the URL must say everything.
        headers["List-Unsubscribe"] = f"<{_plain('List-Unsubscribe', parts.unsubscribe_url)}>"
        if parts.unsubscribe_mailto:  # for programs that know RFC 2369 only
            headers["List-Unsubscribe"] += f",\r\n <{_plain('List-Unsubscribe', parts.unsubscribe_mailto)}>"
        headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    for name, value in parts.headers.items():
        if not _HEADER_NAME.match(name) or name.lower() in map(str.lower, headers):
            raise RenderError(f"{name!r} cannot be added as a header.")
        headers[name] = _words(name, value)
    return headers


@lru_cache(maxsize=4)
def _date(second: datetime) -> str:
    return format_datetime(second)


def _plain(name: str, value: str) -> str:
    """Return a header value that has nothing to encode.

    Raises:
        RenderError: it holds a line end, another control character, or is too long for one line.
    """
    if found := _FORBIDDEN.search(value):
        raise RenderError(f"The header {name} must not contain {found.group()!r}.")
    if len(name) + len(value) > 900:
        raise RenderError(f"The header {name} is too long.")
    return value


@lru_cache(maxsize=2000)
def _words(name: str, value: str) -> str:
    """Return free text as a header value, folded, and encoded where it is more than plain ASCII words.

    Raises:
        RenderError: it holds a line end or another control character.
    """
    if found := _FORBIDDEN.search(value):
        raise RenderError(f"The header {name} must not contain {found.group()!r}.")
    value = " ".join(value.split())
    is_plain = value.isascii() and "=?" not in value
    if is_plain and len(name) + len(value) < 75:
        return value
    # RFC 2047 for everything long, too: encoded words fold anywhere, plain ones only at spaces.
    return Header(value, _UTF8, header_name=name, maxlinelen=75).encode(linesep="\r\n")


@lru_cache(maxsize=100)
def _mailbox(name: str, address: str) -> str:
    wire = wire_address(address)
    words = _words("From", name)
    if not words:
        return wire
    if words == " ".join(name.split()) and not _ATOMS.match(words):
        words = f'"{quote(words)}"'
    return f"{words} <{wire}>" if len(words) + len(wire) < 70 else f"{words}\r\n <{wire}>"


def _needs_utf8(parts: Parts) -> bool:
    return not (parts.from_address + parts.to_address + parts.reply_to).isascii()


_PART = {
    kind: b'Content-Type: text/%s; charset="utf-8"\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n' % kind
    for kind in (b"plain", b"html")
}


def _part(kind: bytes, content: str | Sequence[bytes]) -> Sequence[bytes]:
    """Return one text part in pieces. Quoted-printable, because its lines are short whatever is written in them."""
    if isinstance(content, str):
        lines = content.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n") + "\n"
        return _PART[kind], quoted_printable(lines)
    # The line end that is added belongs to the boundary (RFC 2046), so nothing is added to the content.
    return _PART[kind], *content, b"\r\n"
