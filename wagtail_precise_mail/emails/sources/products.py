"""Lists of products: chosen by rules for everybody, or for each contact by what they bought."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from django.core.cache import cache
from django.utils.translation import gettext as _

from wagtail_precise_mail.commerce import catalog, recommendations
from wagtail_precise_mail.commerce.also_viewed import also_viewed
from wagtail_precise_mail.commerce.evaluation import falls_back
from wagtail_precise_mail.commerce.for_you import for_you
from wagtail_precise_mail.commerce.models import Category, Product
from wagtail_precise_mail.commerce.recommendations import Choice, Choices, Why
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.emails.cards import shorten
from wagtail_precise_mail.emails.cross_selling import may_be_sold_to
from wagtail_precise_mail.emails.links import absolute
from wagtail_precise_mail.emails.pictures import fetch_images, picture_urls
from wagtail_precise_mail.emails.product_facts import product_facts
from wagtail_precise_mail.emails.readers import Item, ItemSource, Occasion, Spec, item_sources

SUMMARY_LENGTH = 90

SHARED = ("picked", "category", "newest", "best_selling", "on_offer")
"""Selections that are the same for all, but for what a contact has."""

VIEWED = "viewed"
"""The selection by what each contact looked at in the shop."""

ALSO_VIEWED = "also_viewed"
"""The selection by what others looked at who looked at the same."""

FOR_YOU = "for_you"
"""The recommender: all that is known of a contact's purchases."""

PERSONAL = (
    FOR_YOU,
    "related",
    "bought_together",
    "favorites",
    "buy_again",
    "new_in_categories",
    VIEWED,
    ALSO_VIEWED,
)
"""Selections by what each contact did: bought, or looked at."""

BY_VIEWS = (VIEWED, ALSO_VIEWED)
"""Personal selections for which contacts must allow both, tracking and profiling."""

FOR_ALL = (FOR_YOU, *BY_VIEWS)
"""Personal selections in whose place those see best sellers for whom nothing was found."""

FOR_AFFINITY = ("new_in_categories",)
"""Personal selections that are news for those whom they concern: the others get no best sellers in their place."""

RANKING, SOLD_OUT = 5000, 200
"""How many best sellers are remembered, and how many of the first may be sold out."""

INSTEAD = "best_selling"
"""What contacts see instead of a personal selection who do not allow that anything is derived from what they did."""


@item_sources.register("products")
class ProductItems(ItemSource):
    """Products that can be bought and have a picture. The spec says:

    - "selection": one of :data:`SHARED` or :data:`PERSONAL`; "products", "category" and "days" belong to it;
    - "fallback": a shared selection that fills up what is missing, or "";
    - "min_margin": percent of the price that must be left after the cost, for all but picked products; 0 asks nothing;
    - "is_for_consenting": whether it is a slot in mails for all: nothing for contacts to whom :mod:`..cross_selling`
      does not allow it;
    - "pixels", "ratio": of the pictures.
    """

    def may_be_shared(self, spec: Spec) -> bool:
        """What a contact bought or looked at is theirs to tell."""
        return spec["selection"] in SHARED

    def finds_by_itself(self, spec: Spec) -> bool:
        """All but those that an editor picked."""
        return spec["selection"] != "picked"

    def load(
        self, spec: Spec, contacts: Sequence[Contact], *, limit: int, occasion: Occasion
    ) -> Mapping[int, Sequence[Item]]:
        """Return keys with the reason for each; products that contacts own are left out, unless one buys them again.

        Contacts who do not allow profiling see what everybody sees, whatever they own: nothing is derived from it.
        """
        known = may_be_sold_to(contacts) if spec.get("is_for_consenting") else list(contacts)
        # What somebody looked at is of those who allow both: to be looked at, and to be shown what they looked at.
        needs_tracking = spec["selection"] in BY_VIEWS
        profiled = [
            one.pk
            for one in known
            if one.pk and one.is_profiling_allowed and (one.is_tracking_allowed or not needs_tracking)
        ]
        owned = recommendations.owned_products(profiled, at=occasion.at)
        wide = limit + max((len(one) for one in owned.values()), default=0)
        shelf = _Shelf(spec, wide, occasion)
        personal = _personal(spec, profiled, limit, occasion)
        names = _Names.read(personal) if spec.get("show_reason") else None
        found: dict[int, Sequence[Item]] = {}
        for contact in known:
            key = contact.pk or 0
            chosen = personal.get(key, ())
            # Whoever has not bought or looked at anything yet sees what contacts see who must not be looked at.
            is_profiled = bool(chosen) if spec["selection"] in FOR_ALL else key in personal
            choices = [*chosen, *shelf.choices(is_profiled=is_profiled)]
            found[key] = _items(choices, owned.get(key, set()), limit, names)
        return found

    def describe(self, spec: Spec, keys: Sequence[str], *, occasion: Occasion) -> Mapping[str, Item]:
        """Return name, price, picture and the rest of what is shown, as it is now: three queries."""
        products = catalog.showable().in_bulk([int(key.partition(":")[2]) for key in keys])
        images = fetch_images(product.image_id for product in products.values())
        size = {"pixels": spec.get("pixels", 680), "ratio": spec.get("ratio", 1)}
        pictures = picture_urls(images.values(), **size, base_url=occasion.base_url)
        facts = {}
        for product in products.values():
            picture = pictures.get(product.image_id or 0) or absolute(product.image_url, occasion.base_url)
            if picture.startswith("http"):
                facts[f"product:{product.pk}"] = {**_facts(product, occasion), "image_url": picture}
        return facts


@item_sources.register("personal_products")
class PersonalProductItems(ProductItems):
    """Products by what a contact did: they tell others what that was."""

    def may_be_visited(self, spec: Spec) -> bool:
        """Whoever comes sees their own."""
        return True

    def may_be_shared(self, spec: Spec) -> bool:
        return False


class _Shelf:
    """What contacts see beside what was chosen for them alone; each selection is read once."""

    def __init__(self, spec: Spec, limit: int, occasion: Occasion) -> None:
        self._spec, self._limit, self._occasion = spec, limit, occasion
        self._read: dict[str, list[Choice]] = {}

    def choices(self, *, is_profiled: bool) -> list[Choice]:
        """Return the shared selection and the one that fills up.

        Args:
            is_profiled: whether a personal selection was read for the contact.
        """
        selection, fallback = self._spec["selection"], self._spec.get("fallback") or ""
        is_alone = is_profiled or selection in FOR_AFFINITY
        names = [selection] if selection in SHARED else [] if is_alone else [INSTEAD]
        return [choice for name in dict.fromkeys([*names, fallback]) if name for choice in self._choices(name)]

    def _choices(self, name: str) -> list[Choice]:
        if name not in self._read:
            self._read[name] = [Choice(pk) for pk in self._ids(name)]
        return self._read[name]

    def _ids(self, name: str) -> list[int]:
        spec, limit, margin = self._spec, self._limit, _min_margin(self._spec)
        read: dict[str, Callable[[], list[int]]] = {
            "picked": lambda: catalog.picked(spec.get("products") or ()),
            "category": lambda: catalog.in_category(int(spec.get("category") or 0), limit, min_margin=margin),
            "newest": lambda: catalog.newest(limit, min_margin=margin),
            "best_selling": lambda: self._best_selling(margin),
            "on_offer": lambda: catalog.on_offer(limit, min_margin=margin),
        }
        return read[name]()

    def _best_selling(self, margin: int) -> list[int]:
        ranking = _best_sellers(int(self._spec.get("days") or 90), self._occasion.at)
        # Of those with a least margin there may be none among the first.
        looked_at = ranking if margin else ranking[: self._limit + SOLD_OUT]
        return catalog.picked(looked_at, min_margin=margin)[: self._limit]


def _best_sellers(days: int, at: datetime) -> list[int]:
    """Return the ranking, counted once a minute: a large send asks for it many times in one."""
    key = f"wagtail_precise_mail.best_sellers.{days}.{at:%Y%m%d%H%M}"
    ranking: list[int] | None = cache.get(key)
    if ranking is None:
        ranking = catalog.best_selling(at=at, days=days)[:RANKING]
        cache.set(key, ranking, timeout=120)
    return ranking


def _personal(spec: Spec, contact_ids: Sequence[int], limit: int, occasion: Occasion) -> Choices:
    """Return the personal selection of each contact; nothing for a shared one."""
    at, selection = occasion.at, spec["selection"]
    if selection not in PERSONAL or not contact_ids:
        return {}
    days, margin = int(spec.get("days") or 30), _min_margin(spec)
    read: dict[str, Callable[..., Choices]] = {
        "related": recommendations.related_to_last_order,
        "bought_together": recommendations.bought_together,
        "favorites": recommendations.favorites_not_bought,
        "buy_again": partial(recommendations.buy_again, days=days),
        "new_in_categories": partial(recommendations.new_in_categories_bought, days=days),
        VIEWED: recommendations.recently_viewed,
        ALSO_VIEWED: also_viewed,
        FOR_YOU: _nobody if selection == FOR_YOU and falls_back() else for_you,
    }
    # Those for whom nothing was found are known to have been looked at.
    return {**dict.fromkeys(contact_ids, ()), **read[selection](contact_ids, limit, at=at, min_margin=margin)}


def _min_margin(spec: Spec) -> int:
    return min(99, max(0, int(spec.get("min_margin") or 0)))


def _facts(product: Product, occasion: Occasion) -> Item:
    summary = shorten(product.description, SUMMARY_LENGTH)
    facts = product_facts(product, locale=occasion.language, summary=summary)
    url = absolute(product.url, occasion.base_url)
    return {**facts, "url": url, "plain_name": "" if url.startswith("http") else facts["name"]}


def _nobody(contact_ids: Sequence[int], limit: int, **words: object) -> Choices:
    """Return nothing for anybody: they see best sellers."""
    return {}


def _items(choices: Iterable[Choice], owned: set[int], limit: int, names: _Names | None) -> list[Item]:
    found: dict[int, Item] = {}
    for choice in choices:
        if len(found) == limit:
            break
        if choice.product_id not in owned and choice.product_id not in found:
            found[choice.product_id] = _item(choice, names)
    return list(found.values())


def _item(choice: Choice, names: _Names | None) -> Item:
    item = {"key": f"product:{choice.product_id}"}
    if names and (reason := reason_words(choice, names.products, names.categories)):
        item["reason"] = reason
    return item


def reason_words(choice: Choice, products: Mapping[int, str], categories: Mapping[int, str]) -> str:
    """Return why a product was chosen, as the reader is told; "" where there is nothing to tell.

    Args:
        products: names by id; so categories. A reason whose name is gone is not told.
    """
    product, category = products.get(choice.because_of or 0), categories.get(choice.category_id or 0)
    if product and choice.why == Why.DUE:
        return _("Time for a new %(product)s") % {"product": product}
    if product and choice.because_of == choice.product_id:
        return _("You bought it before")
    if product and choice.why == Why.VIEWED:
        return _("Because you looked at %(product)s") % {"product": product}
    if product:
        return _("Because you bought %(product)s") % {"product": product}
    if category and choice.why == Why.NEW:
        return _("New in %(category)s") % {"category": category}
    if category:
        return _("Because you like %(category)s") % {"category": category}
    return _("Popular just now") if choice.why == Why.POPULAR else ""


@dataclass(frozen=True)
class _Names:
    """What reasons name."""

    products: Mapping[int, str]
    categories: Mapping[int, str]

    @classmethod
    def read(cls, personal: Choices) -> _Names:
        """Return the names that choices give as reasons: two queries."""
        chosen = [choice for choices in personal.values() for choice in choices]
        products = Product.objects.filter(pk__in={one.because_of for one in chosen if one.because_of})
        categories = Category.objects.filter(pk__in={one.category_id for one in chosen if one.category_id})
        return cls(
            {product.pk: str(product) for product in products.only("name", "sku")},
            dict(categories.order_by().values_list("pk", "name")),
        )
