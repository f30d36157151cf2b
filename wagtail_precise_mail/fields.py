"""Fields and names that our tables need: a StreamField whose blocks come from a registry, and the model of pages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db.models import ForeignKey
from django.utils.functional import cached_property
from wagtail.blocks import StreamBlock
from wagtail.fields import StreamField

WAGTAILS_PAGE = "wagtailcore.page"
"""The model of pages where no setting swaps it, in lower case."""


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
        return self.new_block()

    def new_block(self) -> StreamBlock:
        """Return the block anew, for a form that changes it."""
        block = self.make_block()
        block.set_meta_options(self.block_opts)
        return block

    def deconstruct(self) -> tuple[str, str, list[Any], dict[str, Any]]:
        name, path, _args, kwargs = super(StreamField, self).deconstruct()
        return name, path, [], kwargs


class PageForeignKey(ForeignKey):
    """A foreign key to pages. Migrations do not name the model: since Wagtail 8.0 a site may swap it."""

    def __init__(self, to: Any = None, on_delete: Any = None, **kwargs: Any) -> None:
        super().__init__(to or page_model_name(), on_delete, **kwargs)

    def deconstruct(self) -> tuple[str, str, list[Any], dict[str, Any]]:
        name, path, args, kwargs = super().deconstruct()
        del kwargs["to"]
        return name, path, list(args), kwargs


def page_model_name() -> str:
    """Return the model of pages: Wagtail 7.4 has one, 8.0 asks a setting."""
    return str(getattr(settings, "WAGTAIL_PAGE_MODEL", "wagtailcore.Page"))


def page_model() -> Any:
    """Return the model of pages, Wagtail's or the site's own."""
    return apps.get_model(page_model_name())
