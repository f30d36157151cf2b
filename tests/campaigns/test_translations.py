"""One campaign in several languages: each contact gets theirs, of one compile each, pinned like the original."""

from __future__ import annotations

import email as email_package
from collections.abc import Iterator
from datetime import timedelta
from email.policy import default
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings
from wagtail.models import Locale, Revision

from tests.factories.campaigns import DUE_AT, NOW, make_campaign, make_email, make_sender
from tests.factories.contacts import grant, make_contact
from tests.factories.emails import compiled
from wagtail_precise_mail.campaigns import services
from wagtail_precise_mail.campaigns.models import Campaign
from wagtail_precise_mail.campaigns.preflight import preflight
from wagtail_precise_mail.campaigns.queries import report_for
from wagtail_precise_mail.delivery import services as delivery
from wagtail_precise_mail.delivery.channels import MemoryChannel
from wagtail_precise_mail.delivery.composing import Composer
from wagtail_precise_mail.delivery.models import OutboxMessage
from wagtail_precise_mail.delivery.webversion import own_page
from wagtail_precise_mail.emails import mjml
from wagtail_precise_mail.emails.models import Email
from wagtail_precise_mail.tracking.models import MessageEvent

pytestmark = pytest.mark.django_db


@pytest.fixture
def compiles() -> Iterator[list[int]]:
    """A list with an entry for each compile of MJML."""
    seen: list[int] = []

    def count(size: int, **kwargs: Any) -> None:
        seen.append(size)

    mjml.compiled.connect(count)
    yield seen
    mjml.compiled.disconnect(count)


def translate(original: Email, code: str, *, publish: bool = True, **fields: Any) -> Email:
    copy = original.copy_for_translation(Locale.objects.get_or_create(language_code=code)[0])
    for name, value in fields.items():
        setattr(copy, name, value)
    copy.save()
    revision = copy.save_revision()
    if publish:
        revision.publish()
    return Email.objects.get(pk=copy.pk)


def in_three_languages() -> Email:
    original = make_email(subject="New in the shop")
    translate(original, "de", subject="Neu im Laden")
    translate(original, "zh-hans", subject="新品上架")
    return original


def readers(campaign: Campaign, *locales: str) -> None:
    for locale in locales:
        grant(make_contact(locale=locale), campaign.topic)


def send(campaign: Campaign) -> Campaign:
    services.schedule(campaign, scheduled_at=DUE_AT, by=make_sender(), at=NOW)
    services.start_due(DUE_AT)
    campaign.refresh_from_db()
    assert campaign.send is not None
    delivery.deliver(campaign.send.pk)
    return campaign


def subjects() -> list[str]:
    parsed = [email_package.message_from_bytes(envelope.content, policy=default) for envelope in MemoryChannel.outbox]
    return sorted(str(message["Subject"]) for message in parsed)


def test_each_contact_gets_their_language(settings: Settings) -> None:
    settings.WAGTAIL_PRECISE_MAIL = {**settings.WAGTAIL_PRECISE_MAIL, "language_fallbacks": {"zh-hant": ["zh-hans"]}}
    campaign = make_campaign(email=in_three_languages())
    readers(campaign, "de-at", "zh-hans-cn", "zh-tw", "fr", "")
    send(campaign)
    assert subjects() == sorted(["Neu im Laden", "新品上架", "新品上架", "New in the shop", "New in the shop"])
    languages = OutboxMessage.objects.order_by("contact_id").values_list("language", flat=True)
    assert list(languages) == ["de", "zh-hans", "zh-hans", "en", "en"]


@pytest.mark.slow
def test_three_languages_are_three_compiles(compiles: list[int], settings: Settings) -> None:
    settings.WAGTAIL_PRECISE_MAIL = {**settings.WAGTAIL_PRECISE_MAIL, "claim_size": 500, "handoff_size": 500}
    campaign = make_campaign(email=in_three_languages())
    readers(campaign, *(["de", "zh-hans", "en", "fr"] * 250))
    send(campaign)
    assert len(MemoryChannel.outbox) == 1000
    assert len(compiles) == 3


def test_only_published_translations_are_sent() -> None:
    original = make_email(subject="New in the shop")
    translate(original, "de", subject="Neu im Laden", publish=False)
    campaign = make_campaign(email=original)
    readers(campaign, "de")
    (warning,) = [one for one in preflight(campaign, at=NOW) if "translation" in str(one.message)]
    assert not warning.is_error
    send(campaign)
    assert subjects() == ["New in the shop"]
    assert OutboxMessage.objects.get().language == ""


def test_translations_are_pinned_like_the_original() -> None:
    original = in_three_languages()
    campaign = make_campaign(email=original)
    readers(campaign, "de")
    services.schedule(campaign, scheduled_at=DUE_AT, by=make_sender(), at=NOW)
    german = original.get_translation(Locale.objects.get(language_code="de"))
    assert campaign.translation_revisions["de"] == german.live_revision_id
    german.subject = "Zu spät"
    german.save_revision().publish()
    translate(original, "fr", subject="Trop tard")
    readers(campaign, "fr")
    services.start_due(DUE_AT)
    campaign.refresh_from_db()
    delivery.deliver(campaign.send_id or 0)
    assert subjects() == ["Neu im Laden", "New in the shop"]


def test_unscheduling_forgets_the_pins() -> None:
    campaign = make_campaign(email=in_three_languages())
    services.schedule(campaign, scheduled_at=DUE_AT, by=make_sender(), at=NOW)
    assert set(campaign.translation_revisions) == {"de", "zh-hans"}
    services.unschedule(campaign, by=make_sender())
    assert Campaign.objects.get(pk=campaign.pk).translation_revisions == {}


def test_deleted_version_of_a_translation_pauses_the_campaign() -> None:
    campaign = make_campaign(email=in_three_languages())
    readers(campaign, "de")
    services.schedule(campaign, scheduled_at=DUE_AT, by=make_sender(), at=NOW)
    Email.objects.update(live_revision=None, latest_revision=None)
    Revision.objects.filter(pk=campaign.translation_revisions["de"]).delete()
    services.start_due(DUE_AT)
    campaign.refresh_from_db()
    assert campaign.state == Campaign.State.PAUSED
    assert "version in de" in campaign.pause_reason


def test_what_is_wrong_in_a_translation_is_found_before_scheduling() -> None:
    original = make_email()
    translate(original, "de", subject="")
    campaign = make_campaign(email=original)
    errors = [finding for finding in preflight(campaign, at=NOW) if finding.is_error]
    assert [str(error.place) for error in errors] == ["German: Subject"]


def test_what_is_wrong_in_every_language_is_said_once_and_the_rest_with_its_language() -> None:
    original = make_email(preheader="")
    for code in ("de", "zh-hans"):
        translate(original, code)
    translate(original, "fr", subject="Re: Bonjour")
    found = preflight(make_campaign(email=original), at=NOW)
    assert [one.place for one in found if one.key == "preheader_missing"] == ["Preheader"]
    assert [one.place for one in found if one.key == "subject_fake_reply"] == ["French: Subject"]


def test_web_version_shows_the_language_that_was_sent() -> None:
    campaign = make_campaign(email=in_three_languages())
    readers(campaign, "zh-hans")
    send(campaign)
    message = OutboxMessage.objects.select_related("send").get()
    page = own_page(message)
    assert (page.language, page.title) == ("zh-hans", "新品上架")
    message.contact.locale = "de"
    message.contact.save()
    assert own_page(OutboxMessage.objects.get()).language == "zh-hans", "as it was sent"


def test_public_pages_are_one_per_language() -> None:
    original = in_three_languages()
    Email.objects.update(is_indexable=True)
    for email in Email.objects.all():
        email.save_revision().publish()
    campaign = make_campaign(email=Email.objects.get(pk=original.pk))
    readers(campaign, "de")
    send(campaign)
    for language, subject in [("de", "Neu im Laden"), ("zh-hans", "新品上架"), ("en", "New in the shop")]:
        page = Client().get(f"/mail/email/{campaign.send_id}/{language}/")
        assert subject in page.content.decode()
        assert page["Content-Language"] == language
    assert "New in the shop" in Client().get(f"/mail/email/{campaign.send_id}/").content.decode()


def test_clicks_are_counted_on_the_link_that_was_clicked() -> None:
    original = make_email()
    body = [
        {"type": "button", "value": {"label": "Erst das", "url": "https://shop.example.com/de/"}},
        {"type": "button", "value": {"label": "In den Laden", "url": "https://shop.example.com/neu/"}},
    ]
    translate(original, "de", body=body)
    campaign = make_campaign(email=original)
    readers(campaign, "de", "en")
    send(campaign)
    assert campaign.send is not None
    for message in OutboxMessage.objects.all():
        MessageEvent.objects.create(
            message=message, send=campaign.send, contact=message.contact, kind="click", link_index=1, happened_at=NOW
        )
    links = {(link.language, link.label): link.click_count for link in report_for(campaign.send).links}
    assert links[("de", "Erst das")] == 1
    assert links[("de", "In den Laden")] == 0
    assert links[("en", "To the shop")] == 1


def test_test_mail_of_a_translation_is_in_its_language() -> None:
    german = in_three_languages().get_translation(Locale.objects.get(language_code="de"))
    message = delivery.send_test(
        compiled(german), "colleague@example.com", from_address="shop@example.com", base_url="https://shop.example.com"
    )
    delivery.deliver(message.send_id)
    assert subjects() == ["[Test] Neu im Laden"]


def test_choosing_a_language_costs_no_query_for_each_contact(django_assert_num_queries: Any) -> None:
    campaign = make_campaign(email=in_three_languages())
    readers(campaign, "de", "en", "zh-hans")
    services.schedule(campaign, scheduled_at=DUE_AT, by=make_sender(), at=NOW)
    services.start_due(DUE_AT)
    campaign.refresh_from_db()
    assert campaign.send is not None
    composer = Composer(campaign.send)
    addressed = [(message, message.contact) for message in OutboxMessage.objects.select_related("contact")]
    with django_assert_num_queries(0):
        composer.load(addressed * 10, at=NOW + timedelta(hours=1))
