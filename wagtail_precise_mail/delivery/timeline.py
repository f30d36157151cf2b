"""Mails on a contact's timeline: those that left, and those that did not, with the reason."""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from wagtail_precise_mail.conf import options
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.contacts.timeline import (
    ContactFact,
    ContactFactSource,
    TimelineEntry,
    TimelineSource,
    contact_facts,
    timeline_sources,
)
from wagtail_precise_mail.delivery.balance import balance_of_contact
from wagtail_precise_mail.delivery.models import OutboxMessage
from wagtail_precise_mail.delivery.queries import explain

_ICONS = {
    OutboxMessage.State.SKIPPED: "cross",
    OutboxMessage.State.REJECTED: "warning",
    OutboxMessage.State.UNKNOWN: "help",
}


@timeline_sources.register("mail")
class MailTimeline(TimelineSource):
    """Outbox messages; tests are about a colleague, so they are left out."""

    label: ClassVar[str | Promise] = _("Mails")
    icon: ClassVar[str] = "mail"

    def entries(self, contact: Contact, *, limit: int) -> list[TimelineEntry]:
        messages = (
            contact.outbox_messages.filter(send__is_test=False)
            .select_related("send__compiled__email")
            .order_by("-created_at", "-pk")[:limit]
        )
        return [
            TimelineEntry(
                message.finished_at or message.created_at,
                "mail",
                _title(message),
                detail=explain(message),
                icon=_ICONS.get(OutboxMessage.State(message.state), ""),
            )
            for message in messages
        ]


@contact_facts.register("promotion")
class PromotionFacts(ContactFactSource):
    """How much of what a contact was sent lately was promotion."""

    def facts(self, contact: Contact) -> list[ContactFact]:
        at, days = timezone.now(), options().promotion_days
        found = balance_of_contact(contact, since=at - timedelta(days=days), until=at)
        total = found.promotion_count + found.editorial_count
        if not total:
            return []
        parts = gettext("%(promotion)s of %(total)s parts in %(days)s days") % {
            "promotion": found.promotion_count,
            "total": total,
            "days": days,
        }
        return [ContactFact(gettext("Promotion"), f"{found.percent} %", parts)]


def _title(message: OutboxMessage) -> str:
    name = message.send.compiled.email or gettext("an email that was deleted")
    if message.state == OutboxMessage.State.ACCEPTED:
        return gettext("Got “%(email)s”") % {"email": name}
    if message.state in OutboxMessage.OPEN_STATES:
        return gettext("Will get “%(email)s”") % {"email": name}
    if message.state == OutboxMessage.State.UNKNOWN:
        return gettext("May have got “%(email)s”") % {"email": name}
    return gettext("Did not get “%(email)s”") % {"email": name}
