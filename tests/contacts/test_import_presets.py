"""Exports of HubSpot, Mailchimp and Klaviyo come in without loss of what people said about mail.

The files are made up after the column names that these systems document; nobody in them exists.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.factories.contacts import make_topic
from tests.factories.imports import imported
from wagtail_precise_mail.contacts.imports import ImportBatch
from wagtail_precise_mail.contacts.models import Consent, ConsentChange, Contact, Suppression, Topic

pytestmark = pytest.mark.django_db

EXPORTS = Path(__file__).parent / "exports"


@pytest.fixture
def topic() -> Topic:
    return make_topic(name="Newsletter", slug="newsletter")


def bring_in(name: str, *topics: Topic) -> ImportBatch:
    batch = imported((EXPORTS / name).read_bytes(), *topics, name=name)
    assert batch.state == ImportBatch.State.FINISHED, batch.problem
    assert list(batch.refusals.values_list("reason", flat=True)) == []
    return batch


def where_they_stand(topic: Topic) -> dict[str, tuple[str | None, str | None]]:
    """Consent and suppression of every contact, by the first part of the address."""
    consents = dict(Consent.objects.filter(topic=topic).values_list("contact__email", "status"))
    reasons = dict(Suppression.objects.values_list("address_hash", "reason"))
    return {
        contact.email.partition("@")[0]: (consents.get(contact.email), reasons.get(contact.address_hash))
        for contact in Contact.objects.all()
    }


def test_hubspot_contacts_keep_every_state(topic: Topic) -> None:
    offers = make_topic(name="Offers", slug="offers")

    batch = bring_in("hubspot-contacts.csv", topic, offers)

    assert batch.preset == "hubspot"
    assert where_they_stand(topic) == {
        "ann": ("granted", None),
        "bo": ("withdrawn", "unsubscribed"),
        "cleo": ("withdrawn", None),
        "dan": (None, "hard_bounce"),
    }
    cleo = Contact.objects.with_address("cleo@example.com").get()
    assert cleo.consents.get(topic=offers).status == "granted"
    assert Suppression.objects.get(reason="hard_bounce").detail == "MAILBOX_DOES_NOT_EXIST"
    ann = Contact.objects.with_address("ann@example.com").get()
    assert (ann.country, ann.job_title) == ("GB", "Buyer")
    assert ann.attributes == {
        "record_id": "101",
        "phone_number": "+44 20 7946 0001",
        "marketing_contact_status": "Marketing contact",
        "lifecycle_stage": "Customer",
        "create_date": "2023-04-02 10:20",
    }


def test_hubspot_opt_outs_bring_no_yes_and_every_no(topic: Topic) -> None:
    batch = bring_in("hubspot-unsubscribes-and-bounces.csv", topic)

    assert batch.preset == "hubspot_opt_outs"
    assert where_they_stand(topic) == {
        "eve": ("withdrawn", "unsubscribed"),
        "fay": ("withdrawn", "complaint"),
        "gus": (None, "hard_bounce"),
        "hal": ("withdrawn", None),
    }


def test_mailchimp_s_four_files_keep_every_state(topic: Topic) -> None:
    kinds = {
        name: bring_in(f"{name}_members_export_1a2b.csv", topic).preset
        for name in ("subscribed", "unsubscribed", "cleaned", "nonsubscribed")
    }

    assert kinds == {
        "subscribed": "mailchimp",
        "unsubscribed": "mailchimp_unsubscribed",
        "cleaned": "mailchimp_cleaned",
        "nonsubscribed": "mailchimp",
    }
    assert where_they_stand(topic) == {
        "ann": ("granted", None),
        "bo": ("granted", None),
        "cleo": ("withdrawn", "unsubscribed"),
        "dan": (None, "hard_bounce"),
        "eve": (None, None),
    }
    ann = Contact.objects.with_address("ann@example.com").get()
    assert sorted(ann.tags.values_list("name", flat=True)) == ["Tea", "Wholesale"]
    assert ann.time_zone == "Europe/London"


def test_opt_in_times_and_addresses_become_evidence(topic: Topic) -> None:
    bring_in("subscribed_members_export_1a2b.csv", topic)
    bring_in("unsubscribed_members_export_1a2b.csv", topic)

    ann = ConsentChange.objects.get(contact__in=Contact.objects.with_address("ann@example.com"))
    assert ann.changed_at == datetime(2023, 4, 2, 10, 25, tzinfo=UTC)
    assert "Opted in: 2023-04-02T10:20+00:00 203.0.113.7." in ann.evidence
    assert "Confirmed: 2023-04-02T10:25+00:00 203.0.113.7." in ann.evidence
    cleo = ConsentChange.objects.get(contact__in=Contact.objects.with_address("cleo@example.com"))
    assert cleo.changed_at == datetime(2024, 2, 3, 7, 8, 9, tzinfo=UTC)
    assert Suppression.objects.get().created_at == datetime(2024, 2, 3, 7, 8, 9, tzinfo=UTC)


def test_klaviyo_profiles_keep_every_state(topic: Topic) -> None:
    batch = bring_in("klaviyo-profiles.csv", topic)

    assert batch.preset == "klaviyo"
    assert where_they_stand(topic) == {
        "ann": ("granted", None),
        "bo": ("withdrawn", "unsubscribed"),
        "cleo": (None, None),
        "dan": (None, "hard_bounce"),
        "eve": ("withdrawn", "complaint"),
    }
    assert Contact.objects.with_address("ann@example.com").get().attributes["total_customer_lifetime_value"] == "120.50"
