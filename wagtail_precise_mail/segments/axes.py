"""Axes: where contacts stand, and move, such as the buying stage. The room that works one out registers it here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import Model, QuerySet
from django.utils.functional import Promise

from wagtail_precise_mail.exceptions import UnknownKey
from wagtail_precise_mail.registry import Registry

Words = str | Promise
Choices = list[tuple[str, Words]]


@dataclass(frozen=True)
class Axis:
    """One axis.

    Attributes:
        label: what people call it, such as "Buying stage".
        choices: returns the places on it, each with its name. May ask the database.
        model: returns the table of where each contact stands now, one row per contact, or None where there is none:
            then the history alone tells.
        place: its column with the place.
        since: its column with the moment from which on.
        missing: the place of contacts without a row, such as "prospect", or "".
    """

    label: Words
    choices: Callable[[], Choices]
    model: Callable[[], type[Model]] | None = None
    place: str = ""
    since: str = ""
    missing: str = ""

    def rows(self) -> QuerySet[Any, Any]:
        """Return where contacts stand now.

        Raises:
            UnknownKey: the axis has no such table.
        """
        if self.model is None:
            raise UnknownKey(f"There is no table of where contacts stand on the axis {self.label!r}.")
        return self.model()._default_manager.order_by()

    def name_of(self, place: str) -> str:
        """Return what people call a place."""
        return str(dict(self.choices()).get(place, place))


axes: Registry[Axis] = Registry("axis")


def all_places() -> list[tuple[Any, Any]]:
    """Return every place of every axis as "axis.place", grouped by axis, for a form."""
    return [
        (axis.label, [(f"{key}.{place}", f"{axis.label}: {name}") for place, name in axis.choices()])
        for key, axis in axes.items()
    ]
