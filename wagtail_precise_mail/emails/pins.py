"""What an approved email showed when it was approved, and what has become different since.

Emails refer to pages, products and saved blocks instead of copying them, so approving an email approves what these say
at that moment. It is kept when the email is published, and again when a campaign relies on it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import models
from django.utils.dateparse import parse_datetime
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from wagtail.blocks import StreamValue

from wagtail_precise_mail.commerce.models import Product
from wagtail_precise_mail.commerce.money import format_money
from wagtail_precise_mail.emails.models import ApprovedContent, Email, SavedBlock
from wagtail_precise_mail.emails.references import references_of
from wagtail_precise_mail.fields import page_model

FACTS_VERSION = 1


class Kind(models.TextChoices):
    """What about a thing became different."""

    PRICE = "price"
    NAME = "name"
    AVAILABILITY = "availability"
    CONTENT = "content"
    GONE = "gone"


@dataclass(frozen=True)
class Change:
    """One thing that is not as it was approved.

    Attributes:
        kind: one of :class:`Kind`.
        what: the thing, by the name that it had.
        before: in words; "" where there is nothing to compare.
        now: in words.
        sentence: all of it, for people.
    """

    kind: str
    what: str
    sentence: str
    before: str = ""
    now: str = ""

    @property
    def is_price(self) -> bool:
        """Whether readers would see another price than was approved."""
        return self.kind == Kind.PRICE

    def __str__(self) -> str:
        return self.sentence


def pin(
    email: Email,
    body: StreamValue,
    *,
    revision_id: int,
    at: datetime,
    origin_kind: str = "",
    origin_id: int = 0,
) -> ApprovedContent:
    """Keep what an email shows now as approved; pinning again replaces what was kept for the same origin.

    Args:
        body: of the approved version.
        revision_id: that version.
        origin_kind: who relies on it from now on, such as "campaign", with its id; "" for the publishing itself.
    """
    return ApprovedContent.objects.update_or_create(
        email=email,
        revision_id=revision_id,
        origin_kind=origin_kind,
        origin_id=origin_id,
        defaults={"facts": facts_of(body), "approved_at": at},
    )[0]


def forget(*, origin_kind: str, origin_id: int) -> None:
    """Forget what somebody relied on, who does so no longer."""
    ApprovedContent.objects.filter(origin_kind=origin_kind, origin_id=origin_id).delete()


def approval_of(
    email: Email, *, revision_id: int | None, origin_kind: str = "", origin_id: int = 0
) -> ApprovedContent | None:
    """Return what was approved for an origin, or None: nothing was kept before there were pins."""
    if revision_id is None:
        return None
    return ApprovedContent.objects.filter(
        email=email, revision_id=revision_id, origin_kind=origin_kind, origin_id=origin_id
    ).first()


def facts_of(body: StreamValue) -> dict[str, Any]:
    """Return what a body refers to as it is now, as JSON: a constant number of queries."""
    references = references_of(body)
    return _read(references.pages, references.products, references.saved_blocks)


def changes_since(approval: ApprovedContent | None) -> list[Change]:
    """Return what is different now from what was approved: prices first."""
    if approval is None:
        return []
    then = approval.facts
    now = _read(*(then[name] for name in ("pages", "products", "saved_blocks")))
    found = [*_products(then, now), *_pages(then, now), *_saved_blocks(then, now)]
    return sorted(found, key=lambda change: not change.is_price)


def _read(pages: Iterable[Any], products: Iterable[Any], saved_blocks: Iterable[Any]) -> dict[str, Any]:
    return {
        "version": FACTS_VERSION,
        "pages": {str(page.pk): _page_facts(page) for page in page_model()._default_manager.filter(pk__in=pages)},
        "products": {str(one.pk): _product_facts(one) for one in Product.objects.filter(pk__in=products)},
        "saved_blocks": {str(one.pk): _saved_facts(one) for one in SavedBlock.objects.filter(pk__in=saved_blocks)},
    }


def _page_facts(page: Any) -> dict[str, Any]:
    published_at = page.last_published_at
    return {
        "title": page.title,
        "revision": page.live_revision_id,
        "published_at": published_at.isoformat() if published_at else "",
        "live": page.live,
    }


def _product_facts(product: Product) -> dict[str, Any]:
    return {
        "name": str(product),
        "price": None if product.price is None else str(product.price.normalize()),
        "currency": product.currency,
        "stock": product.stock_count,
        "is_on_sale": product.is_published,
        "is_available": product.is_available,
    }


def _saved_facts(saved: SavedBlock) -> dict[str, Any]:
    # By what it says, and not by its version: code may save it without one, and publishing it unchanged is no change.
    words = json.dumps(list(saved.body.raw_data), sort_keys=True)
    return {
        "name": saved.name,
        "revision": saved.live_revision_id,
        "hash": hashlib.sha256(words.encode()).hexdigest(),
        "live": saved.live,
    }


def _products(then: dict[str, Any], now: dict[str, Any]) -> Iterator[Change]:
    for pk, before in then["products"].items():
        after, name = now["products"].get(pk), before["name"]
        if after is None:
            yield Change(Kind.GONE, name, _("The product “%(name)s” was deleted") % {"name": name})
            continue
        if after["name"] != name:
            yield _renamed(name, after["name"])
        if (before["price"], before["currency"]) != (after["price"], after["currency"]):
            words = {"name": name, "before": _money(before), "now": _money(after)}
            sentence = _("%(name)s: price %(before)s → %(now)s") % words
            yield Change(Kind.PRICE, name, sentence, words["before"], words["now"])
        if before["is_available"] != after["is_available"]:
            yield Change(Kind.AVAILABILITY, name, _availability(after) % {"name": name})


def _availability(product: dict[str, Any]) -> str:
    if product["is_available"]:
        return _("%(name)s: can be bought again")
    return _("%(name)s: sold out since") if product["is_on_sale"] else _("%(name)s: no longer on sale")


def _renamed(before: str, now: str) -> Change:
    sentence = _("“%(before)s” is called “%(now)s” now") % {"before": before, "now": now}
    return Change(Kind.NAME, before, sentence, before, now)


def _money(product: dict[str, Any]) -> str:
    if product["price"] is None:
        return _("none")
    return format_money(Decimal(product["price"]), product["currency"])


def _pages(then: dict[str, Any], now: dict[str, Any]) -> Iterator[Change]:
    for pk, before in then["pages"].items():
        after, title = now["pages"].get(pk), before["title"]
        if after is None:
            yield Change(Kind.GONE, title, _("The page “%(title)s” was deleted") % {"title": title})
            continue
        if after["title"] != title:
            yield _renamed(title, after["title"])
        if before["live"] and not after["live"]:
            yield Change(Kind.GONE, title, _("The page “%(title)s” is no longer published") % {"title": title})
        elif after["live"] and any(before[name] != after[name] for name in ("revision", "published_at")):
            words = {"title": title, "day": _day(after["published_at"])}
            sentence = _("The page “%(title)s” was published again on %(day)s") % words
            yield Change(Kind.CONTENT, title, sentence, _day(before["published_at"]), words["day"])


def _day(moment: str) -> str:
    parsed = parse_datetime(moment) if moment else None
    return date_format(localtime(parsed), "DATETIME_FORMAT") if parsed else "–"


def _saved_blocks(then: dict[str, Any], now: dict[str, Any]) -> Iterator[Change]:
    for pk, before in then["saved_blocks"].items():
        after, words = now["saved_blocks"].get(pk), {"name": before["name"]}
        if after is None:
            yield Change(Kind.GONE, before["name"], _("The saved block “%(name)s” was deleted") % words)
        elif before["live"] and not after["live"]:
            yield Change(Kind.GONE, before["name"], _("The saved block “%(name)s” is no longer published") % words)
        elif before["hash"] != after["hash"]:
            yield Change(Kind.CONTENT, before["name"], _("The saved block “%(name)s” says something else now") % words)
