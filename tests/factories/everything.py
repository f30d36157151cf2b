"""A crowd with something for every condition of every room: purchases, reactions, consents and forecasts."""

from __future__ import annotations

import random
from datetime import timedelta
from decimal import Decimal

from tests.factories.contacts import make_topic
from tests.factories.crowd import AT, make_crowd
from tests.factories.segments import make_segment
from tests.tracking.condition_examples import make_world
from wagtail_precise_mail.commerce.models import ContactForecast, ForecastModel
from wagtail_precise_mail.contacts.models import Consent, Contact, ServiceNote, Suppression, Topic


def make_everything(size: int = 60) -> list[Contact]:
    """Contacts with holes in everything, the same ones each time."""
    contacts = [*make_crowd(size=size), *make_world()]
    dice = random.Random(20261127)
    topics = [Topic.objects.filter(slug=slug).first() or make_topic(slug=slug) for slug in ("news", "offers")]
    make_segment({"country": {"countries": ["DE"]}}, slug="germans")
    model = ForecastModel.objects.create(fitted_at=AT, finished_at=AT, currency="GBP")
    for index, contact in enumerate(contacts):
        contact.locale = ["", "en", "en-gb", "de-at", "zh-hans", "zh-hant"][index % 6]
        contact.save(update_fields=["locale"])
        for topic in dice.sample(topics, dice.randint(0, 2)):
            status = dice.choice(["granted", "pending", "withdrawn"])
            changed_at = AT - timedelta(days=dice.choice([5, 100, 400]))
            Consent.objects.get_or_create(
                contact=contact, topic=topic, defaults={"status": status, "basis": "double", "changed_at": changed_at}
            )
        if dice.random() < 0.2:
            Suppression.objects.get_or_create(
                address_hash=contact.address_hash, defaults={"reason": "manual", "created_at": AT - timedelta(days=9)}
            )
        if dice.random() < 0.3:
            ServiceNote.objects.create(contact=contact, kind="call", subject="Size", noted_at=AT - timedelta(days=20))
        if dice.random() < 0.5:
            _forecast(dice, contact, model)
    return contacts


def _forecast(dice: random.Random, contact: Contact, model: ForecastModel) -> None:
    today = AT.date()
    ContactForecast.objects.create(
        contact=contact,
        model=model,
        alive_probability=dice.choice([None, 0.2, 0.6, 0.95]),
        purchase_probability=dice.choice([0.1, 0.5, 0.9]),
        expected_orders=dice.choice([0.2, 1.5, 6.0]),
        lifetime_value=dice.choice([None, Decimal("12.5"), Decimal(300)]),
        next_order_on=dice.choice([None, today + timedelta(days=10), today + timedelta(days=90)]),
        due_on=dice.choice([None, today - timedelta(days=30), today + timedelta(days=5)]),
    )
