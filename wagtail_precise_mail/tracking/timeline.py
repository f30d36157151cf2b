"""What a contact did with our mails, on their timeline. Machines are left out."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar, Self

from django.db.models import F
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from wagtail_precise_mail.commerce.money import format_money
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.contacts.timeline import TimelineEntry, TimelineSource, timeline_sources
from wagtail_precise_mail.delivery.sharing import NETWORKS
from wagtail_precise_mail.tracking.models import MessageEvent, SurveyAnswer


class EventTimeline(TimelineSource):
    """Events of one kind."""

    kind: ClassVar[MessageEvent.Kind]
    table = "message_event"

    def entries(self, contact: Contact, *, limit: int) -> list[TimelineEntry]:
        return self.gather([self], contact, limit=limit)

    @classmethod
    def gather(cls, sources: Sequence[Self], contact: Contact, *, limit: int) -> list[TimelineEntry]:
        by_kind = {source.kind.value: source for source in sources}
        events = MessageEvent.objects.filter(contact=contact, kind__in=by_kind, is_machine=False)
        newest = events.order_by("-happened_at", "-pk").values("pk")[:limit]
        # Values, not rows: a row of the message would bring the whole compiled email along.
        rows = (
            MessageEvent.objects.filter(pk__in=newest)
            .order_by("-happened_at", "-pk")
            .values("kind", "happened_at", "url", "value", "currency", "detail", "order__number")
            .annotate(email=F("send__compiled__email__name"))
        )
        return [
            by_kind[row["kind"]].entry({**row, "email": row["email"] or gettext("a deleted email")}) for row in rows
        ]

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


@timeline_sources.register("goal")
class GoalTimeline(EventTimeline):
    """Goals of landing pages."""

    kind = MessageEvent.Kind.GOAL
    label = _("Goals")
    icon = "crosshairs"

    def entry(self, event: dict[str, Any]) -> TimelineEntry:
        title = gettext("Reached the goal after “%(email)s”") % event
        return TimelineEntry(event["happened_at"], "goal", title, detail=event["detail"])


class PassedOnTimeline(EventTimeline):
    """Mails that the contact showed to others."""

    icon = "globe"

    def entry(self, event: dict[str, Any]) -> TimelineEntry:
        via = NETWORKS.get(event["detail"], ("",))[0]
        return TimelineEntry(event["happened_at"], self.kind, gettext("Passed on “%(email)s”") % event, detail=via)


@timeline_sources.register("forward")
class ForwardTimeline(PassedOnTimeline):
    """Forwarded to friends."""

    kind = MessageEvent.Kind.FORWARD
    label = _("Forwards")


@timeline_sources.register("share")
class ShareTimeline(PassedOnTimeline):
    """Shared in networks."""

    kind = MessageEvent.Kind.SHARE
    label = _("Shares")


@timeline_sources.register("survey")
class SurveyTimeline(TimelineSource):
    """Answers to surveys, and the field that an answer was kept as."""

    label = _("Surveys")
    icon = "radio-full"

    def entries(self, contact: Contact, *, limit: int) -> list[TimelineEntry]:
        answers = SurveyAnswer.objects.filter(contact=contact).order_by("-answered_at", "-pk")[:limit]
        return [
            TimelineEntry(
                answer.answered_at,
                "survey",
                gettext("Answered “%(question)s” with “%(label)s”")
                % {"question": answer.question, "label": answer.label},
                detail=" · ".join(filter(None, [_kept_as(answer), answer.comment])),
            )
            for answer in answers
        ]


def _kept_as(answer: SurveyAnswer) -> str:
    return f"{answer.attribute} = {answer.value}" if answer.attribute else ""
