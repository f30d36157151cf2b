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
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from wagtail.blocks import StreamValue
from wagtail.models import Site

from wagtail_precise_mail.commerce.models import Product
from wagtail_precise_mail.commerce.money import format_money
from wagtail_precise_mail.emails import list_pins
from wagtail_precise_mail.emails.models import ApprovedContent, Email, SavedBlock
from wagtail_precise_mail.emails.references import references_of
from wagtail_precise_mail.emails.sites import default_site
from wagtail_precise_mail.fields import page_model

FACTS_VERSION = 1


class Kind(models.TextChoices):
    """What about a thing became different."""

    PRICE = "price"
    NAME = "name"
    AVAILABILITY = "availability"
    CONTENT = "content"
    GONE = "gone"
    LIST = "list"


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

    @property
    def is_hint(self) -> bool:
        """Whether it is as it is meant to be, and only worth knowing: a list of the newest shows newer ones."""
        return self.kind == Kind.LIST

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
    site: Site | None = None,
) -> ApprovedContent:
    """Keep what an email shows now as approved; pinning again replaces what was kept for the same origin.

    Args:
        body: of the approved version.
        revision_id: that version.
        site: for which its lists find items; None takes the default one.
        origin_kind: who relies on it from now on, such as "campaign", with its id; "" for the publishing itself.
    """
    return ApprovedContent.objects.update_or_create(
        email=email,
        revision_id=revision_id,
        origin_kind=origin_kind,
        origin_id=origin_id,
        defaults={"facts": {**facts_of(body), **_listed(email, site or default_site(), at)}, "approved_at": at},
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


def changes_since(approval: ApprovedContent | None, *, at: datetime | None = None) -> list[Change]:
    """Return what is different now from what was approved: prices first, then changes, then hints about lists.

    Args:
        at: as of when lists find their items; None means now.
    """
    if approval is None:
        return []
    then = approval.facts
    now = _read(*(then[name] for name in ("pages", "products", "saved_blocks")))
    found = [*_products(then, now), *_pages(then, now), *_saved_blocks(then, now)]
    if then.get("listed"):
        found += _lists(then["listed"], at or timezone.now())
    # A product may be picked, and found by a list besides.
    by_sentence = {str(change): change for change in found}
    return sorted(by_sentence.values(), key=lambda change: (not change.is_price, change.is_hint))


def _listed(email: Email, site: Site, at: datetime) -> dict[str, Any]:
    """Return what lists show that find their items by themselves; nothing for an email without any."""
    if not (pinned := list_pins.lists_of(email, site, at=at)):
        return {}
    pks = list_pins.product_ids({block: one["items"] for block, one in pinned["lists"].items()})
    return {"listed": {**pinned, "products": _product_rows(pks)}}


def _lists(then: dict[str, Any], at: datetime) -> Iterator[Change]:
    """Yield prices that changed of what is still shown, and that lists show others now."""
    now = list_pins.items_now(then, at=at)
    still = {str(pk) for pk in list_pins.product_ids(now)}
    prices = _product_rows(pk for pk in then["products"] if pk in still)
    for pk, after in prices.items():
        yield from _price(then["products"][pk], after)
    for name, sentence in list_pins.shift_sentences(then["lists"], now):
        yield Change(Kind.LIST, name, sentence)


def _read(pages: Iterable[Any], products: Iterable[Any], saved_blocks: Iterable[Any]) -> dict[str, Any]:
    return {
        "version": FACTS_VERSION,
        "pages": {str(page.pk): _page_facts(page) for page in page_model()._default_manager.filter(pk__in=pages)},
        "products": _product_rows(products),
        "saved_blocks": {str(one.pk): _saved_facts(one) for one in SavedBlock.objects.filter(pk__in=saved_blocks)},
    }


def _product_rows(pks: Iterable[Any]) -> dict[str, dict[str, Any]]:
    return {str(one.pk): _product_facts(one) for one in Product.objects.filter(pk__in=list(pks))}


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
        yield from _price(before, after)
        if before["is_available"] != after["is_available"]:
            yield Change(Kind.AVAILABILITY, name, _availability(after) % {"name": name})


def _price(before: dict[str, Any], after: dict[str, Any]) -> Iterator[Change]:
    if (before["price"], before["currency"]) != (after["price"], after["currency"]):
        words = {"name": before["name"], "before": _money(before), "now": _money(after)}
        sentence = _("%(name)s: price %(before)s → %(now)s") % words
        yield Change(Kind.PRICE, words["name"], sentence, words["before"], words["now"])


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
