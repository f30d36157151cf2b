"""Campaigns and digests: from scheduling to figures that add up, on every screen that tells of them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.module_loading import import_string
from pytest_django import Settings
from wagtail.models import Site

from tests.factories.campaigns import DUE_AT, NOW, make_campaign, make_readers, make_scheduled, make_user
from tests.factories.contacts import make_list, make_topic
from tests.factories.segments import make_segment
from wagtail_precise_mail.campaigns import services
from wagtail_precise_mail.campaigns.audience import preview_audience
from wagtail_precise_mail.campaigns.models import Campaign
from wagtail_precise_mail.campaigns.preflight import preflight
from wagtail_precise_mail.campaigns.queries import report_for
from wagtail_precise_mail.campaigns.schedules import RECURRING
from wagtail_precise_mail.contacts.models import Contact, Topic
from wagtail_precise_mail.delivery import services as delivery
from wagtail_precise_mail.delivery.channels import MemoryChannel
from wagtail_precise_mail.delivery.digests.gathering import send_due_digests
from wagtail_precise_mail.delivery.digests.models import DigestIssue
from wagtail_precise_mail.delivery.models import Send

pytestmark = pytest.mark.django_db
# The morning after the month of ``DUE_AT``.
NEXT_MONTH = DUE_AT.replace(month=4, day=1)


@pytest.fixture(autouse=True)
def memory(settings: Settings) -> Any:
    settings.WAGTAIL_PRECISE_MAIL = {**settings.WAGTAIL_PRECISE_MAIL, "channel": "memory"}
    MemoryChannel.outbox.clear()
    with time_machine.travel(NOW, tick=False):
        yield


def sent(topic: Topic, **overrides: Any) -> Campaign:
    campaign = make_scheduled(topic=topic, **overrides)
    services.start_due(DUE_AT)
    campaign.refresh_from_db()
    assert campaign.send is not None
    delivery.deliver(campaign.send.pk)
    return campaign


def monthly(contacts: list[Contact]) -> None:
    Contact.objects.filter(pk__in=[one.pk for one in contacts]).update(cadence="monthly")


def text_of(response: Any) -> str:
    return " ".join(response.content.decode().split())


def test_four_campaigns_become_one_digest_of_the_campaigns_site() -> None:
    topic = make_topic(name="Newsletter")
    every, wants_less = make_readers(topic, 2)
    monthly([wants_less])
    for _week in range(4):
        sent(topic)
    assert [one.recipient for one in MemoryChannel.outbox] == [every.email] * 4
    assert set(DigestIssue.objects.values_list("contact", "site")) == {(wants_less.pk, Site.objects.get().pk)}
    (send,) = send_due_digests(NEXT_MONTH)
    delivery.deliver(send.pk)
    assert [one.recipient for one in MemoryChannel.outbox[4:]] == [wants_less.email]
    assert b"4 issues of Newsletter" in MemoryChannel.outbox[-1].content


def test_the_audience_is_sent_kept_and_left_out_and_that_is_all() -> None:
    topic = make_topic()
    readers = make_readers(topic, 5)
    monthly(readers[:2])
    make_list(readers[1], slug="staff")
    staff = make_segment({"in_list": {"lists": ["staff"]}})
    campaign = make_campaign(topic=topic, excluded_segments=[staff])
    audience = preview_audience(campaign, at=NOW)
    assert (audience.sendable_count, audience.kept_count, audience.skipped) == (3, 1, {"excluded": 1})
    assert audience.total_count == audience.sendable_count + audience.kept_count + audience.skipped_count


def test_parts_of_the_report_sum_to_the_audience_and_say_kept() -> None:
    topic = make_topic()
    readers = make_readers(topic, 3)
    monthly(readers[:1])
    campaign = sent(topic)
    assert campaign.send is not None
    report = report_for(campaign.send)
    assert sum(part.share.count for part in report.parts) == report.progress.total == 3
    assert {(part.key, part.label, part.share.count) for part in report.parts if part.key != "accepted"} == {
        ("kept", "kept for a digest", 1)
    }


def test_only_readers_of_digests_are_somebody() -> None:
    topic = make_topic()
    monthly(make_readers(topic, 1))
    campaign = make_campaign(topic=topic)
    assert "Nobody would get this email." not in [finding.message for finding in preflight(campaign, at=NOW)]


def test_a_topic_without_digests_keeps_nothing() -> None:
    topic = make_topic(has_digests=False)
    monthly(make_readers(topic, 1))
    campaign = sent(topic)
    assert campaign.send is not None
    assert campaign.send.digest_site is None
    assert not DigestIssue.objects.exists()
    assert campaign.send.messages.get().state == "accepted"


def test_the_campaign_page_tells_what_became_of_what_was_kept(client: Client) -> None:
    topic = make_topic()
    monthly(make_readers(topic, 2))
    campaign = sent(topic)
    client.force_login(make_user(is_superuser=True))
    url = reverse("precise-mail-campaigns:inspect", args=[campaign.pk])
    before = text_of(client.get(url))
    assert "2 contacts want mail less often and get it in a digest." in before
    assert "So far 0 have got it, 0 have opened it from there, and 2 still wait." in before
    assert "skipped: kept" not in before
    (send,) = send_due_digests(NEXT_MONTH)
    delivery.deliver(send.pk)
    assert "So far 2 have got it, 0 have opened it from there, and 0 still wait." in text_of(client.get(url))


def test_a_draft_says_who_will_get_it_in_a_digest(client: Client) -> None:
    topic = make_topic()
    monthly(make_readers(topic, 1))
    make_readers(topic, 1)
    client.force_login(make_user(is_superuser=True))
    page = client.get(reverse("precise-mail-campaigns:inspect", args=[make_campaign(topic=topic).pk]))
    assert "<strong>1</strong> gets it in a digest" in text_of(page)


class TestReport:
    URL = "precise_mail_digest_report"

    def test_it_lists_what_was_sent_and_what_waits(self, client: Client) -> None:
        topic = make_topic()
        monthly(make_readers(topic, 2))
        sent(topic)
        client.force_login(make_user(is_superuser=True))
        assert "2 issues wait for digests" in text_of(client.get(reverse(self.URL)))
        (send,) = send_due_digests(NEXT_MONTH)
        delivery.deliver(send.pk)
        page = text_of(client.get(reverse(self.URL)))
        assert reverse("precise_mail_outbox", args=[send.pk]) in page
        assert "0 issues wait for digests" in page
        assert client.get(reverse("precise_mail_outbox", args=[send.pk])).status_code == 200
        exported = client.get(reverse(self.URL), {"export": "csv"})
        assert b"Gathered" in b"".join(exported.streaming_content)

    def test_who_may_not_see_campaigns_sees_nothing(self, client: Client) -> None:
        client.force_login(make_user("access_admin"))
        assert client.get(reverse(self.URL)).status_code == 302

    def test_stopped_digests_are_resumed_by_whoever_may_send(self, client: Client) -> None:
        topic = make_topic()
        monthly(make_readers(topic, 1))
        sent(topic)
        (send,) = send_due_digests(NEXT_MONTH)
        delivery.pause(send, reason="The mail server refused everything.")
        resume = reverse("precise_mail_resume_digests", args=[send.pk])
        client.force_login(make_user("access_admin", "view_outboxmessage", "view_contact"))
        client.post(resume)
        send.refresh_from_db()
        assert send.state == Send.State.PAUSED
        client.force_login(make_user(is_superuser=True))
        assert "The mail server refused everything." in text_of(
            client.get(reverse("precise_mail_outbox", args=[send.pk]))
        )
        assert client.get(resume).status_code == 405
        client.post(resume)
        send.refresh_from_db()
        assert send.state == Send.State.RUNNING
        client.post(resume)
        campaign_send = Send.objects.exclude(pk=send.pk).get()
        assert client.post(reverse("precise_mail_resume_digests", args=[campaign_send.pk])).status_code == 404

    def test_the_number_of_queries_does_not_grow(self, client: Client) -> None:
        topic = make_topic()
        monthly(make_readers(topic, 1))
        client.force_login(make_user(is_superuser=True))

        def queries(month: int) -> int:
            sent(topic)
            DigestIssue.objects.update(kept_at=NOW.replace(month=month))
            send_due_digests(NOW.replace(month=month + 1, day=1))
            with CaptureQueriesContext(connection) as captured:
                client.get(reverse(self.URL))
            return len(captured)

        queries(3)
        assert queries(4) == queries(5)


def test_the_worker_knows_the_task() -> None:
    (one,) = [one for one in RECURRING if one.name == "send_digests"]
    topic = make_topic()
    monthly(make_readers(topic, 1))
    sent(topic)
    with time_machine.travel(NEXT_MONTH + timedelta(minutes=1), tick=False):
        import_string(one.path)()
    assert Send.objects.filter(origin_kind=Send.DIGEST).exists()
