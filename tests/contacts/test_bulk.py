"""What can be done with many contacts at once."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from tests.contacts.colleagues import client_with, is_refused
from tests.factories.contacts import make_contact, make_list, make_tag
from wagtail_precise_mail.contacts.admin.bulk import ACTIONS
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.contacts.tags import TagChange

pytestmark = pytest.mark.django_db

NEXT = "/admin/precise-mail-contacts/"


def url(action: str, *contacts: Contact, query: str = "") -> str:
    ids = "&".join(f"id={contact.pk}" for contact in contacts)
    base = reverse("wagtail_bulk_action", args=["wagtail_precise_mail", "contact", action])
    return f"{base}?{'&'.join(filter(None, [ids, query]))}&next={NEXT}"


def test_tags_come_and_go(admin_client: Any, admin_user: Any) -> None:
    ann, bob, other = make_contact(), make_contact(), make_contact()
    response = admin_client.post(url("add_tag", ann, bob), {"tag": "Tea lover"})
    assert response["Location"] == NEXT
    tag = ann.tags.get()
    assert set(tag.contacts.all()) == {ann, bob}
    assert TagChange.objects.filter(source="manual", changed_by=admin_user).count() == 2
    admin_client.post(url("remove_tag", ann, other), {"tag": tag.pk})
    assert set(tag.contacts.all()) == {bob}


def test_lists_grow_and_shrink(admin_client: Any) -> None:
    ann, bob = make_contact(), make_contact()
    chosen = make_list(ann)
    admin_client.post(url("add_to_list", ann, bob), {"list": chosen.pk})
    assert set(chosen.contacts.all()) == {ann, bob}
    admin_client.post(url("remove_from_list", ann), {"list": chosen.pk})
    assert set(chosen.contacts.all()) == {bob}


def test_quarantine_and_release(admin_client: Any) -> None:
    ann, bob = make_contact(), make_contact(quarantine_reason="earlier")
    admin_client.post(url("quarantine", ann), {"reason": "bought list"})
    ann.refresh_from_db()
    assert ann.quarantined_at
    assert ann.quarantine_reason == "bought list"
    admin_client.post(url("release", ann, bob))
    ann.refresh_from_db()
    assert (ann.quarantined_at, ann.quarantine_reason) == (None, "")


@pytest.mark.usefixtures("in_clear")
def test_all_means_all_that_the_filters_leave(admin_client: Any) -> None:
    for country in ("GB", "GB", "FR"):
        make_contact(country=country, first_name="Ann" if country == "FR" else "")
    admin_client.post(url("add_tag", query="id=all&country=GB"), {"tag": "British"})
    assert set(Contact.objects.filter(tags__name="British").values_list("country", flat=True)) == {"GB"}
    admin_client.post(url("add_tag", query="id=all&q=ann"), {"tag": "Ann"})
    assert Contact.objects.filter(tags__name="Ann").count() == 1


def test_a_filter_that_cannot_be_read_means_nobody(admin_client: Any) -> None:
    make_contact()
    html = admin_client.get(url("add_tag", query="id=all&tag=999")).content.decode()
    assert "Nobody is selected any more" in html
    admin_client.post(url("add_tag", query="id=all&tag=999"), {"tag": "x"})
    assert not Contact.objects.filter(tags__name="x").exists()


def test_the_question_names_some_and_counts_the_rest(admin_client: Any, django_assert_max_num_queries: Any) -> None:
    for _ in range(30):
        make_contact()
    with django_assert_max_num_queries(15):
        html = admin_client.get(url("add_tag", query="id=all")).content.decode()
    assert "30 contacts" in html
    assert "and 20 more" in html
    assert not TagChange.objects.exists()


@pytest.mark.parametrize("action", [action.action_type for action in ACTIONS])
def test_viewing_is_not_changing(action: str) -> None:
    contact = make_contact()
    make_tag(name="x")
    client = client_with("view_contact", "view_contact_address")
    assert is_refused(client.get(url(action, contact)))
    assert is_refused(client.post(url(action, contact), {"tag": "x", "reason": "x"}))
    contact.refresh_from_db()
    assert not contact.tags.exists()
    assert contact.quarantined_at is None


def test_the_listing_offers_what_one_may_do() -> None:
    make_contact()
    listing = reverse("precise-mail-contacts:index")
    assert "bulk-action-btn" not in client_with("view_contact").get(listing).content.decode()
    html = client_with("view_contact", "change_contact").get(listing).content.decode()
    assert "Add tag" in html
    assert "Release the selected contacts" not in html
    html = client_with("view_contact", "quarantine_contact").get(listing).content.decode()
    assert "Release the selected contacts" in html
