"""Days of the week: how conditions choose them, count them and say them."""

from __future__ import annotations

from typing import Annotated

from django.utils.translation import gettext_lazy

from wagtail_precise_mail.segments.conditions import Choice, Several
from wagtail_precise_mail.segments.conditions.words import listed

WEEKDAYS = [
    ("monday", gettext_lazy("Monday")),
    ("tuesday", gettext_lazy("Tuesday")),
    ("wednesday", gettext_lazy("Wednesday")),
    ("thursday", gettext_lazy("Thursday")),
    ("friday", gettext_lazy("Friday")),
    ("saturday", gettext_lazy("Saturday")),
    ("sunday", gettext_lazy("Sunday")),
]

Weekdays = Annotated[
    tuple[str, ...],
    Several(label=gettext_lazy("Weekdays"), item=Choice(label=gettext_lazy("Weekday"), choices=WEEKDAYS)),
]


def weekday_numbers(days: tuple[str, ...]) -> list[int]:
    """Return the numbers of weekdays; Monday is 0."""
    order = [day for day, _label in WEEKDAYS]
    return [order.index(day) for day in days]


def weekdays_in_words(days: tuple[str, ...]) -> str:
    """Return "Monday or Friday"."""
    return listed(str(dict(WEEKDAYS)[day]) for day in days)
