"""What a contact was shown when they decided: kept with each entry of the ledger, and told again in full."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from wagtail_precise_mail.conf import options

if TYPE_CHECKING:
    from wagtail_precise_mail.contacts.models import ConsentChange, Contact
    from wagtail_precise_mail.contacts.wordings import ConsentWording, PrivacyPolicy

PROOF_VERSION = 1
"""Of the JSON that :func:`consent_proof` returns."""


@dataclass(frozen=True)
class Shown:
    """What somebody saw when they decided, and where.

    Attributes:
        ip_address: where the decision came from; kept only where the option ``records_ip`` says so.
        page_url: the page with the form.
        source_page_id: the id of that page in Wagtail, if it is one.
    """

    wording: ConsentWording | None = None
    policy: PrivacyPolicy | None = None
    ip_address: str = ""
    page_url: str = ""
    source_page_id: int | None = None

    def columns(self) -> dict[str, Any]:
        """Return the values of the ledger's columns."""
        return {
            "wording": self.wording,
            "policy": self.policy,
            "ip_address": (self.ip_address or None) if options().records_ip else None,
            "page_url": self.page_url[:500],
            "source_page_id": self.source_page_id,
        }


NOTHING_SHOWN = Shown()


def consent_proof(contact: Contact, *, at: datetime | None = None) -> dict[str, Any]:
    """Return everything that shows what a contact agreed to, as JSON can hold it: oldest entry first.

    Costs a constant number of queries.

    Args:
        at: when it was asked for.
    """
    changes = contact.consent_changes.select_related("topic", "wording", "policy__page", "policy__site", "changed_by")
    consents = contact.consents.select_related("topic").order_by("topic__slug")
    return {
        "version": PROOF_VERSION,
        "made_at": (at or timezone.now()).isoformat(),
        "contact": {"id": contact.pk, "email": contact.email, "since": contact.created_at.isoformat()},
        "now": [
            {"topic": row.topic.slug, "status": row.status, "basis": row.basis, "since": row.changed_at.isoformat()}
            for row in consents
        ],
        "ledger": [_entry(change) for change in changes.order_by("changed_at", "pk")],
    }


def _entry(change: ConsentChange) -> dict[str, Any]:
    wording, policy = change.wording, change.policy
    return {
        "at": change.changed_at.isoformat(),
        "topic": {"slug": change.topic.slug, "name": change.topic.name},
        "status": change.status,
        "basis": change.basis,
        "source": change.source,
        "actor": change.actor,
        "recorded_by": change.changed_by.get_username() if change.changed_by else "",
        "evidence": change.evidence,
        "ip_address": change.ip_address or "",
        "page": {"url": change.page_url, "id": change.source_page_id},
        "shown": {
            "name": wording.name,
            "language": wording.language,
            "version": wording.version,
            "text": wording.text,
            "since": wording.created_at.isoformat(),
        }
        if wording
        else None,
        "policy": {
            "version": policy.version,
            "address": policy.address,
            "in_force_since": policy.published_at.isoformat(),
        }
        if policy
        else None,
    }
