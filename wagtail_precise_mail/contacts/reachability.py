"""Whether mail may go to a contact, and why not, in words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from wagtail_precise_mail.contacts.models import Consent, ConsentStatus, Contact, Suppression, UnsubscribeReason


@dataclass(frozen=True)
class Reachability:
    """Why no mail goes to a contact: sentences, the strongest first. Without any, some mail may."""

    obstacles: tuple[str, ...]

    @property
    def is_reachable(self) -> bool:
        """Whether mail of at least one topic may go there."""
        return not self.obstacles


def reachability(
    contact: Contact, suppression: Suppression | None, consents: list[Consent], *, at: datetime | None = None
) -> Reachability:
    """Return whether mail may go to a contact, from what is loaded already.

    Args:
        suppression: that of the address, or None.
        consents: all of the contact.
    """
    at = at or timezone.now()
    obstacles = []
    if suppression:
        obstacles.append(_suppressed(suppression))
    if contact.quarantined_at:
        words = {"since": _day(contact.quarantined_at), "why": contact.quarantine_reason or "–"}
        obstacles.append(_("In quarantine since %(since)s: %(why)s") % words)
    if contact.paused_until and contact.paused_until > at:
        obstacles.append(_("Wants no mail until %(day)s") % {"day": _day(contact.paused_until)})
    if not any(consent.status == ConsentStatus.GRANTED for consent in consents):
        obstacles.append(_("Agreed to no topic"))
    return Reachability(tuple(obstacles))


def _suppressed(suppression: Suppression) -> str:
    detail = dict(UnsubscribeReason.choices).get(suppression.detail, suppression.detail)
    words = {"reason": suppression.get_reason_display(), "since": _day(suppression.created_at), "detail": detail}
    if detail:
        return _("Not written to since %(since)s: %(reason)s (%(detail)s)") % words
    return _("Not written to since %(since)s: %(reason)s") % words


def _day(moment: datetime) -> str:
    return date_format(timezone.localtime(moment), "DATE_FORMAT")
