"""What the shop has learned about people besides: further fields, tags, lists, and where the trade works."""
# ruff: noqa: E501  texts for people are kept whole

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from wagtail_precise_mail.contacts.fields import Classification, ContactField, FieldKind
from wagtail_precise_mail.contacts.models import Contact, ContactList, JobLevel
from wagtail_precise_mail.contacts.tagging import add_tag, remove_tag
from wagtail_precise_mail.contacts.tags import Tag

_FIELDS = {
    "interests": ("Interests", FieldKind.CHOICES, "tea\nplants\nkitchen\ngarden\nreading\npresents", Classification.NORMAL, "To write about what people like."),
    "favorite_tea": ("Favorite tea", FieldKind.CHOICE, "Assam\nDarjeeling\nSencha\nRooibos\nMint", Classification.NORMAL, "To put the right sample into the parcel."),
    "points": ("Loyalty points", FieldKind.NUMBER, "", Classification.NORMAL, "To say how far the next free packet is."),
    "tasted_on": ("Last tasting", FieldKind.DATE, "", Classification.NORMAL, "To invite to the next one."),
    "wants_catalog": ("Printed catalog", FieldKind.YES_NO, "", Classification.PERSONAL, "To send it by post, or not."),
    "allergies": ("Allergies", FieldKind.TEXT, "", Classification.SENSITIVE, "So that nobody gets chamomile who must not."),
}  # fmt: skip
_TAGS = {"Regular": "regular", "Tea tasting": "tea-tasting", "Wholesale": "wholesale", "Gave a review": "gave-a-review"}
_LISTS = {
    "Tea tasting in June": "tea-tasting-june",
    "Christmas cards": "christmas-cards",
    "Market stall": "market-stall",
}
_HOUSES = ("Hartley Tea Rooms", "The Corner Shop", "Café Margaux", "Blumen Becker", "Green Room Studio", "Fika & Co.")
_ALLERGIES = ("Chamomile", "Nuts", "Soy")


def describe_fields() -> None:
    """Describe the further fields, so that their values have types, labels and a purpose."""
    for key, (label, kind, choices, classification, purpose) in _FIELDS.items():
        ContactField.objects.get_or_create(
            key=key,
            defaults={
                "label": label,
                "kind": kind,
                "choices": choices,
                "classification": classification,
                "purpose": purpose,
            },
        )


def make_known(contacts: Sequence[Contact], *, chance: random.Random, at: datetime) -> None:
    """Write what is known of some of them.

    Args:
        chance: its own, so that the rest of the past stays what it was.
    """
    for contact in contacts:
        _fill(contact, chance, at)
    Contact.objects.bulk_update(contacts, ["attributes", "organization", "job_level"], batch_size=500)
    _tag(contacts, chance, at)
    _list(contacts, chance)


def _fill(contact: Contact, chance: random.Random, at: datetime) -> None:
    attributes = dict(contact.attributes)
    if chance.random() < 0.45:
        attributes["favorite_tea"] = chance.choice(["Assam", "Darjeeling", "Sencha", "Rooibos", "Mint"])
    if chance.random() < 0.6:
        attributes["points"] = chance.randrange(0, 480, 5)
    if contact.source == "tea tasting" or chance.random() < 0.08:
        attributes["tasted_on"] = (at - timedelta(days=chance.randrange(20, 500))).date().isoformat()
    if chance.random() < 0.3:
        attributes["wants_catalog"] = chance.choice(["yes", "no"])
    if chance.random() < 0.02:
        attributes["allergies"] = chance.choice(_ALLERGIES)
    contact.attributes = attributes
    if chance.random() < 0.06:
        contact.organization = chance.choice(_HOUSES)
        contact.job_level = chance.choice([JobLevel.OWNER, JobLevel.STAFF, JobLevel.HEAD])


def _tag(contacts: Sequence[Contact], chance: random.Random, at: datetime) -> None:
    tags = {name: Tag.objects.get_or_create(slug=slug, defaults={"name": name})[0] for name, slug in _TAGS.items()}
    chosen: dict[str, Callable[[Contact], bool]] = {
        "Regular": lambda contact: contact.attributes.get("points", 0) > 300,
        "Tea tasting": lambda contact: "tasted_on" in contact.attributes,
        "Wholesale": lambda contact: bool(contact.organization),
        "Gave a review": lambda contact: chance.random() < 0.07,
    }
    for name, holds in chosen.items():
        since = at - timedelta(days=chance.randrange(15, 300))
        add_tag([contact.pk for contact in contacts if holds(contact)], tags[name], source="shop", at=since)
    lapsed = [contact.pk for contact in contacts if contact.attributes.get("points", 0) > 460]
    remove_tag(lapsed, tags["Regular"], source="shop", at=at - timedelta(days=9))


def _list(contacts: Sequence[Contact], chance: random.Random) -> None:
    shares: dict[str, Callable[[Contact], bool]] = {
        "Tea tasting in June": lambda contact: "tasted_on" in contact.attributes and chance.random() < 0.5,
        "Christmas cards": lambda contact: chance.random() < 0.12,
        "Market stall": lambda contact: contact.source == "market stall",
    }
    for name, slug in _LISTS.items():
        made = ContactList.objects.get_or_create(slug=slug, defaults={"name": name})[0]
        made.contacts.add(*[contact.pk for contact in contacts if shares[name](contact)])
