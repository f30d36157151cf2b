"""Rows that point at contacts, of whatever model: found, moved, written down and made again, exactly as they were."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db.models import ForeignKey, ManyToOneRel, Model, QuerySet, UniqueConstraint

from wagtail_precise_mail.contacts.address_keys import keyed
from wagtail_precise_mail.contacts.models import Contact

_CHUNK = 2000


@dataclass(frozen=True)
class Relation:
    """One foreign key to contacts."""

    model: type[Model]
    field: ForeignKey[Any, Any]

    @property
    def label(self) -> str:
        """Its name in records, such as "wagtail_precise_mail.Order.contact"."""
        return f"{self.model._meta.label}.{self.field.name}"

    def rows(self) -> QuerySet[Any]:
        """All rows, also those that the model's own manager hides."""
        return self.model._base_manager.all()


def relations() -> list[Relation]:
    """Return every foreign key to contacts in the whole project, link tables of many-to-many fields among them."""
    found = [
        Relation(relation.related_model, relation.field)
        for relation in Contact._meta.get_fields(include_hidden=True)
        if isinstance(relation, ManyToOneRel) and not relation.related_model._meta.proxy
    ]
    return sorted(found, key=lambda one: one.label)


_of_one: set[str] = set()


def goes_with_its_contact(label: str) -> None:
    """Say that rows of a model are about one contact alone, so that a merge drops those of the others.

    Such are figures that are worked out again, and their history. An undone merge brings them back as they were. Rows
    whose primary key is the contact need not be named.

    Args:
        label: such as "wagtail_precise_mail.Movement".
    """
    _of_one.add(label)


def split(relation: Relation, keep_id: int, other_id: int) -> tuple[list[Any], list[Any]]:
    """Return the ids of the rows of one contact that can move to another, and of those whose like is there already."""
    name = relation.field.attname
    ids = list(relation.rows().filter(**{name: other_id}).order_by("pk").values_list("pk", flat=True))
    if relation.field.primary_key or relation.model._meta.label in _of_one:
        return [], ids
    in_the_way: set[Any] = set()
    for rest in _unique_beside(relation) if ids else ():
        there = set(relation.rows().filter(**{name: keep_id}).values_list(*rest, "pk"))
        keys = {row[:-1] for row in there}
        theirs = relation.rows().filter(**{name: other_id}).values_list(*rest, "pk")
        in_the_way |= {row[-1] for row in theirs if row[:-1] in keys}
    return [pk for pk in ids if pk not in in_the_way], sorted(in_the_way)


def _unique_beside(relation: Relation) -> Iterator[list[str]]:
    """Yield the other fields of each set that is unique together with the contact; none for a one-to-one."""
    meta, name = relation.model._meta, relation.field.name
    if relation.field.unique:
        yield []
    sets = [list(constraint.fields) for constraint in meta.constraints if isinstance(constraint, UniqueConstraint)]
    for fields in [*sets, *map(list, meta.unique_together)]:
        if name in fields:
            yield [field for field in fields if field != name]


def move(relation: Relation, ids: list[Any], contact_id: int) -> None:
    """Let rows point at a contact."""
    for start in range(0, len(ids), _CHUNK):
        chunk = relation.rows().filter(pk__in=ids[start : start + _CHUNK])
        chunk.update(**{relation.field.attname: contact_id})


def move_back(relation: Relation, ids: list[Any], keep_id: int, contact_id: int) -> None:
    """Let rows point at whom they pointed at before, as far as they still point at the one who stayed."""
    for start in range(0, len(ids), _CHUNK):
        chunk = relation.rows().filter(pk__in=ids[start : start + _CHUNK], **{relation.field.attname: keep_id})
        chunk.update(**{relation.field.attname: contact_id})


def dump(row: Model) -> dict[str, Any]:
    """Return a row as JSON takes it. Not Django's serializers: they round moments to milliseconds."""
    return {field.attname: _dump(field, row) for field in row._meta.concrete_fields}


def _dump(field: Any, row: Model) -> Any:
    value = getattr(row, field.attname)
    return value if value is None or isinstance(value, bool | int | str | dict | list) else field.value_to_string(row)


def insert(model: type[Model] | str, values: dict[str, Any]) -> Any:
    """Make a row again with its own id, and return that. Columns that are gone since are left out."""
    found = apps.get_model(model) if isinstance(model, str) else model
    fields = {field.attname: field for field in found._meta.concrete_fields}
    known = {name: value for name, value in values.items() if name in fields}
    if "address_hash" in known:
        known["address_hash"] = keyed(known["address_hash"])  # there may be a new secret since
    row = found(**{name: value if value is None else fields[name].to_python(value) for name, value in known.items()})
    # Raw: what is filled in on saving, such as the moment of the last change, stays as it was.
    row.save_base(raw=True, force_insert=True)
    return row.pk


def has_what_it_points_at(label: str, values: dict[str, Any]) -> bool:
    """Whether a dropped row can come back: its model and everything that it points at are still there."""
    try:
        model = apps.get_model(label)
    except LookupError:
        return False
    keys = [field for field in model._meta.concrete_fields if isinstance(field, ForeignKey)]
    for field in keys:
        value = values.get(field.attname)
        target = field.remote_field.model._base_manager
        if value is not None and not target.filter(**{field.target_field.attname: value}).exists():
            return False
    return True
