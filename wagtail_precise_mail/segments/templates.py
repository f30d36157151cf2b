"""Segments to begin with: rules in JSON under a name, from which a draft is made.

A template appears when every condition it names is registered, and so is what it asks for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from wagtail_precise_mail.exceptions import InvalidRules
from wagtail_precise_mail.registry import Registry
from wagtail_precise_mail.segments.conditions import conditions
from wagtail_precise_mail.segments.conditions.profile import country_choices
from wagtail_precise_mail.segments.rules import EXCEPT, RULES, Match, Rules

CHOICE = "{choice}"
"""Stands in the rules of a template for what is chosen when it is used."""

_Words = str | Promise


@dataclass(frozen=True)
class Question:
    """What a template asks for, such as a category.

    Attributes:
        choices: returns the natural keys with their names; nothing to choose hides the templates that ask.
    """

    label: _Words
    choices: Callable[[], Sequence[tuple[str, str]]]


template_questions: Registry[Question] = Registry("question of segment templates")


@dataclass(frozen=True)
class SegmentTemplate:
    """One template.

    Attributes:
        group: the heading it stands under.
        asks: key of a :class:`Question`, whose answer takes the place of ``"{choice}"``; "" asks nothing.
    """

    name: _Words
    description: _Words
    group: _Words
    rules: Sequence[dict[str, Any]]
    exclusions: Sequence[dict[str, Any]] = field(default=())
    asks: str = ""

    @property
    def requires(self) -> frozenset[str]:
        """The keys of the conditions that it names."""
        return frozenset(_keys([*self.rules, *self.exclusions]))

    @property
    def is_available(self) -> bool:
        """Whether every condition is registered, and there is something to choose where it asks."""
        if any(key not in conditions for key in self.requires):
            return False
        return not self.asks or (self.asks in template_questions and bool(self.choices()))

    def choices(self) -> Sequence[tuple[str, str]]:
        """Return what can be chosen; nothing where it does not ask."""
        return template_questions.get(self.asks).choices() if self.asks else ()

    def read(self, choice: str = "") -> Rules:
        """Return the rules, with what was chosen.

        Raises:
            InvalidRules: they cannot be evaluated here, or nothing fitting was chosen.
        """
        if self.asks and choice not in dict(self.choices()):
            raise InvalidRules(str(_("choose one of those offered")))
        excluded = {EXCEPT: _filled(list(self.exclusions), choice)} if self.exclusions else {}
        return Rules.from_json({RULES: _filled(list(self.rules), choice), **excluded})


segment_templates: Registry[SegmentTemplate] = Registry("segment template")


def add_template(key: str, template: SegmentTemplate) -> None:
    """Register a template.

    Raises:
        RegistrationError: there is one under this key.
    """
    segment_templates.register(key)(template)


def available_templates() -> dict[str, SegmentTemplate]:
    """Return the templates that can be used here, by key, in the order of their registration."""
    return {key: one for key, one in segment_templates.items() if one.is_available}


def _keys(rules: Sequence[dict[str, Any]]) -> Iterator[str]:
    for rule in rules:
        for key, value in rule.items():
            if key in list(Match):
                yield from _keys(value)
            else:
                yield key


def _filled(value: Any, choice: str) -> Any:
    if isinstance(value, list):
        return [_filled(one, choice) for one in value]
    if isinstance(value, dict):
        return {key: _filled(one, choice) for key, one in value.items()}
    return choice if value == CHOICE else value


template_questions.register("country")(Question(_("Country"), country_choices))

PEOPLE = _("People")

add_template(
    "newly_subscribed",
    SegmentTemplate(
        _("Newly subscribed"),
        _("Became a contact within 30 days and may be written to: welcome them."),
        PEOPLE,
        [{"record_age": {"max_days_ago": 30}}, {"reachable": {}}],
    ),
)
add_template(
    "birthday_this_month",
    SegmentTemplate(
        _("Birthday this month"),
        _("Have their birthday in the current month, and may be written to."),
        PEOPLE,
        [{"birthday": {"month": "this"}}, {"reachable": {}}],
    ),
)
add_template(
    "anniversary_soon",
    SegmentTemplate(
        _("A year or more with us"),
        _("The day they came to us comes back within a week."),
        PEOPLE,
        [{"anniversary": {"days": 7}}, {"reachable": {}}],
    ),
)
add_template(
    "local",
    SegmentTemplate(
        _("In a country"),
        _("Live in one country: for shops, events and holidays there."),
        PEOPLE,
        [{"country": {"countries": [CHOICE]}}],
        asks="country",
    ),
)
add_template(
    "decision_makers",
    SegmentTemplate(
        _("Decision makers in organizations"),
        _("Heads of department, directors, executives and owners."),
        PEOPLE,
        [{"job_level": {"levels": ["head", "director", "executive", "owner"]}}],
    ),
)
add_template(
    "asked_not_confirmed",
    SegmentTemplate(
        _("Known for long, and never looked at their details"),
        _("Ask them whether everything is still right."),
        PEOPLE,
        [{"details_unconfirmed": {"months": 12}}, {"reachable": {}}],
    ),
)
add_template(
    "test_share",
    SegmentTemplate(
        _("A tenth for a test"),
        _("Always the same ten percent of those who may be written to."),
        PEOPLE,
        [{"random_share": {"percent": 10, "seed": "test"}}, {"reachable": {}}],
    ),
)
add_template(
    "recent_complaints",
    SegmentTemplate(
        _("Talked to customer service lately"),
        _("Had a ticket within 30 days: spare them offers until it is solved."),
        PEOPLE,
        [{"service_note": {"kinds": ["ticket"], "days": 30}}],
    ),
)
