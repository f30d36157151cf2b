"""What a starter email is, and the site's own material that it is made of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from uuid import uuid4

from django.db.models import F
from django.utils.functional import Promise
from django.utils.html import escape
from wagtail.images import get_image_model
from wagtail.models import Site

from wagtail_precise_mail.commerce.models import Product
from wagtail_precise_mail.emails.models import BrandSettings
from wagtail_precise_mail.fields import page_model
from wagtail_precise_mail.registry import Registry

RawBlock = dict[str, Any]
"""A block as StreamFields store it."""


@dataclass(frozen=True)
class Material:
    """What the site has to show, newest first: starters show it instead of placeholders.

    Asking for the third picture of two gives None; blocks cope with that, and the editor sees what to choose.
    """

    site: Site

    def picture(self, number: int = 0) -> dict[str, Any]:
        """Return one of the largest pictures of the library that shows no product, as blocks store it."""
        image = self._pictures[number % len(self._pictures)] if self._pictures else None
        alt = (image.description or image.title) if image else ""
        return {"image": image.pk if image else None, "alt_text": alt, "decorative": False}

    def page(self, number: int = 0) -> int | None:
        """Return the id of one of the newest pages below the start page that everybody may see."""
        return _nth(self._pages, number)

    def product(self, number: int = 0) -> int | None:
        """Return the id of one of the newest products that can be bought and have a picture."""
        return _nth(self._products, number)

    @property
    def home(self) -> int:
        """The id of the start page."""
        return int(self.site.root_page_id)

    @cached_property
    def _pictures(self) -> list[Any]:
        products = Product.objects.exclude(image=None).values("image")
        logos = BrandSettings.objects.exclude(logo=None).values("logo")
        dark_logos = BrandSettings.objects.exclude(logo_dark=None).values("logo_dark")
        images = get_image_model().objects.filter(width__gt=F("height"), width__gte=600)
        for taken in (products, logos, dark_logos):
            images = images.exclude(pk__in=taken)
        return list(images.order_by("-width", "-pk")[:12])

    @cached_property
    def _pages(self) -> list[int]:
        pages = page_model()._default_manager.live().public().descendant_of(self.site.root_page)
        return list(pages.order_by("-first_published_at", "-pk").values_list("pk", flat=True)[:12])

    @cached_property
    def _products(self) -> list[int]:
        products = Product.objects.filter(kind=Product.Kind.PRODUCT, is_published=True).exclude(stock_count=0)
        products = products.exclude(image=None, image_url="")
        return list(products.order_by("-created_at", "-pk").values_list("pk", flat=True)[:12])


@dataclass(frozen=True)
class Starter:
    """A finished email to begin with.

    Attributes:
        label: its name in the gallery.
        description: what it is good for, in one sentence.
        subject: with merge tags if wanted; so the preheader.
        blocks: returns the body, from the material of a site.
    """

    label: str | Promise
    description: str | Promise
    subject: str | Promise
    preheader: str | Promise
    blocks: Callable[[Material], list[RawBlock]]


starters: Registry[Starter] = Registry("starter email")


def block(kind: str, /, **value: Any) -> RawBlock:
    """Return a block as StreamFields store it, with an id of its own."""
    return {"type": kind, "value": value, "id": str(uuid4())}


def text(*paragraphs: str, **settings: Any) -> RawBlock:
    """Return a block of paragraphs, which may hold merge tags and no markup."""
    return block("rich_text", content="".join(f"<p>{escape(one)}</p>" for one in paragraphs), **settings)


def heading(title: str, level: int = 2, **settings: Any) -> RawBlock:
    """Return a heading."""
    return block("heading", title=title, level=str(level), **settings)


def _nth(ids: list[int], number: int) -> int | None:
    return ids[number] if number < len(ids) else None
