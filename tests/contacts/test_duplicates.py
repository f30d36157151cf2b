"""Looking for contacts who may be one person."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from django_q.models import OrmQ

from tests.contacts.colleagues import client_with, is_refused
from tests.factories.contacts import make_contact
from wagtail_precise_mail.contacts.duplicates import dismiss, find_duplicates
from wagtail_precise_mail.contacts.lookalikes import mailbox_of, skeleton_of
from wagtail_precise_mail.contacts.merges import DuplicatePair
from wagtail_precise_mail.contacts.models import Contact

pytestmark = pytest.mark.django_db

PERSON = {"first_name": "Ann", "last_name": "Smith"}


def found() -> list[tuple[int, int, str]]:
    find_duplicates()
    return list(DuplicatePair.objects.order_by("pk").values_list("first", "second", "reason"))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ann.smith@gmail.com", "annsmith+shop@googlemail.com"),
        ("ann@outlook.com", "ann+x@outlook.com"),
        ("ann@me.com", "ann@icloud.com"),
    ],
)
def test_two_spellings_of_one_mailbox_are_found(one: str, other: str) -> None:
    first, second = make_contact(email=one), make_contact(email=other)
    assert found() == [(first.pk, second.pk, "same_mailbox")]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ann.smith@example.com", "annsmith@example.com"),
        ("ann@outlook.com", "a.nn@outlook.com"),
        ("ann@gmail.com", "ann@outlook.com"),
    ],
)
def test_what_another_provider_may_tell_apart_is_not_one(one: str, other: str) -> None:
    make_contact(email=one)
    make_contact(email=other)
    assert found() == []


def test_an_address_in_letters_that_look_alike_is_found() -> None:
    first = make_contact(email="ann@paypal.com")
    second = make_contact(email="ann@pаypal.com")
    make_contact(email="ann@münchen.example")
    assert found() == [(first.pk, second.pk, "lookalike")]


def test_an_account_with_the_address_of_another_contact_is_found() -> None:
    user = User.objects.create_user("ann", email="ANN@example.com")
    first, second = make_contact(user=user), make_contact(email="ann@example.com")
    make_contact(user=User.objects.create_user("bob", email="bob@example.com"), email="bob@example.com")
    assert found() == [(first.pk, second.pk, "same_account")]


@pytest.mark.parametrize(
    ("one", "other", "reason"),
    [
        ({"birthday_on": date(1990, 5, 12)}, {"birthday_on": date(1990, 5, 12)}, "birthday"),
        ({"attributes": {"phone": "+44 20 7946 0018"}}, {"attributes": {"mobile": "02079460018"}}, "phone"),
        ({"attributes": {"postcode": "LS1 4AP"}}, {"attributes": {"zip": "ls14ap"}}, "postcode"),
    ],
)
def test_the_same_name_with_something_else_in_common_is_found(one: Any, other: Any, reason: str) -> None:
    first = make_contact(**PERSON, **one)
    second = make_contact(**{**PERSON, "first_name": "ANN"}, **other)
    make_contact(**PERSON)
    make_contact(first_name="Anna", last_name="Smith", **other)
    assert found() == [(first.pk, second.pk, reason)]


def test_looking_again_adds_nothing_and_forgets_what_is_gone() -> None:
    first, second = make_contact(email="ann@gmail.com"), make_contact(email="an.n@gmail.com")
    assert find_duplicates() == 1
    assert find_duplicates() == 0
    second.email = "anne@example.com"
    second.save()
    assert found() == []
    assert first.pk


def test_a_pair_of_two_people_does_not_come_again() -> None:
    make_contact(email="ann@gmail.com")
    make_contact(email="an.n@gmail.com")
    find_duplicates()
    dismiss(DuplicatePair.objects.get(), by=None)
    assert find_duplicates() == 0
    assert DuplicatePair.objects.filter(dismissed_at=None).count() == 0


def test_the_number_of_queries_does_not_grow(django_assert_num_queries: Any) -> None:
    def some(number: int) -> None:
        for index in range(number):
            make_contact(email=f"ann.{number}{index}@gmail.com", **PERSON, birthday_on=date(1990, 5, 12))

    some(2)
    find_duplicates()
    with django_assert_num_queries(8) as few:
        some_before = Contact.objects.count()
        find_duplicates()
    some(20)
    find_duplicates()
    with django_assert_num_queries(len(few)):
        assert Contact.objects.count() > some_before
        find_duplicates()


def test_mailboxes_and_skeletons() -> None:
    assert mailbox_of("a.b+c@googlemail.com") == "ab@gmail.com"
    assert mailbox_of("a.b+c@example.com") == ""
    assert skeleton_of("ann@exаmple.com") == "ann@example.com"


class TestAdmin:
    URL = property(lambda self: reverse("precise-mail-duplicates:index"))

    def test_pairs_are_listed_and_set_aside(self, admin_client: Any, admin_user: User) -> None:
        make_contact(email="ann@gmail.com", first_name="Ann")
        make_contact(email="an.n@gmail.com", first_name="Anne")
        find_duplicates()
        html = admin_client.get(self.URL).content.decode()
        assert "ann@gmail.com" in html
        assert "Their provider delivers both" in html
        pair = DuplicatePair.objects.get()
        admin_client.post(reverse("precise-mail-duplicates:dismiss", args=[pair.pk]))
        assert "There is nothing to look at" in admin_client.get(self.URL).content.decode()
        pair.refresh_from_db()
        assert pair.dismissed_by == admin_user

    @pytest.mark.django_db(transaction=True)
    def test_looking_now_is_done_in_the_background(self, admin_client: Any) -> None:
        before = OrmQ.objects.count()
        admin_client.post(reverse("precise-mail-duplicates:look"))
        assert OrmQ.objects.count() == before + 1

    def test_the_number_of_queries_does_not_grow(self, admin_client: Any, django_assert_num_queries: Any) -> None:
        def pair(number: int) -> None:
            make_contact(email=f"ann{number}@gmail.com")
            make_contact(email=f"an.n{number}@gmail.com")
            find_duplicates()

        pair(0)
        admin_client.get(self.URL)
        with django_assert_num_queries(9) as few:
            admin_client.get(self.URL)
        for number in range(1, 6):
            pair(number)
        with django_assert_num_queries(len(few)):
            admin_client.get(self.URL)

    def test_it_is_for_those_who_may_merge(self) -> None:
        assert is_refused(client_with("view_contact", "change_contact").get(self.URL))
        assert client_with("view_contact", "merge_contact").get(self.URL).status_code == 200
