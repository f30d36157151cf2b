"""The invented past of the example site: the same people, products and orders each time it is made."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime

from django.db import transaction
from django.utils import timezone
from wagtail.models import Site

from example_site.demo.seed import (
    chosen,
    colleagues,
    joining,
    known,
    ledger,
    letters,
    magazine,
    mailing,
    nights,
    past,
    people,
    promotions,
    shopfront,
    visits,
    voices,
)
from example_site.shop.services import SOURCE
from wagtail_precise_mail.commerce.models import Order

CONTACTS = 2000
SEED = 1837


def seed(
    *,
    scale: float = 1.0,
    picture_size: int = 900,
    at: datetime | None = None,
    hostname: str = "localhost",
    port: int = 8000,
    say: Callable[[str], object] = lambda line: None,
) -> None:
    """Write what is missing of the demo. Running it again changes nothing but the address of the site.

    Args:
        scale: how much of the 2,000 contacts; the catalog and the articles are always whole.
        picture_size: edge of the product pictures in pixels.
        at: the end of the past (aware); now, when left out.
        say: told about each step.
    """
    at = at or timezone.now()
    say("people of the house")
    admin = colleagues.make_colleagues()
    say("catalog, with pictures")
    with transaction.atomic():
        products = shopfront.make_shop(picture_size=picture_size, chance=random.Random(SEED))
    say("magazine")
    with transaction.atomic():
        home = magazine.make_magazine(products, at=at, picture_width=picture_size * 16 // 9)
    Site.objects.filter(is_default_site=True).update(hostname=hostname, port=port, root_page=home)
    Site.clear_site_root_paths_cache()
    say("contacts and two years of orders")
    with transaction.atomic():
        _make_past(products, scale=scale, at=at)
    say("letters of the last half year, and what became of them")
    with transaction.atomic():
        site = Site.objects.get(is_default_site=True)
        letters.make_letters(colleagues.sender(), site=site, at=at)
        visits.make_visits(at=at)
    say("segment, email and campaign")
    with transaction.atomic():
        voices.make_voices(admin, at=at)
        mailing.make_mailing(admin, site=site)
        chosen.make_chosen(admin, at=at)
        promotions.make_promotions(admin, at=at)
        joining.make_joining(site, at=at)
    say("check of the sender's domain")
    nights.look_at_domains(at=at)
    say("figures of customers, month by month")
    nights.work_through_the_nights(at=at)


def _make_past(products: dict, *, scale: float, at: datetime) -> None:
    topics = ledger.make_topics()
    known.describe_fields()
    if Order.objects.filter(source=SOURCE, is_historical=True).exists():
        return
    chance = random.Random(SEED)
    persons = people.make_people(round(CONTACTS * scale), chance=chance, at=at)
    orders = past.make_orders(persons, chance=chance, at=at)
    contacts = ledger.make_contacts(persons)
    ledger.make_consents(persons, contacts, topics, chance=chance, at=at)
    ledger.make_suppressions(contacts.values(), chance=chance, at=at)
    ledger.make_orders(orders, contacts, products, at=at)
    ledger.make_carts(contacts, products, at=at)
    ledger.make_notes(orders, contacts, chance=chance)
    known.make_known([*contacts.values()], chance=random.Random(SEED + 1), at=at)
