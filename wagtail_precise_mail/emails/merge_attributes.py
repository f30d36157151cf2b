"""A contact's further fields as merge fields: which there are, what they say, and where they are empty."""

from __future__ import annotations

import math
import re
from collections import Counter
from decimal import Decimal
from typing import Any

from django.core.cache import cache
from django.db import NotSupportedError
from django.db.models import F, Func, Q, TextField, Value
from django.db.models.functions import Coalesce
from django.db.models.lookups import Exact

from wagtail_precise_mail.contacts.fields import blocked_keys
from wagtail_precise_mail.contacts.queries import ContactQuerySet

SAMPLE_SIZE = 2000
"""Of how many contacts, the newest, the further fields are looked up for the list that editors pick from."""

LIST_LIMIT = 50
"""Further fields that the list shows, the most frequent ones."""

_SECONDS = 300
_CACHE_KEY = "wagtail_precise_mail.merge_attributes"
_KEY = re.compile(r"[A-Za-z0-9_-]{1,100}")
_PREFIX = "contact.attributes."


def attribute_key(name: str) -> str:
    """Return the key in the name of a further field ("contact.attributes.points"), or "" for other names."""
    key = name.removeprefix(_PREFIX)
    return key if key != name and _KEY.fullmatch(key) else ""


def plain(value: Any) -> str:
    """Return a text or a number as text, and "" for anything else."""
    if isinstance(value, bool):
        return ""
    if isinstance(value, float):
        # Not 1e-07: filters read plain numbers.
        return f"{Decimal(repr(value)):f}" if math.isfinite(value) else ""
    return str(value) if isinstance(value, str | int) else ""


def known_attributes(contacts: ContactQuerySet) -> list[str]:
    """Return the keys of further fields that really occur and may be used, the most frequent first.

    Looks at the newest :data:`SAMPLE_SIZE` contacts, at most once in five minutes.
    """
    known = cache.get_or_set(_CACHE_KEY, lambda: _look_up(contacts), _SECONDS) or []
    blocked = blocked_keys(known)  # not remembered: a decision counts at once
    return [key for key in known if key not in blocked]


def somebody_has(key: str, contacts: ContactQuerySet) -> bool:
    """Return whether a contact has something to show in a further field; it may be looked up half a minute ago."""
    name = f"{_CACHE_KEY}.{key}"
    if (known := cache.get(name)) is None:
        known = contacts.exclude(attribute_is_empty(key)).exists()
        cache.set(name, known, _SECONDS if known else _SECONDS // 10)
    return bool(known)


def attribute_is_empty(key: str) -> Q:
    """Return the condition that a further field has nothing to show."""
    return Q(Exact(Coalesce(_PlainText(F("attributes"), Value(key)), Value(""), output_field=TextField()), Value("")))


def _look_up(contacts: ContactQuerySet) -> list[str]:
    counts: Counter[str] = Counter()
    for attributes in contacts.order_by("-pk").values_list("attributes", flat=True)[:SAMPLE_SIZE]:
        if isinstance(attributes, dict):
            counts.update(key for key, value in attributes.items() if _KEY.fullmatch(key) and plain(value).strip())
    return [key for key, _count in counts.most_common(LIST_LIMIT)]


class _PlainText(Func):
    """A key of a JSON object as trimmed text where it is a text or a number, else NULL; keys are SQL parameters."""

    output_field = TextField()

    def as_sql(self, compiler: Any, connection: Any, *args: Any, **extra: Any) -> Any:
        raise NotSupportedError(f"Further fields of contacts cannot be counted on {connection.vendor}.")

    def as_sqlite(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        template = (
            "CASE WHEN JSON_TYPE(%(column)s, %(path)s) IN ('text', 'integer', 'real') "
            "THEN TRIM(CAST(JSON_EXTRACT(%(column)s, %(path)s) AS TEXT)) END"
        )
        # With quotes, for keys such as "shoe-size" and "0".
        return self._write(template, f'$."{self._key}"', compiler)

    def as_postgresql(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        template = (
            "CASE WHEN jsonb_typeof(jsonb_extract_path(%(column)s, %(path)s)) IN ('string', 'number') "
            "THEN TRIM(jsonb_extract_path_text(%(column)s, %(path)s)) END"
        )
        return self._write(template, self._key, compiler)

    @property
    def _key(self) -> str:
        return str(self.get_source_expressions()[1].value)

    def _write(self, template: str, path: str, compiler: Any) -> tuple[str, list[Any]]:
        column, params = compiler.compile(self.get_source_expressions()[0])
        return template % {"column": column, "path": "%s"}, [*params, path, *params, path]
