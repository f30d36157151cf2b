"""Joining many statements by "and" or "or" without a chain as deep as they are many."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from functools import reduce

from django.db.models import BooleanField, ExpressionWrapper, Q

# SQLite refuses expressions deeper than 1,000, and reads "a AND b AND c" as a chain; so each chain stays short.
_TOGETHER = 50

MAX_JOINED = 8
"""Statements joined by "and" above which each is :func:`kept_apart`."""


def kept_apart(statement: Q) -> Q:
    """Return the same statement in a form that PostgreSQL answers on its own.

    It makes a join of each IN and EXISTS joined by "and", and plans all of them together: 500 took minutes. It looks
    through no double NOT.
    """
    return ~Q(~statement)


def join(statements: Sequence[Q], together: Callable[[Q, Q], Q]) -> Q:
    """Return all statements joined; ``together`` is ``operator.and_`` or ``operator.or_``. At least one is needed."""
    while len(statements) > _TOGETHER:
        starts = range(0, len(statements), _TOGETHER)
        statements = [_in_brackets(statements[start : start + _TOGETHER], together) for start in starts]
    return reduce(together, statements)


def _in_brackets(statements: Sequence[Q], together: Callable[[Q, Q], Q]) -> Q:
    # Django dissolves a Q in a Q that joins alike; not one that was made an expression.
    return Q(ExpressionWrapper(reduce(together, statements), output_field=BooleanField()))


def balanced(statement: Q) -> Q:
    """Return the same statement, its longest chain cut into short ones."""
    together = operator.or_ if statement.connector == Q.OR else operator.and_
    if statement.negated or len(statement.children) <= _TOGETHER:
        return statement
    return join([child if isinstance(child, Q) else Q(child) for child in statement.children], together)
