"""The store near each reader, by what their profile says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from wagtail_precise_mail.commerce.stores import HOURS_LINES, NearestStores, Store
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.emails.links import absolute
from wagtail_precise_mail.emails.pictures import fetch_images, picture_urls
from wagtail_precise_mail.emails.readers import Item, ItemSource, Occasion, Spec, item_sources
from wagtail_precise_mail.emails.values import clean


@item_sources.register("nearest_store")
class StoreItems(ItemSource):
    """One store for each contact, or none. The spec says:

    - "default": the id of the store for those who have none near, or None;
    - "pixels", "ratio": of the picture.
    """

    def may_be_visited(self, spec: Spec) -> bool:
        """Whoever comes sees their own; strangers see the default."""
        return True

    def load(
        self, spec: Spec, contacts: Sequence[Contact], *, limit: int, occasion: Occasion
    ) -> Mapping[int, Sequence[Item]]:
        """Return the store of each contact in three queries. Items have no keys: it may be shown again and again."""
        stores = list(Store.objects.all())
        nearest, default = NearestStores(stores), next((one for one in stores if one.pk == spec.get("default")), None)
        found = {contact.pk or 0: nearest.of(contact) or default for contact in contacts}
        shown = {store.pk: store for store in found.values() if store}
        images = fetch_images(store.image_id for store in shown.values())
        size = {"pixels": spec.get("pixels", 680), "ratio": spec.get("ratio", 1.6)}
        pictures = picture_urls(images.values(), **size, base_url=occasion.base_url)
        facts = {
            pk: store_facts(one, occasion.base_url, pictures.get(one.image_id or 0, "")) for pk, one in shown.items()
        }
        return {key: [facts[store.pk]] for key, store in found.items() if store}


def store_facts(store: Store, base_url: str, picture: str) -> Item:
    """Return what a mail says of a store, made harmless."""
    url = absolute(store.url, base_url) if store.url else ""
    url = url if url.startswith("http") else ""
    address = ", ".join(line.strip() for line in store.address.splitlines() if line.strip())
    facts = {"name": clean(store.name), "address": clean(address), "city": clean(store.city)}
    facts |= {f"hours{number}": clean(line) for number, line in enumerate(store.hours[:HOURS_LINES])}
    return {**facts, "url": url, "plain_name": "" if url else facts["name"], "image_url": picture}
