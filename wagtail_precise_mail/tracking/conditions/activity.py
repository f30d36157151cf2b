"""The condition on the last sign of life, of whatever kind."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import reduce
from operator import and_
from typing import Annotated, Any

from django.db.models import Exists, Max, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from wagtail_precise_mail.commerce.models import Order
from wagtail_precise_mail.commerce.viewed import ProductView
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.segments.conditions import Condition, Count, conditions
from wagtail_precise_mail.segments.conditions.words import between
from wagtail_precise_mail.tracking.conditions.sharing import REACTIONS, dated
from wagtail_precise_mail.tracking.engagement import Sign
from wagtail_precise_mail.tracking.models import MessageEvent, SurveyAnswer
from wagtail_precise_mail.tracking.site_views import SiteView

_EVENTS = [MessageEvent.Kind.OPEN, MessageEvent.Kind.CLICK]

SOURCES: dict[str, list[tuple[Callable[[], QuerySet[Any]], str]]] = {
    "mail": [(lambda: MessageEvent.objects.filter(kind__in=_EVENTS, is_machine=False), "happened_at")],
    Sign.ORDER: [(lambda: Order.objects.filter(kind=Order.Kind.SALE), "placed_at")],
    Sign.VISIT: [(SiteView.objects.all, "happened_at"), (ProductView.objects.all, "viewed_at")],
    Sign.ANSWER: [(SurveyAnswer.objects.all, "answered_at")],
}
"""What counts as doing something, with the column of its moment."""
_WORDS = {
    "mail": gettext_lazy("open or click"),
    Sign.ORDER: gettext_lazy("order"),
    Sign.VISIT: gettext_lazy("visit"),
    Sign.ANSWER: gettext_lazy("survey answer"),
}


@conditions.register("last_activity")
@dataclass(frozen=True)
class LastActivity(Condition):
    """Contacts by the days since they did anything: open, click, order, visit or answer. Who never did has no last."""

    label = gettext_lazy("Last activity")
    description = gettext_lazy(
        "Days since the last open or click by the person, order, visit or survey answer. Without any there is none."
    )
    group = REACTIONS
    icon = "history"

    min_days_ago: Annotated[int | None, Count(label=gettext_lazy("At least days ago"), minimum=1, maximum=36_500)] = (
        None
    )
    max_days_ago: Annotated[int | None, Count(label=gettext_lazy("At most days ago"), minimum=1, maximum=36_500)] = None

    def problems(self) -> Iterator[tuple[str, str]]:
        if self.min_days_ago is None and self.max_days_ago is None:
            yield "", _("give min_days_ago, max_days_ago or both")
        elif self.min_days_ago and self.max_days_ago and self.min_days_ago > self.max_days_ago:
            yield "max_days_ago", _("must not be below min_days_ago")

    def as_q(self, at: datetime) -> Q:
        latest = at - timedelta(days=self.min_days_ago or 0)
        found = _active(latest, at - timedelta(days=self.max_days_ago) if self.max_days_ago else None)
        return found & _quiet(latest, at) if self.min_days_ago else found

    def sentence(self) -> str:
        ago = _("%(days)s days ago") % {"days": between(self.min_days_ago, self.max_days_ago)}
        return _("were last active %(ago)s") % {"ago": ago}

    def explain(self, contact: Contact, at: datetime) -> str:
        moments = {
            name: max(filter(None, (_last(rows(), moment, contact, at) for rows, moment in sources)), default=None)
            for name, sources in SOURCES.items()
        }
        known = {moment: name for name, moment in moments.items() if moment}
        if not known:
            return _("never active")
        last = max(known)
        return dated(str(_WORDS[known[last]]), last)


def _active(until: datetime, since: datetime | None) -> Q:
    """Return whether anything was done up to a moment, and from another on."""
    parts = []
    for rows, moment in _sources():
        wanted = {f"{moment}__lte": until} | ({f"{moment}__gte": since} if since else {})
        parts.append(rows.filter(contact__isnull=False, **wanted).values("contact_id"))
    first, *others = parts
    # One subquery instead of OR, which asks each source about each contact. And each contact once: of repetitions
    # PostgreSQL guesses 200 contacts, and looks up a third of a million one by one.
    return Q(pk__in=first.union(*others))


def _quiet(after: datetime, until: datetime) -> Q:
    """Return whether nothing was done after a moment, up to another."""
    moments = {"gt": after, "lte": until}
    rows = [
        rows.filter(contact=OuterRef("pk"), **{f"{moment}__{one}": value for one, value in moments.items()})
        for rows, moment in _sources()
    ]
    return reduce(and_, [~Q(Exists(one)) for one in rows])


def _sources() -> Iterator[tuple[QuerySet[Any], str]]:
    return ((rows().order_by(), moment) for sources in SOURCES.values() for rows, moment in sources)


def _last(rows: QuerySet[Any], moment: str, contact: Contact, at: datetime) -> datetime | None:
    found: datetime | None = rows.filter(contact=contact, **{f"{moment}__lte": at}).aggregate(last=Max(moment))["last"]
    return found
