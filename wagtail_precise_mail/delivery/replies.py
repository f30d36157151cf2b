"""What a server's reply to one of our messages means for that message: whether, and how soon, to try again.

The words and codes are read in :mod:`.bounces.classifying`, which reads those of mails that come back as well; this
adds what only the one who is still connected can do something about: speed, credentials and the connection.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from django.db import models
from django.utils.translation import gettext_lazy as _

from wagtail_precise_mail.delivery.bounces.classifying import Evidence, Verdict, plain
from wagtail_precise_mail.delivery.bounces.classifying import classify as classify_bounce
from wagtail_precise_mail.delivery.bounces.kinds import Kind
from wagtail_precise_mail.delivery.bounces.phrases import TOO_FAST


class ReplyClass(models.TextChoices):
    """What became of an attempt, in the words of whoever decides what to do next."""

    ACCEPTED = "accepted", _("accepted")
    TEMPORARY = "temporary", _("trouble that may pass")
    ADDRESS = "address", _("mailbox does not exist, or takes no mail")
    CONTENT = "content", _("content refused")
    BLOCKED = "blocked", _("sender blocked, or against the rules of the server")
    THROTTLED = "throttled", _("too many mails in a short time")
    AUTH = "auth", _("our user name or password refused")
    CONNECTION = "connection", _("connection failed")
    UNKNOWN = "unknown", _("no answer that tells")


@dataclass(frozen=True)
class Reading:
    """A reply, read.

    Attributes:
        verdict: what a bounce of these words would be.
        is_permanent: whether the server said 5xx.
    """

    reply_class: ReplyClass
    verdict: Verdict
    is_permanent: bool = False


_BY_KIND: dict[Kind, ReplyClass] = {
    Kind.HARD: ReplyClass.ADDRESS,
    Kind.SOFT: ReplyClass.TEMPORARY,
    Kind.QUOTA: ReplyClass.TEMPORARY,
    Kind.CONTENT: ReplyClass.CONTENT,
    Kind.BLOCK: ReplyClass.BLOCKED,
    Kind.POLICY: ReplyClass.BLOCKED,
    Kind.CHALLENGE: ReplyClass.BLOCKED,
}
_AUTH_CODES = frozenset({"530", "534", "535", "538"})
# Words about our own credentials; those of SPF, DKIM and DMARC are about the mail, and mean that it is blocked.
_CREDENTIALS = re.compile(
    r"authentication (?:is )?(?:required|failed|failure|credentials|rejected|unsuccessful|data)|not authenticated|"
    r"(?:bad|invalid|incorrect|wrong) (?:user ?name|login|password|credentials|authentication)|credentials|login fail|"
    r"password (?:is )?(?:incorrect|not accepted)|(?:认证|驗證|验证)失败"
)
_ABOUT_THE_MAIL = re.compile(r"\b(?:dmarc|dkim|spf)\b|sender")
_LOST = re.compile(
    r"no answer in time|timed? ?out|connection (?:was )?(?:refused|reset|closed|aborted|dropped|lost|unexpectedly)|"
    r"broken pipe|unreachable|no route to host|name or service not known|unexpectedly closed|closes the connection"
)
_GREYLISTED = re.compile(r"gr[ea]y ?-?list|please (?:try|retry) (?:again )?(?:in|after) \d")
# Of the mailbox (RFC 3463, X.1 and X.2), or of its account (5.7.13).
_OF_THE_MAILBOX = re.compile(r"5\.(?:1|2)\.\d{1,3}|5\.7\.13")
# Of Gmail and RFC 5321; Microsoft counts those who must slow down for a while from 4.7.500 on.
_TOO_FAST_CODES = re.compile(r"4\.7\.28|4\.5\.3|4\.7\.[5-8]\d\d")
_LOST_CODES = frozenset({"4.4.1", "4.4.2"})


def classify(reply: str, code: int | None = None) -> ReplyClass:
    """Return what a reply means: enhanced codes count before basic ones, and both before words where they are clear.

    Args:
        reply: the server's words with their codes, such as "550 5.1.1 user unknown", or what the connection said.
        code: the basic code, where the words lack it.
    """
    return read(reply, code).reply_class


def read(reply: str, code: int | None = None) -> Reading:
    """Return all that a reply tells; arguments as in :func:`classify`."""
    text = reply if code is None or re.match(r"\s*\d{3}\b", reply) else f"{code} {reply}"
    if re.match(r"\s*2\d\d\b", text):
        return Reading(ReplyClass.ACCEPTED, Verdict(Kind.UNKNOWN, "", ""))
    verdict = classify_bounce(Evidence(diagnostic=text))
    is_permanent = (verdict.reply or verdict.status or "").startswith("5")
    return Reading(_class_of(plain(text), verdict, is_permanent=is_permanent), verdict, is_permanent)


def _class_of(words: str, verdict: Verdict, *, is_permanent: bool) -> ReplyClass:
    if not verdict.reply and not verdict.status:
        return ReplyClass.CONNECTION if _LOST.search(words) else ReplyClass.UNKNOWN
    if _is_about_credentials(words, verdict):
        return ReplyClass.AUTH
    # A full mailbox "exceeds its limit" as well; that of a sender is throttled.
    is_of_reader = verdict.kind == Kind.HARD or (verdict.kind == Kind.QUOTA and "throttl" not in words)
    if not is_of_reader and _is_too_fast(words, verdict, is_permanent=is_permanent):
        return ReplyClass.THROTTLED
    if is_permanent:
        return _permanent_class(verdict)
    if verdict.status in _LOST_CODES or (verdict.kind in (Kind.SOFT, Kind.UNKNOWN) and _LOST.search(words)):
        return ReplyClass.CONNECTION
    # "451 4.7.1 greylisted" has the code of a rule, and passes in some minutes.
    is_passing = verdict.kind == Kind.UNKNOWN or _GREYLISTED.search(words)
    return ReplyClass.TEMPORARY if is_passing else _BY_KIND[verdict.kind]


def _permanent_class(verdict: Verdict) -> ReplyClass:
    if verdict.kind == Kind.SOFT and _OF_THE_MAILBOX.match(verdict.status):
        return ReplyClass.ADDRESS
    return _BY_KIND.get(verdict.kind, ReplyClass.UNKNOWN)


def _is_about_credentials(words: str, verdict: Verdict) -> bool:
    if verdict.reply in _AUTH_CODES or verdict.status in ("5.7.8", "4.7.8"):
        return True
    return bool(_CREDENTIALS.search(words)) and not _ABOUT_THE_MAIL.search(words)


def _is_too_fast(words: str, verdict: Verdict, *, is_permanent: bool) -> bool:
    if is_permanent:  # whoever blocks for good because of former speed is not helped by waiting
        return bool(TOO_FAST.search(words)) and "block" not in words and not verdict.status.startswith("5.7.28")
    return bool(_TOO_FAST_CODES.fullmatch(verdict.status)) or bool(TOO_FAST.search(words))
