"""What came back, on a contact's timeline."""

from __future__ import annotations

from typing import ClassVar

from django.db.models import F
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.contacts.timeline import TimelineEntry, TimelineSource, timeline_sources
from wagtail_precise_mail.delivery.bounces.kinds import ADVICE, BOUNCES, Kind
from wagtail_precise_mail.delivery.bounces.models import REFUSED, Bounce


@timeline_sources.register("bounce")
class BounceTimeline(TimelineSource):
    """Bounces, complaints and automatic answers, each with what to do about it."""

    label: ClassVar[str | Promise] = _("What came back")
    icon: ClassVar[str] = "arrow-left"

    def entries(self, contact: Contact, *, limit: int) -> list[TimelineEntry]:
        # Values of the email, not rows: a row of the message would bring the whole compiled email along.
        rows = (
            # What a server refused while we were connected stands with the message itself.
            Bounce.objects.filter(contact=contact, message__send__is_test=False)
            .exclude(source=REFUSED)
            .annotate(email_name=F("message__send__compiled__email__name"))
            .order_by("-happened_at", "-pk")[:limit]
        )
        return [
            TimelineEntry(
                row.happened_at,
                "bounce",
                _title(row) % {"email": row.email_name or gettext("a deleted email"), "why": row.get_kind_display()},
                detail=_detail(row),
                icon="warning" if row.kind in (*BOUNCES, Kind.COMPLAINT) else "",
            )
            for row in rows
        ]


def _title(bounce: Bounce) -> str:
    if bounce.kind == Kind.COMPLAINT:
        return gettext("Called “%(email)s” spam")
    if bounce.kind == Kind.UNSUBSCRIBE:
        return gettext("Unsubscribed by mail after “%(email)s”")
    if bounce.kind not in BOUNCES:
        return gettext("Answered “%(email)s” by itself: %(why)s")
    if not bounce.is_final:
        return gettext("“%(email)s” is delayed: %(why)s")
    return gettext("“%(email)s” came back: %(why)s")


def _detail(bounce: Bounce) -> str:
    advice = str(ADVICE[bounce.kind]) if bounce.is_final else gettext("The server goes on trying.")
    return f"{advice} {bounce.diagnostic}".strip()
