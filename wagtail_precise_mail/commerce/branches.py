"""The tree of categories."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from wagtail_precise_mail.commerce.models import Category


def branches(pks: Iterable[int]) -> Mapping[int, tuple[int, ...]]:
    """Return each category with all below it, at any depth: one query. A tree with a loop ends where it began."""
    children: dict[int, list[int]] = {}
    for pk, parent in Category.objects.order_by("pk").values_list("pk", "parent_id"):
        if parent is not None:
            children.setdefault(parent, []).append(pk)
    return {pk: _branch(pk, children) for pk in pks}


def _branch(root: int, children: Mapping[int, list[int]]) -> tuple[int, ...]:
    found = {root: None}
    waiting = [root]
    while waiting:
        for child in children.get(waiting.pop(), []):
            if child not in found:
                found[child] = None
                waiting.append(child)
    return tuple(found)
