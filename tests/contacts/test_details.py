""" "Is this still right?" behind the links of a mail: looking changes nothing, one press confirms."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests.factories.contacts import make_contact
from tests.factories.emails import make_brand
from tests.factories.segments import make_rules
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.contacts.preference_tokens import Reach, make_preference_token
from wagtail_precise_mail.contacts.preferences import confirmed_at, correct, months_later
from wagtail_precise_mail.segments.queries import members

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _brand() -> None:
    make_brand()


@pytest.fixture
def client() -> Client:
    """One that is refused where a CSRF token is asked for, like a browser inside of a mail program."""
    return Client(enforce_csrf_checks=True)


@pytest.fixture
def ada() -> Contact:
    return make_contact(
        first_name="Ada", city="Ulm", country="DE", birthday_on="1990-05-04", organization="Kettle & Co"
    )


def url(contact: Contact, reach: Reach = Reach.DETAILS, at: Any = None) -> str:
    token = make_preference_token(contact.pk, 7, reach=reach, at=at or timezone.now())
    return reverse("wagtail_precise_mail:details", args=[token])


def test_the_page_shows_what_the_mail_may_show_and_no_more(client, ada):
    html = client.get(url(ada)).content.decode()
    for words in ("Ada", "Ulm", "Germany", "Kettle &amp; Co"):
        assert words in html
    assert "1990" not in html
    assert ada.email not in html


def test_looking_confirms_nothing(client, ada):
    client.get(url(ada))
    client.get(f"{url(ada)}?change=1")
    client.head(url(ada))
    assert confirmed_at(ada) is None
    assert not ada.changes.exists()


def test_one_press_confirms_with_its_day_and_source(client, ada):
    answer = client.post(url(ada), {"action": "confirm"}, follow=True)
    assert "everything is right" in answer.content.decode()
    change = ada.changes.get()
    assert (change.field, change.source, change.detail) == ("confirmed", "self", "preference page, message 7")
    assert timezone.now() - confirmed_at(ada) < timedelta(minutes=1)
    ada.refresh_from_db()
    assert (ada.first_name, ada.city) == ("Ada", "Ulm")


def test_what_is_corrected_is_kept_as_their_own_word(client, ada):
    given = {"action": "correct", "first_name": "Ada", "last_name": "Lovelace", "city": "Bath", "country": "GB"}
    answer = client.post(url(ada), given, follow=True)
    assert "We have changed it" in answer.content.decode()
    ada.refresh_from_db()
    assert (ada.city, ada.country, ada.organization, str(ada.birthday_on)) == ("Bath", "GB", "", "1990-05-04")
    assert {(one.field, one.source) for one in ada.changes.all()} >= {("city", "self"), ("confirmed", "self")}


def test_a_wrong_value_changes_nothing(client, ada):
    answer = client.post(url(ada), {"action": "correct", "first_name": "A" * 200, "country": "DE"})
    assert "Nothing was saved" in answer.content.decode()
    ada.refresh_from_db()
    assert ada.first_name == "Ada"
    assert confirmed_at(ada) is None


def test_the_link_opens_neither_all_data_nor_the_page_by_the_link_of_other_mails(client, ada):
    token = make_preference_token(ada.pk, 7, reach=Reach.DETAILS, at=timezone.now())
    assert client.get(reverse("wagtail_precise_mail:own_data", args=[token])).status_code == 403
    assert client.get(reverse("wagtail_precise_mail:preferences", args=[token])).status_code == 200
    assert client.get(url(ada, Reach.SETTINGS)).status_code == 403
    assert client.post(url(ada, Reach.SETTINGS), {"action": "confirm"}).status_code == 403
    assert not ada.changes.exists()


def test_the_link_ends(client, ada, settings):
    settings.WAGTAIL_PRECISE_MAIL = {"details_link_days": 2}
    old = url(ada, at=timezone.now() - timedelta(days=3))
    assert client.post(old, {"action": "confirm"}).status_code == 410
    assert not ada.changes.exists()


def test_who_has_not_confirmed_for_months_is_found():
    now = timezone.now()

    def known(name: str, months: int, confirmed: int | None = None) -> None:
        contact = make_contact(email=f"{name}@example.com")
        Contact.objects.filter(pk=contact.pk).update(created_at=months_later(now, -months))
        if confirmed is not None:
            correct(contact, {}, at=months_later(now, -confirmed))

    known("never", 20)
    known("long-ago", 20, 15)
    known("lately", 20, 3)
    known("new", 2)
    rule = {"details_unconfirmed": {"months": 12}}
    names = {one.email.partition("@")[0] for one in members(make_rules(rule), at=now)}
    assert names == {"never", "long-ago"}
    others = {one.email.partition("@")[0] for one in members(make_rules({"none": [rule]}), at=now)}
    assert others == {"lately", "new"}
