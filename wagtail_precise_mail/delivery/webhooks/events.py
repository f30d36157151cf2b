"""What a provider tells of one message, in our words: the one table of the words of django-anymail."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.utils import timezone

from wagtail_precise_mail.delivery.bounces.classifying import Evidence, Verdict, classify
from wagtail_precise_mail.delivery.bounces.kinds import Kind as BounceKind
from wagtail_precise_mail.delivery.channels.anymail import REFERENCE
from wagtail_precise_mail.delivery.webhooks.models import ProviderEvent

Kind = ProviderEvent.Kind

KINDS: dict[str, Kind | None] = {
    "delivered": Kind.DELIVERED,
    "deferred": Kind.DEFERRED,
    "bounced": Kind.BOUNCED,
    "rejected": Kind.REJECTED,
    "failed": Kind.REJECTED,
    "complained": Kind.COMPLAINED,
    "unsubscribed": Kind.UNSUBSCRIBED,
    "autoresponded": Kind.ANSWERED,
    "opened": Kind.OPENED,
    "clicked": Kind.CLICKED,
    "queued": None,  # we know that it took the message
    "sent": None,
    "subscribed": None,
    "inbound": None,
    "inbound_failed": None,
    "unknown": None,
}
"""By Anymail's event type; None where there is nothing to keep."""

REASONS: dict[str, BounceKind] = {
    "invalid": BounceKind.HARD,
    "bounced": BounceKind.UNKNOWN,  # some providers say so of soft ones, too: the words of the server decide
    "timed_out": BounceKind.SOFT,
    "blocked": BounceKind.BLOCK,
    "spam": BounceKind.CONTENT,
    "unsubscribed": BounceKind.POLICY,
    "other": BounceKind.UNKNOWN,
}
"""By Anymail's reason to reject, for bounces without words of a server."""

BOUNCES: dict[Kind, BounceKind] = {
    Kind.COMPLAINED: BounceKind.COMPLAINT,
    Kind.UNSUBSCRIBED: BounceKind.UNSUBSCRIBE,
    Kind.ANSWERED: BounceKind.AUTO_REPLY,
}
"""Events that come back by mail as well, and are kept as the same."""


@dataclass(frozen=True)
class Told:
    """One event.

    Attributes:
        kind: in our words.
        at: when it happened, as far as the provider says so (aware), else now.
        provider: its name, in lower case.
        key: the same for the same event, however often it is told.
        reference: ours, from the metadata; "" where the provider keeps none.
        provider_id: its name for the message, or "".
        address: of the recipient, or "".
        words: of the server, or of the provider.
        reason: Anymail's reason to reject, or "".
    """

    kind: Kind
    at: datetime
    provider: str
    key: str
    reference: str = ""
    provider_id: str = ""
    address: str = ""
    words: str = ""
    reason: str = ""
    url: str = ""
    user_agent: str = ""

    def verdict(self) -> Verdict:
        """Return what kind of bounce this is: by the words of the server, else by the reason of the provider."""
        if self.kind in BOUNCES:
            return Verdict(BOUNCES[self.kind], "", "")
        verdict = classify(Evidence(diagnostic=self.words))
        if verdict.kind == BounceKind.UNKNOWN or not (verdict.status or verdict.reply):
            kind = REASONS.get(self.reason, BounceKind.UNKNOWN)
            kind = verdict.kind if kind == BounceKind.UNKNOWN else kind
            return Verdict(kind, verdict.status, verdict.reply)
        return verdict


def told_by(event: Any, provider: str) -> Told | None:
    """Return what an event of Anymail says, or None where there is nothing to keep."""
    kind = KINDS.get(event.event_type)
    if kind is None:
        return None
    metadata = event.metadata if isinstance(event.metadata, dict) else {}
    name = _words(event.message_id)
    parts = (provider, kind.value, _words(event.event_id), name, _words(event.recipient), _moment_key(event))
    return Told(
        kind=kind,
        at=_moment(event.timestamp),
        provider=provider.lower(),
        key=hashlib.sha256("\n".join(parts).encode("utf-8", "replace")).hexdigest(),
        reference=_words(metadata.get(REFERENCE)),
        provider_id=name,
        address=_words(event.recipient),
        words=_words(event.mta_response) or _words(event.description),
        reason=_words(event.reject_reason),
        url=_words(event.click_url)[:2000],
        user_agent=_words(event.user_agent)[:250],
    )


def _moment_key(event: Any) -> str:
    """Without a name, an event is known by its moment: the same event has the same one."""
    if event.event_id:
        return ""
    return f"{event.timestamp.isoformat() if event.timestamp else ''} {_words(event.click_url)}"


def _moment(at: datetime | None) -> datetime:
    now = timezone.now()
    if at is None:
        return now
    return min(at if timezone.is_aware(at) else at.replace(tzinfo=UTC), now)


def _words(value: Any) -> str:
    return str(value).replace("\x00", "")[:4000] if value else ""
