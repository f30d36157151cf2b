"""From the bytes of a mail to its parts, whatever was done to it: cut off, badly encoded, nested without an end.

Nothing is unpacked and nothing fetched. Of a mail that is too large, too deep or too long-winded, the beginning counts:
that is where a report says what it reports.
"""

from __future__ import annotations

import email
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from email.parser import BytesHeaderParser
from html import unescape

MOST_BYTES = 1_000_000
"""What is read of one mail at the most."""

_MOST_TEXT = 60_000
_MOST_PARTS = 60
_MOST_DEPTH = 20
_MOST_BOUNDARIES = 200
_MOST_GROUPS = 200
_LONGEST_LINE = 900

# Codecs that are no character sets of mails, of which some need quadratic time.
_STRANGE_CODECS = {"punycode", "idna", "unicode_escape", "raw_unicode_escape", "undefined", "mbcs", "oem"}
_STATUS_TYPES = {"message/delivery-status", "message/global-delivery-status"}
_RETURNED_TYPES = {
    "message/rfc822",
    "text/rfc822-headers",
    "message/global",
    "message/global-headers",
    "message/partial",
}
_RECEIPT_TYPES = {"message/disposition-notification", "message/global-disposition-notification"}

# Where a report ends and the mail that it is about begins.
_RETURNED = re.compile(
    r"^[\s>*]{0,8}(?:"
    r"[-=_* ]{2,}\s?(?:this is a copy|below this line|(?:the )?original message|returned message|unsent message|"
    r"the headers? of the original|(?:en|in)closed is a copy|included is a copy|forwarded message|undelivered message|"
    r"message text follows|original (?:mail|text)|begin (?:returned|original)|"
    r"元のメッセージ|原始?邮件|原始?郵件)"
    r"|(?:the )?(?:original|returned|unsent|bounced) (?:message|mail)(?: headers?| text)?(?: follows?| below)?[\s:.]*$"
    r"|(?:original mail as|message headers?|headers? of the original message|included is a copy of the message header)"
    r"(?: follows?)?[\s:.]*$"
    r"|below is a copy of the (?:original )?message"
    r"|(?:received:\s*(?:from|by|\()|return-path:|dkim-signature:|x-received:|arc-seal:)"
    r")",
    re.IGNORECASE | re.MULTILINE,
)
_FIELD = re.compile(
    r"^[\s>]{0,8}(final-recipient|original-recipient|action|status|diagnostic-code|remote-mta|reporting-mta):"
    r"[ \t]*([^\n]*(?:\n[ \t]+[^\n:]*(?=\n|\Z))*)",
    re.IGNORECASE | re.MULTILINE,
)
_TAGS = re.compile(r"<(?!/?[^<>\s]{1,80}@)[^<>]{0,2000}>")
_BREAKS = re.compile(r"<(?:br|/p|/div|/tr|/li|/h\d|/td)\b[^<>]{0,200}>", re.IGNORECASE)
_HIDDEN = re.compile(r"<(style|script|head)\b.{0,5000}?</\1>", re.IGNORECASE | re.DOTALL)


@dataclass
class Mail:
    """The parts of a mail that say what it is.

    Attributes:
        headers: of the mail itself, lower case names, decoded; those that come more than once are joined by lines.
        text: what its writer says, without the mail that it returns.
        statuses: the groups of fields about recipients (RFC 3464).
        feedback: the fields of a complaint (RFC 5965).
        returned: the headers of the mail that it returns, or as much of it as there is.
        content_type: in lower case, without parameters.
        report_type: the parameter of multipart/report.
    """

    headers: dict[str, str]
    text: str = ""
    statuses: list[dict[str, str]] = field(default_factory=list)
    feedback: dict[str, str] = field(default_factory=dict)
    returned: str = ""
    content_type: str = "text/plain"
    report_type: str = ""
    is_receipt: bool = False

    def header(self, name: str) -> str:
        """Return a header, or ""."""
        return self.headers.get(name, "")


def read_mail(raw: bytes) -> Mail:
    """Take a mail apart. Never raises: what cannot be parsed is read as one long text."""
    raw = raw[:MOST_BYTES].lstrip(b"\r\n")
    if raw.startswith((b"From ", b">From ")):  # the line that mboxes put in front
        raw = raw.partition(b"\n")[2]
    try:
        if raw.count(b"boundary=") > _MOST_BOUNDARIES:
            return _read_flat(raw)
        return _read_parts(email.message_from_bytes(raw))
    except (RecursionError, ValueError, LookupError, TypeError, AttributeError, IndexError, AssertionError):
        return _read_flat(raw)  # hostile or broken MIME: the parser of the standard library has many ways to fail


def _read_flat(raw: bytes) -> Mail:
    head, _blank, body = raw.replace(b"\r\n", b"\n").partition(b"\n\n")
    mail = Mail(_headers(BytesHeaderParser().parsebytes(head)))
    _divide(mail, _clean(_decode(body[:_MOST_TEXT], "")))
    return mail


def _read_parts(message: Message) -> Mail:
    mail = Mail(
        _headers(message),
        content_type=message.get_content_type(),
        report_type=str(message.get_param("report-type") or "").lower(),
    )
    texts: list[str] = []
    for part in _leaves(message):
        kind = part.get_content_type()
        if kind in _STATUS_TYPES:
            mail.statuses += _groups(part)
        elif kind == "message/feedback-report":
            mail.feedback = mail.feedback or _headers(_inner(part))
        elif kind in _RECEIPT_TYPES:
            mail.is_receipt = True
        elif kind in _RETURNED_TYPES:
            mail.returned += _returned_headers(part)
        elif part.get_content_maintype() in ("text", "multipart") and len("".join(texts)) < 20:
            texts.append(_text(part))  # a multipart here is one whose boundary is missing
    _divide(mail, "\n".join(texts))
    return mail


def _divide(mail: Mail, text: str) -> None:
    """Keep apart what the writer says and the mail that stands below it, and find the fields of a report in it."""
    found = _RETURNED.search(text)
    mail.text = text[: found.start()] if found else text
    if found:
        mail.returned += "\n" + text[found.start() :][:_MOST_TEXT]
    if not mail.statuses:
        mail.statuses = _fields_in(mail.text)


def _leaves(message: Message) -> Iterator[Message]:
    """Yield the parts that are not multipart, of alternatives the plain one where it says something."""
    waiting, count = [(message, 0)], 0
    while waiting and count < _MOST_PARTS:
        part, depth = waiting.pop()
        count += 1
        payload = part.get_payload()
        if depth and part.get_content_type() == "message/rfc822" and (report := _report_in(payload)):
            waiting.append((report, depth + 1))  # a gateway put the report into a mail of its own
            continue
        if part.get_content_maintype() != "multipart" or not isinstance(payload, list):
            yield part
            continue
        if depth >= _MOST_DEPTH:
            continue
        inner = [one for one in payload if isinstance(one, Message)][:_MOST_PARTS]
        waiting += [(one, depth + 1) for one in reversed(inner)]


def _report_in(payload: object) -> Message | None:
    inner = payload[0] if isinstance(payload, list) and payload else None
    return inner if isinstance(inner, Message) and inner.get_content_type() == "multipart/report" else None


def _groups(part: Message) -> list[dict[str, str]]:
    """Return the groups of a delivery status that are about recipients."""
    payload = part.get_payload()
    if isinstance(payload, list):
        groups = [_headers(one) for one in payload[:_MOST_GROUPS] if isinstance(one, Message)]
        found = [group for group in groups if _is_about_recipient(group)]
        if found:
            return found
        payload = "\n\n".join(one.as_string() for one in payload[:_MOST_GROUPS] if isinstance(one, Message))
    return _fields_in(
        _clean(str(payload)) if isinstance(payload, str) and "recipient" in payload.lower() else _text(part)
    )


def _fields_in(text: str) -> list[dict[str, str]]:
    """Return the groups of fields that stand in plain text: some programs put the report there."""
    groups: list[dict[str, str]] = []
    group: dict[str, str] = {}
    for name, value in _FIELD.findall(text):
        name = name.lower()
        if name in group and name != "diagnostic-code":
            groups.append(group)
            group = {}
        group.setdefault(name, " ".join(value.split()))
    groups.append(group)
    return [group for group in groups if _is_about_recipient(group) and len(group) > 1][:_MOST_GROUPS]


def _is_about_recipient(group: Mapping[str, str]) -> bool:
    return any(name in group for name in ("final-recipient", "original-recipient", "x-actual-recipient"))


def _returned_headers(part: Message) -> str:
    if part.get_content_maintype() == "text":
        return _text(part)
    inner = _inner(part)
    return "\n".join(f"{name}: {_words(value)}" for name, value in inner.items())[:_MOST_TEXT] + "\n"


def _inner(part: Message) -> Message:
    payload = part.get_payload()
    if isinstance(payload, list) and payload and isinstance(payload[0], Message):
        inner = payload[0]
        if inner.keys():
            return inner
        payload = inner.get_payload()  # a blank line in front of the headers
    text = payload if isinstance(payload, str) else ""
    return email.message_from_string(text.lstrip()[:_MOST_TEXT])


def _headers(message: Message) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in list(message.items())[:500]:
        words = _words(value)
        found[name.lower()] = f"{found[name.lower()]}\n{words}" if name.lower() in found else words
    return found


def _words(value: object) -> str:
    """Return the value of a header as text, its encoded words decoded."""
    text = " ".join(str(value)[:5000].split())
    if "=?" not in text:
        return _recover(text)
    try:
        pieces = decode_header(text)
    except (HeaderParseError, ValueError):
        return text
    return "".join(_decode(piece, charset or "") if isinstance(piece, bytes) else piece for piece, charset in pieces)


def _recover(text: str) -> str:
    """Bytes that had no encoding come as lone surrogates; read them as text."""
    if text.isascii():
        return text
    return _decode(text.encode("utf-8", "surrogateescape"), "")


def _text(part: Message) -> str:
    payload = part.get_payload(decode=True)
    if not isinstance(payload, bytes):
        return ""
    text = _decode(payload[: _MOST_TEXT * 2], str(part.get_content_charset() or ""))
    if part.get_content_subtype() == "html":
        text = _TAGS.sub(" ", _BREAKS.sub("\n", _HIDDEN.sub(" ", text[:_MOST_TEXT])))
        text = unescape(text)
    return _clean(text)


def _clean(text: str) -> str:
    """Return text with plain line ends, no endless lines and no control characters."""
    text = re.sub(r"\r+\n|\r", "\n", text[:_MOST_TEXT]).replace("\x00", "").replace("\xa0", " ")
    return "\n".join(piece for line in text.split("\n") for piece in _short(line.rstrip()))


def _short(line: str) -> list[str]:
    """Break an endless line: patterns look at each place of a line, and then a little further."""
    return [line[start : start + _LONGEST_LINE] for start in range(0, len(line), _LONGEST_LINE)] or [""]


def _decode(data: bytes, charset: str) -> str:
    """Return bytes as text, whatever the charset says."""
    guesses = [charset.lower().replace("-", "_")] if charset else []
    if b"\x1b$" in data:
        guesses.insert(0, "iso2022_jp")
    for guess in [*guesses, "utf-8"]:
        if guess in _STRANGE_CODECS or guess in ("us_ascii", "unknown_8bit"):
            continue
        try:
            return data.decode(guess, "strict" if guess == "utf-8" else "replace")
        except (LookupError, ValueError):
            continue
    return data.decode("gb18030" if _looks_chinese(data) else "latin-1", "replace")


def _looks_chinese(data: bytes) -> bool:
    """Whether bytes that are not UTF-8 come in pairs above ASCII, as in GB 2312: Latin text has them one by one."""
    high = sum(byte >= 0xA1 for byte in data)
    pairs = len(re.findall(rb"[\xb0-\xf7][\xa1-\xfe]", data))
    return high > 8 and pairs * 2 > high * 0.8
