"""What an email refers to: the pages, products, images and saved blocks in its blocks, at any depth.

Read from the stored JSON and not from values, so that nothing is loaded, and things that were deleted are found, too.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Model
from django.utils.translation import gettext as _
from wagtail.blocks import Block, ChooserBlock, ListBlock, RichTextBlock, StreamBlock, StreamValue, StructBlock
from wagtail.images import get_image_model
from wagtail.rich_text import extract_references_from_rich_text

from wagtail_precise_mail.commerce.models import Product
from wagtail_precise_mail.emails.models import SavedBlock
from wagtail_precise_mail.fields import page_model


@dataclass(frozen=True)
class Reference:
    """One mention of something of the site.

    Attributes:
        place: the block, in words, such as "Button, block 3".
        block_id: the id of that block in its stream, or "".
        is_required: the block cannot do without it, and says so itself when it is gone.
        is_link: it is a link in rich text.
    """

    pk: Any
    place: str
    block_id: str = ""
    is_required: bool = False
    is_link: bool = False


@dataclass
class References:
    """Everything that an email refers to, by its id, in the order of reading."""

    pages: dict[int, list[Reference]] = field(default_factory=dict)
    products: dict[int, list[Reference]] = field(default_factory=dict)
    images: dict[int, list[Reference]] = field(default_factory=dict)
    saved_blocks: dict[int, list[Reference]] = field(default_factory=dict)

    def add(self, model: type[Model], reference: Reference) -> None:
        """File a reference; other kinds of things do not matter to a mail."""
        for kind, found in self._kinds():
            if issubclass(model, kind):
                with suppress(ValidationError):  # damaged: it names nothing that could be there
                    found.setdefault(kind._meta.pk.to_python(reference.pk), []).append(reference)

    def _kinds(self) -> list[tuple[type[Model], dict[Any, list[Reference]]]]:
        return [
            (page_model(), self.pages),
            (Product, self.products),
            (get_image_model(), self.images),
            (SavedBlock, self.saved_blocks),
        ]


def references_of(body: StreamValue) -> References:
    """Return what a body refers to, with what its published saved blocks refer to: one query, or none without them."""
    references = References()
    for model, reference in _references(body):
        references.add(model, reference)
    for saved in SavedBlock.objects.filter(pk__in=references.saved_blocks, live=True):
        for model, reference in _references(saved.body, within=saved.name):
            references.add(model, reference)
    return references


@dataclass(frozen=True)
class Place:
    """Where something is: the block of a stream, in words, and its id."""

    label: str = ""
    block_id: str = ""


def walk(block: Block, raw: Any, place: Place = Place()) -> Iterator[tuple[Block, Any, Place]]:
    """Yield a block and every block below it, each with its stored value and the place in which it is.

    Blocks whose code was removed, and values that are not as their block stores them, are passed over.
    """
    yield block, raw, place
    if isinstance(block, StreamBlock):
        for number, item in enumerate(raw if isinstance(raw, list) else [], 1):
            if inner := block.child_blocks.get(item.get("type")):
                label = _("%(block)s, block %(number)s") % {"block": inner.label, "number": number}
                yield from walk(inner, item.get("value"), Place(label, str(item.get("id") or "")))
    elif isinstance(block, ListBlock):
        for item in raw if isinstance(raw, list) else []:
            # Lists that are older than the ids of their items hold bare values.
            is_item = isinstance(item, dict) and item.get("type") == "item"
            yield from walk(block.child_block, item.get("value") if is_item else item, place)
    elif isinstance(block, StructBlock):
        # An image block keeps what an image chooser stored, a bare id, until it is saved again.
        values = raw if isinstance(raw, dict) else {"image": raw}
        for name, inner in block.child_blocks.items():
            yield from walk(inner, values.get(name), place)


def _references(body: StreamValue, *, within: str = "") -> Iterator[tuple[type[Model], Reference]]:
    for block, raw, place in walk(body.stream_block, list(body.raw_data)):
        label = place.label
        if within:
            label = _("%(place)s of the saved block “%(name)s”") % {"place": label, "name": within}
        if isinstance(block, ChooserBlock) and raw is not None:
            yield block.model_class, Reference(raw, label, place.block_id, is_required=block.required)
        elif isinstance(block, RichTextBlock) and isinstance(raw, str):
            for model, pk, _model_path, _content_path in extract_references_from_rich_text(raw):
                yield model, Reference(pk, label, place.block_id, is_link=True)
