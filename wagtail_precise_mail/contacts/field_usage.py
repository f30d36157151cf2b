"""Where further fields are used, asked of every room; and so which are collected and used nowhere (C210).

A room registers a :class:`FieldUsage`; so may any other app.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q
from wagtail.models import Revision

from wagtail_precise_mail.contacts.fields import ContactField
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.registry import Registry

# Of how many contacts, the newest, keys are looked up that nobody described.
SAMPLE_SIZE = 2000


class FieldUsage(ABC):
    """One kind of place that uses further fields, such as segments."""

    @abstractmethod
    def places(self) -> Mapping[str, Sequence[str]]:
        """Return what uses each field, in words such as "Segment: Gold customers", by the key of the field."""


def stored_versions(model: type[Any]) -> Iterator[tuple[Any, dict[str, Any] | None]]:
    """Yield everything of a model that has drafts, twice where one is waiting: as it is published, with None, and with
    the content of the draft, as JSON. Two queries."""
    drafts = {
        revision.pk: revision.content
        for revision in Revision.objects.filter(
            pk__in=model._default_manager.filter(has_unpublished_changes=True).values("latest_revision")
        )
    }
    for thing in model._default_manager.all():
        yield thing, None
        if thing.has_unpublished_changes and thing.latest_revision_id in drafts:
            yield thing, drafts[thing.latest_revision_id]


field_usages: Registry[type[FieldUsage]] = Registry("usage of contact fields")


@dataclass(frozen=True)
class FieldUse:
    """How one further field is used.

    Attributes:
        field: None for a key that nobody described.
        count: how many contacts hold something in it; None where nobody counted.
    """

    key: str
    field: ContactField | None
    count: int | None
    places: tuple[str, ...]

    @property
    def is_unused(self) -> bool:
        """Whether it is collected and used nowhere."""
        return not self.places and self.count != 0


def read_field_uses() -> list[FieldUse]:
    """Return every further field with its uses, the unused ones first. Reads all contacts once."""
    fields = {field.key: field for field in ContactField.objects.all()}
    places: dict[str, list[str]] = {}
    for _name, usage in field_usages.items():
        for key, found in usage().places().items():
            places.setdefault(key, []).extend(found)
    counts = _counts(list(fields))
    keys = [*fields, *sorted(_undescribed() - set(fields))]
    uses = [FieldUse(key, fields.get(key), counts.get(key), tuple(places.get(key, ()))) for key in keys]
    return sorted(uses, key=lambda use: not use.is_unused)


def _counts(keys: list[str]) -> dict[str, int]:
    aggregates: dict[str, Any] = {
        f"field_{number}": Count("pk", filter=Q(attributes__has_key=key)) for number, key in enumerate(keys)
    }
    found = Contact.objects.aggregate(**aggregates) if keys else {}
    return {key: found[f"field_{number}"] for number, key in enumerate(keys)}


def _undescribed() -> set[str]:
    newest = Contact.objects.order_by("-pk").values_list("attributes", flat=True)[:SAMPLE_SIZE]
    return {key for attributes in newest if isinstance(attributes, dict) for key in attributes}
