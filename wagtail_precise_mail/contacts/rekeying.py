"""Putting the keys of stored addresses under another secret, without the addresses: suppressions have none any more."""

from __future__ import annotations

from django.apps import apps
from django.db import transaction
from django.db.models import Model, QuerySet

from wagtail_precise_mail.conf import options
from wagtail_precise_mail.contacts.address_keys import generation_of, keyed

NAMES = frozenset({"address_hash", "recipient_key"})
"""What columns are called that hold the key of an address."""
CHUNK = 500


def key_columns() -> list[tuple[type[Model], str]]:
    """Return the models that keep keys of addresses, with the name of the column."""
    ours = apps.get_app_config("wagtail_precise_mail").get_models()
    return [(model, field.name) for model in ours for field in model._meta.concrete_fields if field.name in NAMES]


def count_stale_keys() -> int:
    """Return how many keys are under fewer secrets than the settings have."""
    return sum(len(_stale(model, name)) for model, name in key_columns())


@transaction.atomic
def rekey() -> int:
    """Bring every key up to ``address_keys``, all of them or none; return how many.

    Stop the site and its workers first: a process with other settings would find nobody.
    """
    count = 0
    for model, name in key_columns():
        stale = _stale(model, name)
        for start in range(0, len(stale), CHUNK):
            rows = list(_all(model).filter(pk__in=stale[start : start + CHUNK]).only("pk", name))
            for row in rows:
                setattr(row, name, keyed(getattr(row, name)))
            _all(model).bulk_update(rows, [name], batch_size=CHUNK)
        count += len(stale)
    return count


def _stale(model: type[Model], name: str) -> list[int]:
    secrets = len(options().address_keys)
    rows = _all(model).exclude(**{f"{name}__startswith": f"{secrets}:"}).order_by("pk").values_list("pk", name)
    generations = ((pk, generation_of(key)) for pk, key in rows.iterator(chunk_size=10_000))
    return [pk for pk, generation in generations if generation is not None and generation < secrets]


def _all(model: type[Model]) -> QuerySet:
    return model._base_manager.all()
