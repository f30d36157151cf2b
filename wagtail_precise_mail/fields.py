"""A StreamField whose blocks come from a registry, so that adding a block changes no migration of ours."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.utils.functional import cached_property
from wagtail.blocks import StreamBlock
from wagtail.fields import StreamField


class RegistryStreamField(StreamField):
    """A StreamField that asks for its block when first used, after every app has registered its own.

    Args:
        make_block: returns the top-level StreamBlock. Migrations leave it out: they get an empty one, which is
            enough, because the column is JSON whatever the blocks are.
    """

    def __init__(self, make_block: Callable[[], StreamBlock] | None = None, **kwargs: Any) -> None:
        self.make_block = make_block or StreamBlock
        super().__init__([], **kwargs)

    @cached_property
    def stream_block(self) -> StreamBlock:
        block = self.make_block()
        block.set_meta_options(self.block_opts)
        return block

    def deconstruct(self) -> tuple[str, str, list[Any], dict[str, Any]]:
        name, path, _args, kwargs = super(StreamField, self).deconstruct()
        return name, path, [], kwargs
