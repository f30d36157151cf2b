"""Rules: conditions in nested groups, as data. They come from JSON or from the editor and compile to one statement."""

from __future__ import annotations

import operator
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import reduce
from typing import Any

from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from wagtail_precise_mail.exceptions import InvalidRules
from wagtail_precise_mail.segments.conditions import Condition, References, Tally, conditions
from wagtail_precise_mail.segments.conditions.parameters import shown
from wagtail_precise_mail.segments.conditions.tallies import merge_tallies

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

    def as_q(self, at: datetime, *, negated: bool = False) -> Q:
        """Return the statement about contacts, as of ``at``, or its exact complement."""
        is_all = self._is_all(negated)
        together = operator.and_ if is_all else operator.or_
        parts = list(self._parts(at, negated, is_all))
        tallies = merge_tallies([part for part in parts if isinstance(part, Tally)], together)
        statements = [part for part in parts if isinstance(part, Q)]
        return reduce(together, [*statements, *(tally.as_q() for tally in tallies)])

    def _is_all(self, negated: bool) -> bool:
        """Whether every part must hold: "not any" is "all not", and "not all" is "any not"."""
        return (self.match == Match.ANY) == negated if self.match != Match.NONE else not negated

    def _parts(self, at: datetime, negated: bool, is_all: bool) -> Iterator[Q | Tally]:
        """Yield statements to be joined by "and" (``is_all``) or "or".

        Negation goes down to the conditions, which do it best, and groups that join in the same way dissolve, so that
        tallies meet.
        """
        each_negated = negated != (self.match == Match.NONE)
        for rule in self.rules:
            if isinstance(rule, Condition):
                yield _statement(rule, at, each_negated)
            elif len(rule.rules) == 1 or rule._is_all(each_negated) == is_all:
                yield from rule._parts(at, each_negated, is_all)
            else:
                yield rule.as_q(at, negated=each_negated)

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


def _statement(condition: Condition, at: datetime, negated: bool) -> Q | Tally:
    if tally := condition.tally(at):
        return ~tally if negated else tally
    return condition.as_negated_q(at) if negated else condition.as_q(at)


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
    """The rules of a segment: all of them must hold."""

    root: Group

    @classmethod
    def from_json(cls, data: Any) -> Rules:
        """Read ``{"rules": [...]}`` and check every natural key in it.

        Raises:
            InvalidRules: the message names the place, such as "rules[0].bought_product.products[1]".
        """
        if not isinstance(data, dict):
            raise InvalidRules(_("must be an object, not %(value)s") % {"value": shown(data)})
        for key in data:
            if key not in ("$schema", "name", "description", "rules"):
                raise InvalidRules(_("there is no such key; known: %(known)s") % {"known": "rules"}, place=key)
        if "rules" not in data:
            raise InvalidRules(_("is missing"), place="rules")
        references = References()
        root = _read_group(Match.ALL, data["rules"], "rules", references, depth=1)
        references.check()
        return cls(root)

    def to_json(self) -> dict[str, Any]:
        """Return what :meth:`from_json` reads."""
        return {"rules": self.root.to_json()}

    def as_q(self, at: datetime) -> Q:
        """Return the statement about contacts, as of ``at``."""
        return self.root.as_q(at)

    @property
    def is_profiling(self) -> bool:
        """Whether any condition concludes from what people did."""
        return self.root.is_profiling

    def sentence(self) -> str:
        """Return the rules in one sentence."""
        return _("Contacts who %(rules)s.") % {"rules": self.root.sentence()}


def _read_group(match: Match, data: Any, place: str, references: References, depth: int) -> Group:
    if not isinstance(data, list):
        raise InvalidRules(_("must be a list of rules, not %(value)s") % {"value": shown(data)}, place=place)
    if not data:
        raise InvalidRules(_("has no rules; for all contacts say everybody"), place=place)
    if depth > MAX_DEPTH:
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
    return conditions.get(key).from_json(value, place=f"{place}.{key}", references=references)
