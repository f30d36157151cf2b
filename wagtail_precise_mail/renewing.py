"""Bringing stored personal data up to the keys in the settings: encrypt it, renew a key, or go back to clear."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from django.apps import apps
from django.db import transaction
from django.db.models import BinaryField, F, Func, JSONField, Model, Q, QuerySet, TextField
from django.db.models.functions import Cast

from wagtail_precise_mail.encryption import BYTES_MARK, MARK, EncryptedField, current_mark

CHUNK = 500


def encrypted_columns() -> dict[type[Model], list[Any]]:
    """Return the models of every app that keep something encrypted, with those fields."""
    found = {
        model: [field for field in model._meta.concrete_fields if isinstance(field, EncryptedField)]
        for model in apps.get_models()
    }
    return {model: fields for model, fields in found.items() if fields}


def count_stale(model: type[Model], fields: Iterable[Any]) -> int:
    """Return how many rows have a value that is not kept as the settings say."""
    return sum(1 for _pk in _stale(model, list(fields)))


def renew(model: type[Model], fields: Iterable[Any]) -> Iterator[int]:
    """Write those rows anew, each chunk in a transaction of its own that locks it; yields how many each time.

    The site may run meanwhile, as long as its settings have all the keys. Stopped half-way, it goes on where it was.
    """
    chosen, names = list(fields), [field.name for field in fields]
    pks = list(_stale(model, chosen))
    for start in range(0, len(pks), CHUNK):
        with transaction.atomic():
            rows = list(_all(model).select_for_update().filter(pk__in=pks[start : start + CHUNK]).only("pk", *names))
            _all(model).bulk_update(rows, names, batch_size=100)
        yield len(rows)


def _stale(model: type[Model], fields: list[Any]) -> Iterator[Any]:
    texts, annotations = Q(), {}
    for field in fields:
        if isinstance(field, BinaryField):
            yield from _stale_bytes(model, field)
            continue
        name = f"kept_{field.name}"
        annotations[name] = Cast(F(field.name), TextField())
        texts |= _is_stale(name, is_json=isinstance(field, JSONField))
    if annotations:
        rows = _all(model).annotate(**annotations).filter(texts).order_by("pk")
        yield from rows.values_list("pk", flat=True).iterator(chunk_size=10_000)


def _is_stale(name: str, *, is_json: bool) -> Q:
    def as_stored(mark: str) -> str:
        return json.dumps(mark)[:-1] if is_json else mark

    if mark := current_mark():
        empty = ["{}", "[]", "null", '""', "0", "false"] if is_json else [""]
        return ~Q(**{f"{name}__in": empty}) & ~Q(**{f"{name}__startswith": as_stored(mark)}) & ~Q(**{name: None})
    return Q(**{f"{name}__startswith": as_stored(MARK)})


def _stale_bytes(model: type[Model], field: Any) -> Iterator[Any]:
    mark = BYTES_MARK + current_mark()[len(MARK) :].encode()
    head = Func(F(field.name), 1, len(mark), function="SUBSTR", output_field=BinaryField())
    for pk, start in _all(model).annotate(head=head).order_by("pk").values_list("pk", "head"):
        if start and (bytes(start) == mark) != bool(current_mark()):
            yield pk


def _all(model: type[Model]) -> QuerySet[Any]:
    return model._base_manager.all()
