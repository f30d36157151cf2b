"""Which segments one contact belongs to, and why: one query for every fifty of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import BooleanField, Case, Value, When
from django.utils import timezone

from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.exceptions import InvalidRules
from wagtail_precise_mail.segments.models import Segment
from wagtail_precise_mail.segments.queries import explain, read_rules
from wagtail_precise_mail.segments.rules import Rules

_TOGETHER = 50
# Facts are asked rule by rule; beyond so many segments nobody reads them.
_EXPLAINED = 12


@dataclass(frozen=True)
class Membership:
    """A segment that a contact belongs to.

    Attributes:
        sentence: the rules in words, such as "Contacts who live in France.".
        facts: what speaks for it, one line per rule that has any; empty for those late in the list.
    """

    segment: Segment
    sentence: str
    facts: tuple[str, ...] = ()


def memberships(contact: Contact, *, at: datetime | None = None) -> list[Membership]:
    """Return the published segments that a contact belongs to, by name. One that cannot be evaluated has no members."""
    at = at or timezone.now()
    readable = list(_readable(Segment.objects.filter(live=True).order_by("name")))
    found = []
    for start in range(0, len(readable), _TOGETHER):
        found += _holding(contact, readable[start : start + _TOGETHER], at)
    return [
        Membership(segment, rules.sentence(), _facts(rules, contact, at) if number < _EXPLAINED else ())
        for number, (segment, rules) in enumerate(found)
    ]


def _readable(segments: Any) -> Iterator[tuple[Segment, Rules]]:
    for segment in segments:
        try:
            yield segment, read_rules(segment)
        except InvalidRules:
            continue


def _holding(contact: Contact, segments: list[tuple[Segment, Rules]], at: datetime) -> list[tuple[Segment, Rules]]:
    answers = {
        f"wpm_segment_{segment.pk}": Case(
            When(rules.as_q(at), then=Value(True)), default=Value(False), output_field=BooleanField()
        )
        for segment, rules in segments
    }
    row: Any = Contact.objects.filter(pk=contact.pk).values(**answers).get()
    return [one for one in segments if row[f"wpm_segment_{one[0].pk}"]]


def _facts(rules: Rules, contact: Contact, at: datetime) -> tuple[str, ...]:
    explanation = explain(rules, contact, at=at)
    return tuple(dict.fromkeys(part.facts for part in explanation.parts if part.facts and part.holds))
