"""Writing email blocks by hand, for converters: each function returns blocks as one assigns them to a StreamField."""

from __future__ import annotations

from collections.abc import Iterable
from copy import copy
from typing import Any

from bs4 import BeautifulSoup, Tag
from django.utils.html import escape, linebreaks
from wagtail.blocks import CharBlock, RichTextBlock, TextBlock
from wagtail.images import get_image_model
from wagtail.images.models import AbstractImage
from wagtail.models import Page
from wagtail.rich_text import RichText

from wagtail_precise_mail.commerce.models import Product
from wagtail_precise_mail.emails.body import email_blocks
from wagtail_precise_mail.emails.cards import shorten
from wagtail_precise_mail.emails.soup import read_markup
from wagtail_precise_mail.emails.values import one_line

RawBlock = tuple[str, Any]
"""The key of an email block, and its value."""

LINE_LENGTH = 250
"""Characters that headings and captions hold."""

_WORDS = (CharBlock, TextBlock, RichTextBlock)
# The editor of emails offers no headings in text: there they are blocks of their own.
_LEVELS = {"h1": 2, "h2": 2, "h3": 3, "h4": 3, "h5": 3, "h6": 3}


def heading(text: str, *, level: int = 2) -> RawBlock:
    """Return a heading: 1 is the title of the email, 2 a section, 3 a subsection."""
    return "heading", {"title": shorten(one_line(text), LINE_LENGTH), "level": str(level)}


def paragraphs(text: str) -> RawBlock:
    """Return plain text; an empty line begins a paragraph."""
    return "rich_text", {"content": RichText(linebreaks(escape(text)))}


def rich_text(value: RichText | str) -> list[RawBlock]:
    """Return rich text as blocks: its headings, quotes and pictures become blocks, its videos become links."""
    soup = read_markup(getattr(value, "source", value))
    images = _images_in(soup)
    blocks: list[RawBlock] = []
    loose = ""
    for node in list(soup.children):
        if special := _special(node, images):
            blocks += [*_text(loose), *special]
            loose = ""
        else:
            loose += node.decode(formatter="minimal") if isinstance(node, Tag) else escape(str(node))
    return [*blocks, *_text(loose)]


def bullets(items: Iterable[RichText | str], *, ordered: bool = False) -> RawBlock:
    """Return pieces of rich text as a list, numbered if ``ordered``; paragraphs of one item become its lines."""
    lines = (f"<li>{_inline(getattr(item, 'source', item))}</li>" for item in items)
    tag = "ol" if ordered else "ul"
    return "rich_text", {"content": RichText(f"<{tag}>{''.join(lines)}</{tag}>")}


def picture(image: AbstractImage, *, alt: str | None = None, caption: str = "", page: Page | None = None) -> RawBlock:
    """Return a picture.

    Args:
        alt: None takes the description in the image library; "" says that it is decoration.
        page: where a click on it leads.
    """
    words = (getattr(image, "description", "") or "") if alt is None else alt
    # A copy, because the block writes the description on it: the same picture may be in two blocks.
    value = {"image": copy(image), "alt_text": words, "decorative": alt == ""}
    return "image", {"image": value, "caption": shorten(one_line(caption), LINE_LENGTH), "page": page}


def quotation(words: str, name: str = "") -> RawBlock:
    """Return what somebody said; without a quote block it is a paragraph in italics."""
    if "quote" not in email_blocks:
        said_by = f"<br/>— {escape(name)}" if name else ""
        return "rich_text", {"content": RichText(f"<p><i>“{escape(one_line(words))}”</i>{said_by}</p>")}
    # Sites may have a quote block of their own: the words go into its first field for words, the name into the next.
    fields = email_blocks.get("quote")().child_blocks.items()
    texts = [(key, block) for key, block in fields if isinstance(block, _WORDS)]
    values: dict[str, Any] = {}
    for (key, block), text in zip(texts, filter(None, [words, name]), strict=False):
        values[key] = RichText(linebreaks(escape(text))) if isinstance(block, RichTextBlock) else text
    return "quote", values


def button(label: str, *, page: Page | None = None, url: str = "", style: str = "filled") -> RawBlock:
    """Return a button that leads to a page, which is kept as a reference, or to an address."""
    return "button", {"label": shorten(one_line(label), 80), "page": page, "url": url, "style": style}


def page_card(page: Page, *, layout: str = "above", max_length: int = 200) -> RawBlock:
    """Return a page as a card, read again whenever the email is compiled."""
    return "page", {"page": page, "layout": layout, "max_length": max_length}


def product(one: Product, *, layout: str = "beside") -> RawBlock:
    """Return a product; its price and stock are read again whenever the email is compiled."""
    return "product", {"product": one, "layout": layout}


def columns(*blocks: Iterable[RawBlock], on_phones: str = "below") -> RawBlock:
    """Return one to four columns, each of blocks that fit in one."""
    return "columns", {"columns": [{"content": list(column)} for column in blocks], "on_phones": on_phones}


def _text(source: str) -> list[RawBlock]:
    has_words = read_markup(source).get_text().strip()
    return [("rich_text", {"content": RichText(source)})] if has_words else []


def _inline(source: str) -> str:
    soup = read_markup(source)
    for paragraph in soup.find_all("p"):
        if paragraph.find_next_sibling("p"):
            paragraph.insert_after(soup.new_tag("br"))
        paragraph.unwrap()
    return soup.decode(formatter="minimal")


def _special(node: Any, images: dict[str, AbstractImage]) -> list[RawBlock]:
    """Return the blocks of an element that is more than text; nothing for text."""
    if not isinstance(node, Tag):
        return []
    words = " ".join(node.get_text().split())
    if node.name in _LEVELS:
        return [heading(words, level=_LEVELS[node.name])] if words else []
    if node.name == "blockquote":
        return [quotation(words)] if words else []
    embeds = [node] if node.name == "embed" else node.find_all("embed")
    if not embeds:
        return []
    found = [block for embed in embeds for block in _embedded(embed, images)]
    for embed in embeds:
        embed.extract()
    return [*(_text(node.decode(formatter="minimal")) if node.name != "embed" else []), *found]


def _embedded(embed: Tag, images: dict[str, AbstractImage]) -> list[RawBlock]:
    if image := images.get(str(embed.get("id"))):
        return [picture(image, alt=str(embed.get("alt", "")))]
    if url := str(embed.get("url", "")):
        return _text(f'<p><a href="{escape(url)}">{escape(url)}</a></p>')
    return []


def _images_in(soup: BeautifulSoup) -> dict[str, AbstractImage]:
    ids = [str(tag.get("id")) for tag in soup.find_all("embed", embedtype="image") if str(tag.get("id")).isdecimal()]
    found = get_image_model().objects.in_bulk([int(pk) for pk in ids]) if ids else {}
    return {str(pk): image for pk, image in found.items()}
