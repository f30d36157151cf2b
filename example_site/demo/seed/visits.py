"""What some of those who clicked looked at in the shop and the magazine: they agreed to it when they were asked."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from example_site.demo.seed.stories import STORIES
from wagtail_precise_mail.commerce.models import Product
from wagtail_precise_mail.commerce.viewed import ProductView
from wagtail_precise_mail.tracking.models import MessageEvent
from wagtail_precise_mail.tracking.site_views import SiteView

_AGREED = 0.45
_WORDS = ("teapot", "fern", "present", "matcha", "decaf", "gift card", "monstera")
_BATCH = 2000


def make_visits(*, at: datetime) -> None:
    """Write what is missing: what was looked at after each click of a person who agreed."""
    if SiteView.objects.exists():
        return
    goods = [one for one in Product.objects.exclude(category=None).order_by("sku") if one.is_available]
    clicks = MessageEvent.objects.filter(kind=MessageEvent.Kind.CLICK, is_machine=False, contact__isnull=False)
    views: list[SiteView] = []
    rows = clicks.order_by("happened_at", "contact__email").values_list("contact", "contact__email", "happened_at")
    for contact_id, email, happened_at in rows:
        if random.Random(f"watched {email}").random() < _AGREED:
            views += [one for one in _visit(contact_id, email, happened_at, goods) if one.happened_at < at]
    SiteView.objects.bulk_create(views, batch_size=_BATCH)
    last = {(one.contact_id, one.product_id): one.happened_at for one in views if one.product_id}
    ProductView.objects.bulk_create(
        [ProductView(contact_id=who, product_id=what, viewed_at=when) for (who, what), when in last.items()],
        batch_size=_BATCH,
    )


def _visit(contact_id: int, email: str, begins_at: datetime, goods: list[Product]) -> Iterator[SiteView]:
    """Return some pages, one after the other."""
    chance = random.Random(f"visit {email} {begins_at:%j%H}")
    moment = begins_at
    for _page in range(chance.choices([1, 2, 3, 5], [40, 30, 20, 10])[0]):
        seconds = round(chance.lognormvariate(3.6, 0.9))
        yield SiteView(contact_id=contact_id, happened_at=moment, seconds=seconds, **_page_of(goods, chance))
        moment += timedelta(seconds=seconds + chance.randrange(2, 20))


def _page_of(goods: list[Product], chance: random.Random) -> dict[str, Any]:
    kind = chance.choices(list(SiteView.Kind), [25, 65, 10])[0]
    if kind == SiteView.Kind.SEARCH:
        return {"kind": kind, "path": "/shop/", "words": chance.choice(_WORDS)}
    if kind == SiteView.Kind.PAGE:
        return {"kind": kind, "path": f"/magazine/{chance.choice(STORIES).slug}/"}
    product = chance.choice(goods)
    return {"kind": kind, "path": f"/shop/{product.sku.lower()}/", "product": product}
