"""Blocks of emails as a StreamField stores them."""

from __future__ import annotations

import json
from typing import Any

Blocks = list[tuple[str, dict[str, Any]]]


def stream(blocks: Blocks) -> str:
    """Return blocks as a StreamField stores them."""
    return json.dumps([_child(kind, value) for kind, value in blocks])


def _child(kind: str, value: dict[str, Any]) -> dict[str, Any]:
    if kind == "columns":
        value = {**value, "columns": [{"content": [_child(*one) for one in column]} for column in value["columns"]]}
    return {"type": kind, "value": value}
