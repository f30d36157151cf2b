"""Digests: four weekly issues become one mail for whoever wants one in a month, whatever happens in between."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from email.header import decode_header, make_header
from email.message import Message
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from tests.factories.contacts import make_topic
from tests.factories.delivery import make_send
from tests.factories.digests import make_digest_reader, make_issue, part, send_digests
from tests.factories.emails import default_site, make_brand
from wagtail_precise_mail.contacts import services as contacts
from wagtail_precise_mail.contacts.models import Contact, Topic
from wagtail_precise_mail.delivery import services
from wagtail_precise_mail.delivery.channels import MemoryChannel
from wagtail_precise_mail.delivery.composing import Composer
from wagtail_precise_mail.delivery.digests import gathering
from wagtail_precise_mail.delivery.digests.gathering import send_due_digests
from wagtail_precise_mail.delivery.digests.models import DigestIssue
from wagtail_precise_mail.delivery.models import OutboxMessage, Send
from wagtail_precise_mail.delivery.services import deliver
from wagtail_precise_mail.emails.models import BrandSettings

State, SkipReason = OutboxMessage.State, OutboxMessage.SkipReason
# A Thursday; weekly issues follow, and the month is over on Sunday, 1 March.
FIRST = datetime(2026, 2, 5, 10, tzinfo=UTC)
MARCH = datetime(2026, 3, 1, 9, tzinfo=UTC)

pytestmark = pytest.mark.django_db


@pytest.fixture
def topic() -> Topic:
    return make_topic(name="Newsletter")


def four_weeks(topic: Topic, **overrides: Any) -> list[Send]:
    return [
        make_issue(topic, f"Issue {number + 1}", at=FIRST + timedelta(weeks=number), **overrides) for number in range(4)
    ]


def subject_of(mail: Message) -> str:
    return str(make_header(decode_header(mail["Subject"])))


def digest_of(reader: Contact) -> OutboxMessage:
    return OutboxMessage.objects.get(contact=reader, send__origin_kind=Send.DIGEST)


class TestOneMail:
    def test_four_weekly_issues_come_as_one_mail_with_four_entries(self, topic: Topic) -> None:
        reader = make_digest_reader(topic)
        other = make_digest_reader(topic, cadence="every")
        sends = four_weeks(topic)
        for send in sends:
            services.deliver(send.pk)
        assert [one.recipient for one in MemoryChannel.outbox] == [other.email] * 4

        (mail,) = send_digests(MARCH)

        assert mail["To"] == reader.email
        assert subject_of(mail) == "Your month: 4 issues of Newsletter"
        text, page = part(mail), part(mail, "html")
        assert re.findall(r"Issue \d", text) == ["Issue 4", "Issue 3", "Issue 2", "Issue 1"]
        for number in range(1, 5):
            assert page.count(f">Issue {number}<") == 1
        assert "What grows this week" in text
        assert digest_of(reader).state == State.ACCEPTED

    def test_nothing_comes_before_the_month_is_over(self, topic: Topic) -> None:
        make_digest_reader(topic)
        four_weeks(topic)
        assert send_digests(datetime(2026, 2, 28, 23, 59, tzinfo=UTC)) == []
        assert send_digests(datetime(2026, 3, 1, 7, 59, tzinfo=UTC)) == []
        assert len(send_digests(datetime(2026, 3, 1, 8, tzinfo=UTC))) == 1

    def test_what_was_sent_is_not_sent_again(self, topic: Topic) -> None:
        make_digest_reader(topic)
        four_weeks(topic)
        assert len(send_digests(MARCH)) == 1
        assert send_digests(MARCH + timedelta(minutes=5)) == []
        make_issue(topic, "Issue 5", at=MARCH)
        (mail,) = send_digests(datetime(2026, 4, 1, 9, tzinfo=UTC))
        assert subject_of(mail) == "Your month: 1 issue of Newsletter"
        assert re.findall(r"Issue \d", part(mail)) == ["Issue 5"]

    def test_one_waiting_issue_comes_as_a_digest_of_one(self, topic: Topic) -> None:
        make_digest_reader(topic, cadence="weekly")
        make_issue(topic, "The only one", at=FIRST)
        (mail,) = send_digests(datetime(2026, 2, 9, 8, tzinfo=UTC))
        assert subject_of(mail) == "Your week: 1 issue of Newsletter"

    def test_issues_of_two_topics_come_in_one_mail(self, topic: Topic) -> None:
        magazine = make_topic(name="Magazine")
        make_digest_reader(topic, magazine)
        make_issue(topic, "From the shop", at=FIRST)
        make_issue(magazine, "From the garden", at=FIRST + timedelta(days=1))
        (mail,) = send_digests(MARCH)
        assert subject_of(mail) == "Your month: 2 issues of Magazine, Newsletter"
        assert part(mail).index("From the garden") < part(mail).index("From the shop")

    def test_the_mail_has_what_every_mail_needs(self, topic: Topic) -> None:
        make_digest_reader(topic)
        make_issue(topic, "News", at=FIRST)
        (mail,) = send_digests(MARCH)
        assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert mail["List-Unsubscribe"].startswith("<http")
        assert "Fern & Kettle" in mail["From"]
        for kind in ("plain", "html"):
            assert "12 Moss Lane" in part(mail, kind)

    def test_leaving_by_its_link_leaves_everything(self, topic: Topic, client: Client) -> None:
        reader = make_digest_reader(topic)
        make_issue(topic, "News", at=FIRST)
        (mail,) = send_digests(MARCH)
        path = mail["List-Unsubscribe"].strip("<>").partition("example.com")[2]
        client.post(path, {"List-Unsubscribe": "One-Click"})
        assert not reader.consents.filter(status="granted").exists()

    def test_a_label_that_the_law_asks_for_stands_in_front(self, topic: Topic) -> None:
        make_digest_reader(topic, country="CN", time_zone="Asia/Shanghai")
        make_issue(topic, "News", at=FIRST)
        (mail,) = send_digests(MARCH - timedelta(hours=8))
        assert subject_of(mail).startswith(("【广告】", "AD", "[AD]", "【AD】"))

    def test_a_topic_without_digests_leaves_out_what_comes_too_soon(self, topic: Topic) -> None:
        reader = make_digest_reader(topic)
        for send in four_weeks(topic, digest_site=None):
            services.deliver(send.pk)
        assert not DigestIssue.objects.exists()
        reasons = reader.outbox_messages.order_by("pk").values_list("skip_reason", flat=True)
        assert list(reasons) == ["", *[SkipReason.CADENCE] * 3]

    def test_an_excluded_contact_gets_it_in_no_digest(self, topic: Topic) -> None:
        reader = make_digest_reader(topic)
        send = make_send(topic=topic, digest_site=default_site(), state=Send.State.FREEZING, frozen_at=None)
        services.freeze(send, Contact.objects.all(), excluded=[Contact.objects.filter(pk=reader.pk)], at=FIRST)
        assert send.messages.get().skip_reason == SkipReason.EXCLUDED
        assert not DigestIssue.objects.exists()


class TestKeeping:
    def test_the_gate_keeps_what_freezing_did_not(self, topic: Topic) -> None:
        reader = make_digest_reader(topic, cadence="every")
        send = make_issue(topic, "News", at=FIRST)
        Contact.objects.update(cadence="weekly")
        services.deliver(send.pk)
        message = send.messages.get()
        assert (message.state, message.skip_reason) == (State.SKIPPED, SkipReason.KEPT)
        assert DigestIssue.objects.get() == message.digest_issue
        assert message.digest_issue.contact == reader
        assert MemoryChannel.outbox == []

    def test_one_issue_is_kept_once_for_each_contact(self, topic: Topic) -> None:
        make_digest_reader(topic)
        send = make_issue(topic, "News", at=FIRST)
        issue = DigestIssue.objects.get()
        again = make_send(topic=topic).messages.create(
            contact=issue.contact, address="a@example.com", recipient_key="k", created_at=FIRST
        )
        with pytest.raises(IntegrityError), transaction.atomic():
            DigestIssue.objects.create(
                contact=issue.contact, send=send, message=again, topic=topic, site=issue.site, kept_at=FIRST
            )

    def test_freezing_keeps_in_chunks_without_a_query_more(self, topic: Topic, settings: Settings) -> None:
        def queries(count: int) -> int:
            for _number in range(count):
                make_digest_reader(topic)
            send = make_send(topic=topic, digest_site=default_site(), state=Send.State.FREEZING, frozen_at=None)
            with CaptureQueriesContext(connection) as captured:
                services.freeze(send, Contact.objects.all(), at=FIRST)
            assert send.digest_issues.count() == Contact.objects.count()
            return len(captured)

        assert queries(2) == queries(20)

    def test_a_test_mail_keeps_nothing(self, topic: Topic) -> None:
        make_digest_reader(topic)
        send = make_issue(topic, "News", at=FIRST, is_test=True)
        assert not send.digest_issues.exists()


class TestWhatEnded:
    """Between keeping an issue and sending the digest, people decide otherwise."""

    def test_a_topic_that_was_left_is_left_out(self, topic: Topic) -> None:
        magazine = make_topic(name="Magazine")
        reader = make_digest_reader(topic, magazine)
        make_issue(topic, "From the shop", at=FIRST)
        make_issue(magazine, "From the garden", at=FIRST)
        contacts.withdraw(reader, topic, source="page")
        (mail,) = send_digests(MARCH)
        assert "From the shop" not in part(mail) + part(mail, "html")
        assert subject_of(mail) == "Your month: 1 issue of Magazine"
        assert DigestIssue.objects.get(topic=topic).left_out == "no_consent"

    def test_whoever_left_the_only_topic_gets_nothing(self, topic: Topic) -> None:
        reader = make_digest_reader(topic)
        make_issue(topic, "News", at=FIRST)
        contacts.withdraw(reader, topic, source="page")
        assert send_digests(MARCH) == []
        assert digest_of(reader).skip_reason == SkipReason.UNSUBSCRIBED

    @pytest.mark.parametrize(
        ("reason", "expected"),
        [("complaint", SkipReason.SUPPRESSED), ("sunset", SkipReason.SUPPRESSED), ("unsubscribed", "unsubscribed")],
    )
    def test_a_suppression_holds_it_back(self, topic: Topic, reason: str, expected: str) -> None:
        reader = make_digest_reader(topic)
        make_issue(topic, "News", at=FIRST)
        contacts.suppress(reader.email, reason=reason)
        assert send_digests(MARCH) == []
        assert digest_of(reader).skip_reason == expected

    def test_quarantine_holds_it_back(self, topic: Topic) -> None:
        reader = make_digest_reader(topic)
        make_issue(topic, "News", at=FIRST)
        Contact.objects.filter(pk=reader.pk).update(quarantined_at=FIRST)
        assert send_digests(MARCH) == []
        assert digest_of(reader).skip_reason == SkipReason.QUARANTINED

    def test_a_pause_collects_nothing_and_keeps_what_waits(self, topic: Topic) -> None:
        reader = make_digest_reader(topic)
        make_issue(topic, "Before", at=FIRST)
        Contact.objects.filter(pk=reader.pk).update(paused_until=datetime(2026, 3, 20, tzinfo=UTC))
        make_issue(topic, "During", at=FIRST + timedelta(weeks=1))
        assert send_digests(MARCH) == []
        assert not OutboxMessage.objects.filter(send__origin_kind=Send.DIGEST).exists()
        (mail,) = send_digests(datetime(2026, 3, 20, 9, tzinfo=UTC))
        assert "Before" in part(mail)
        assert "During" not in part(mail)

    def test_a_pause_that_begins_while_it_leaves_gives_it_back(self, topic: Topic) -> None:
        reader = make_digest_reader(topic)
        make_issue(topic, "News", at=FIRST)
        (send,) = send_due_digests(MARCH)
        Contact.objects.filter(pk=reader.pk).update(paused_until=timezone.now() + timedelta(days=30))
        services.deliver(send.pk)
        assert digest_of(reader).skip_reason == SkipReason.PAUSED
        assert DigestIssue.objects.get().digest is None

    def test_an_issue_whose_offer_has_ended_is_left_out(self, topic: Topic) -> None:
        make_digest_reader(topic)
        make_issue(topic, "Ten percent off", at=FIRST, send_before=timezone.now() - timedelta(minutes=1))
        make_issue(topic, "The fern", at=FIRST, send_before=timezone.now() + timedelta(hours=1))
        (mail,) = send_digests(MARCH)
        assert subject_of(mail) == "Your month: 1 issue of Newsletter"
        assert "Ten percent off" not in part(mail) + part(mail, "html")
        assert DigestIssue.objects.filter(left_out="expired").count() == 1

    def test_a_digest_of_nothing_is_not_sent(self, topic: Topic) -> None:
        reader = make_digest_reader(topic)
        make_issue(topic, "Ten percent off", at=FIRST, send_before=timezone.now() - timedelta(minutes=1))
        assert send_digests(MARCH) == []
        assert digest_of(reader).skip_reason == SkipReason.EMPTY

    def test_back_to_every_issue_brings_what_waits_the_next_morning(self, topic: Topic) -> None:
        reader = make_digest_reader(topic)
        make_issue(topic, "Waiting", at=FIRST)
        Contact.objects.filter(pk=reader.pk).update(cadence="every")
        send = make_issue(topic, "By itself", at=FIRST + timedelta(hours=2))
        assert send.messages.get().state == State.PENDING
        deliver(send.pk)
        assert send_digests(FIRST + timedelta(hours=3)) == []
        (mail,) = send_digests(datetime(2026, 2, 6, 8, tzinfo=UTC))
        assert subject_of(mail) == "What was waiting: 1 issue of Newsletter"
        assert "By itself" not in part(mail)

    def test_a_new_pace_counts_at_once(self, topic: Topic) -> None:
        reader = make_digest_reader(topic)
        make_issue(topic, "News", at=FIRST)
        Contact.objects.filter(pk=reader.pk).update(cadence="weekly")
        assert len(send_digests(datetime(2026, 2, 9, 8, tzinfo=UTC))) == 1


class TestCrashes:
    def test_a_worker_that_dies_while_it_gathers_loses_and_repeats_nothing(
        self, topic: Topic, settings: Settings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        settings.WAGTAIL_PRECISE_MAIL = {**settings.WAGTAIL_PRECISE_MAIL, "freeze_chunk_size": 2}
        readers = [make_digest_reader(topic) for _number in range(5)]
        four_weeks(topic)
        write, calls = gathering.insert_messages, []

        def dying(*args: Any) -> None:
            write(*args)
            calls.append(1)
            if len(calls) == 2:
                raise KeyboardInterrupt

        monkeypatch.setattr(gathering, "insert_messages", dying)
        with pytest.raises(KeyboardInterrupt):
            send_due_digests(MARCH)
        assert Send.objects.get(origin_kind=Send.DIGEST).messages.count() == 2
        assert DigestIssue.objects.filter(digest=None).count() == 3 * 4

        mails = send_digests(MARCH + timedelta(minutes=5))

        assert sorted(mail["To"] for mail in mails) == sorted(reader.email for reader in readers)
        assert {subject_of(mail) for mail in mails} == {"Your month: 4 issues of Newsletter"}
        assert Send.objects.filter(origin_kind=Send.DIGEST).count() == 1

    def test_a_pause_while_it_gathers_stops_it_until_it_is_resumed(
        self, topic: Topic, settings: Settings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        settings.WAGTAIL_PRECISE_MAIL = {**settings.WAGTAIL_PRECISE_MAIL, "freeze_chunk_size": 2}
        for _number in range(5):
            make_digest_reader(topic)
        make_issue(topic, "News", at=FIRST)
        write = gathering.insert_messages

        def stopping(send: Send, *args: Any) -> None:
            write(send, *args)
            services.pause(Send.objects.get(pk=send.pk), reason="wait")

        monkeypatch.setattr(gathering, "insert_messages", stopping)
        (send,) = send_due_digests(MARCH)
        monkeypatch.undo()
        assert send.messages.count() == 2
        assert send_digests(MARCH + timedelta(minutes=5)) == []
        assert Send.objects.filter(origin_kind=Send.DIGEST).count() == 1
        gathering.resume_digests(Send.objects.get(pk=send.pk), by=None)
        assert len(send_digests(MARCH + timedelta(minutes=10))) == 5

    def test_a_chunk_that_another_worker_has_done_is_left_alone(self, topic: Topic) -> None:
        make_digest_reader(topic)
        make_issue(topic, "News", at=FIRST)
        (send,) = send_due_digests(MARCH)
        Send.objects.filter(pk=send.pk).update(state=Send.State.FREEZING)
        due = DigestIssue.objects.all()
        assert not gathering._give_chunk(send, due, 0, send.messages.get().contact_id or 0, MARCH)

    def test_two_gatherers_give_each_issue_away_once(self, topic: Topic, monkeypatch: pytest.MonkeyPatch) -> None:
        make_digest_reader(topic)
        make_issue(topic, "News", at=FIRST)
        write = gathering.insert_messages

        def overtaken(send: Send, *args: Any) -> None:
            write(send, *args)
            monkeypatch.setattr(gathering, "insert_messages", write)
            other = make_send(topic=None, origin_kind=Send.DIGEST, origin_id=default_site().pk)
            write(other, *args)
            DigestIssue.objects.update(digest=other.messages.get())

        monkeypatch.setattr(gathering, "insert_messages", overtaken)
        (send,) = send_due_digests(MARCH)
        assert send.messages.count() == 0
        assert OutboxMessage.objects.filter(send__origin_kind=Send.DIGEST).count() == 1

    def test_a_digest_of_unknown_outcome_is_not_sent_again(self, topic: Topic) -> None:
        reader = make_digest_reader(topic)
        make_issue(topic, "News", at=FIRST)
        (send,) = send_due_digests(MARCH)
        long_ago = timezone.now() - timedelta(hours=1)
        send.messages.update(state=State.HANDOFF, lease_expires_at=long_ago, handed_off_at=long_ago)
        services.sweep()
        services.deliver(send.pk)
        assert digest_of(reader).state == State.UNKNOWN
        assert send_digests(MARCH + timedelta(days=31)) == []
        assert MemoryChannel.outbox == []

    def test_a_second_try_after_a_crash_shows_the_same(self, topic: Topic) -> None:
        make_digest_reader(topic)
        make_issue(topic, "News", at=FIRST)
        (send,) = send_due_digests(MARCH)
        message = send.messages.get()
        composer = Composer(Send.objects.get(pk=send.pk))
        first = composer.load([(message, message.contact)], at=timezone.now())
        services.deliver(send.pk)
        assert len(MemoryChannel.outbox) == 1
        message.refresh_from_db()
        assert message.content.data == first[message.pk].to_json()

    def test_without_a_sender_everything_waits(self, topic: Topic) -> None:
        make_digest_reader(topic)
        make_issue(topic, "News", at=FIRST)
        BrandSettings.objects.update(sender=None)
        assert send_digests(MARCH) == []
        make_brand()
        assert len(send_digests(MARCH + timedelta(hours=1))) == 1
