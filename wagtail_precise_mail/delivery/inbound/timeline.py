"""What a contact answered, on their timeline."""

from __future__ import annotations

from typing import ClassVar

from django.db.models import F
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.contacts.timeline import TimelineEntry, TimelineSource, timeline_sources
from wagtail_precise_mail.delivery.inbound.models import Reply


@timeline_sources.register("reply")
class ReplyTimeline(TimelineSource):
    """Answers to our mails, in the words of the contact."""

    label: ClassVar[str | Promise] = _("Answers")
    icon: ClassVar[str] = "comment"

    def entries(self, contact: Contact, *, limit: int) -> list[TimelineEntry]:
        rows = (
            Reply.objects.filter(contact=contact)
            .annotate(email_name=F("message__send__compiled__email__name"))
            .order_by("-happened_at", "-pk")[:limit]
        )
        return [
            TimelineEntry(
                row.happened_at,
                "reply",
                gettext("Answered “%(email)s”: %(subject)s")
                % {"email": row.email_name or gettext("a deleted email"), "subject": row.subject or "…"},
                detail=row.text[:500],
            )
            for row in rows
        ]
