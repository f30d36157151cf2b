"""From a server's words and codes to a kind of bounce."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from wagtail_precise_mail.delivery.bounces.kinds import Kind
from wagtail_precise_mail.delivery.bounces.phrases import ADVICE, LOCAL_TROUBLE, MAILBOX_UNAVAILABLE, PHRASES, SURE
from wagtail_precise_mail.delivery.bounces.statuses import (
    find_enhanced,
    find_reply,
    is_vague,
    kind_of_reply,
    kind_of_status,
)

_MOST_TEXT = 4000

# At which step of the conversation a server said no, in the words of the programs that report it.
_STEPS = re.compile(
    r"(?:in reply to|in response to|after|did not like our|following|smtp command|command|>>>|<<<|"
    r"for(?= text command)) (?:the )?(?:pipelined |sending )*"
    r"(end of data|final data|end of message|data\b|text command|rcpt[ _]to|mail[ _]from|ehlo|helo|"
    r"initial connection|auth|starttls)"
    r"|\[(rcpt[ _]to|mail[ _]from|data|end[ _]of[ _]data)\]|(refused to talk)|\(state (1[5-9])\)"
    r"|(does not like recipient|sender was rejected|my name was rejected|failed after i sent the message)",
    re.IGNORECASE,
)
# The words of qmail for these steps.
_STEPS_OF_QMAIL = {
    "does not like recipient": "rcpt to",
    "sender was rejected": "mail from",
    "my name was rejected": "helo",
    "failed after i sent the message": "data",
}
# A generic sentence of our own side's server, and the other server's words behind it.
_QUOTED = re.compile(r"^[45]\.\d+\.\d+ - [^'\n]{1,80} ([45]\d\d-'.+)", re.DOTALL)
_BODY = ("data", "end of data", "final data", "end of message", "text command", "15", "16", "17", "18", "19")
_BEFORE_RECIPIENT = ("mail from", "ehlo", "helo", "initial connection", "auth", "starttls")
# Asked at another server, which may only be down.
_UNVERIFIED = re.compile(r"unverified|undeliverable address|verif|try again later")
_NOISE = re.compile(
    r"https?://\S{1,300}|<[^<>\s]{1,250}@[^<>\s]{1,250}>|[\w.+=-]{1,64}@[\w.-]{1,250}|"
    r"[\w-]{1,60}(?:\.[\w-]{1,60}){1,8}\[[0-9a-f.:]{3,45}\]"
)


@dataclass(frozen=True)
class Evidence:
    """What there is about one refused recipient.

    Attributes:
        diagnostic: the server's own words.
        context: what the report says besides; it counts where the words say nothing.
        status: the enhanced code of the report, or "".
        action: such as "failed" or "delayed", or "".
    """

    diagnostic: str = ""
    context: str = ""
    status: str = ""
    action: str = ""


@dataclass(frozen=True)
class Verdict:
    """What was made of it; ``status`` and ``reply`` are the codes that were found, or ""."""

    kind: Kind
    status: str
    reply: str


def classify(evidence: Evidence) -> Verdict:
    """Say what kind of bounce it is. Never HARD unless the address is what was refused, and for good."""
    quoted = _QUOTED.search(evidence.diagnostic)
    if quoted:
        evidence = replace(evidence, diagnostic=quoted.group(1), status="")
    words = plain(evidence.diagnostic)
    context = plain(evidence.context)
    inner = find_enhanced(evidence.diagnostic)
    reported = find_enhanced(evidence.status)
    status = inner if not is_vague(inner) else reported or inner or find_enhanced(evidence.context)
    reply = find_reply(evidence.diagnostic) or find_reply(evidence.context)
    kind = _kind(words, context, status, reply)
    if kind == Kind.HARD:
        kind = _doubt(words, context, status, inner, reply, is_given_up=evidence.action.lower().startswith("failed"))
    elif kind in (Kind.SOFT, Kind.UNKNOWN) and is_vague(status) and reply.startswith("5"):
        kind = _by_step(words, context) or kind
    if kind == Kind.HARD and evidence.action.lower().startswith("delayed"):
        kind = Kind.SOFT
    return Verdict(kind, status, reply)


def _kind(words: str, context: str, status: str, reply: str) -> Kind:
    found = _by_words(words, status, reply)
    if found is None and not is_vague(status):
        found = kind_of_status(status)
    return found or _by_words(context, status, reply) or kind_of_reply(reply) or Kind.UNKNOWN


def _by_words(words: str, status: str, reply: str) -> Kind | None:
    if not words:
        return None
    if LOCAL_TROUBLE.search(words):
        return Kind.QUOTA if "quota" in words else Kind.SOFT
    if MAILBOX_UNAVAILABLE.search(words):
        # 5.5.0 is what Hotmail adds to the code of RFC 5321, and no more than "permanent".
        known = None if status.startswith("5.5.") else kind_of_status(status)
        return known or (Kind.HARD if reply.startswith("55") else Kind.SOFT)
    kind, pattern = next((one for one in PHRASES if one[1].search(words)), (None, None))
    if pattern is ADVICE and kind_of_status(status) == Kind.HARD and not reply.startswith("4"):
        return None
    return kind


def _doubt(words: str, context: str, status: str, inner: str, reply: str, *, is_given_up: bool) -> Kind:
    """Look again at what seems to be a missing address: suppressing one that exists loses a reader."""
    if (status or "5").startswith("4") or (not status and reply.startswith("4")):
        # X.1.1 and X.1.2 are "only useful for permanent failures" (RFC 3463): whoever still says so when the other side
        # gives up means it.
        is_meant = is_given_up and status in ("4.1.1", "4.1.2") and not _UNVERIFIED.search(words)
        return Kind.HARD if is_meant else Kind.SOFT
    if status in ("5.1.7", "5.1.8"):
        return Kind.POLICY  # these are about the sender's address
    if SURE.search(words):
        return Kind.HARD
    step = _step(words) or _step(context)
    is_confirmed = bool(status) and status.split(".")[1] in ("1", "4")
    if step in _BEFORE_RECIPIENT or step == "refused to talk":
        return Kind.HARD if is_confirmed and status != "5.1.0" else Kind.POLICY
    if step in _BODY and not is_confirmed:
        return Kind.SOFT  # RCPT was taken: a filter of the recipient says so, as those of Japanese providers do
    if inner.startswith("5.7.") and kind_of_status(inner) == Kind.POLICY and not step.startswith("rcpt"):
        return Kind.SOFT  # words and code disagree
    return Kind.HARD


def _by_step(words: str, context: str) -> Kind | None:
    """Whoever is refused before naming a recipient is refused as a sender."""
    step = _step(words) or _step(context)
    if step == "mail from":
        return Kind.POLICY
    return Kind.BLOCK if step in _BEFORE_RECIPIENT or step == "refused to talk" else None


def _step(text: str) -> str:
    found = _STEPS.search(text)
    name = next((group for group in found.groups() if group), "").lower().replace("_", " ") if found else ""
    return _STEPS_OF_QMAIL.get(name, name)


def plain(text: str) -> str:
    """Return words in lower case without addresses, links and names of servers: "unknown@example.com" is no reason."""
    folded = " ".join(text[:_MOST_TEXT].split()).lower().replace("’", "'")
    return " ".join(_NOISE.sub(" ", folded).replace("_", " ").split())
