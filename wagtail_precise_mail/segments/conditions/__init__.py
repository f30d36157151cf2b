"""Conditions: testable statements about a contact that compile to a query.

A package adds its own by registering a class here; see docs/how-to/add-a-condition.md.
"""

from wagtail_precise_mail.segments.conditions.base import Condition, conditions
from wagtail_precise_mail.segments.conditions.parameters import (
    Amount,
    Choice,
    Count,
    Key,
    Keys,
    Parameter,
    References,
    Several,
    Text,
)
from wagtail_precise_mail.segments.conditions.tallies import Tally

__all__ = [
    "Amount",
    "Choice",
    "Condition",
    "Count",
    "Key",
    "Keys",
    "Parameter",
    "References",
    "Several",
    "Tally",
    "Text",
    "conditions",
]

# The conditions of this room register themselves when they are imported.
from wagtail_precise_mail.segments.conditions import details, lists, profile, tags  # noqa: F401
