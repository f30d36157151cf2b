"""Conditions: testable statements about a contact that compile to a query.

A package adds its own by registering a class here; see docs/how-to/add-a-condition.md.
"""

from wagtail_precise_mail.segments.conditions.base import Condition, conditions
from wagtail_precise_mail.segments.conditions.parameters import Amount, Choice, Count, Day, Flag, Parameter, Text
from wagtail_precise_mail.segments.conditions.references import Key, References
from wagtail_precise_mail.segments.conditions.several import Keys, Several
from wagtail_precise_mail.segments.conditions.tallies import Beginning, Tally
from wagtail_precise_mail.segments.conditions.windows import Window, Windowed

__all__ = [
    "Amount",
    "Beginning",
    "Choice",
    "Condition",
    "Count",
    "Day",
    "Flag",
    "Key",
    "Keys",
    "Parameter",
    "References",
    "Several",
    "Tally",
    "Text",
    "Window",
    "Windowed",
    "conditions",
]

# The conditions of this room register themselves when they are imported.
from wagtail_precise_mail.segments.conditions import (  # noqa: F401
    consents,
    details,
    lists,
    moves,
    nesting,
    profile,
    records,
    sampling,
    tags,
    yearly,
)
