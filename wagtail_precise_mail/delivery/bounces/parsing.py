"""What a mail in the bounce mailbox is about: pure functions without database or network, made for hostile mail."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from wagtail_precise_mail.delivery.bounces.classifying import Evidence, classify
from wagtail_precise_mail.delivery.bounces.complaints import complainers, kind_of_feedback, notified, read_notification
from wagtail_precise_mail.delivery.bounces.free_forms import (
    ADDRESS,
    Finding,
    addresses_in,
    find_recipients,
    recipient_without_domain,
    recipients_of_returned,
    split_addresses,
)
from wagtail_precise_mail.delivery.bounces.kinds import Kind
from wagtail_precise_mail.delivery.bounces.reading import Mail, read_mail
from wagtail_precise_mail.delivery.bounces.replies import (
    is_by_person,
    is_challenge,
    is_from_mail_system,
    kind_of_reply,
    looks_like_bounce,
)

_DELIVERED = ("delivered", "relayed", "expanded")
_MESSAGE_ID = re.compile(r"<([^<>@\s]{1,250}@[^<>@\s]{1,250})>")
_TYPED = re.compile(rf"(?:^|;)\s*<?({ADDRESS})>?", re.IGNORECASE)
# au's "The user(s) account is disabled.", above addresses that are "unknown".
_OF_ALL = re.compile(r"the (?:user|recipient)\(s\) ", re.IGNORECASE)
_MOST_REFERENCES = 40


@dataclass(frozen=True)
class Entry:
    """What happened to one recipient.

    Attributes:
        recipient: as the report gives it, or "" where it says only which message it is about.
        aliases: other addresses of the same delivery: what the recipient forwards to, or came from.
        diagnostic: the server's own words.
        is_final: False for a warning that the server goes on trying.
    """

    recipient: str
    kind: Kind
    status: str = ""
    reply: str = ""
    diagnostic: str = ""
    aliases: tuple[str, ...] = ()
    is_final: bool = True


@dataclass(frozen=True)
class Report:
    """What a mail says about mails that we sent; without entries it was not understood.

    Attributes:
        key: the same for the same mail, however often and by whatever way it comes.
        sent_to: addresses that it was sent to.
        envelope: these, and others in it that may be a return path of ours.
        references: Message-IDs in it, without brackets, the surest first.
        marks: what our own header in the mail that it returns says.
        subject: for tokens in it.
        at: when it was written (aware), or None.
    """

    key: str
    entries: tuple[Entry, ...] = ()
    sent_to: tuple[str, ...] = ()
    envelope: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()
    subject: str = ""
    at: datetime | None = None


def parse(raw: bytes) -> Report:
    """Say what a mail is about, and what it says about whom. Never raises."""
    mail = read_mail(raw)
    own = _own_addresses(mail)
    sent_to = _sent_to(mail)
    return Report(
        key=_key(mail, raw),
        entries=tuple(_entries(mail, own)),
        sent_to=tuple(sent_to),
        envelope=tuple(_envelope(mail, sent_to)),
        references=tuple(_references(mail)),
        marks=tuple(
            re.findall(r"^[ \t>]*X-Mail-Reference:\s*(\S{10,200})", mail.returned, re.IGNORECASE | re.MULTILINE)[:3]
        ),
        subject=mail.header("subject")[:500],
        at=_date(mail),
    )


def _entries(mail: Mail, own: set[str]) -> list[Entry]:
    if kind := kind_of_feedback(mail):
        return [Entry(one, kind) for one in complainers(mail, own=own)] or [Entry("", kind)]
    if given := read_notification(mail):
        return [_notified(*one) for one in notified(given)]
    if is_challenge(mail):
        names = [_address(group.get("final-recipient", "")) for group in mail.statuses]
        return [Entry(one, Kind.CHALLENGE) for one in names if one] or [_from_author(mail, Kind.CHALLENGE)]
    if is_by_person(mail):
        kind = kind_of_reply(mail)
        return [_from_author(mail, kind)] if kind else []
    if mail.statuses:
        return _from_statuses(mail, own)
    is_system = is_from_mail_system(mail)
    if not is_system or not looks_like_bounce(mail):
        kind = kind_of_reply(mail)
        if kind and not (kind == Kind.AUTO_REPLY and mail.report_type == "delivery-status"):
            return [_from_author(mail, kind)]
    if is_system or looks_like_bounce(mail) or mail.report_type == "delivery-status":
        return _from_words(mail, own)
    return []


def _notified(address: str, diagnostic: str, status: str, kind: Kind) -> Entry:
    if kind != Kind.UNKNOWN:
        return Entry(address, kind, diagnostic=diagnostic)
    verdict = classify(Evidence(diagnostic, status=status))
    return Entry(address, verdict.kind, verdict.status, verdict.reply, diagnostic)


def _from_author(mail: Mail, kind: Kind) -> Entry:
    """An answer by somebody's program: its author is the recipient."""
    return Entry(next(iter(addresses_in(mail.header("from"))), ""), kind)


def _from_statuses(mail: Mail, own: set[str]) -> list[Entry]:
    entries = []
    reasons = {finding.recipient.lower(): finding.reason for finding in find_recipients(mail.text, own=own)}
    for group in mail.statuses:
        original, final, actual = (
            _address(group.get(name, "")) for name in ("original-recipient", "final-recipient", "x-actual-recipient")
        )
        names = [one for one in dict.fromkeys((final, original, actual)) if one]
        reason = next((reasons[one.lower()] for one in names if one.lower() in reasons), "")
        action = group.get("action", "failed").strip().lower()
        if action.startswith(_DELIVERED):
            entries.append(Entry(names[0] if names else "", Kind.AUTO_REPLY, aliases=tuple(names[1:])))
            continue
        diagnostic = _diagnostic(group)
        only = mail.text if len(mail.statuses) == 1 else ""
        # What PowerMTA made of it, such as "bad-mailbox".
        category = group.get("x-powermta-bouncecategory", "").replace("-", " ")
        # The step at which it was refused often stands in words only.
        verdict = classify(Evidence(diagnostic, f"{category}\n{reason or only}", group.get("status", ""), action))
        entries.append(
            Entry(
                names[0] if names else "",
                verdict.kind,
                verdict.status,
                verdict.reply,
                diagnostic or reason,
                tuple(names[1:]),
                is_final=not action.startswith("delayed"),
            )
        )
    return entries


def _from_words(mail: Mail, own: set[str]) -> list[Entry]:
    failed = list(split_addresses(mail.header("x-failed-recipients")))
    findings = find_recipients(mail.text, own=own - {one.lower() for one in failed})
    reasons = {finding.recipient.lower(): finding for finding in findings}
    if failed:
        known = [reasons[one.lower()] for one in failed if one.lower() in reasons]
        if not known:  # the text names the address that it was forwarded to
            others = tuple(finding.recipient for finding in findings) if len(failed) == 1 else ()
            return [_from_reason(Finding(one, [mail.text], aliases=list(others)), mail, "") for one in failed]
        findings = known
    if findings:
        context = mail.text if len(findings) == 1 else ""
        return [_from_reason(one, mail, context) for one in findings]
    # With nobody named, the return path or a Message-ID may still say which message it was.
    author = next(iter(addresses_in(mail.header("from"))), "")
    returned = recipients_of_returned(mail.returned, own=own) or [recipient_without_domain(mail.text, author)]
    return [_from_reason(Finding(one, [mail.text]), mail, "") for one in returned]


def _from_reason(finding: Finding, mail: Mail, context: str) -> Entry:
    is_warning = "warning message only" in mail.text.lower() or "(delay" in mail.header("subject").lower()
    action = "delayed" if is_warning else "failed"
    before = "\n".join(finding.before)
    of_all = [line for line in finding.before if _OF_ALL.match(line)]
    evidence = Evidence(
        "\n".join([*of_all, finding.reason]), f"{before}\n{context}\n{mail.header('subject')}", action=action
    )
    verdict = classify(evidence)
    return Entry(
        finding.recipient,
        verdict.kind,
        verdict.status,
        verdict.reply,
        finding.reason,
        tuple(finding.aliases),
        is_final=not is_warning,
    )


def _diagnostic(group: dict[str, str]) -> str:
    """Return the server's words without their type ("smtp; 550 ...")."""
    value = " ".join(group.get("diagnostic-code", "").split())
    kind, mark, words = value.partition(";")
    return words.strip() if mark and re.fullmatch(r"[\w-]{1,20}", kind.strip()) else value


def _address(value: str) -> str:
    """Return the address of a field such as "rfc822; ann@example.com", or ""."""
    found = _TYPED.search(" ".join(value.split()))
    return found.group(1).rstrip(".") if found else next(iter(addresses_in(value)), "")


def _own_addresses(mail: Mail) -> set[str]:
    """Return addresses that stand in every report without being failed recipients: ours, and that of its author."""
    names = ("to", "from", "sender", "reply-to", "return-path")
    return {one.lower() for name in names for one in addresses_in(mail.header(name))}


def _sent_to(mail: Mail) -> list[str]:
    names = ("delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "x-delivered-to", "to", "received")
    return list(dict.fromkeys(one for name in names for one in addresses_in(mail.header(name))))


def _envelope(mail: Mail, sent_to: list[str]) -> list[str]:
    there = re.findall(
        rf"^[\s>]*(?:return-path|x-envelope-from):\s*<?({ADDRESS})", mail.returned, re.IGNORECASE | re.MULTILINE
    )
    return list(dict.fromkeys([*sent_to, *there, *addresses_in(mail.text)]))[:_MOST_REFERENCES]


def _references(mail: Mail) -> list[str]:
    labeled = re.findall(r"^[ \t>]*Message-ID:\s*<?([^<>\s]{3,300})>?", mail.returned, re.IGNORECASE | re.MULTILINE)
    answered = _MESSAGE_ID.findall(
        f"{mail.header('in-reply-to')} {mail.header('references')} {mail.header('x-original-message-id')}"
    )
    said = _MESSAGE_ID.findall(mail.text)
    return list(dict.fromkeys([*labeled, *answered, *said, *_MESSAGE_ID.findall(mail.returned)]))[:_MOST_REFERENCES]


def _date(mail: Mail) -> datetime | None:
    try:
        at = parsedate_to_datetime(mail.header("date").split("\n")[0])
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _key(mail: Mail, raw: bytes) -> str:
    """Return the name of a mail: what its author called it, else what is in it."""
    name = mail.header("message-id").strip()
    body = raw.replace(b"\r\n", b"\n").partition(b"\n\n")[2]
    source = f"{name}\n{mail.header('date')}" if name else f"{mail.header('date')}\n{hashlib.sha256(body).hexdigest()}"
    return hashlib.sha256(source.encode("utf-8", "replace")).hexdigest()
