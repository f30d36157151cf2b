"""Which segments the rules of others name, published or not: read from what is stored, so that nothing is evaluated."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from django.db.models import F, Q, TextField
from django.db.models.functions import Cast
from wagtail.models import Revision

_KEY = "in_segment"


def names_used(model: type[Any]) -> dict[str, list[tuple[int, bool]]]:
    """Return the slugs that rules name: for each the ids of the segments that do, and whether only as a draft.

    A segment that names itself does not count: that would keep it from being deleted for good.

    Args:
        model: the model of segments.
    """
    found: dict[str, list[tuple[int, bool]]] = {}
    for pk, own, is_draft, stored in _stored(model):
        for slug in dict.fromkeys(_named(stored)):
            uses = found.setdefault(slug, [])
            if slug != own and pk not in [earlier for earlier, _draft in uses]:
                uses.append((pk, is_draft))
    return {slug: uses for slug, uses in found.items() if uses}


def _stored(model: type[Any]) -> Iterator[tuple[int, str, bool, list[Any]]]:
    """Yield what names segments: id, slug, whether it is a draft, and the streams."""
    text = {f"wpm_{name}": Cast(F(name), TextField()) for name in ("rules", "exclusions")}
    rows = model._default_manager.annotate(**text).filter(
        Q(wpm_rules__contains=f'"{_KEY}"') | Q(wpm_exclusions__contains=f'"{_KEY}"')
    )
    for pk, slug, *streams in rows.order_by("name").values_list("pk", "slug", *text):
        yield pk, slug, False, [_read(one) for one in streams]
    waiting = model._default_manager.filter(has_unpublished_changes=True)
    drafts = Revision.objects.filter(pk__in=waiting.values("latest_revision"))
    for content in drafts.values_list("content", flat=True):
        streams = [content.get(name) for name in ("rules", "exclusions")]
        if any(_KEY in str(one) for one in streams):
            yield content["pk"], str(content.get("slug")), True, [_read(one) for one in streams]


def _read(stream: Any) -> Any:
    try:
        # Twice, where the text of a stream is stored as a text in JSON.
        value = json.loads(stream) if isinstance(stream, str) else stream
        return json.loads(value) if isinstance(value, str) else value
    except ValueError:
        return None


def _named(stored: Any) -> Iterator[str]:
    if isinstance(stored, list):
        for one in stored:
            yield from _named(one)
    elif isinstance(stored, dict):
        if stored.get("type") == _KEY:
            yield from _slugs(stored.get("value"))
        for one in stored.values():
            yield from _named(one)


def _slugs(value: Any) -> Iterator[str]:
    """Yield the slugs in the block of the condition: a list whose items are dicts with a value, or the values."""
    items = value.get("segments") if isinstance(value, dict) else None
    for item in items if isinstance(items, list) else []:
        slug = item.get("value") if isinstance(item, dict) else item
        if isinstance(slug, str) and slug:
            yield slug
