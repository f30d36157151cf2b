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
from wagtail_precise_mail.tracking.site_views import SiteView


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


@timeline_sources.register("site_view")
class SiteViewTimeline(TimelineSource):
    """Pages and searches on the site, of contacts who agreed to it. Products have an entry of their own."""

    label = _("Visits")
    icon = "site"

    def entries(self, contact: Contact, *, limit: int) -> list[TimelineEntry]:
        views = contact.site_views.exclude(kind=SiteView.Kind.PRODUCT).order_by("-happened_at", "-pk")[:limit]
        return [
            TimelineEntry(view.happened_at, "site_view", _looked_at(view), detail=_how_long(view.seconds))
            for view in views
        ]


def _looked_at(view: SiteView) -> str:
    if view.kind == SiteView.Kind.SEARCH:
        return gettext("Searched for “%(words)s”") % {"words": view.words}
    return gettext("Visited %(path)s") % {"path": view.path or "/"}


def _how_long(seconds: int) -> str:
    if not seconds:
        return ""
    minutes, rest = divmod(seconds, 60)
    return gettext("%(minutes)d min %(seconds)d s") % {"minutes": minutes, "seconds": rest}


def _kept_as(answer: SurveyAnswer) -> str:
    return f"{answer.attribute} = {answer.value}" if answer.attribute else ""
