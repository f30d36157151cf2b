"""The stream blocks of emails: they keep what was stored by a block whose code is gone, and hide some in the picker."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator
from typing import Any

from django.core.exceptions import ValidationError
from django.forms import Media
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from wagtail.admin.staticfiles import versioned_static
from wagtail.admin.telepath import register
from wagtail.blocks import Block, ListBlock, StreamBlock, StreamValue, StructBlock
from wagtail.blocks.stream_block import StreamBlockAdapter, StreamBlockValidationError

from wagtail_precise_mail.emails.identities import identified

MISSING = "missing"
"""The type that stands for every type that nobody registers any more; it is never stored."""


class EmailStreamBlock(StreamBlock):
    """A stream block that loses nothing.

    Wagtail leaves out blocks of unknown types when it reads a stream, and so deletes them with the next save. Here they
    become blocks of the type :data:`MISSING`, which cannot be rendered, and are stored as what they were.

    Args:
        hidden: types that the picker does not offer, but that may be there.
    """

    def __init__(self, local_blocks: Any = None, hidden: Collection[str] = (), **kwargs: Any) -> None:
        super().__init__(local_blocks, **kwargs)
        self.hidden = set(hidden)

    def grouped_child_blocks(self) -> list[tuple[Any, list[Block]]]:
        """Return what the picker offers."""
        groups = super().grouped_child_blocks()
        offered = [(group, [block for block in blocks if block.name not in self.hidden]) for group, blocks in groups]
        return [(group, blocks) for group, blocks in offered if blocks]

    def to_python(self, value: Any) -> StreamValue:
        if isinstance(value, str) and value:
            try:
                value = json.loads(value)
            except ValueError:
                return super().to_python(value)
        return super().to_python(self._with_placeholders(value))

    def bulk_to_python(self, values: Iterable[Any]) -> list[StreamValue]:
        found: list[StreamValue] = super().bulk_to_python([self._with_placeholders(value) for value in values])
        return found

    def get_prep_value(self, value: Any) -> list[dict[str, Any]]:
        stored = [_as_it_was(child) if child["type"] == MISSING else child for child in super().get_prep_value(value)]
        found: list[dict[str, Any]] = identified(self, stored)
        return found

    def clean(self, value: StreamValue) -> StreamValue:
        cleaned: StreamValue = super().clean(value)
        for number, child in enumerate(cleaned):
            # Only what a block that is gone has stored may pass by the checks of the block.
            if child.block_type == MISSING and not _is_kept(child.value, self.child_blocks):
                error = ValidationError(_("This block is there again: reload the page."))
                raise StreamBlockValidationError(block_errors={number: error})
        return cleaned

    def _with_placeholders(self, value: Any) -> Any:
        if isinstance(value, StreamValue) or not value:
            return value
        return [self._placeholder(child) if self._is_unknown(child) else child for child in value]

    def _is_unknown(self, child: Any) -> bool:
        return isinstance(child, dict) and MISSING in self.child_blocks and child.get("type") not in self.child_blocks

    def _placeholder(self, child: dict[str, Any]) -> dict[str, Any]:
        content = json.dumps(child.get("value"), ensure_ascii=False, indent=1)
        return {**child, "type": MISSING, "value": {"kind": str(child.get("type")), "content": content}}


class EmailStreamBlockAdapter(StreamBlockAdapter):
    """Gives the browser the blocks that the picker leaves out, too."""

    js_constructor = "wagtail_precise_mail.EmailStreamBlock"

    def js_args(self, block: EmailStreamBlock) -> list[Any]:
        name, groups, defaults, meta = super().js_args(block)
        hidden = [child for name, child in block.child_blocks.items() if name in block.hidden]
        return [name, groups, defaults, {**meta, "hiddenBlocks": hidden}]

    @cached_property
    def media(self) -> Media:
        return super().media + Media(
            js=[versioned_static("wagtail_precise_mail/emails/stream-block.js")],
            css={"all": [versioned_static("wagtail_precise_mail/emails/stream-block.css")]},
        )


register(EmailStreamBlockAdapter(), EmailStreamBlock)


def walk_blocks(block: Block) -> Iterator[Block]:
    """Return a block and every block that its values can hold."""
    yield block
    if isinstance(block, StructBlock | StreamBlock):
        for child in block.child_blocks.values():
            yield from walk_blocks(child)
    elif isinstance(block, ListBlock):
        yield from walk_blocks(block.child_block)


def _as_it_was(child: dict[str, Any]) -> dict[str, Any]:
    kept = child["value"]
    return {**child, "type": kept["kind"], "value": json.loads(kept["content"])}


def _is_kept(value: Any, known: Collection[str]) -> bool:
    try:
        json.loads(value["content"])
    except ValueError:
        return False
    return value["kind"] not in known
