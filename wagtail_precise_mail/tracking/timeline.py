"""What a contact did with our mails, on their timeline. Machines are left out."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, ClassVar

from django.db.models import F
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from wagtail_precise_mail.commerce.money import format_money
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.contacts.timeline import TimelineEntry, TimelineSource, timeline_sources
from wagtail_precise_mail.tracking.models import MessageEvent


class EventTimeline(TimelineSource):
    """Events of one kind."""

    kind: ClassVar[MessageEvent.Kind]

    def entries(self, contact: Contact, *, limit: int) -> list[TimelineEntry]:
        events = MessageEvent.objects.filter(contact=contact, kind=self.kind, is_machine=False)
        # Values, not rows: a row of the message would bring the whole compiled email along.
        rows = events.order_by("-happened_at", "-pk").values(
            "happened_at", "url", "value", "currency", "order__number", email=F("send__compiled__email__name")
        )
        return [self.entry({**row, "email": row["email"] or gettext("a deleted email")}) for row in rows[:limit]]

    @abstractmethod
    def entry(self, event: dict[str, Any]) -> TimelineEntry:
        """Return what the timeline says of an event."""


@timeline_sources.register("open")
class OpenTimeline(EventTimeline):
    """Opens of our mails."""

    kind = MessageEvent.Kind.OPEN
    label = _("Opens")
    icon = "view"

    def entry(self, event: dict[str, Any]) -> TimelineEntry:
        return TimelineEntry(event["happened_at"], "open", gettext("Opened “%(email)s”") % event)


@timeline_sources.register("click")
class ClickTimeline(EventTimeline):
    """Clicks in our mails."""

    kind = MessageEvent.Kind.CLICK
    label = _("Clicks")
    icon = "link"

    def entry(self, event: dict[str, Any]) -> TimelineEntry:
        return TimelineEntry(
            event["happened_at"], "click", gettext("Clicked in “%(email)s”") % event, detail=event["url"]
        )


@timeline_sources.register("conversion")
class ConversionTimeline(EventTimeline):
    """Orders that followed a click."""

    kind = MessageEvent.Kind.CONVERSION
    label = _("Conversions")
    icon = "success"

    def entry(self, event: dict[str, Any]) -> TimelineEntry:
        title = gettext("Bought after “%(email)s”") % event
        order = gettext("Order %(order__number)s") % event
        return TimelineEntry(
            event["happened_at"],
            "conversion",
            title,
            detail=f"{order}, {format_money(event['value'], event['currency'])}",
        )
