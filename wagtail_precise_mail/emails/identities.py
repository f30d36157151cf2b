"""Ids for blocks in blocks: whatever was stored without one, by a program or in an old format, gets one for good."""

from __future__ import annotations

import uuid
from typing import Any

from wagtail.blocks import Block, ListBlock, StreamBlock, StructBlock

_SPACE = uuid.UUID("6a0d5c0e-4d6f-4b5a-9a55-2f9f1f3c7a10")


def identified(block: Block, stored: Any, path: str = "") -> Any:
    """Return the stored value of a block with an id for every block and every item of a list inside it.

    An id that is missing is made of the place, so that it is the same each time until it is stored: translations and
    comments hang on it.
    """
    if isinstance(block, StreamBlock) and isinstance(stored, list):
        return [_child(block, child, f"{path}.{number}") for number, child in enumerate(stored)]
    if isinstance(block, ListBlock) and isinstance(stored, list):
        return [_item(block, item, f"{path}.{number}") for number, item in enumerate(stored)]
    if isinstance(block, StructBlock) and isinstance(stored, dict):
        known = block.child_blocks
        return {
            name: identified(known[name], value, f"{path}.{name}") if name in known else value
            for name, value in stored.items()
        }
    return stored


def _child(block: StreamBlock, child: Any, path: str) -> Any:
    kind = child.get("type") if isinstance(child, dict) else None
    if kind not in block.child_blocks:
        return child
    own_id = child.get("id") or _made_of(path)
    return {**child, "id": own_id, "value": identified(block.child_blocks[kind], child.get("value"), own_id)}


def _item(block: ListBlock, item: Any, path: str) -> Any:
    if not block._item_is_in_block_format(item):
        item = {"type": "item", "value": item}
    own_id = item.get("id") or _made_of(path)
    return {**item, "id": own_id, "value": identified(block.child_block, item["value"], own_id)}


def _made_of(path: str) -> str:
    return str(uuid.uuid5(_SPACE, path))
