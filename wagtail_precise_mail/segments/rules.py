"""Rules: conditions in nested groups, as data. They come from JSON or from the editor and compile to one statement."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, cast

from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from wagtail_precise_mail.exceptions import InvalidRules
from wagtail_precise_mail.segments.conditions import Beginning, Condition, References, Tally, conditions
from wagtail_precise_mail.segments.conditions.joining import MAX_JOINED, join, kept_apart
from wagtail_precise_mail.segments.conditions.parameters import shown
from wagtail_precise_mail.segments.conditions.tallies import merge_tallies

RULES, EXCEPT = "rules", "except"
"""The keys of rules in JSON: what must hold, and who is left out again."""

# Deeper nesting is a mistake or an attack; the editor offers three levels.
MAX_DEPTH = 10


class Match(StrEnum):
    """How the rules of a group go together."""

    ALL = "all"
    ANY = "any"
    NONE = "none"


MATCH_LABELS: dict[Match, str | Promise] = {
    Match.ALL: gettext_lazy("All of these"),
    Match.ANY: gettext_lazy("Any of these"),
    Match.NONE: gettext_lazy("None of these"),
}


@dataclass(frozen=True)
class Group:
    """Rules of which all, any or none must hold. Never empty."""

    match: Match
    rules: tuple[Condition | Group, ...]

    def __post_init__(self) -> None:
        if not self.rules:
            raise InvalidRules(_("has no rules"))

    @classmethod
    def any_of(cls, groups: Sequence[Group]) -> Group:
        """Return the group of which any must hold."""
        return cls(Match.ANY, tuple(groups))

    def as_q(self, at: datetime, *, negated: bool = False) -> Q:
        """Return the statement about contacts, as of ``at``, or its exact complement."""
        is_all = self._is_all(negated)
        together = operator.and_ if is_all else operator.or_
        parts = list(self._parts(at, negated, is_all))
        tallies = merge_tallies(_tallies(parts, is_all), together)
        statements = [part for part in parts if isinstance(part, Q)]
        statements += [tally.as_q() for tally in tallies]
        if is_all and len(statements) > MAX_JOINED:
            statements = [kept_apart(statement) for statement in statements]
        return join(statements, together)

    def _is_all(self, negated: bool) -> bool:
        """Whether every part must hold: "not any" is "all not", and "not all" is "any not"."""
        return (self.match == Match.ANY) == negated if self.match != Match.NONE else not negated

    def _parts(self, at: datetime, negated: bool, is_all: bool) -> Iterator[Q | Tally | Beginning]:
        """Yield statements to be joined by "and" (``is_all``) or "or", and what follows from them about histories.

        Negation goes down to the conditions, which do it best, and groups that join in the same way dissolve, so that
        tallies meet.
        """
        each_negated = negated != (self.match == Match.NONE)
        for rule in self.rules:
            group: Group | None = rule if isinstance(rule, Group) else rule.nested()
            if group is None:
                condition = cast("Condition", rule)
                yield _statement(condition, at, each_negated)
                if not each_negated and (beginning := condition.beginning(at)):
                    yield beginning
            elif len(group.rules) == 1 or group._is_all(each_negated) == is_all:
                yield from group._parts(at, each_negated, is_all)
            else:
                yield group.as_q(at, negated=each_negated)

    @property
    def is_profiling(self) -> bool:
        """Whether any condition in it concludes from what people did."""
        return any(rule.is_profiling for rule in self.rules)

    def sentence(self) -> str:
        """Return the group in words that follow "Contacts who"."""
        several = len(self.rules) > 1
        parts = [_in_brackets(rule) if several else rule.sentence() for rule in self.rules]
        if self.match == Match.NONE:
            return _("are not among those who %(rules)s") % {"rules": _(" or ").join(parts)}
        return (_(" and ") if self.match == Match.ALL else _(" or ")).join(parts)

    def to_json(self) -> list[dict[str, Any]]:
        """Return the list that stands below this group's key."""
        return [_rule_to_json(rule) for rule in self.rules]

    def expanded(self) -> Group:
        """Return the same with the rules of other segments in the place of their names."""
        return Group(self.match, tuple(_expanded(rule) for rule in self.rules))


def _tallies(parts: Sequence[Q | Tally | Beginning], is_all: bool) -> list[Tally]:
    # What one rule says of a history holds for its neighbors only where all of them must hold.
    beginnings = [part for part in parts if isinstance(part, Beginning)] if is_all else []
    return [part.from_beginning(beginnings) for part in parts if isinstance(part, Tally)]


def _statement(condition: Condition, at: datetime, negated: bool) -> Q | Tally:
    if tally := condition.tally(at):
        return ~tally if negated else tally
    return condition.as_negated_q(at) if negated else condition.as_q(at)


def _expanded(rule: Condition | Group) -> Condition | Group:
    group: Group | None = rule if isinstance(rule, Group) else rule.nested()
    return group.expanded() if group else rule


def _in_brackets(rule: Condition | Group) -> str:
    return f"({rule.sentence()})" if isinstance(rule, Group) and len(rule.rules) > 1 else rule.sentence()


def _rule_to_json(rule: Condition | Group) -> dict[str, Any]:
    if isinstance(rule, Group):
        return {rule.match.value: rule.to_json()}
    return {key_of(rule): rule.to_json()}


def key_of(condition: Condition) -> str:
    """Return the key under which a condition is registered."""
    return next(key for key, registered in conditions.items() if registered is type(condition))


@dataclass(frozen=True)
class Rules:
    """The rules of a segment: all of ``root`` must hold, and none of ``exclusions``."""

    root: Group
    exclusions: Group | None = None

    @classmethod
    def from_json(cls, data: Any, *, references: References | None = None) -> Rules:
        """Read ``{"rules": [...], "except": [...]}`` and check every natural key in it.

        Args:
            references: knows which segments are being read, where these rules are those of one.

        Raises:
            InvalidRules: the message names the place, such as "rules[0].bought_product.products[1]".
        """
        references = references or References()
        rules = cls._read(data, references)
        references.check()
        return rules

    @classmethod
    def read_many(cls, several: Iterable[Any]) -> list[Rules]:
        """Read the rules of many segments, and look everything they name up at once.

        Raises:
            InvalidRules: one of them is wrong; nothing says which.
        """
        references = References(limit=None)
        found = [cls._read(data, references) for data in several]
        references.check()
        return found

    @classmethod
    def _read(cls, data: Any, references: References) -> Rules:
        if not isinstance(data, dict):
            raise InvalidRules(_("must be an object, not %(value)s") % {"value": shown(data)})
        for key in data:
            if key not in ("$schema", "name", "description", RULES, EXCEPT):
                known = f"{RULES}, {EXCEPT}"
                raise InvalidRules(_("there is no such key; known: %(known)s") % {"known": known}, place=str(key))
        if RULES not in data:
            raise InvalidRules(_("is missing"), place=RULES)
        root = _read_group(Match.ALL, data[RULES], RULES, references, depth=1)
        exclusions = None
        # An empty list excludes nobody; anything else that is no list is a mistake and not nothing.
        if EXCEPT in data and data[EXCEPT] != []:
            exclusions = _read_group(Match.ANY, data[EXCEPT], EXCEPT, references, depth=1)
        return cls(root, exclusions)

    def to_json(self) -> dict[str, Any]:
        """Return what :meth:`from_json` reads."""
        excluded = {EXCEPT: self.exclusions.to_json()} if self.exclusions else {}
        return {RULES: self.root.to_json(), **excluded}

    @property
    def whole(self) -> Group:
        """The rules and the exceptions as one group."""
        if self.exclusions is None:
            return self.root
        return Group(Match.ALL, (*self.root.rules, Group(Match.NONE, self.exclusions.rules)))

    def expanded(self) -> Rules:
        """Return the same with the rules of other segments in the place of their names, as they are now."""
        return Rules(self.root.expanded(), self.exclusions.expanded() if self.exclusions else None)

    def as_q(self, at: datetime) -> Q:
        """Return the statement about contacts, as of ``at``."""
        return self.whole.as_q(at)

    @property
    def is_profiling(self) -> bool:
        """Whether any condition concludes from what people did."""
        return self.whole.is_profiling

    def sentence(self) -> str:
        """Return the rules in one sentence."""
        if self.exclusions is None:
            return _("Contacts who %(rules)s.") % {"rules": self.root.sentence()}
        words = {"rules": self.root.sentence(), "exclusions": self.exclusions.sentence()}
        return _("Contacts who %(rules)s, except those who %(exclusions)s.") % words


def _read_group(match: Match, data: Any, place: str, references: References, depth: int) -> Group:
    if not isinstance(data, list):
        raise InvalidRules(_("must be a list of rules, not %(value)s") % {"value": shown(data)}, place=place)
    if not data:
        raise InvalidRules(_("has no rules; for all contacts say everybody"), place=place)
    if references.has_limits and depth > MAX_DEPTH:
        raise InvalidRules(_("groups are nested too deeply"), place=place)
    rules = [_read_rule(one, f"{place}[{index}]", references, depth) for index, one in enumerate(data)]
    return Group(match, tuple(rules))


def _read_rule(data: Any, place: str, references: References, depth: int) -> Condition | Group:
    if not isinstance(data, dict) or len(data) != 1:
        message = _("must be an object with one key, such as everybody, not %(value)s")
        raise InvalidRules(message % {"value": shown(data)}, place=place)
    [(key, value)] = data.items()
    if key in list(Match):
        return _read_group(Match(key), value, f"{place}.{key}", references, depth + 1)
    if key not in conditions:
        known = ", ".join([*Match, *conditions])
        raise InvalidRules(_("there is no such condition; known: %(known)s") % {"known": known}, place=f"{place}.{key}")
    references.count_condition(place)
    return conditions.get(key).from_json(value, place=f"{place}.{key}", references=references)
