"""The headers of a message as it leaves: those that providers ask for, each once, and a size that nobody clips.

Source: RFC 5322, 3.6 (which headers, and how often), RFC 2369 and RFC 8058 (unsubscribing by one click), and the rules
of Gmail and Yahoo for those who write to many.
"""

from __future__ import annotations

from collections.abc import Iterable
from email import message_from_bytes
from email.message import Message
from email.utils import parseaddr, parsedate_to_datetime
from urllib.parse import urlsplit

from wagtail_precise_mail.conf import options
from wagtail_precise_mail.contacts.addresses import domain_of
from wagtail_precise_mail.delivery.domains.dkim import parse_tags
from wagtail_precise_mail.delivery.domains.findings import Finding
from wagtail_precise_mail.delivery.domains.organizations import organization_of

_NEEDED = ("From", "To", "Date", "Message-ID", "Subject", "MIME-Version", "Content-Type")
_ONCE = (*_NEEDED, "Sender", "Reply-To", "Cc", "In-Reply-To", "References", "List-Unsubscribe", "List-Unsubscribe-Post")
_COVERED = {"list-unsubscribe", "list-unsubscribe-post"}
_LONGEST_LINE = 998


def check_message(content: bytes, *, is_marketing: bool) -> list[Finding]:
    """Return what there is to say about a message, in the bytes that leave.

    Args:
        is_marketing: whether people must be able to unsubscribe from it.
    """
    message = message_from_bytes(content)
    findings = [
        *_headers(message),
        *_message_id(message),
        *_unsubscribing(message, is_marketing),
        *_size(content, message),
    ]
    if not findings:
        findings.append(Finding("headers", "headers_good", {"count": len(message.keys())}))
    return [*findings, *_signature(message, is_marketing), *_feedback(message)]


def _headers(message: Message) -> Iterable[Finding]:
    for name in _NEEDED:
        if not str(message.get(name, "")).strip():
            yield Finding("headers", "header_missing", {"header": name})
    for name in _ONCE:
        if len(message.get_all(name, [])) > 1:
            yield Finding("headers", "header_twice", {"header": name})
    if message.get("Date") and not _is_date(str(message["Date"])):
        yield Finding("headers", "header_wrong", {"header": "Date"}, found=str(message["Date"]))


def _message_id(message: Message) -> Iterable[Finding]:
    message_id = str(message.get("Message-ID", ""))
    domain = domain_of(message_id.strip().strip("<>"))
    own = domain_of(parseaddr(str(message.get("From", "")))[1])
    if message_id and own and organization_of(domain) != organization_of(own):
        yield Finding("headers", "header_id_domain", {"domain": domain, "own": own}, found=message_id)


def _unsubscribing(message: Message, is_marketing: bool) -> Iterable[Finding]:
    if not is_marketing:
        return
    urls = [part.strip().strip("<>") for part in str(message.get("List-Unsubscribe", "")).split(",")]
    schemes = {urlsplit(url).scheme.lower() for url in urls if url}
    one_click = str(message.get("List-Unsubscribe-Post", "")).strip().lower() == "list-unsubscribe=one-click"
    if not schemes or not one_click:
        yield Finding("headers", "header_no_one_click")
    elif "https" not in schemes:
        yield Finding("headers", "header_one_click_plain", found=str(message["List-Unsubscribe"]))


def _size(content: bytes, message: Message) -> Iterable[Finding]:
    longest = max(map(len, content.split(b"\r\n")), default=0)
    if longest > _LONGEST_LINE:
        yield Finding("headers", "header_long_line", {"count": longest})
    limit, size = options().html_size_limit, _html_size(message)
    if size > limit:
        yield Finding("headers", "header_clipped", {"size": size // 1000, "limit": limit // 1000})


def _signature(message: Message, is_marketing: bool) -> Iterable[Finding]:
    """Say whether a signature covers the headers of one click; mostly the mail server signs, after us."""
    if not is_marketing or not message.get("List-Unsubscribe-Post"):
        return
    signatures = message.get_all("DKIM-Signature", [])
    if not signatures:
        yield Finding("headers", "header_signed_later")
        return
    covered = [{name.strip().lower() for name in parse_tags(str(one)).get("h", "").split(":")} for one in signatures]
    if not any(names >= _COVERED for names in covered):
        yield Finding("headers", "header_not_covered")


def _feedback(message: Message) -> Iterable[Finding]:
    given = str(message.get("Feedback-ID", ""))
    yield Finding("headers", "header_feedback" if given else "header_no_feedback", found=given)


def _html_size(message: Message) -> int:
    parts = [part.get_payload(decode=True) for part in message.walk() if part.get_content_type() == "text/html"]
    return sum(len(part) for part in parts if isinstance(part, bytes))


def _is_date(value: str) -> bool:
    try:
        parsedate_to_datetime(value)
    except ValueError:
        return False
    return True
