"""Codes of replies, and what they mean: basic ones (RFC 5321) and enhanced ones (RFC 3463, and IANA's registry)."""

from __future__ import annotations

import re

from wagtail_precise_mail.delivery.bounces.kinds import Kind

_ENHANCED = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?![\d]|\.\d)")
_BASIC = re.compile(
    r"(?<![\d.#:/=-])([45][0-7]\d)(?=[ \-:,]|$)(?! ?(?:bytes|kb|seconds|minutes|hours|days))", re.MULTILINE
)
_LABELED = re.compile(r"(?:error[_ ]code|error|code|status)\s?[:=#]\s?#?([45][0-7]\d)\b", re.IGNORECASE)

# By subject and detail, whatever the class. What is missing goes by its subject.
_DETAILS: dict[tuple[int, int], Kind] = {
    (1, 0): Kind.HARD,
    (1, 1): Kind.HARD,
    (1, 2): Kind.HARD,
    (1, 3): Kind.HARD,
    (1, 4): Kind.SOFT,  # ambiguous: it exists more than once
    (1, 6): Kind.HARD,
    (1, 7): Kind.POLICY,  # 5.1.7 and 5.1.8 are about the sender's address
    (1, 8): Kind.POLICY,
    (1, 10): Kind.HARD,
    (1, 20): Kind.POLICY,
    (1, 351): Kind.HARD,  # Microsoft: the remote server says that there is no such recipient
    (2, 2): Kind.QUOTA,
    (2, 3): Kind.CONTENT,
    (3, 2): Kind.HARD,  # the system takes no mail from the network
    (3, 4): Kind.CONTENT,
    (4, 4): Kind.HARD,  # no route, because the domain has no mail server
    (4, 310): Kind.HARD,  # Microsoft: the domain does not exist
    (5, 3): Kind.BLOCK,
    (7, 13): Kind.SOFT,  # the account is disabled
    (7, 14): Kind.SOFT,
    (7, 17): Kind.HARD,  # RFC 7293: the mailbox has another owner now
    (7, 18): Kind.HARD,
    (7, 25): Kind.BLOCK,
    (7, 28): Kind.BLOCK,
}
_SUBJECTS = {1: Kind.SOFT, 2: Kind.SOFT, 3: Kind.SOFT, 4: Kind.SOFT, 5: Kind.POLICY, 6: Kind.CONTENT, 7: Kind.POLICY}
# Microsoft counts refused servers from here on.
_FIRST_BANNED = 500

_REPLIES = {
    421: Kind.SOFT,
    525: Kind.SOFT,
    551: Kind.HARD,
    552: Kind.QUOTA,
    553: Kind.POLICY,
    554: Kind.POLICY,
    556: Kind.HARD,
    521: Kind.HARD,
}
_POLICY_REPLIES = range(500, 550)


def find_enhanced(text: str) -> str:
    """Return the first enhanced code in a text that tells something ("5.1.1"), or a vague one, or ""."""
    codes = [".".join(found) for found in _ENHANCED.findall(text) if found[0] != "2"]
    return next((code for code in codes if not is_vague(code)), codes[0] if codes else "")


def find_reply(text: str) -> str:
    """Return the first basic code in a text ("550"), or ""."""
    found = _BASIC.search(text) or _LABELED.search(text)
    return found.group(1) if found else ""


def is_vague(status: str) -> bool:
    """Whether an enhanced code says no more than "permanent" or "temporary"."""
    return not status or status.endswith(".0.0")


def kind_of_status(status: str) -> Kind | None:
    """Return what an enhanced code means; None when it is vague or missing."""
    if is_vague(status):
        return None
    level, subject, detail = (int(number) for number in status.split("."))
    kind = _DETAILS.get((subject, detail)) or _SUBJECTS.get(subject, Kind.SOFT)
    if subject == 7 and detail >= _FIRST_BANNED:
        kind = Kind.BLOCK
    if level == 4:
        if subject == 7 and kind == Kind.POLICY:
            return Kind.BLOCK
        return Kind.SOFT if kind == Kind.HARD or subject == 5 else kind
    return kind


def kind_of_reply(code: str) -> Kind | None:
    """Return what a basic code means; None when it is missing."""
    if not code:
        return None
    number = int(code)
    if number < 500:
        return Kind.SOFT
    return _REPLIES.get(number) or (Kind.POLICY if number in _POLICY_REPLIES else Kind.SOFT)
