"""Who looked at this also looked at that: for contacts who allow both to be looked at and to be shown it.

Nobody is asked here whether they allow it: callers leave out contacts who do not.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from django.db.models import F, Window
from django.db.models.functions import RowNumber

from wagtail_precise_mail.commerce.knowledge import LiveKnowledge
from wagtail_precise_mail.commerce.models import ViewedPair
from wagtail_precise_mail.commerce.recommendations import Choice, Choices, Why, owned_products
from wagtail_precise_mail.commerce.viewed import ProductView, since

SEEDS = 20
"""Of how many products that a contact looked at last companions are looked for."""


def also_viewed(contact_ids: Sequence[int], limit: int, *, at: datetime, min_margin: int = 0) -> Choices:
    """Return what others looked at who looked at the same, without what the contact looked at or owns.

    What they looked at last says most: the lift of a pair counts for less with every product looked at since.
    """
    views = _last_views(contact_ids, at)
    owned = owned_products(list(views), at=at)
    pairs = ViewedPair.objects.filter(product__in={one for seen in views.values() for one in seen})
    companions: dict[int, list[tuple[int, float]]] = defaultdict(list)
    for product_id, companion_id, lift in pairs.values_list("product_id", "companion_id", "lift"):
        companions[product_id].append((companion_id, lift))
    facts = LiveKnowledge(min_margin).facts(one for found in companions.values() for one, _lift in found)
    chosen = {}
    for pk, seen in views.items():
        avoided = {*seen, *owned.get(pk, ())}
        ranked = sorted(
            (-round(lift / place, 9), facts[companion_id].tie, companion_id, seed)
            for place, seed in enumerate(seen, 1)
            for companion_id, lift in companions.get(seed, ())
            if companion_id in facts and companion_id not in avoided
        )
        best: dict[int, int] = {}
        for _score, _tie, companion_id, seed in ranked:
            best.setdefault(companion_id, seed)
        chosen[pk] = [Choice(product_id, seed, Why.VIEWED) for product_id, seed in list(best.items())[:limit]]
    return chosen


def _last_views(contact_ids: Sequence[int], at: datetime) -> dict[int, list[int]]:
    views = ProductView.objects.filter(contact__in=contact_ids, viewed_at__lte=at, viewed_at__gte=since(at))
    place = Window(RowNumber(), partition_by="contact_id", order_by=[F("viewed_at").desc(), F("pk").desc()])
    rows = views.annotate(place=place).filter(place__lte=SEEDS).order_by("contact_id", "place")
    found: dict[int, list[int]] = defaultdict(list)
    for contact_id, product_id in rows.values_list("contact_id", "product_id"):
        found[contact_id].append(product_id)
    return found
