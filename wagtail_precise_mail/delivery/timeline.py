"""Mails on a contact's timeline: those that left, and those that did not, with the reason."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import ClassVar

from django.template.defaultfilters import date as format_date
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from wagtail_precise_mail.charts import as_percent
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
from wagtail_precise_mail.delivery.digests.models import DigestIssue
from wagtail_precise_mail.delivery.digests.queries import titles_in_digests
from wagtail_precise_mail.delivery.models import OutboxMessage, Send
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
        messages = list(
            contact.outbox_messages.filter(send__is_test=False)
            .select_related("send__compiled__email", "digest_issue__digest__send")
            .order_by("-created_at", "-pk")[:limit]
        )
        contents = titles_in_digests([one.pk for one in messages if one.send.origin_kind == Send.DIGEST])
        return [
            TimelineEntry(
                message.finished_at or message.created_at,
                "mail",
                _title(message, contents.get(message.pk, [])),
                detail=_detail(message),
                icon=_icon(message),
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
        return [ContactFact(gettext("Promotion"), as_percent(found.percent, 0), parts)]


def _title(message: OutboxMessage, contents: Sequence[str]) -> str:
    if message.send.origin_kind == Send.DIGEST:
        return _digest_title(message) % {"issues": ", ".join(contents)}
    name = {"email": message.send.compiled.email or gettext("an email that was deleted")}
    if message.state == OutboxMessage.State.ACCEPTED:
        return gettext("Got “%(email)s”") % name
    if message.state in OutboxMessage.OPEN_STATES:
        return gettext("Will get “%(email)s”") % name
    if message.state == OutboxMessage.State.UNKNOWN:
        return gettext("May have got “%(email)s”") % name
    if message.skip_reason == OutboxMessage.SkipReason.KEPT:
        return gettext("“%(email)s” was kept for their digest") % name
    return gettext("Did not get “%(email)s”") % name


def _digest_title(message: OutboxMessage) -> str:
    if message.state == OutboxMessage.State.ACCEPTED:
        return gettext("Got the digest with: %(issues)s")
    if message.state in OutboxMessage.OPEN_STATES:
        return gettext("Will get the digest with: %(issues)s")
    if message.state == OutboxMessage.State.UNKNOWN:
        return gettext("May have got the digest with: %(issues)s")
    return gettext("Did not get the digest with: %(issues)s")


def _detail(message: OutboxMessage) -> str:
    issue: DigestIssue | None = getattr(message, "digest_issue", None)
    if issue is None:
        return explain(message)
    if issue.left_out:
        reason = issue.get_left_out_display()
        return gettext("Was left out of the digest: %(reason)s.") % {"reason": reason}
    if issue.digest is None:
        return gettext("Waits for their next digest.")
    if issue.digest.state == OutboxMessage.State.ACCEPTED and issue.digest.handed_off_at:
        day = format_date(timezone.localtime(issue.digest.handed_off_at), "DATE_FORMAT")
        return gettext("Was in the digest of %(day)s.") % {"day": day}
    return gettext("Is in a digest. %(what)s") % {"what": explain(issue.digest)}


def _icon(message: OutboxMessage) -> str:
    if message.skip_reason == OutboxMessage.SkipReason.KEPT:
        return "history"
    return _ICONS.get(OutboxMessage.State(message.state), "")
