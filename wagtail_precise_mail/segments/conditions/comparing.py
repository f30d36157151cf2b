"""Comparing stored text, from a column or from JSON, so that the answer is never NULL and equal on every database."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from enum import StrEnum

from django.db.models import BooleanField, Case, DecimalField, Expression, F, Q, TextField, Value, When
from django.db.models.expressions import Combinable
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast, Coalesce, Left
from django.db.models.lookups import Exact, GreaterThan, IContains, IExact, LessThan, Regex

_NUMBER = re.compile(r"-?\d{1,15}(\.\d{1,4})?\Z")
# The same for the database. POSIX and Python agree on these.
_STORED_NUMBER = r"^-?[0-9]{1,15}(\.[0-9]+)?$"
_STORED_DATE = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}"


class Comparison(StrEnum):
    """How a field is compared."""

    IS = "is"
    IS_NOT = "is_not"
    CONTAINS = "contains"
    ONE_OF = "one_of"
    GREATER = "greater"
    LESS = "less"
    IS_SET = "is_set"


def stored_text(field: str, attribute: str = "") -> Expression:
    """Return a field of a contact, or a key of its further fields, as text; "" when it is not there."""
    if not attribute:
        return Coalesce(F(field), Value(""), output_field=TextField())
    # Numbers and lists become text too, so that one comparison serves whatever was imported.
    text = Cast(KeyTextTransform(attribute, "attributes"), TextField())
    return Coalesce(text, Value(""), output_field=TextField())


def is_comparable(value: str) -> bool:
    """Whether greater and less make sense: a number or an ISO date."""
    return bool(_NUMBER.match(value)) or _is_date(value)


def comparable(text: Expression, comparison: Comparison, values: Sequence[str]) -> Q:
    """Return the statement that ``text`` compares with ``values``: true or false for every row."""
    match comparison:
        case Comparison.IS | Comparison.ONE_OF:
            return _any_of([IExact(text, value) for value in values])
        case Comparison.IS_NOT:
            return ~Q(IExact(text, values[0]))
        case Comparison.CONTAINS:
            # On SQLite a list inside JSON is text with escapes, such as ["M\\u00fcnchen"].
            escaped = json.dumps(values[0])[1:-1]
            return _any_of([IContains(text, value) for value in dict.fromkeys([values[0], escaped])])
        case Comparison.IS_SET:
            return ~Q(Exact(text, Value(""))) & ~Q(Exact(text, Value("null")))
        case Comparison.GREATER | Comparison.LESS:
            return _ordered(text, comparison, values[0])


def _any_of(lookups: Sequence[Combinable]) -> Q:
    return Q(*lookups, _connector=Q.OR)


def _ordered(text: Expression, comparison: Comparison, value: str) -> Q:
    lookup = GreaterThan if comparison == Comparison.GREATER else LessThan
    if _is_date(value):
        guard, statement = _STORED_DATE, lookup(Left(text, 10), Value(value))
    else:
        number = Cast(text, DecimalField(max_digits=30, decimal_places=10))
        guard, statement = _STORED_NUMBER, lookup(number, Decimal(value))
    # CASE, because a database may otherwise cast before it looks whether the text is a number at all.
    truth = Case(When(Q(Regex(text, guard)), then=statement), default=Value(False), output_field=BooleanField())
    return Q(truth)


def _is_date(value: str) -> bool:
    try:
        return len(value) == 10 and bool(date.fromisoformat(value))
    except ValueError:
        return False
