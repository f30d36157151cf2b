"""Conditions on where contacts stand on an axis, such as the buying stage, and on how they moved along it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import reduce
from operator import or_
from typing import Annotated, Any

from django.db import connection
from django.db.models import BigIntegerField, Exists, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail import blocks

from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.exceptions import InvalidRules
from wagtail_precise_mail.segments.axes import Axis, all_places, axes
from wagtail_precise_mail.segments.conditions.base import Condition, conditions
from wagtail_precise_mail.segments.conditions.parameters import Count, Parameter, shown
from wagtail_precise_mail.segments.conditions.references import References
from wagtail_precise_mail.segments.conditions.several import Several
from wagtail_precise_mail.segments.conditions.windows import Windowed
from wagtail_precise_mail.segments.conditions.words import between, listed
from wagtail_precise_mail.segments.movements import Movement

GROUP = gettext_lazy("Value and stage")

# Who stands where now is in a table of its own, which is quicker to ask than the history.
_NOW = timedelta(minutes=1)


class _Place(Parameter):
    """A place on an axis, as "axis.place"."""

    def block(self) -> blocks.Block:
        return blocks.ChoiceBlock(choices=all_places, **self._options())

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "pattern": "^[a-z][a-z0-9_]*\\..+$"}

    def read(self, value: Any, place: str, references: References) -> str:
        axis, dot, name = value.partition(".") if isinstance(value, str) else ("", "", "")
        if axis not in axes:
            words = {"value": shown(value), "known": ", ".join(f"{key}.…" for key in axes)}
            raise InvalidRules(_("%(value)s is unknown; known: %(known)s") % words, place=place)
        if not dot or name not in dict(axes.get(axis).choices()):
            words = {"value": shown(value), "axis": str(axes.get(axis).label)}
            raise InvalidRules(_("%(value)s is no place on the axis “%(axis)s”") % words, place=place)
        return str(value)


def _places(label: Any, help_text: Any = "") -> Several:
    return Several(label=label, help_text=help_text, item=_Place(label=gettext_lazy("Place")))


@dataclass(frozen=True)
class _Split:
    """Places of one axis."""

    key: str
    names: tuple[str, ...]

    @property
    def axis(self) -> Axis:
        return axes.get(self.key)

    def stored(self) -> list[str]:
        """Return the places as the history has them: "" where there was none, which may be a place of its own."""
        return [*self.names, ""] if self.axis.missing in self.names and self.axis.missing else [*self.names]

    def words(self) -> str:
        return listed(self.axis.name_of(name) for name in self.names)


def _split(places: tuple[str, ...]) -> _Split:
    pairs = [place.partition(".") for place in places]
    return _Split(pairs[0][0], tuple(name for _axis, _dot, name in pairs))


def _axes_of(*places: tuple[str, ...]) -> set[str]:
    return {place.partition(".")[0] for several in places for place in several}


@conditions.register("moved")
@dataclass(frozen=True)
class Moved(Windowed):
    """Contacts who moved on an axis in a window, such as from loyal to at risk."""

    label = gettext_lazy("Moved to another stage or group")
    description = gettext_lazy("Such as from loyal to at risk. An empty side: from or to anywhere.")
    group = GROUP
    icon = "redirect"

    before: Annotated[tuple[str, ...], _places(gettext_lazy("From"), gettext_lazy("Any of them."))] = ()
    after: Annotated[tuple[str, ...], _places(gettext_lazy("To"), gettext_lazy("Any of them."))] = ()

    def problems(self) -> Iterator[tuple[str, str]]:
        found = _axes_of(self.before, self.after)
        if not found:
            yield "", _("choose from where or to where")
        elif len(found) > 1:
            yield "after", _("all places must be on one axis")
        yield from super().problems()

    def _moves(self, at: datetime) -> QuerySet[Movement]:
        either = _split(self.before or self.after)
        moves = Movement.objects.order_by().filter(axis=either.key, **self.window.lookups(at, "moved_at"))
        if self.before:
            moves = moves.filter(before__in=_split(self.before).stored())
        if self.after:
            moves = moves.filter(after__in=_split(self.after).stored())
        return moves

    def as_q(self, at: datetime) -> Q:
        return Q(pk__in=self._moves(at).values("contact_id"))

    def sentence(self) -> str:
        words = {
            "axis": str(_split(self.before or self.after).axis.label),
            "before": _(" from %(places)s") % {"places": _split(self.before).words()} if self.before else "",
            "after": _(" to %(places)s") % {"places": _split(self.after).words()} if self.after else "",
            "window": self.window.sentence(),
        }
        return _("moved%(before)s%(after)s (%(axis)s)%(window)s") % words

    def explain(self, contact: Contact, at: datetime) -> str:
        move = self._moves(at).filter(contact=contact).order_by("-moved_at", "-pk").first()
        return _move_in_words(move) if move else _("no such move")


@conditions.register("stands_at")
@dataclass(frozen=True)
class StandsAt(Condition):
    """Contacts who stand somewhere on an axis, and since when. In the past: where their last move before led."""

    label = gettext_lazy("Stage, group or value")
    description = gettext_lazy("Where they stand: RFM group, buying stage, value, engagement.")
    group = GROUP
    icon = "site"

    places: Annotated[tuple[str, ...], _places(gettext_lazy("Places"), gettext_lazy("Any of them, of one axis."))]
    min_days: Annotated[int | None, Count(label=gettext_lazy("For at least days"), minimum=1, maximum=36_500)] = None
    max_days: Annotated[int | None, Count(label=gettext_lazy("For at most days"), minimum=1, maximum=36_500)] = None

    def problems(self) -> Iterator[tuple[str, str]]:
        if len(_axes_of(self.places)) > 1:
            yield "places", _("all places must be on one axis")
        if self.min_days and self.max_days and self.min_days > self.max_days:
            yield "max_days", _("must not be below min_days")

    def as_q(self, at: datetime) -> Q:
        where = _split(self.places)
        is_now = where.axis.model and at >= timezone.now() - _NOW
        parts = [self._now(where, at) if is_now else self._then(where, at)]
        if where.axis.missing in where.names and where.axis.missing and not (self.min_days or self.max_days):
            parts.append(self._nowhere(where) if is_now else self._not_yet(where, at))
        return reduce(or_, parts)

    def _since(self, at: datetime, field: str) -> dict[str, datetime]:
        found = {}
        if self.min_days:
            found[f"{field}__lte"] = at - timedelta(days=self.min_days)
        if self.max_days:
            found[f"{field}__gte"] = at - timedelta(days=self.max_days)
        return found

    def _now(self, where: _Split, at: datetime) -> Q:
        wanted = {f"{where.axis.place}__in": where.stored(), **self._since(at, where.axis.since)}
        return Q(pk__in=where.axis.rows().filter(**wanted).values("contact_id"))

    def _nowhere(self, where: _Split) -> Q:
        return ~Q(Exists(where.axis.rows().filter(contact=OuterRef("pk"))))

    def _then(self, where: _Split, at: datetime) -> Q:
        moves = Movement.objects.order_by().filter(axis=where.key, moved_at__lte=at)
        # "" led nowhere: those count as the place of who has none, below.
        places, since = where.stored(), self._since(at, "moved_at")
        if connection.vendor == "postgresql":
            return Q(pk__in=_LastMoves(moves, places, since))
        later = Q(moved_at__gt=OuterRef("moved_at")) | Q(moved_at=OuterRef("moved_at"), pk__gt=OuterRef("pk"))
        last = moves.filter(~Q(Exists(moves.filter(later, contact=OuterRef("contact_id")))))
        return Q(pk__in=last.filter(after__in=places, **since).values("contact_id"))

    def _not_yet(self, where: _Split, at: datetime) -> Q:
        moves = Movement.objects.filter(axis=where.key, moved_at__lte=at, contact=OuterRef("pk"))
        return ~Q(Exists(moves))

    def sentence(self) -> str:
        where = _split(self.places)
        words = {"axis": str(where.axis.label), "places": where.words(), "since": ""}
        if self.min_days or self.max_days:
            words["since"] = _(" for %(days)s days") % {"days": between(self.min_days, self.max_days)}
        return _("are %(places)s (%(axis)s)%(since)s") % words

    def explain(self, contact: Contact, at: datetime) -> str:
        key = _split(self.places).key
        moves = Movement.objects.filter(contact=contact, axis=key, moved_at__lte=at)
        move = moves.order_by("-moved_at", "-pk").first()
        return _move_in_words(move) if move else _("never moved")


class _LastMoves(Subquery):
    """The contacts whose last one of some moves led to a place: sorted once, as only PostgreSQL can say it.

    Joined to later moves of the same contact, a million contacts took half as long again.

    Args:
        since: lookups of ``moved_at`` for that last move.
    """

    def __init__(self, moves: QuerySet[Movement], places: list[str], since: dict[str, datetime]) -> None:
        last = moves.order_by("contact_id", "-moved_at", "-pk").distinct("contact_id")
        super().__init__(last.values("contact_id", "after", "moved_at"), output_field=BigIntegerField())
        self._places, self._since = places, since

    def as_sql(self, *args: Any, **kwargs: Any) -> tuple[str, tuple[Any, ...]]:
        sql, params = super().as_sql(*args, **kwargs)
        operators = {"moved_at__lte": "<=", "moved_at__gte": ">="}
        since = "".join(f" AND last_move.moved_at {operators[lookup]} %s" for lookup in self._since)
        sql = f"(SELECT last_move.contact_id FROM {sql} AS last_move WHERE last_move.after = ANY(%s){since})"  # noqa: S608
        return sql, (*params, self._places, *self._since.values())


@conditions.register("was_at")
@dataclass(frozen=True)
class WasAt(Windowed):
    """Contacts who came to a place on an axis in a window, wherever they stand now."""

    label = gettext_lazy("Ever was in a stage or group")
    description = gettext_lazy("Came there in the window, wherever they stand now.")
    group = GROUP
    icon = "history"

    places: Annotated[tuple[str, ...], _places(gettext_lazy("Places"), gettext_lazy("Any of them, of one axis."))]

    def problems(self) -> Iterator[tuple[str, str]]:
        if len(_axes_of(self.places)) > 1:
            yield "places", _("all places must be on one axis")
        yield from super().problems()

    def _moves(self, at: datetime) -> QuerySet[Movement]:
        where = _split(self.places)
        lookups = self.window.lookups(at, "moved_at")
        return Movement.objects.order_by().filter(axis=where.key, after__in=where.names, **lookups)

    def as_q(self, at: datetime) -> Q:
        return Q(pk__in=self._moves(at).values("contact_id"))

    def sentence(self) -> str:
        where = _split(self.places)
        words = {"axis": str(where.axis.label), "places": where.words(), "window": self.window.sentence()}
        return _("came to be %(places)s (%(axis)s)%(window)s") % words

    def explain(self, contact: Contact, at: datetime) -> str:
        move = self._moves(at).filter(contact=contact).order_by("-moved_at", "-pk").first()
        return _move_in_words(move) if move else _("never was")


def _move_in_words(move: Movement) -> str:
    axis = axes.get(move.axis)
    words = {
        "before": axis.name_of(move.before) or _("nowhere"),
        "after": axis.name_of(move.after) or _("nowhere"),
        "day": date_format(localtime(move.moved_at), "DATE_FORMAT"),
    }
    return _("from %(before)s to %(after)s on %(day)s") % words
