"""The least that is valid of contacts, topics, consent and notes."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import count
from typing import Any

from wagtail.models import Site

from wagtail_precise_mail.contacts import rights, services
from wagtail_precise_mail.contacts.fields import ContactField
from wagtail_precise_mail.contacts.models import (
    Consent,
    ConsentChange,
    ConsentStatus,
    Contact,
    ContactList,
    ServiceNote,
    Topic,
)
from wagtail_precise_mail.contacts.subject_requests import SubjectRequest
from wagtail_precise_mail.contacts.tagging import add_tag
from wagtail_precise_mail.contacts.tags import Tag
from wagtail_precise_mail.contacts.wordings import PrivacyPolicy

_numbers = count(1)
_GRANTED_AT = datetime(2026, 1, 1, tzinfo=UTC)


def make_contact(**overrides: Any) -> Contact:
    """A contact with an address of its own."""
    return Contact.objects.create(**{"email": f"contact-{next(_numbers)}@example.com", **overrides})


def make_topic(**overrides: Any) -> Topic:
    """A topic with a slug of its own."""
    number = next(_numbers)
    return Topic.objects.create(**{"name": f"Topic {number}", "slug": f"topic-{number}", **overrides})


def make_field(key: str, **overrides: Any) -> ContactField:
    """The description of a further field: a text."""
    return ContactField.objects.create(**{"key": key, "label": key.capitalize(), "purpose": "tests", **overrides})


def make_tag(*contacts: Contact, **overrides: Any) -> Tag:
    """A tag on the given contacts, with its history."""
    number = next(_numbers)
    tag = Tag.objects.create(**{"name": f"Tag {number}", "slug": f"tag-{number}", **overrides})
    add_tag([contact.pk for contact in contacts], tag, source="test", at=_GRANTED_AT)
    return tag


def make_list(*contacts: Contact, **overrides: Any) -> ContactList:
    """A static list of the given contacts."""
    number = next(_numbers)
    made = ContactList.objects.create(**{"name": f"List {number}", "slug": f"list-{number}", **overrides})
    made.contacts.set(contacts)
    return made


def grant(contact: Contact, topic: Topic, *, at: datetime = _GRANTED_AT) -> Consent:
    """A granted consent with its entry in the ledger; announces nothing."""
    ConsentChange.objects.create(
        contact=contact, topic=topic, status=ConsentStatus.GRANTED, source="test", changed_at=at
    )
    return Consent.objects.create(contact=contact, topic=topic, status=ConsentStatus.GRANTED, changed_at=at)


def make_policy(version: str = "2026-01", **overrides: Any) -> PrivacyPolicy:
    """A policy of the default site, in force since March."""
    values = {
        "site": Site.objects.get(is_default_site=True),
        "url": f"https://shop.example.com/{version}/",
        "published_at": datetime(2026, 3, 1, 12, tzinfo=UTC),
        **overrides,
    }
    return PrivacyPolicy.objects.create(version=version, **values)


def make_note(contact: Contact, **overrides: Any) -> ServiceNote:
    """A service note."""
    return services.record_service_note(contact, **{"subject": "Asked about delivery", **overrides})


def make_request(contact: Contact, kind: str = SubjectRequest.Kind.ERASURE, **overrides: Any) -> SubjectRequest:
    """An open request about data."""
    site = Site.objects.get(is_default_site=True)
    return rights.receive(contact, kind, **{"source": "letter", "site": site, **overrides})
