"""Whoever may not see whole addresses sees a•••@example.com, on every screen (C212)."""

from __future__ import annotations

import re

import pytest
from django.urls import reverse

from tests.contacts.colleagues import client_with, is_refused
from tests.factories.campaigns import make_campaign
from tests.factories.commerce import make_order
from tests.factories.contacts import grant, make_contact, make_list, make_note, make_tag, make_topic
from tests.factories.delivery import make_message, make_send
from tests.factories.emails import make_email, raw_block
from tests.factories.segments import make_segment
from tests.foundation.test_endpoints import _ARGUMENT, _routes
from wagtail_precise_mail.contacts.addresses import mask_address
from wagtail_precise_mail.contacts.merges import DuplicatePair
from wagtail_precise_mail.contacts.merging import merge_contacts
from wagtail_precise_mail.contacts.services import suppress
from wagtail_precise_mail.emails.preview import email_preview
from wagtail_precise_mail.models import (
    Campaign,
    ContactList,
    Email,
    Order,
    OutboxMessage,
    Segment,
    Send,
    Suppression,
    Tag,
)

pytestmark = pytest.mark.django_db

ADDRESS = "secret.name@hidden.example"

# Everything but the right to see addresses.
ANALYST = [
    *(f"{verb}_{model}" for verb in ("view", "change", "add", "delete") for model in ("contact", "suppression", "tag")),
    *(f"{verb}_{model}" for verb in ("view", "change", "add") for model in ("email", "segment", "campaign", "order")),
    *("export_contact", "merge_contact", "write_to_contact", "quarantine_contact", "view_outboxmessage"),
    *("view_contactlist", "change_contactlist", "view_contactfield", "send_campaign", "publish_email"),
]


@pytest.fixture
def contact():
    """Somebody who appears wherever contacts do."""
    contact, other = make_contact(email=ADDRESS), make_contact(email="second." + ADDRESS)
    topic = make_topic()
    grant(contact, topic)
    make_list(contact)
    make_tag(contact)
    make_note(contact)
    make_order(contact=contact, lines=[("KETTLE", 1, "20")])
    send = make_send()
    make_message(send, contact, address=ADDRESS)
    suppress(ADDRESS, reason="manual")
    make_campaign(send=send)
    make_segment()
    DuplicatePair.objects.create(first=contact, second=other, reason="birthday", found_at=send.created_at)
    merge_contacts(contact, [make_contact(email="third." + ADDRESS)], by=None)
    email = make_email(raw_block("rich_text", content="<p>{{ contact.email }}</p>"), sample_contact=contact)
    email.save_revision()
    return contact


def pages(contact):
    """Every page of ours in the admin, with the ids of what is there; and those that ask for something."""
    ids = {
        "contacts": contact.pk,
        "campaigns": Campaign.objects.get().pk,
        "orders": Order.objects.get().pk,
        "outbox": Send.objects.latest("pk").pk,
        "/email/": Email.objects.latest("pk").pk,
        "/segment/": Segment.objects.latest("pk").pk,
        "lists": ContactList.objects.get().pk,
        "tags": Tag.objects.get().pk,
        "suppressions": Suppression.objects.get().pk,
    }
    for route in _routes():
        pk = next((pk for part, pk in ids.items() if part in route), contact.pk)
        name = route.replace("<slug:key>", "segments")
        yield "/" + _ARGUMENT.sub(str(pk), name).replace("\\", "").rstrip("$")
    yield reverse("precise-mail-duplicates:compare") + f"?contact={contact.pk}&contact={contact.pk + 1}"
    yield reverse("precise-mail-suppressions:add") + f"?contact={contact.pk}"
    yield reverse("precise_mail_contact_chooser:choose")
    yield reverse("precise_mail_contact_chooser:choose_results")
    yield reverse("precise_mail_contact_chooser:chosen", args=[contact.pk])
    for action in ("add_tag", "quarantine", "release"):
        yield reverse("wagtail_bulk_action", args=["wagtail_precise_mail", "contact", action]) + f"?id={contact.pk}"


@pytest.mark.slow
def test_no_page_shows_an_analyst_a_whole_address(contact):
    client = client_with(*ANALYST)
    leaking, masked = [], 0
    for address in pages(contact):
        html = client.get(address).content.decode(errors="replace").replace("<wbr>", "")
        if re.search(r"secret\.name|second\.secret|third\.secret", html):
            leaking.append(address)
        masked += mask_address(ADDRESS) in html
    assert leaking == []
    assert masked >= 12


@pytest.mark.slow
def test_the_walk_would_find_a_leak(contact):
    """With the right to see addresses the same pages show it."""
    client = client_with(*ANALYST, "view_contact_address")
    showing = [
        one
        for one in pages(contact)
        if ADDRESS in client.get(one).content.decode(errors="replace").replace("<wbr>", "")
    ]
    for part in [
        "contacts/",
        "inspect/",
        "outbox/",
        "suppressions/",
        "compare/",
        "duplicates/",
        "choose-contact/",
        "bulk/",
    ]:
        assert any(part in one for one in showing), part


@pytest.mark.usefixtures("in_clear")
def test_searching_for_an_address_finds_nothing_that_one_may_not_see(contact):
    outbox = reverse("precise_mail_outbox", args=[OutboxMessage.objects.get().send_id])
    chooser = reverse("precise_mail_contact_chooser:choose_results")
    for url in [reverse("precise-mail-contacts:index"), outbox, reverse("precise-mail-orders:index"), chooser]:
        masked = mask_address(ADDRESS)
        seeing = client_with(*ANALYST, "view_contact_address").get(url, {"q": "secret.na"}).content.decode()
        blind = client_with(*ANALYST).get(url, {"q": "secret.na"}).content.decode()
        found = blind.replace("<wbr>", "").count(masked)
        if url == outbox:  # it cannot be searched at all, so it shows everybody
            assert found
            assert ADDRESS in seeing.replace("<wbr>", "")
        else:
            assert not found, url
            assert ADDRESS in seeing or masked in seeing, url


def test_exports_are_refused(contact):
    url = reverse("precise-mail-contacts:index")
    form, asked = reverse("precise-mail-exports:export"), {"format": "csv", "purpose": "analysis", "explanation": "Why"}
    assert is_refused(client_with(*ANALYST).get(url, {"export": "csv"}))
    assert is_refused(client_with(*ANALYST).post(form, {**asked, "kind": "contacts"}))
    seeing = client_with(*ANALYST, "view_contact_address").get(url, {"export": "csv"}, follow=True)
    assert seeing.status_code == 200


def test_the_form_changes_everything_but_the_address(contact):
    client = client_with(*ANALYST)
    url = reverse("precise-mail-contacts:edit", args=[contact.pk])
    client.post(url, {"email": "taken@over.example", "first_name": "Ann", "attributes": "{}"})
    contact.refresh_from_db()
    assert (contact.email, contact.first_name) == (ADDRESS, "Ann")


def test_a_preview_shows_the_address_masked(contact):
    email = make_email(raw_block("rich_text", content="<p>{{ contact.email }}</p>"), sample_contact=contact)
    assert ADDRESS in email_preview(email, "contact").content.decode()
    html = email_preview(email, "contact", may_see_addresses=False).content.decode()
    assert ADDRESS not in html
    assert mask_address(ADDRESS) in html


def test_logs_and_choosers_name_no_address(contact):
    assert str(contact) == mask_address(ADDRESS)
    assert ADDRESS not in str(OutboxMessage.objects.get())
    assert str(make_contact(first_name="Ann", last_name="Smith")) == "Ann Smith"
