"""How much promotion readers would have been sent within 30 days, the next campaign included."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries, Settings

from tests.campaigns.test_translations import translate
from tests.factories.campaigns import NOW, make_campaign, make_email, make_readers, make_sender, make_user
from tests.factories.contacts import make_topic
from tests.factories.emails import compiled
from tests.factories.tracking import make_message, make_send
from wagtail_precise_mail.campaigns import services
from wagtail_precise_mail.campaigns.models import Campaign
from wagtail_precise_mail.campaigns.preflight import preflight
from wagtail_precise_mail.campaigns.promotion import PromotionOverTime, promotion_over_time
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.delivery.models import OutboxMessage, Send, SendVersion
from wagtail_precise_mail.emails.models import CompiledEmail

pytestmark = pytest.mark.django_db

TEXT = {"type": "rich_text", "value": "<p>Moss, mostly.</p>"}
LIST = {"type": "product_list", "value": {"selection": "newest", "count": 2}}


def email_of(promotion: int, editorial: int) -> Any:
    return make_email(body=[*[LIST] * promotion, *[TEXT] * editorial])


def sent(contacts: list[Contact], promotion: int, editorial: int, *, days_ago: int = 5, **overrides: Any) -> Send:
    """A mail of so many parts that contacts were sent."""
    send = make_send(is_test=overrides.pop("is_test", False))
    parts = {"promotion_count": promotion, "editorial_count": editorial}
    CompiledEmail.objects.filter(pk=send.compiled_id).update(**parts)
    for contact in contacts:
        make_message(send, contact, created_at=NOW - timedelta(days=days_ago), **overrides)
    return send


def campaign_for(number: int, promotion: int, editorial: int) -> tuple[Campaign, list[Contact]]:
    topic = make_topic()
    readers = make_readers(topic, number)
    return make_campaign(email=email_of(promotion, editorial), topic=topic), readers


def warnings(campaign: Campaign, at: datetime = NOW) -> list[str]:
    return [one.message for one in preflight(campaign, at=at) if one.key == "promotion_over_time"]


def test_parts_are_counted_when_an_email_is_compiled() -> None:
    row = compiled(email_of(2, 1))
    assert (row.promotion_count, row.editorial_count) == (2, 1)


def test_readers_above_the_limit_are_counted_with_this_mail() -> None:
    campaign, readers = campaign_for(4, promotion=2, editorial=1)
    sent(readers[:2], 8, 1)
    sent(readers[1:3], 0, 9)
    # 10 of 12 parts; 10 of 21; 2 of 12; 2 of 3, which is below 80 %.
    assert warnings(campaign) == [
        "1 of 4 would have been sent more than 80% promotion within 30 days, this email included."
    ]


def test_mail_that_is_too_much_by_itself_is_so_for_those_who_were_sent_nothing_else() -> None:
    campaign, readers = campaign_for(3, promotion=9, editorial=1)
    sent(readers[:1], 0, 9)
    assert [one[:6] for one in warnings(campaign)] == ["2 of 3"]


def test_nobody_above_the_limit_is_no_warning() -> None:
    campaign, readers = campaign_for(2, promotion=4, editorial=1)
    sent(readers, 4, 1)
    assert warnings(campaign) == []


def test_two_parts_say_nothing() -> None:
    campaign, _readers = campaign_for(2, promotion=2, editorial=0)
    assert warnings(campaign) == []


@pytest.mark.parametrize(
    "left_out", [{"days_ago": 31}, {"is_test": True}, {"state": OutboxMessage.State.REJECTED}, {"days_ago": -1}]
)
def test_what_they_were_not_sent_lately_does_not_count(left_out: dict[str, Any]) -> None:
    campaign, readers = campaign_for(2, promotion=2, editorial=1)
    sent(readers, 20, 0, **left_out)
    assert warnings(campaign) == []


def test_limit_and_days_are_settings(settings: Settings) -> None:
    campaign, readers = campaign_for(2, promotion=2, editorial=1)
    sent(readers, 4, 2, days_ago=40)
    assert warnings(campaign) == []
    own = {"max_promotion_percent_over_time": 60, "promotion_days": 60}
    settings.WAGTAIL_PRECISE_MAIL = {**settings.WAGTAIL_PRECISE_MAIL, **own}
    assert warnings(campaign) == [
        "2 of 2 would have been sent more than 60% promotion within 60 days, this email included."
    ]


def test_each_reader_counts_with_the_language_that_they_get() -> None:
    campaign, readers = campaign_for(3, promotion=0, editorial=3)
    translate(campaign.email, "de", body=json.dumps([LIST] * 5))
    Contact.objects.filter(pk=readers[0].pk).update(locale="de-AT")
    assert [one[:6] for one in warnings(campaign)] == ["1 of 3"]


def test_language_in_which_a_mail_left_counts() -> None:
    campaign, readers = campaign_for(1, promotion=2, editorial=1)
    send = sent(readers, 0, 9, language="de")
    german = make_send().compiled
    CompiledEmail.objects.filter(pk=german.pk).update(promotion_count=9, editorial_count=0)
    SendVersion.objects.create(send=send, language="de", compiled=german)
    assert len(warnings(campaign)) == 1


def test_number_of_queries_does_not_grow_with_readers_and_mails(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    for number in (2, 30):
        campaign, readers = campaign_for(number, promotion=9, editorial=0)
        for _time in range(number):
            sent(readers, 1, 1)
        email = campaign.email
        with django_assert_num_queries(4):  # what the site asks, the excluded segments, the locales, the one language
            found = promotion_over_time(campaign, {"en": email}, original="en", at=NOW, send_at=NOW)
        assert found == PromotionOverTime(number, number if number == 2 else 0)


def test_scheduling_does_not_count_what_is_only_a_warning() -> None:
    campaign, readers = campaign_for(2, promotion=9, editorial=0)
    sent(readers, 3, 0)
    with CaptureQueriesContext(connection) as asked:
        services.schedule(campaign, scheduled_at=NOW, by=make_sender(), at=NOW)
    assert not any("wpm_excess" in query["sql"] for query in asked)
    with CaptureQueriesContext(connection) as asked:
        assert warnings(campaign)
    assert any("wpm_excess" in query["sql"] for query in asked)


def test_profile_of_a_contact_says_it(client: Client) -> None:
    _campaign, (reader,) = campaign_for(1, promotion=1, editorial=0)
    send = sent([reader], 3, 1)
    OutboxMessage.objects.filter(send=send).update(created_at=datetime.now(tz=NOW.tzinfo) - timedelta(days=1))
    client.force_login(make_user("access_admin", "view_contact"))
    page = client.get(reverse("precise-mail-contacts:inspect", args=[reader.pk])).content.decode()
    assert "75%" in page
    assert "3 of 4 parts in 30 days" in page
