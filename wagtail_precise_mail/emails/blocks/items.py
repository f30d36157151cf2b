"""Writing one item of a list, or one that is known when the email is composed, in the same words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol

from django.template.loader import render_to_string
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe

from wagtail_precise_mail.emails.brand import Brand
from wagtail_precise_mail.emails.context import Picture, RenderContext
from wagtail_precise_mail.emails.marks import Place

THUMBNAIL = 72
"""Pixels of the picture in a row."""

NARROW_THUMBNAIL = 44
"""The same in a narrow column."""


class Written(Protocol):
    """Something with facts that stand in a mail: an ``ItemList``, or a :class:`KnownItem`."""

    def value(self, field: str) -> SafeString:
        """Return a fact, or its mark."""

    def link(self, field: str = "url") -> SafeString:
        """Return the ``href`` that leads to it."""

    def when(self, field: str, content: str, place: Place) -> SafeString:
        """Return content that is shown where the item has this fact."""


@dataclass(frozen=True)
class KnownItem:
    """An item whose facts are the same for all readers.

    Attributes:
        facts: plain text by name.
        html: facts that are HTML already, such as merge tags; they win.
        href: made by the context, "" without an address.
    """

    facts: Mapping[str, str]
    href: str = ""
    html: Mapping[str, SafeString] = field(default_factory=dict)

    @classmethod
    def of(cls, facts: Mapping[str, str], href: str = "", html: Mapping[str, SafeString] | None = None) -> KnownItem:
        """Return the item for HTML; "url" says whether it leads somewhere."""
        name = {} if href else {"plain_name": facts["name"]}
        return cls({**facts, **name, "url": href}, href, html or {})

    @classmethod
    def plain(cls, facts: Mapping[str, str], href: str = "") -> KnownItem:
        """Return the item for the text part, in which nothing is escaped."""
        return cls({"url": href}, href, {name: mark_safe(fact) for name, fact in facts.items()})

    def with_picture(self, url: str) -> KnownItem:
        """Return this item with the address of a picture."""
        return replace(self, facts={**self.facts, "image_url": url})

    def value(self, field: str) -> SafeString:
        """Return a fact as HTML."""
        return self.html.get(field) or escape(self.facts.get(field, ""))

    def link(self, field: str = "url") -> SafeString:
        """Return the address behind the item."""
        return mark_safe(self.href)

    def when(self, field: str, content: str, place: Place) -> SafeString:
        """Return the content, or nothing where the fact is missing."""
        return mark_safe(content if self.html.get(field) or self.facts.get(field) else "")


def picture_mjml(picture: Picture, brand: Brand, href: str = "") -> SafeString:
    """Return the picture of an item, which leads to it."""
    template = "wagtail_precise_mail/emails/blocks/item_picture.mjml"
    return mark_safe(render_to_string(template, {"picture": picture, "href": mark_safe(href), "brand": brand}))


def pictures(item: Written, brand: Brand, width: int) -> SafeString:
    """Return the picture of an item of a list: with a link where it leads somewhere, nothing where it has none."""
    picture = Picture(item.value("image_url"), width, 0, item.value("name"))
    linked = item.when("url", picture_mjml(picture, brand, item.link()), Place.COLUMN)
    bare = item.when("plain_name", picture_mjml(picture, brand), Place.COLUMN)
    return item.when("image_url", linked + bare, Place.COLUMN)


def thumbnail_size(context: RenderContext) -> int:
    """Return the pixels of the pictures in rows, by the room there is."""
    return THUMBNAIL if context.width >= 300 else NARROW_THUMBNAIL


def thumbnail(item: Written, brand: Brand, size: int = THUMBNAIL) -> SafeString:
    """Return the small picture in a row of a table, ``size`` pixels wide."""
    image = format_html(
        '<img src="{}" alt="{}" width="{}" style="display:block;width:{}px;max-width:100%;'
        'border:0;border-radius:{}px" />',
        item.value("image_url"),
        item.value("name"),
        size,
        size,
        brand.radius,
    )
    linked = item.when("url", format_html('<a href="{}">{}</a>', item.link(), image), Place.INLINE)
    return item.when("image_url", linked + item.when("plain_name", image, Place.INLINE), Place.INLINE)
