"""Potential customers: who never bought, is like those who did, and why."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from math import exp, log

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.contacts.colleagues import client_with, is_refused
from tests.factories.commerce import make_order, make_product
from tests.factories.contacts import grant, make_contact, make_topic
from tests.factories.delivery import make_message, make_send
from wagtail_precise_mail.commerce.viewed import keep_view
from wagtail_precise_mail.contacts.models import Contact, ContactList, Topic
from wagtail_precise_mail.contacts.personal_data import collect_everything
from wagtail_precise_mail.contacts.suppressing import suppress
from wagtail_precise_mail.reports.prospects import Likeness, find_prospects, learn_likeness
from wagtail_precise_mail.reports.ranking import best_prospects, latest_run, likeness_of, list_prospects, rank_prospects
from wagtail_precise_mail.tracking.models import MessageEvent

pytestmark = pytest.mark.django_db

AT = datetime(2026, 6, 1, 12, tzinfo=UTC)


def crowd(count: int, *, buys: bool = False, topic: Topic | None = None, **fields: str) -> list[Contact]:
    made = [make_contact(**fields) for _number in range(count)]
    for contact in made:
        if buys:
            make_order(contact, placed_at=AT - timedelta(days=1), total=5)
        if topic:
            grant(contact, topic)
    return made


@pytest.fixture
def shop() -> Topic:
    """Customers mostly from GB who agreed to tea; the others mostly from DE."""
    tea = make_topic(name="Tea")
    crowd(30, buys=True, country="GB", topic=tea)
    crowd(10, buys=True, country="DE")
    crowd(10, country="GB")
    crowd(50, country="DE")
    crowd(20, country="DE", topic=tea)
    return tea


def test_the_score_is_the_sum_of_its_evidence(shop: Topic) -> None:
    both = make_contact(country="GB")
    grant(both, shop)

    likeness = learn_likeness(AT)
    best = find_prospects(AT, likeness)[0]

    # By hand: 40 customers and 81 others, one more of each.
    from_gb = (31 / 42) / (12 / 83)
    agreed = (31 / 42) / (22 / 83)
    assert best.contact == both
    assert best.score == pytest.approx(log(from_gb) + log(agreed))
    assert best.times == pytest.approx(exp(best.score))
    assert best.reasons == [
        f"country United Kingdom: {from_gb:.1f} times as common among customers",
        f"agreed to Tea: {agreed:.1f} times as common among customers",
    ]


def test_what_is_missing_counts_against(shop: Topic) -> None:
    found = {one.contact.pk: one for one in find_prospects(AT, learn_likeness(AT), count=500)}
    plain = Contact.objects.filter(country="DE", consents=None, orders=None).first()

    assert plain is not None
    assert found[plain.pk].score == pytest.approx(log((11 / 42) / (71 / 82)) + log((1 - 31 / 42) / (1 - 21 / 82)))
    assert found[plain.pk].reasons == []


def test_where_orders_come_from_is_no_evidence() -> None:
    crowd(40, buys=True, source="shop")  # as orders of the factory
    crowd(40, source="shop")
    crowd(40, buys=True, source="Fair 2026")
    crowd(80, source="Sign-up form")

    evidence = learn_likeness(AT).evidence

    assert [(one.kind, one.value) for one in evidence] == [("source", "Fair 2026"), ("source", "Sign-up form")]


def test_clicks_of_people_and_viewed_products_are_evidence() -> None:
    buyers, others, keen = crowd(30, buys=True), crowd(40), make_contact()
    product, send = make_product(), make_send()
    for contact in [*buyers[:25], keen]:
        keep_view(contact, product, at=AT - timedelta(days=3))
    for index, contact in enumerate([*buyers[:25], keen, *others]):
        message = make_message(send, contact)
        MessageEvent.objects.create(
            message=message,
            send=send,
            contact=contact,
            kind="click",
            happened_at=AT - timedelta(days=5),
            is_machine=index > 25,
        )

    best = find_prospects(AT, learn_likeness(AT))[0]

    assert best.contact == keen
    assert [reason.split(":")[0] for reason in best.reasons] == ["clicked within 90 days", "looked at products"]


def test_customers_and_those_who_must_not_be_asked_are_left_out(shop: Topic) -> None:
    no_profile, suppressed, quarantined = crowd(3, country="GB", topic=shop)
    Contact.objects.filter(pk=no_profile.pk).update(is_profiling_allowed=False)
    Contact.objects.filter(pk=quarantined.pk).update(quarantined_at=AT)
    suppress(suppressed.email, reason="manual", at=AT - timedelta(days=1))

    found = {one.contact.pk for one in find_prospects(AT, learn_likeness(AT), count=500)}

    assert not found & {no_profile.pk, suppressed.pk, quarantined.pk}
    assert not Contact.objects.filter(pk__in=found, orders__isnull=False).exists()
    assert len(found) == 80


def test_an_order_after_the_moment_makes_no_customer(shop: Topic) -> None:
    early = make_contact(country="GB")
    make_order(early, placed_at=AT + timedelta(days=1), total=5)

    assert early.pk in {one.contact.pk for one in find_prospects(AT, learn_likeness(AT), count=500)}


def test_the_test_on_a_third_finds_more_customers_than_chance(shop: Topic) -> None:
    crowd(90, buys=True, country="GB", topic=shop)
    crowd(300, country="DE")

    lift = learn_likeness(AT).lift

    assert lift is not None
    assert lift > 1.5


def test_with_few_customers_nobody_is_ranked() -> None:
    crowd(29, buys=True, country="GB")
    crowd(100, country="DE")
    likeness = learn_likeness(AT)

    assert not likeness.is_enough
    assert find_prospects(AT, likeness) == []
    assert rank_prospects(at=AT) == 0
    with pytest.raises(ValueError, match="not enough data"):
        list_prospects("Prospects", at=AT, count=5)


def test_the_ranking_takes_the_same_queries_however_many_contacts(shop: Topic, django_assert_num_queries) -> None:
    likeness = learn_likeness(AT)

    with django_assert_num_queries(4):
        assert len(find_prospects(AT, likeness)) == 50


def test_a_list_holds_the_best_in_order(shop: Topic) -> None:
    best = [one.contact.pk for one in find_prospects(AT, learn_likeness(AT), count=7)]

    rank_prospects(at=AT)

    made = list_prospects("Good ones", at=AT, count=7)
    again = list_prospects("Good ones", at=AT, count=7)

    assert set(made.contacts.values_list("pk", flat=True)) == set(best)
    assert (made.slug, again.slug) == ("good-ones", "good-ones-2")


def test_a_night_keeps_what_was_found(shop: Topic) -> None:
    likeness = learn_likeness(AT)

    assert rank_prospects(at=AT) == 80
    assert rank_prospects(at=AT) == 80

    run = latest_run()
    assert run is not None
    assert likeness_of(run) == likeness
    assert best_prospects(run, at=AT) == find_prospects(AT, likeness)


def test_who_bought_or_left_since_is_not_shown(shop: Topic) -> None:
    rank_prospects(at=AT)
    run = latest_run()
    assert run is not None
    first, second, third, fourth, fifth = (one.contact for one in best_prospects(run, at=AT, count=5))
    make_order(first, placed_at=AT, total=5)
    Contact.objects.filter(pk=second.pk).update(is_profiling_allowed=False)
    Contact.objects.filter(pk=third.pk).update(quarantined_at=AT)
    suppress(fourth.email, reason="manual", at=AT)

    assert best_prospects(run, at=AT, count=1)[0].contact == fifth


def test_the_page_costs_the_same_however_large_the_shop_is(shop: Topic) -> None:
    client, counts = client_with("view_contact", "view_forecastmodel"), []

    for more in (0, 40):
        crowd(more, country="GB")
        rank_prospects(at=AT)
        client.get(reverse("precise_mail_prospects"))  # what the session asks for once
        with CaptureQueriesContext(connection) as queries:
            client.get(reverse("precise_mail_prospects"))
        counts.append(len(queries))
        assert not [one for one in queries if "COUNT(" in one["sql"].upper()]

    assert counts[0] == counts[1]


def test_before_the_first_night_the_page_says_so() -> None:
    page = client_with("view_contact", "view_forecastmodel").get(reverse("precise_mail_prospects"))

    assert "it is done every night" in page.content.decode()


def test_the_place_is_in_the_export_of_own_data(shop: Topic) -> None:
    rank_prospects(at=AT)
    run = latest_run()
    assert run is not None
    best = best_prospects(run, at=AT, count=1)[0].contact

    rows = collect_everything(best)["potential_customer"]

    assert [row["place"] for row in rows] == [1]


def test_the_page_gives_reasons_and_masks_addresses(shop: Topic) -> None:
    rank_prospects(at=AT)
    client = client_with("view_contact", "view_forecastmodel")

    page = client.get(reverse("precise_mail_prospects")).content.decode()

    assert "times as common among customers" in page
    assert "@example.com" in page
    assert "contact-" not in page
    assert "Save the best as a list" not in page


def test_the_list_needs_a_permission_of_its_own(shop: Topic) -> None:
    rank_prospects(at=AT)
    data, url = {"name": "Good ones", "count": 5}, reverse("precise_mail_prospects_save")

    assert is_refused(client_with("view_contact", "view_forecastmodel").post(url, data))
    assert not ContactList.objects.exists()

    client = client_with("view_contact", "view_forecastmodel", "add_contactlist")
    assert "Save the best as a list" in client.get(reverse("precise_mail_prospects")).content.decode()
    client.post(url, data)
    assert ContactList.objects.get().contacts.count() == 5


def test_a_list_without_a_name_or_too_long_is_refused(shop: Topic) -> None:
    client = client_with("view_contact", "view_forecastmodel", "add_contactlist")
    rank_prospects(at=AT)

    for data in ({"name": "", "count": 5}, {"name": "X", "count": 10_001}, {"name": "X", "count": 0}):
        client.post(reverse("precise_mail_prospects_save"), data)

    assert not ContactList.objects.exists()


def test_without_data_the_page_has_no_number() -> None:
    rank_prospects(at=AT)
    page = client_with("view_contact", "view_forecastmodel").get(reverse("precise_mail_prospects"))

    assert "Not enough data" in page.content.decode()
    assert "Times as likely" not in page.content.decode()


@pytest.mark.parametrize(("lift", "is_chance"), [(0.4, True), (1.09, True), (1.1, False), (None, False)])
def test_an_order_no_better_than_chance_is_not_to_be_relied_on(lift: float | None, is_chance: bool) -> None:
    assert Likeness(40, 80, lift=lift).is_chance == is_chance


def test_a_name_leads_to_the_profile(shop: Topic) -> None:
    rank_prospects(at=AT)
    page = client_with("view_contact", "view_forecastmodel").get(reverse("precise_mail_prospects")).content.decode()
    best = find_prospects(AT, learn_likeness(AT))[0].contact

    assert reverse("precise-mail-contacts:inspect", args=[best.pk]) in page
