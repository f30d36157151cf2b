"""Complaints in the forms in which mailbox providers pass them on: RFC 5965 (ARF), Microsoft's, and Amazon's JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from wagtail_precise_mail.delivery.bounces.free_forms import addresses_in, recipients_of_returned
from wagtail_precise_mail.delivery.bounces.kinds import Kind
from wagtail_precise_mail.delivery.bounces.reading import Mail

# Feedback-Type of RFC 5965 and its registry, translated.
FEEDBACK: dict[str, Kind] = {
    "abuse": Kind.COMPLAINT,
    "fraud": Kind.COMPLAINT,
    "virus": Kind.COMPLAINT,
    "other": Kind.COMPLAINT,
    "complaint": Kind.COMPLAINT,
    "miscategorized": Kind.COMPLAINT,
    "opt-out": Kind.UNSUBSCRIBE,
    "opt-out-list": Kind.UNSUBSCRIBE,
    "not-spam": Kind.AUTO_REPLY,
    "auth-failure": Kind.POLICY,
    "dmarc": Kind.POLICY,
}
_RECIPIENT_FIELDS = ("original-rcpt-to", "removal-recipient", "x-original-rcpt-to", "original-recipient")
_IN_WORDS = re.compile(
    r"complaint about (?:a |your )?(?:message|e-?mail)|abuse (?:report|complaint)|feedback report|feedback loop|"
    r"spam (?:report|complaint)|fbl report",
    re.IGNORECASE,
)
_JSON_KINDS = {"complaint": Kind.COMPLAINT, "delivery": Kind.AUTO_REPLY, "bounce": Kind.UNKNOWN}


def kind_of_feedback(mail: Mail) -> Kind | None:
    """Return what a feedback report is about, or None for any other mail."""
    if not mail.feedback and mail.report_type != "feedback-report":
        return Kind.COMPLAINT if mail.returned and _complains_in_words(mail) else None
    return FEEDBACK.get(mail.feedback.get("feedback-type", "abuse").strip().lower(), Kind.COMPLAINT)


def complainers(mail: Mail, *, own: set[str]) -> list[str]:
    """Return the recipients of the mails that are complained about; often none, for they are taken out."""
    for name in _RECIPIENT_FIELDS:
        found = [one for one in addresses_in(mail.feedback.get(name, "")) if one.lower() not in own]
        if found:
            return found
    return recipients_of_returned(mail.returned, own=own)


def _complains_in_words(mail: Mail) -> bool:
    return not mail.statuses and bool(_IN_WORDS.search(f"{mail.header('subject')}\n{mail.text[:1000]}"))


def read_notification(mail: Mail) -> dict[str, Any] | None:
    """Return a notification of Amazon SES that came by mail through SNS, or None."""
    text = mail.text.strip() or mail.returned.strip()
    if '"notificationType"' not in text and '"eventType"' not in text and "notificationType" not in text:
        return None
    try:
        given, _end = json.JSONDecoder().raw_decode(_joined(text))
        while isinstance(given, dict) and isinstance(given.get("Message"), str):
            given = json.loads(given["Message"])
    except (ValueError, RecursionError):
        return None
    return given if isinstance(given, dict) else None


def _joined(text: str) -> str:
    """Mail programs break long lines, also within strings; JSON has no line ends there."""
    start = text.find("{")
    return text[max(start, 0) :].replace("\n", "")


def notified(given: dict[str, Any]) -> Iterator[tuple[str, str, str, Kind]]:
    """Yield address, diagnostic, status and kind for each recipient of a notification."""
    name = str(given.get("notificationType") or given.get("eventType") or "").lower()
    kind = _JSON_KINDS.get(name)
    about = given.get(name)
    if kind is None or not isinstance(about, dict):
        return
    for one in _list(about.get("bouncedRecipients")) + _list(about.get("complainedRecipients")):
        if isinstance(one, dict):
            diagnostic = str(one.get("diagnosticCode") or about.get("bounceSubType") or "")
            yield str(one.get("emailAddress", "")), diagnostic, str(one.get("status", "")), kind
    for address in _list(about.get("recipients")):
        yield str(address), str(about.get("smtpResponse", "")), "", kind


def _list(value: object) -> list[Any]:
    return value[:100] if isinstance(value, list) else []
