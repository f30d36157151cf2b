"""Who sees a part of an email: small expressions over segments, stored as JSON in compiled emails.

An expression is a list whose first word says how to read the rest: ``["in", 3, 7]`` (a member of segment 3 or 7),
``["not", expression]``, ``["all", expression, ...]`` and ``["any", expression, ...]``.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

Expression = list[Any]


def is_in(segment_ids: Collection[int]) -> Expression:
    """Return the expression for members of at least one of some segments."""
    return ["in", *sorted(segment_ids)]


def negate(expression: Expression) -> Expression:
    """Return the complement."""
    return expression[1] if expression[0] == "not" else ["not", expression]


def both(*expressions: Expression) -> Expression:
    """Return the expression that holds where all of these hold."""
    return expressions[0] if len(expressions) == 1 else ["all", *expressions]


def holds(expression: Expression, segment_ids: Collection[int]) -> bool:
    """Whether an expression holds for a member of these segments.

    Raises:
        ValueError: it is not an expression.
    """
    kind, *rest = expression
    if kind == "in":
        return any(pk in segment_ids for pk in rest)
    if kind == "not":
        return not holds(rest[0], segment_ids)
    if kind == "all":
        return all(holds(one, segment_ids) for one in rest)
    if kind == "any":
        return any(holds(one, segment_ids) for one in rest)
    raise ValueError(f"{kind!r} is no word of an audience.")


def segments_of(expression: Expression) -> set[int]:
    """Return the ids of the segments that an expression asks for."""
    kind, *rest = expression
    return set(rest) if kind == "in" else set().union(*(segments_of(one) for one in rest))
