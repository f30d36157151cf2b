"""Sender, address and the way out, in the finished mail."""

from __future__ import annotations

from typing import Any

import pytest

from tests.emails.checks import facts, found
from tests.factories.emails import default_site, make_brand, make_identity, raw_block
from wagtail_precise_mail.emails.checks import run_checks

pytestmark = pytest.mark.django_db

LOCMEM = "django.template.loaders.locmem.Loader"
DOCUMENT = "wagtail_precise_mail/emails/document.mjml"
# A template of a project that has lost its footer.
BARE = (
    '<mjml lang="{{ language }}"><mj-head><mj-title>{{ subject }}</mj-title></mj-head>'
    "<mj-body>{{ body }}</mj-body></mjml>"
)


@pytest.fixture
def _without_footer(settings: Any) -> None:
    (django,) = [one for one in settings.TEMPLATES if one["BACKEND"].endswith("DjangoTemplates")][:1]
    loaders = [
        (LOCMEM, {DOCUMENT: BARE}),
        "django.template.loaders.filesystem.Loader",
        "django.template.loaders.app_directories.Loader",
    ]
    options = {key: value for key, value in django["OPTIONS"].items() if key != "loaders"}
    settings.TEMPLATES = [{**django, "APP_DIRS": False, "OPTIONS": {**options, "loaders": loaders}}]


def test_whole_mail_has_a_way_out_and_an_address() -> None:
    assert found("unsubscribe_missing") == []
    assert found("postal_address") == []


@pytest.mark.usefixtures("_without_footer")
def test_template_without_its_footer_is_an_error() -> None:
    seen = facts()
    assert seen.filled is not None
    findings = [one for one in run_checks(seen) if one.key in ("unsubscribe_missing", "postal_address")]
    assert [finding.message for finding in findings if finding.is_error] == [
        "The mail has no unsubscribe link.",
        "The mail does not show the postal address.",
    ]


@pytest.mark.usefixtures("_without_footer")
@pytest.mark.parametrize(("selection", "expected"), [("favorites", True), ("newest", False)])
def test_content_by_what_people_did_needs_the_link_to_refuse_that(selection: str, expected: bool) -> None:
    block = raw_block("product_list", selection=selection, count=2, fallback="", layout="above", columns="2")
    findings = [one for one in run_checks(facts(block)) if one.key == "profiling_refusal"]
    assert [one.message for one in findings if one.is_error] == (
        ["Content is chosen by what people did, and the mail has no link to refuse that."] if expected else []
    )


def test_footer_has_the_link_to_refuse_it() -> None:
    block = raw_block("product_list", selection="favorites", count=2, fallback="", layout="above", columns="2")
    assert found("profiling_refusal", block) == []


@pytest.mark.parametrize(
    ("sender", "key", "is_error"),
    [
        ({"address": "no-reply@shop.example.com"}, "sender_no_reply", False),
        ({"reply_to": "donotreply@shop.example.com"}, "sender_no_reply", False),
        ({"reply_to": "noreply@shop.example.com"}, "sender_no_reply", False),
        ({"is_verified": False}, "sender_unverified", True),
    ],
)
def test_sender_that_lacks_something(sender: dict[str, Any], key: str, is_error: bool) -> None:
    make_brand(sender=make_identity(**sender))
    (finding,) = found(key)
    assert (finding.is_error, finding.field, finding.place) == (is_error, "sender", "Sender")


def test_brand_without_a_sender_is_an_error() -> None:
    make_brand(sender=None)
    (finding,) = found("sender_missing")
    assert finding.is_error
    assert "Settings, Email brand" in finding.remedy


def test_brand_without_a_postal_address_is_an_error() -> None:
    make_brand(postal_address=" \n ")
    (finding,) = found("postal_address")
    assert (finding.is_error, finding.field) == (True, "brand")


@pytest.mark.parametrize(
    "address", ["hello@shop.example.com", "norbert@shop.example.com", "nora.reply@shop.example.com"]
)
def test_sender_that_answers(address: str) -> None:
    make_brand(sender=make_identity(address, reply_to="team@shop.example.com"))
    for key in ("sender_missing", "sender_unverified", "sender_no_reply", "company_missing"):
        assert found(key) == []


def test_company_that_is_a_host_name_is_an_error() -> None:
    site = default_site()
    site.site_name = ""
    site.save()
    make_brand(company_name="")
    (finding,) = found("company_missing")
    assert finding.is_error
