"""Who belongs to a segment, and why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.db.models import BooleanField, Case, Q, Value, When
from django.utils import timezone
from django.utils.translation import gettext as _

from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.contacts.queries import ContactQuerySet
from wagtail_precise_mail.exceptions import InvalidRules
from wagtail_precise_mail.segments.conditions import Condition
from wagtail_precise_mail.segments.rules import MATCH_LABELS, Group, Rules

if TYPE_CHECKING:
    from wagtail_precise_mail.segments.models import Segment


def read_rules(segment: Segment) -> Rules:
    """Return the rules of a segment as it stands in memory, published or not.

    Raises:
        InvalidRules: they are empty or unfinished, name something that is gone, or lead back to this segment.
    """
    return segment.read_rules()


def members(rules_or_segment: Rules | Segment, *, at: datetime | None = None) -> ContactQuerySet:
    """Return the contacts who belong, as of a moment: one query, nobody twice.

    Natural keys are checked when rules are read, and so for a segment each time.

    Args:
        at: nothing after this moment counts (aware); now, when left out.

    Raises:
        InvalidRules: the rules cannot be evaluated as a whole, or the segment was never published.
    """
    at = at or timezone.now()
    if timezone.is_naive(at):
        raise ValueError("`at` must be aware.")
    rules = rules_or_segment if isinstance(rules_or_segment, Rules) else rules_in_force(rules_or_segment)
    return Contact.objects.filter(rules.as_q(at))


def rules_in_force(segment: Segment) -> Rules:
    """Return the rules by which a segment has members.

    Raises:
        InvalidRules: they cannot be read, or the segment was never published.
    """
    if not segment.live:
        raise InvalidRules(_('the segment "%(name)s" is not published') % {"name": segment.name})
    return read_rules(segment)


@dataclass(frozen=True)
class Explanation:
    """Why a contact belongs, or not: one rule with the answer, and the rules inside."""

    holds: bool
    text: str
    facts: str = ""
    parts: tuple[Explanation, ...] = ()

    def lines(self, depth: int = 0) -> list[str]:
        """Return one line per rule, indented, with + for yes and - for no."""
        facts = f" [{self.facts}]" if self.facts else ""
        own = f"{'  ' * depth}{'+' if self.holds else '-'} {self.text}{facts}"
        return [own, *(line for part in self.parts for line in part.lines(depth + 1))]


def explain(rules_or_segment: Rules | Segment, contact: Contact, *, at: datetime | None = None) -> Explanation:
    """Return why a contact belongs or not, asking the database rule by rule.

    Raises:
        InvalidRules: the rules cannot be evaluated.
    """
    rules = rules_or_segment if isinstance(rules_or_segment, Rules) else read_rules(rules_or_segment)
    return _explain(rules.whole, contact, at or timezone.now())


def _explain(rule: Condition | Group, contact: Contact, at: datetime) -> Explanation:
    holds = _holds(rule.as_q(at), contact)
    if isinstance(rule, Condition):
        return Explanation(holds, rule.sentence(), rule.explain(contact, at))
    parts = tuple(_explain(part, contact, at) for part in rule.rules)
    return Explanation(holds, str(MATCH_LABELS[rule.match]), parts=parts)


def _holds(statement: Q, contact: Contact) -> bool:
    answer = Case(When(statement, then=Value(True)), default=Value(False), output_field=BooleanField())
    return bool(Contact.objects.filter(pk=contact.pk).values_list(answer, flat=True).get())
