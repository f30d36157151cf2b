"""When an email may leave: after what it offers has started, and before it has ended."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from wagtail.blocks import StreamValue


def sendable_until(body: StreamValue) -> datetime | None:
    """Return the moment from which an email must not leave any more, or None: the first end among its blocks."""
    return min((end for block, value in _blocks(body) if (end := block.expires_at(value))), default=None)


def sendable_from(body: StreamValue) -> datetime | None:
    """Return the moment before which an email must not leave, or None: the last start among its blocks."""
    return max((start for block, value in _blocks(body) if (start := block.starts_at(value))), default=None)


def _blocks(stream: StreamValue) -> Iterator[tuple[Any, Any]]:
    for child in stream:
        yield child.block, child.value
        for inner in child.block.streams(child.value):
            yield from _blocks(inner)
