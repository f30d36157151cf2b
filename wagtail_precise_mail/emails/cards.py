"""Pages as cards: how any page type says what a mail shows of it.

A page answers :meth:`get_email_card`, or its model has an adapter in :data:`page_cards`, or the default looks at the
fields that most page types have.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Protocol, runtime_checkable

from django.db.models import ForeignKey, Model
from django.utils import timezone
from django.utils.html import strip_tags
from wagtail.fields import RichTextField, StreamField
from wagtail.images import get_image_model
from wagtail.images.models import AbstractImage
from wagtail.models import Page
from wagtail.rich_text import get_text_for_indexing

from wagtail_precise_mail.emails.links import page_url
from wagtail_precise_mail.exceptions import RegistrationError

SUMMARY_FIELDS = ("search_description", "introduction", "intro", "summary", "excerpt", "description", "subtitle")
"""Where the default looks for a summary, in this order, before it takes the first rich text."""


DATE_FIELDS = ("published_on", "published_at", "date", "date_published", "publication_date")
"""Where the default looks for the day of a page, in this order; when it was first published says little to readers."""

AUTHOR_FIELDS = ("author", "author_name", "byline", "written_by")
"""Where the default looks for its author."""


@dataclass(frozen=True)
class Card:
    """What a mail shows of a page.

    Attributes:
        summary: plain text of any length; the block shortens it.
        alt: the description of the image; "" when the title beside it says it all.
        url: "" takes the page's own.
        published_on: the day that readers should see; None shows none.
        author: who wrote it; "" shows nobody.
    """

    title: str
    summary: str = ""
    image: AbstractImage | None = None
    alt: str = ""
    url: str = ""
    published_on: date | None = None
    author: str = ""


@runtime_checkable
class HasEmailCard(Protocol):
    """A page that knows what a mail shows of it."""

    def get_email_card(self) -> Card:
        """Return the card of this page."""


PageCard = Callable[[Page], Card]
page_cards: dict[type[Page], PageCard] = {}
"""Adapters for page models that cannot be changed, by the model; subclasses inherit them."""


def register_page_card(model: type[Page]) -> Callable[[PageCard], PageCard]:
    """Return a decorator that files an adapter for a page model.

    Raises:
        RegistrationError: the model has one already.
    """

    def decorator(adapter: PageCard) -> PageCard:
        if model in page_cards:
            raise RegistrationError(f"There is already a card for {model.__name__}: {page_cards[model]!r}.")
        page_cards[model] = adapter
        return adapter

    return decorator


def card_of(page: Page, *, base_url: str, site_id: int) -> Card:
    """Return the card of a (specific) page, with its address."""
    if isinstance(page, HasEmailCard):
        card = page.get_email_card()
    else:
        adapter = next((page_cards[model] for model in type(page).__mro__ if model in page_cards), default_card)
        card = adapter(page)
    return replace(card, url=card.url or page_url(page, base_url, site_id))


def default_card(page: Page) -> Card:
    """Return what most pages have: title, search description or introduction, the first image, day and author."""
    return Card(
        title=page.title,
        summary=_summary(page),
        image=_image(page),
        published_on=_published_on(page),
        author=_author(page),
    )


def shorten(text: str, limit: int) -> str:
    """Return at most ``limit`` characters of a text, cut between words, with an ellipsis when something is missing."""
    text = " ".join(text.split())
    if len(text) <= limit:
        return text
    if limit < 2:
        return ""
    cut = text[: limit - 1]
    # Languages without spaces have no word to save; neither has a word longer than the half of it all.
    whole, space, _rest = cut.rpartition(" ")
    cut = whole if space and len(whole) > limit / 2 and text[limit - 1] != " " else cut
    return f"{cut.rstrip(' ,;:.–—-')}…"


def plain(value: object) -> str:
    """Return any summary as plain text: rich text loses its markup."""
    text = str(value or "")
    return html.unescape(strip_tags(get_text_for_indexing(text))) if re.search(r"<\w", text) else text


def _summary(page: Page) -> str:
    for name in SUMMARY_FIELDS:
        value = getattr(page, name, "")
        if isinstance(value, str) and value.strip():
            return plain(value)
    for field in page._meta.get_fields():
        if isinstance(field, RichTextField) and (text := plain(getattr(page, field.name))):
            return text
    return _first_words_of_streams(page)


def _published_on(page: Page) -> date | None:
    for name in DATE_FIELDS:
        value = getattr(page, name, None)
        if isinstance(value, datetime):
            return (timezone.localtime(value) if timezone.is_aware(value) else value).date()
        if isinstance(value, date):
            return value
    return None


def _author(page: Page) -> str:
    for name in AUTHOR_FIELDS:
        value = getattr(page, name, None)
        # A person of another table is called as it calls itself; a manager or a method is nobody.
        if isinstance(value, str | Model) and (author := plain(value).strip()):
            return author
    return ""


def _first_words_of_streams(page: Page) -> str:
    for field in page._meta.get_fields():
        if not isinstance(field, StreamField):
            continue
        for child in getattr(page, field.name):
            if text := " ".join(plain(words) for words in child.block.get_searchable_content(child.value)).strip():
                return text
    return ""


def _image(page: Page) -> AbstractImage | None:
    fields = (field for field in page._meta.get_fields() if isinstance(field, ForeignKey))
    for field in fields:
        if issubclass(field.related_model, get_image_model()) and (image := getattr(page, field.name)):
            return image
    return None
