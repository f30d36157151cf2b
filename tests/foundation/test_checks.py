"""Every numbered check reports what it is about, and the example site passes them all."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core.checks import run_checks
from pytest_django import Settings

from wagtail_precise_mail import checks

SMTP = "django.core.mail.backends.smtp.EmailBackend"


@pytest.fixture(autouse=True)
def smtp_backend(settings: Settings) -> None:
    """The test runner replaces the backend."""
    settings.EMAIL_BACKEND = SMTP


def found() -> set[str]:
    messages = [
        message
        for check in (checks.check_options, checks.check_queue, checks.check_database, checks.check_addresses)
        for message in check(None)
    ]
    return {str(message.id).rpartition(".")[2] for message in messages}


def test_the_checks_are_registered(settings: Settings) -> None:
    settings.WAGTAIL_PRECISE_MAIL = {"channel": "pigeon"}
    assert "wagtail_precise_mail.E002" in {message.id for message in run_checks()}


def test_the_settings_of_the_example_site_pass_every_check() -> None:
    # A Redis broker is a note about what to expect, not a fault.
    assert found() - {"I002"} == set()


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"timeout": None}, "W001"),
        ({"timeout": 120, "retry": 120}, "W001"),
        ({"timeout": 90, "retry": None}, "W001"),
        ({"timeout": 35}, "W002"),
        ({"timeout": 300, "retry": 400}, "W003"),
        ({"ack_failures": False}, "W004"),
        ({"sync": True}, "W005"),
        ({"save_limit": 250}, "I001"),
        ({"redis": "redis://localhost"}, "I002"),
    ],
)
def test_risky_settings_of_the_queue_are_reported(settings: Settings, change: dict[str, Any], expected: str) -> None:
    settings.Q_CLUSTER = {key: value for key, value in {**settings.Q_CLUSTER, **change}.items() if value is not None}
    assert expected in found()


def test_a_queue_without_settings_is_reported(settings: Settings) -> None:
    del settings.Q_CLUSTER
    assert {"W001", "W004", "I001"} <= found()


def test_enough_attempts_are_as_good_as_acknowledged_failures(settings: Settings) -> None:
    settings.Q_CLUSTER = {**settings.Q_CLUSTER, "ack_failures": False, "max_attempts": 3}
    assert "W004" not in found()


@pytest.mark.parametrize(
    ("database", "expected"),
    [
        ({"ENGINE": "django.db.backends.postgresql", "CONN_MAX_AGE": 0}, {"I003"}),
        ({"ENGINE": "django.db.backends.postgresql", "CONN_MAX_AGE": None}, set()),
        ({"ENGINE": "django.db.backends.sqlite3", "CONN_MAX_AGE": None, "OPTIONS": {}}, {"W006"}),
        (
            {
                "ENGINE": "django.db.backends.sqlite3",
                "CONN_MAX_AGE": None,
                "OPTIONS": {"transaction_mode": "IMMEDIATE", "init_command": "PRAGMA synchronous=NORMAL"},
            },
            {"W006"},
        ),
    ],
)
def test_risky_settings_of_the_database_are_reported(database: dict[str, Any], expected: set[str]) -> None:
    assert {str(message.id).rpartition(".")[2] for message in checks._database(database)} == expected


@pytest.mark.parametrize(
    ("change", "debug", "expected"),
    [
        ({"base_url": "shop.example.com"}, False, "E004"),
        ({"base_url": "https://shop.example.com/shop/"}, False, "W007"),
        ({"base_url": "http://shop.example.com"}, False, "W008"),
        ({"base_url": ""}, False, "I004"),
        ({"unknown_key": 1}, False, "E001"),
        ({"claim_size": 0}, False, "E001"),
        ({"channel": "pigeon"}, False, "E002"),
    ],
)
def test_risky_options_are_reported(settings: Settings, change: dict[str, Any], debug: bool, expected: str) -> None:
    settings.DEBUG = debug
    settings.WAGTAIL_PRECISE_MAIL = change
    assert expected in found()


def test_plain_http_is_fine_on_a_developers_machine(settings: Settings) -> None:
    settings.DEBUG = True
    settings.WAGTAIL_PRECISE_MAIL = {"base_url": "http://localhost:8000"}
    assert found() == set()


def test_a_site_without_our_urls_is_told_how_to_add_them(settings: Settings) -> None:
    settings.ROOT_URLCONF = "wagtail.urls"
    assert "E003" in found()


def test_a_backend_that_sends_nothing_does_not_hold_campaigns_back_and_that_is_said(settings: Settings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
    assert "W009" in found()
    settings.WAGTAIL_PRECISE_MAIL = {**django_settings.WAGTAIL_PRECISE_MAIL, "channel": "memory"}
    assert "W009" not in found()


def test_confirmations_that_few_servers_would_take_are_reported(settings: Settings) -> None:
    settings.DEFAULT_FROM_EMAIL = "webmaster@localhost"
    assert "W010" in found()
    vouched = {"verified_sender_domains": ["example.com"]}
    settings.WAGTAIL_PRECISE_MAIL = {**django_settings.WAGTAIL_PRECISE_MAIL, **vouched}
    assert "W010" not in found()


def test_the_mailers_of_django_6_1_are_looked_at(settings: Settings) -> None:
    settings.MAILERS = {"default": {"BACKEND": "django.core.mail.backends.console.EmailBackend"}}
    assert "W009" in found()
