"""Senders: one row per address, usable while the address is the one that was verified, or its domain is vouched for."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.utils import timezone
from pytest_django import Settings

from tests.factories.emails import make_identity
from wagtail_precise_mail.conf import options
from wagtail_precise_mail.emails.senders import SenderIdentity, is_vouched_for, sender_problem
from wagtail_precise_mail.exceptions import ConfigurationError

State = SenderIdentity.State

pytestmark = pytest.mark.django_db


@pytest.fixture
def vouched(settings: Settings) -> None:
    settings.WAGTAIL_PRECISE_MAIL = {
        **settings.WAGTAIL_PRECISE_MAIL,
        "verified_sender_domains": ["Example.com", "bücher.example"],
    }


def test_verified_sender_is_usable() -> None:
    assert make_identity().is_usable
    assert sender_problem(make_identity()) is None


def test_new_sender_is_not_usable() -> None:
    sender = make_identity(is_verified=False)
    problem = sender_problem(sender)
    assert (sender.is_usable, sender.state) == (False, State.UNVERIFIED)
    assert problem is not None
    assert "hello@shop.example.com" in problem.message


def test_another_address_is_not_verified() -> None:
    sender = make_identity()
    sender.address = "other@shop.example.com"
    assert not sender.is_usable
    sender.save()
    sender.refresh_from_db()
    assert (sender.verified_at, sender.verified_address, sender.verified_by) == (None, "", "")


def test_address_that_comes_back_is_verified_anew() -> None:
    sender = make_identity()
    for address in ("other@shop.example.com", "hello@shop.example.com"):
        sender.address = address
        sender.save(update_fields=["address"])
    sender.refresh_from_db()
    assert not sender.is_usable


def test_address_that_is_changed_behind_our_back_is_not_verified() -> None:
    sender = make_identity()
    SenderIdentity.objects.update(address="other@shop.example.com")
    sender.refresh_from_db()
    assert not sender.is_usable


def test_another_name_keeps_the_verification() -> None:
    sender = make_identity()
    sender.name = "Ada from Fern & Kettle"
    sender.save()
    sender.refresh_from_db()
    assert sender.is_usable


def test_one_address_is_one_sender_however_it_is_written() -> None:
    make_identity("hello@shop.example.com")
    with pytest.raises(IntegrityError):
        SenderIdentity.objects.create(name="Twin", address="Hello@Shop.example.com")


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        (" Ruth@Example.COM ", "ruth@example.com"),
        ("ruth@xn--bcher-kva.example", "ruth@bücher.example"),
        ("ruth@BÜCHER.example", "ruth@bücher.example"),
    ],
)
def test_addresses_are_written_as_they_are_compared(given: str, stored: str) -> None:
    sender = SenderIdentity(name=" Ruth \n Ackroyd ", address=given.strip(), reply_to=given.strip())
    sender.full_clean()
    assert (sender.name, sender.address, sender.reply_to) == ("Ruth Ackroyd", stored, stored)


@pytest.mark.parametrize("field", ["address", "reply_to"])
def test_what_is_no_address_is_refused_beside_its_field(field: str) -> None:
    sender = SenderIdentity(**{"name": "Ruth", "address": "ruth@example.com", field: "ruth@"})
    with pytest.raises(ValidationError) as refused:
        sender.full_clean()
    assert field in refused.value.message_dict


@pytest.mark.usefixtures("vouched")
@pytest.mark.parametrize(
    ("address", "is_fine"),
    [
        ("news@example.com", True),
        ("News@EXAMPLE.com", True),
        ("news@mail.example.com", True),
        ("news@xn--bcher-kva.example", True),
        ("news@shop.bücher.example", True),
        ("news@badexample.com", False),
        ("news@example.com.evil.example", False),
        ("news@com", False),
        ("example.com", False),
    ],
)
def test_domains_of_the_settings_vouch_for_what_is_below_them(address: str, is_fine: bool) -> None:
    assert is_vouched_for(address) == is_fine


@pytest.mark.usefixtures("vouched")
def test_sender_of_a_domain_that_is_vouched_for_is_usable() -> None:
    sender = make_identity("news@mail.example.com", is_verified=False)
    assert (sender.is_usable, sender.state) == (True, State.VOUCHED)


@pytest.mark.parametrize("value", ["example.com", ["com"], [""], ["a@example.com"], [".example.com"], [1], ["*.x.com"]])
def test_domains_that_would_vouch_for_strangers_are_refused(settings: Settings, value: object) -> None:
    settings.WAGTAIL_PRECISE_MAIL = {"verified_sender_domains": value}
    with pytest.raises(ConfigurationError, match="verified_sender_domains"):
        options()


def test_state_tells_how_far_the_verification_has_come() -> None:
    now = timezone.now()
    sender = make_identity(is_verified=False, requested_at=now, requested_address="hello@shop.example.com")
    assert sender.state_at(now + timedelta(days=3) - timedelta(seconds=1)) == State.ASKED
    assert sender.state_at(now + timedelta(days=3)) == State.EXPIRED
    sender.address = "other@shop.example.com"
    assert sender.state_at(now) == State.UNVERIFIED
