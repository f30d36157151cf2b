"""Growth by source, and the health index that anybody can add up."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests.factories.contacts import grant, make_contact, make_topic
from tests.factories.delivery import make_message, make_send
from wagtail_precise_mail.contacts.erased import ErasedContact
from wagtail_precise_mail.contacts.erasing import erase
from wagtail_precise_mail.contacts.models import Contact, SuppressionReason
from wagtail_precise_mail.contacts.services import suppress, withdraw
from wagtail_precise_mail.models import MessageEvent
from wagtail_precise_mail.reports.growth import list_growth
from wagtail_precise_mail.reports.health import MEASURES, list_health

pytestmark = pytest.mark.django_db

NOW = timezone.now()
SINCE = NOW - timedelta(days=90)
LATER = NOW + timedelta(hours=1)


def test_net_is_new_less_lost_for_each_source() -> None:
    topic = make_topic()
    for number in range(4):
        contact = make_contact(source="fair")
        if number < 3:
            grant(contact, topic, at=NOW)
    old = make_contact(source="fair")
    Contact.objects.filter(pk=old.pk).update(created_at=NOW - timedelta(days=400))
    grant(old, topic)
    withdraw(old, topic, source="she")
    suppress(make_contact(source="shop").email, reason=SuppressionReason.COMPLAINT)

    fair, shop = list_growth(SINCE, LATER)

    assert (fair.source, fair.new, fair.confirmed, fair.lost, fair.net) == ("fair", 4, 3, 1, 3)
    assert (shop.source, shop.new, shop.confirmed, shop.lost, shop.net) == ("shop", 1, 0, 1, 0)


def test_who_left_one_of_two_topics_is_not_lost() -> None:
    contact, left = make_contact(), make_topic()
    grant(contact, left)
    grant(contact, make_topic())
    withdraw(contact, left, source="she")

    assert [row.lost for row in list_growth(SINCE, LATER)] == [0]


def test_an_erasure_changes_no_figure_of_who_came() -> None:
    topic = make_topic()
    for number in range(3):
        contact = make_contact(source="fair")
        if number:
            grant(contact, topic, at=NOW)
    before = list_growth(SINCE, LATER)
    erase(contact, at=NOW)

    (fair,) = list_growth(SINCE, LATER)

    assert (before[0].new, before[0].confirmed, before[0].lost) == (3, 2, 0)
    assert (fair.new, fair.confirmed, fair.lost, fair.net) == (3, 2, 1, 2)


def test_who_was_lost_before_the_erasure_is_lost_once_and_then() -> None:
    contact, topic = make_contact(source="fair"), make_topic()
    Contact.objects.filter(pk=contact.pk).update(created_at=NOW - timedelta(days=400))
    contact.refresh_from_db()
    grant(contact, topic)
    withdraw(contact, topic, source="she", at=NOW - timedelta(days=200))
    erase(contact, at=NOW)

    assert list_growth(SINCE, LATER) == []
    (then,) = list_growth(NOW - timedelta(days=300), SINCE)
    assert (then.new, then.lost) == (0, 1)


def test_what_is_kept_of_the_erased_names_nobody() -> None:
    contact = make_contact(source="fair", first_name="Zelda", email="zelda@example.com")
    erase(contact, at=NOW)

    (row,) = ErasedContact.objects.values()
    assert set(row) == {"id", "source", "came_at", "was_confirmed", "lost_at"}
    assert (row["came_at"].hour, row["came_at"].minute, row["came_at"].second) == (0, 0, 0)


def test_growth_takes_five_queries_however_many_sources(django_assert_num_queries) -> None:
    for number in range(20):
        make_contact(source=f"s{number}")

    with django_assert_num_queries(5):
        assert len(list_growth(SINCE, LATER)) == 20


def test_the_weights_add_up_to_100() -> None:
    assert sum(weight for _label, weight, _aim, _good in MEASURES.values()) == 100


def test_the_index_can_be_added_up_from_what_is_shown() -> None:
    topic = make_topic()
    for number in range(20):
        contact = make_contact()
        grant(contact, topic, at=NOW)
        message = make_message(make_send(topic=topic), contact, state="accepted", created_at=NOW - timedelta(days=2))
        if number < 3:
            MessageEvent.objects.create(
                message=message,
                send=message.send,
                contact=contact,
                kind="open",
                happened_at=NOW,
                is_machine=number == 2,
            )
    make_message(make_send(topic=topic), state="rejected", created_at=NOW - timedelta(days=2))

    health = list_health(LATER, SINCE)

    by_key = {measure.key: measure for measure in health.measures}
    assert (by_key["opened"].count, by_key["opened"].base) == (2, 20)
    assert by_key["opened"].points == pytest.approx(15 * (10.0 / 30.0))
    assert (by_key["failed"].count, by_key["failed"].base) == (1, 21)
    assert by_key["failed"].points == pytest.approx(10 * (1 - (100 / 21) / 5.0))
    total = 0.0
    for one in health.measures:
        part = min(max(100 * one.count / one.base / one.aim, 0), 1) if one.base else None
        total += 0 if part is None else one.weight * (part if one.is_good else 1 - part)
    assert health.index == round(total)


def test_without_a_mail_there_is_no_index() -> None:
    assert list_health(LATER, SINCE).index is None


def test_the_page_is_for_those_who_see_campaigns() -> None:
    make_contact(source="Fair 2026")
    user = User.objects.create_user("somebody")
    user.user_permissions.set(Permission.objects.filter(codename="access_admin"))
    client = Client()
    client.force_login(user)
    url = reverse("precise_mail_list_report")
    assert client.get(url)["Location"] == "/admin/"

    user.user_permissions.add(Permission.objects.get(codename="view_campaign"))

    assert "Fair 2026" in client.get(url).content.decode()
