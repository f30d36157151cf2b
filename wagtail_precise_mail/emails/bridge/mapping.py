"""From the body of a page to blocks of an email.

A page answers ``get_email_body`` (:class:`~.mixin.EmailableMixin` does), or its model has an adapter in
:data:`page_bodies`, or the defaults take what they understand. Whatever nobody understands is listed, for the editor.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

from django.apps import apps
from django.db.models import Field
from django.utils.html import format_html
from django.utils.translation import gettext as _
from wagtail.blocks import BlockQuoteBlock, CharBlock, ListBlock, StreamBlock, StreamValue, StructBlock, TextBlock
from wagtail.documents import get_document_model
from wagtail.fields import RichTextField, StreamField
from wagtail.images.models import AbstractImage
from wagtail.models import Page
from wagtail.rich_text import RichText

from wagtail_precise_mail.commerce.models import Product
from wagtail_precise_mail.emails.bridge import pieces
from wagtail_precise_mail.emails.bridge.pieces import RawBlock
from wagtail_precise_mail.emails.models import Email, SavedBlock
from wagtail_precise_mail.exceptions import RegistrationError

logger = logging.getLogger(__name__)

Converter = Callable[[Any], Iterable[RawBlock]]
"""Takes the value of a page's block, returns email blocks: (key, value) as one assigns them to a StreamField."""

_HEADING_NAME = re.compile(r"(?P<sub>sub)?_?(?:heading|headline|header|title)_?(?P<number>[1-6])?|h(?P<h>[1-6])", re.I)


@dataclass(frozen=True)
class LeftOut:
    """A piece of a page that an email made of it does not have.

    Attributes:
        label: the block, in words, such as "Table, block 4".
        reason: why, as the end of a sentence in brackets.
    """

    label: str
    reason: str

    def __str__(self) -> str:
        return f"{self.label} ({self.reason})"


@dataclass
class MappedBody:
    """What an email has of a page's body, and what it does not have."""

    blocks: list[RawBlock] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)


@runtime_checkable
class HasEmailBody(Protocol):
    """A page that knows its own body as an email."""

    def get_email_body(self) -> MappedBody:
        """Return the body of this page as blocks of an email."""


PageBody = Callable[[Any], MappedBody]
page_bodies: dict[type[Page], PageBody] = {}
"""Adapters for page models that cannot be changed, by the model; subclasses inherit them."""


def register_page_body(model: type[Page]) -> Callable[[PageBody], PageBody]:
    """Return a decorator that files an adapter for the body of a page model.

    Raises:
        RegistrationError: the model has one already.
    """

    def decorator(adapter: PageBody) -> PageBody:
        if model in page_bodies:
            raise RegistrationError(f"There is already a body for {model.__name__}: {page_bodies[model]!r}.")
        page_bodies[model] = adapter
        return adapter

    return decorator


def body_of(page: Page) -> MappedBody:
    """Return the body of a (specific) page as blocks of an email."""
    if isinstance(page, HasEmailBody):
        return page.get_email_body()
    return next((page_bodies[model] for model in type(page).__mro__ if model in page_bodies), map_body)(page)


def map_body(
    page: Page, *, blocks: Mapping[str, Converter | None] | None = None, fields: Sequence[str] | None = None
) -> MappedBody:
    """Return the body of a page as blocks of an email, block by block.

    Args:
        blocks: a converter for each kind of block that the defaults do not understand, by its name in the stream, at
            any depth; None leaves the block out without a word.
        fields: names of the fields that are the body, in their order; None takes every stream and rich text.
    """
    mapper = _Mapper(blocks or {})
    for one in _fields(page, fields):
        value = getattr(page, one.name)
        if isinstance(value, StreamValue):
            mapper.take_stream(value)
        elif value:
            converter = pieces.rich_text if isinstance(one, RichTextField) else _one(pieces.paragraphs)
            mapper.convert(converter, str(value), str(one.verbose_name).capitalize())
    return MappedBody(mapper.kept, mapper.left_out)


def _fields(page: Page, names: Sequence[str] | None) -> list[Field]:
    if names is not None:
        return [page._meta.get_field(name) for name in names]
    return [one for one in page._meta.get_fields() if isinstance(one, (StreamField, RichTextField))]


class _Mapper:
    """Collects blocks, and what could not be one."""

    def __init__(self, converters: Mapping[str, Converter | None]) -> None:
        self.converters = converters
        self.kept: list[RawBlock] = []
        self.left_out: list[LeftOut] = []
        self._body = Email._meta.get_field("body").stream_block

    def keep(self, blocks: Iterable[RawBlock]) -> None:
        """Add blocks that a body can hold.

        Raises:
            Exception: whatever a block raises about a value that it does not understand.
        """
        found = list(blocks)
        require_known(self._body, found)
        self._body.normalize(found)
        self.kept += found

    def take_stream(self, stream: StreamValue) -> None:
        for number, child in enumerate(stream, 1):
            label = _("%(block)s, block %(number)s") % {"block": child.block.label, "number": number}
            self._take(child.block_type, child.block, child.value, label)

    def _take(self, name: str, block: Any, value: Any, label: str) -> None:
        if name in self.converters:
            if converter := self.converters[name]:
                self.convert(converter, value, label)
        elif isinstance(block, StreamBlock):
            self.take_stream(value)
        elif isinstance(block, ListBlock):
            for item in value:
                self._take("", block.child_block, item, label)
        elif value is None:
            self._leave(label, _("what it showed was deleted"))
        elif value != "" and not (isinstance(value, RichText) and not value.source.strip()):
            self._take_by_default(name, block, value, label)

    def _take_by_default(self, name: str, block: Any, value: Any, label: str) -> None:
        if converter := default_converter(name, block, value):
            self.convert(converter, value, label)
        else:
            self._leave(label, _("emails have nothing like it"))

    def convert(self, converter: Converter, value: Any, label: str) -> None:
        try:
            self.keep(converter(value))
        except Exception:  # a site's own code may raise anything; one block must not cost the whole email
            logger.exception("A block of a page could not be converted for an email: %s", label)
            self._leave(label, _("its conversion failed; the log of the server says why"))

    def _leave(self, label: str, reason: str) -> None:
        self.left_out.append(LeftOut(label, reason))


def require_known(block: Any, value: Any) -> None:
    """Check that a block and its fields have the names that it is given; Wagtail drops what it does not know.

    Raises:
        LookupError: there is no such block or field.
        TypeError: a value of a block with fields is no mapping of them.
    """
    if isinstance(block, StreamBlock):
        for key, inner in value:
            if key not in block.child_blocks:
                raise LookupError(f"There is no email block {key!r} here; there are {', '.join(block.child_blocks)}.")
            require_known(block.child_blocks[key], inner)
    elif isinstance(block, ListBlock):
        for item in value:
            require_known(block.child_block, item)
    elif isinstance(block, StructBlock) and isinstance(value, Mapping):
        if unknown := set(value) - set(block.child_blocks):
            raise LookupError(f"The email block {block.name!r} has no {', '.join(sorted(unknown))}.")
        for name, inner in value.items():
            require_known(block.child_blocks[name], inner)
    elif isinstance(block, StructBlock) and not isinstance(value, AbstractImage | None):
        raise TypeError(f"The email block {block.name!r} takes a dict of its fields, not {value!r}.")


def default_converter(name: str, block: Any, value: Any) -> Converter | None:
    """Return what converts a block of a page without anybody saying so, or None for what must be said."""
    for kind, converter in _BY_VALUE:
        if isinstance(value, kind):
            return converter
    if apps.is_installed("wagtail.documents") and isinstance(value, get_document_model()):
        return _document
    if isinstance(block, BlockQuoteBlock):
        return _one(pieces.quotation)
    if isinstance(block, TextBlock):
        return _one(pieces.paragraphs)
    if isinstance(block, CharBlock) and (level := heading_level(name, block)):
        return _one(lambda text: pieces.heading(text, level=level))
    return None


def heading_level(name: str, block: Any) -> int:
    """Return the level of a line that is a heading by its name ("heading", "h3") or its look, or 0 for any other."""
    if match := _HEADING_NAME.fullmatch(name):
        return 3 if match["sub"] or (match["number"] or match["h"] or "2") > "2" else 2
    return 2 if "title" in str(getattr(block.meta, "form_classname", "") or "").split() else 0


def _one(make: Callable[[Any], RawBlock]) -> Converter:
    return lambda value: [make(value)]


def _document(document: Any) -> Iterator[RawBlock]:
    link = format_html('<p><a linktype="document" id="{}">{}</a></p>', document.pk, document.title)
    yield "rich_text", {"content": RichText(link)}


def _image(image: AbstractImage) -> list[RawBlock]:
    # An image block knows what this page says of the picture; a chooser knows the library only.
    said = None if getattr(image, "contextual_alt_text", None) is None else image.contextual_alt_text
    return [pieces.picture(image, alt="" if getattr(image, "decorative", False) else said or None)]


_BY_VALUE: list[tuple[type, Converter]] = [
    (RichText, pieces.rich_text),
    (AbstractImage, _image),
    (Product, _one(pieces.product)),
    (Page, _one(pieces.page_card)),
    (SavedBlock, lambda saved: [("saved_block", {"saved_block": saved})]),
]
