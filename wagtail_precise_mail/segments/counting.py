"""Counting who belongs while somebody waits: within a time, or else with what the planner expects."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q

from wagtail_precise_mail.contacts.models import Contact, Topic
from wagtail_precise_mail.contacts.queries import ContactQuerySet
from wagtail_precise_mail.segments.budgets import OutOfTime, at_most, estimate
from wagtail_precise_mail.segments.conditions.base import Condition
from wagtail_precise_mail.segments.conditions.consents import Reachable
from wagtail_precise_mail.segments.conditions.references import Key
from wagtail_precise_mail.segments.queries import members
from wagtail_precise_mail.segments.rules import Rules

QUICK_SECONDS = 0.9
"""How long a page waits for a count before it says that it is still counting."""

PATIENT_SECONDS = 25.0
"""How long the request waits that goes on counting in its place; below what servers allow a request."""

SAMPLE_SIZE = 8

# More are not counted beside each other; the settings of contacts have few.
_MOST_TOPICS = 8
# Facts are asked rule by rule and contact by contact.
_EXPLAINED_RULES = 6


@dataclass(frozen=True)
class TopicReach:
    """How many members mail about a topic may go to."""

    topic: Topic
    count: int


@dataclass(frozen=True)
class Sampled:
    """A member, with what speaks for it."""

    contact: Contact
    facts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Figures:
    """What is known about a segment at a moment.

    Attributes:
        count: None when it took too long.
        estimated: what the planner expects, where ``count`` is not known and it says something.
        reach: by topic, or None when it took too long or was not asked for.
        sample: the newest members, or None when it took too long.
    """

    at: datetime
    count: int | None = None
    total: int | None = None
    estimated: int | None = None
    reach: tuple[TopicReach, ...] | None = None
    sample: tuple[Sampled, ...] | None = None

    @property
    def is_complete(self) -> bool:
        """Whether nothing was left out for want of time."""
        return None not in (self.count, self.reach, self.sample)

    @property
    def percent(self) -> float | None:
        """Share of all contacts; None when it is not known."""
        if self.count is None or not self.total:
            return None if self.count is None else 0.0
        return 100 * self.count / self.total

    @property
    def rest(self) -> int:
        """Members besides the sample."""
        return max((self.count or 0) - len(self.sample or ()), 0)


def figures(rules: Rules, *, at: datetime, seconds: float = QUICK_SECONDS, with_sample: bool = True) -> Figures:
    """Count members, show some, and say how many may be written to: as much of it as fits into ``seconds``.

    Raises:
        DatabaseError: the database cannot answer these rules at all.
    """
    deadline = time.monotonic() + seconds
    found = members(rules, at=at)
    estimated = None
    count = _within(deadline, lambda: found.count())
    if count is None:
        estimated = _within(deadline + 0.2, lambda: estimate(found))
    total = _within(deadline, lambda: Contact.objects.count())
    sample = _within(deadline, lambda: _sample(rules, found, at)) if with_sample else ()
    reach = None if count is None else _within(deadline, lambda: _reach(found, at))
    return Figures(at, count, total, estimated, reach, sample)


def _within(deadline: float, ask: Any) -> Any:
    left = deadline - time.monotonic()
    if left <= 0:
        return None
    try:
        with at_most(left):
            return ask()
    except OutOfTime:
        return None


def _reach(found: ContactQuerySet, at: datetime) -> tuple[TopicReach, ...]:
    """Count by topic in one query."""
    topics = list(Topic.objects.all()[:_MOST_TOPICS])
    counts: dict[str, Any] = {f"wpm_topic_{one.pk}": Count("pk", filter=_may_get(one, at)) for one in topics}
    row = found.order_by().aggregate(**counts) if counts else {}
    return tuple(TopicReach(one, row[f"wpm_topic_{one.pk}"]) for one in topics)


def _may_get(topic: Topic, at: datetime) -> Q:
    # Looked up from outside: an aggregate's filter refers to the contact of its own row.
    reachable = Contact.objects.filter(Reachable(topics=(Key(topic.slug),)).as_q(at))
    return Q(Exists(reachable.filter(pk=OuterRef("pk"))))


def _sample(rules: Rules, found: ContactQuerySet, at: datetime) -> tuple[Sampled, ...]:
    some = list(found.order_by("-pk")[:SAMPLE_SIZE])
    own = [rule for rule in rules.root.rules if isinstance(rule, Condition)][:_EXPLAINED_RULES]
    return tuple(Sampled(one, _facts(own, one, at)) for one in some)


def _facts(own: list[Condition], contact: Contact, at: datetime) -> tuple[str, ...]:
    facts = [(rule.label, fact) for rule in own if (fact := rule.explain(contact, at))]
    return tuple(dict.fromkeys(f"{label}: {fact}" for label, fact in facts))
