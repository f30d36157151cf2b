"""One of many values, as a condition that costs the same however many there are."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import F
from django.db.models.lookups import In


class Among(In):
    """A column is one of some values of its own kind: numbers or texts, as they are kept.

    PostgreSQL gets them as one array. A list of a thousand parameters takes Django and the driver longer to write than
    the database to answer.

    Args:
        name: of the column.
    """

    def __init__(self, name: str, values: Iterable[int] | Iterable[str]) -> None:
        super().__init__(F(name), list(values))

    def get_prep_lookup(self) -> list[Any]:
        return self.rhs

    def as_postgresql(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:
        column, params = self.process_lhs(compiler, connection)
        return f"{column} = ANY(%s)", [*params, self.rhs]
