"""What came back is kept once, and has the consequences that its kind asks for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from tests.delivery.bounces.samples import make_complaint, make_mail, make_report
from tests.factories.delivery import make_message, make_send
from wagtail_precise_mail.contacts.erasing import erase
from wagtail_precise_mail.contacts.models import Contact, Suppression, SuppressionReason
from wagtail_precise_mail.contacts.timeline import timeline_sources
from wagtail_precise_mail.contacts.tokens import make_unsubscribe_token
from wagtail_precise_mail.delivery import services
from wagtail_precise_mail.delivery.bounces.counting import soft_score
from wagtail_precise_mail.delivery.bounces.kinds import Kind
from wagtail_precise_mail.delivery.bounces.models import Bounce
from wagtail_precise_mail.delivery.bounces.queries import counts_of_send
from wagtail_precise_mail.delivery.bounces.services import Outcome, process_mail, record_bounce
from wagtail_precise_mail.delivery.bounces.verp import make_return_path, read_return_path
from wagtail_precise_mail.delivery.channels import MemoryChannel
from wagtail_precise_mail.delivery.mime import make_message_id
from wagtail_precise_mail.delivery.models import OutboxMessage
from wagtail_precise_mail.delivery.signals import bounced, complained
from wagtail_precise_mail.exceptions import InvalidToken, InvalidTransition

pytestmark = pytest.mark.django_db

AT = datetime(2026, 3, 2, 12, tzinfo=UTC)
State = OutboxMessage.State


@pytest.fixture(autouse=True)
def bounce_address(settings: Settings) -> None:
    settings.WAGTAIL_PRECISE_MAIL = {**settings.WAGTAIL_PRECISE_MAIL, "bounce_address": "bounces@example.com"}


def make_sent(**overrides: Any) -> OutboxMessage:
    """A message that our server took a while ago."""
    values = {"state": State.ACCEPTED, "handed_off_at": AT - timedelta(hours=3), **overrides}
    return make_message(make_send(), **values)


def reason_of(message: OutboxMessage) -> str:
    return Suppression.objects.filter(address_hash=message.recipient_key).values_list("reason", flat=True).first() or ""


def bounce_of(message: OutboxMessage, kind: Kind = Kind.HARD, **overrides: Any) -> Bounce:
    values = {"kind": kind, "diagnostic": "550 no", "at": AT, **overrides}
    return record_bounce(message, **values)


def full_on(first: OutboxMessage, day: int, *, hours: int = 0) -> Bounce:
    """Another mail to the same contact, which finds the mailbox full."""
    at = AT + timedelta(days=day, hours=hours)
    sent_at = at - timedelta(minutes=5)
    message = make_message(make_send(), first.contact, state=State.ACCEPTED, handed_off_at=sent_at)
    return bounce_of(message, Kind.QUOTA, diagnostic="452 4.2.2 over quota", at=at)


class TestWhichMessage:
    def test_a_return_path_names_its_message(self) -> None:
        message = make_sent()
        to = make_return_path(message.pk, "shop@example.com")
        assert to.startswith("bounces+")
        assert process_mail(make_report(to=to, recipient="other@example.org"), at=AT) == Outcome.RECORDED
        assert message.bounces.get().kind == Kind.HARD

    def test_a_return_path_works_in_capitals_and_after_the_key_was_renewed(self, settings: Settings) -> None:
        path = make_return_path(7, "shop@example.com")
        settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "another"
        assert read_return_path(path.upper()) == 7

    @pytest.mark.parametrize("pk", [1, 255, 256, 2**40, 2**63 - 1])
    def test_a_return_path_is_short_enough_and_comes_back_whole(self, pk: int) -> None:
        path = make_return_path(pk, "shop@example.com")
        assert len(path.partition("@")[0]) <= 64
        assert read_return_path(path) == pk

    def test_a_changed_return_path_names_nothing(self) -> None:
        path = make_return_path(7, "shop@example.com")
        changed = path.replace("@", "x@")[:-1]
        for one in (changed, path.replace("-", "-a"), "bounces@example.com", "bounces+aa-" + "a" * 26 + "@example.com"):
            with pytest.raises(InvalidToken):
                read_return_path(one)

    def test_the_message_id_of_the_returned_mail_names_it(self) -> None:
        message = make_sent()
        own = make_message_id(message.pk, "shop@example.com")
        assert process_mail(make_report(message_id=own, recipient="other@example.org"), at=AT) == Outcome.RECORDED
        assert reason_of(message) == SuppressionReason.HARD_BOUNCE

    def test_our_own_header_names_it_where_the_message_id_was_replaced(self) -> None:
        message = make_sent()
        mark = make_message_id(message.pk, "shop@example.com").strip("<>").partition("@")[0]
        raw = make_report().replace(b"Subject: News", f"Subject: News\nX-Mail-Reference: {mark}".encode())
        assert process_mail(raw, at=AT) == Outcome.RECORDED

    def test_else_it_is_the_last_message_to_that_address(self) -> None:
        last = make_sent()
        at = AT - timedelta(days=3)
        old = make_message(make_send(), last.contact, state=State.ACCEPTED, handed_off_at=at)
        assert process_mail(make_report(recipient=last.address), at=AT) == Outcome.RECORDED
        assert (old.bounces.count(), last.bounces.count()) == (0, 1)

    def test_an_address_that_was_not_written_to_lately_is_not_ours_to_judge(self) -> None:
        message = make_sent(handed_off_at=AT - timedelta(days=30))
        assert process_mail(make_report(recipient=message.address), at=AT) == Outcome.UNRECOGNIZED
        assert not reason_of(message)

    def test_a_mail_about_nothing_of_ours_is_unrecognized(self) -> None:
        assert process_mail(make_mail("Where is my parcel?"), at=AT) == Outcome.UNRECOGNIZED
        assert process_mail(b"", at=AT) == Outcome.UNRECOGNIZED


class TestConsequences:
    def test_a_hard_bounce_suppresses_at_once(self) -> None:
        message = make_sent()
        bounce_of(message)
        assert reason_of(message) == SuppressionReason.HARD_BOUNCE

    @pytest.mark.parametrize("kind", [Kind.BLOCK, Kind.CONTENT, Kind.POLICY, Kind.VACATION, Kind.CHALLENGE])
    def test_other_kinds_are_kept_and_suppress_nobody(self, kind: Kind) -> None:
        message = make_sent()
        for day in range(9):
            bounce_of(message, kind, at=AT + timedelta(days=day))
        assert message.bounces.count() == 9
        assert not reason_of(message)

    def test_the_fifth_soft_bounce_suppresses(self) -> None:
        first = make_sent()
        for number in range(5):
            assert not reason_of(first)
            message = make_message(make_send(), first.contact, state=State.ACCEPTED, handed_off_at=AT)
            bounce_of(message, Kind.SOFT, at=AT + timedelta(hours=number))
        assert reason_of(first) == SuppressionReason.HARD_BOUNCE

    def test_soft_bounces_long_ago_count_less(self) -> None:
        contact = make_sent().contact
        for number in range(6):
            message = make_message(make_send(), contact, state=State.ACCEPTED, handed_off_at=AT)
            bounce_of(message, Kind.SOFT, at=AT + timedelta(days=60 * number))
        assert not reason_of(message)
        assert soft_score(message.recipient_key, at=AT + timedelta(days=300)) == pytest.approx(4 / 3, abs=0.01)

    def test_a_full_mailbox_on_three_days_suppresses(self) -> None:
        first = make_sent()
        for day in range(3):
            assert not reason_of(first)
            full_on(first, day)
        assert reason_of(first) == SuppressionReason.HARD_BOUNCE

    def test_a_full_mailbox_on_one_day_does_not(self) -> None:
        first = make_sent()
        for hour in range(9):
            full_on(first, 0, hours=hour)
        assert not reason_of(first)

    @pytest.mark.parametrize("how", ["silent", "answered", "told"])
    def test_a_later_delivery_clears_full_mailboxes(self, how: str) -> None:
        first = make_sent()
        full_on(first, 0)
        full_on(first, 1)
        sent_at = AT + timedelta(days=1, hours=6)
        arrived = make_message(make_send(), first.contact, state=State.ACCEPTED, handed_off_at=sent_at)
        if how == "answered":
            bounce_of(arrived, Kind.VACATION, at=sent_at)
        elif how == "told":
            arrived.provider_events.create(kind="delivered", key="k", happened_at=sent_at)
        full_on(first, 2)
        assert not reason_of(first)
        full_on(first, 3)
        assert not reason_of(first)
        full_on(first, 4)
        assert reason_of(first) == SuppressionReason.HARD_BOUNCE

    def test_several_reports_about_one_message_count_once(self) -> None:
        message = make_sent()
        for hour in range(9):
            bounce_of(message, Kind.SOFT, at=AT + timedelta(hours=hour))
        assert not reason_of(message)

    def test_an_answer_shows_that_mail_arrives_and_clears_what_was_counted(self) -> None:
        message = make_sent()
        bounce_of(message, Kind.SOFT)
        bounce_of(message, Kind.VACATION, at=AT + timedelta(hours=1))
        assert soft_score(message.recipient_key, at=AT + timedelta(hours=2)) == 0

    def test_a_warning_has_no_consequence(self) -> None:
        message = make_sent()
        bounce_of(message, Kind.HARD, is_final=False)
        assert not reason_of(message)

    def test_a_complaint_suppresses_and_is_announced(self, django_capture_on_commit_callbacks: Any) -> None:
        message, heard = make_sent(), []
        complained.connect(lambda bounce, **kwargs: heard.append(bounce), weak=False, dispatch_uid="test")
        own = make_message_id(message.pk, "shop@example.com")
        with django_capture_on_commit_callbacks(execute=True):
            assert process_mail(make_complaint(message_id=own), at=AT) == Outcome.RECORDED
        complained.disconnect(dispatch_uid="test")
        assert reason_of(message) == SuppressionReason.COMPLAINT
        assert heard == [message.bounces.get()]

    def test_a_bounce_is_announced_once(self, django_capture_on_commit_callbacks: Any) -> None:
        message, heard = make_sent(), []
        bounced.connect(lambda bounce, **kwargs: heard.append(bounce.kind), weak=False, dispatch_uid="test")
        with django_capture_on_commit_callbacks(execute=True):
            bounce_of(message)
            bounce_of(message)
        bounced.disconnect(dispatch_uid="test")
        assert heard == [Kind.HARD]

    @pytest.mark.parametrize(
        ("kind", "state"),
        [(Kind.HARD, State.REJECTED), (Kind.VACATION, State.ACCEPTED), (Kind.COMPLAINT, State.ACCEPTED)],
    )
    def test_whatever_comes_back_resolves_an_unknown_outcome(self, kind: Kind, state: State) -> None:
        message = make_sent(state=State.UNKNOWN)
        bounce_of(message, kind)
        message.refresh_from_db()
        assert message.state == state

    def test_what_waits_to_be_sent_once_more_is_not_when_its_bounce_comes(self) -> None:
        message = make_sent(state=State.DEFERRED, reply_class="unknown", next_attempt_at=AT)
        bounce_of(message, Kind.HARD)
        message.refresh_from_db()
        assert (message.state, message.reply, message.next_attempt_at) == (State.REJECTED, "550 no", None)

    @pytest.mark.parametrize("state", [State.PENDING, State.CLAIMED, State.DEFERRED, State.CANCELLED])
    def test_nothing_comes_back_of_what_never_left(self, state: State) -> None:
        message = make_sent(state=state)
        with pytest.raises(InvalidTransition):
            bounce_of(message)

    def test_the_same_mail_twice_counts_once(self) -> None:
        message = make_sent()
        raw = make_report(to=make_return_path(message.pk, ""))
        assert [process_mail(raw, at=AT), process_mail(raw, at=AT)] == [Outcome.RECORDED, Outcome.KNOWN]
        assert message.bounces.count() == 1

    def test_a_date_in_the_future_is_not_believed(self) -> None:
        message = make_sent()
        process_mail(make_report(to=make_return_path(message.pk, "")), at=AT - timedelta(days=1))
        assert message.bounces.get().happened_at == AT - timedelta(days=1)

    def test_a_bounce_costs_a_constant_number_of_queries(self, django_assert_max_num_queries: Any) -> None:
        message = make_sent()
        for number in range(30):
            bounce_of(message, Kind.SOFT, at=AT + timedelta(minutes=number))
        with django_assert_max_num_queries(10) as queries:
            bounce_of(message, Kind.SOFT, at=AT + timedelta(hours=1))
        assert isinstance(queries, CaptureQueriesContext)


class TestFigures:
    def test_a_send_counts_its_messages_by_what_came_back(self) -> None:
        message = make_sent()
        other = make_message(message.send, state=State.ACCEPTED, handed_off_at=AT)
        bounce_of(message)
        bounce_of(other, Kind.QUOTA, is_final=False)
        for hour in range(3):
            bounce_of(other, Kind.QUOTA, at=AT + timedelta(hours=hour))
        assert counts_of_send(message.send) == {Kind.HARD: 1, Kind.QUOTA: 1}


class TestUnsubscribing:
    def test_a_mail_with_the_token_in_its_subject_unsubscribes_once(self) -> None:
        message = make_sent()
        token = make_unsubscribe_token(message.contact_id or 0, message.pk)
        raw = make_mail("", Subject=f"unsubscribe {token}")
        assert [process_mail(raw, at=AT) for _again in range(2)] == [Outcome.UNSUBSCRIBED] * 2
        assert reason_of(message) == SuppressionReason.UNSUBSCRIBED

    def test_the_token_may_stand_in_the_address(self) -> None:
        message = make_sent()
        token = make_unsubscribe_token(message.contact_id or 0, message.pk)
        assert process_mail(make_mail("", To=f"u+{token}@example.com"), at=AT) == Outcome.UNSUBSCRIBED

    def test_without_a_token_nobody_is_unsubscribed(self) -> None:
        message = make_sent()
        token = make_unsubscribe_token(message.contact_id or 0, message.pk)
        for subject in ("unsubscribe", f"unsubscribe {token[:-1]}x"):
            assert process_mail(make_mail("", Subject=subject, From=message.address), at=AT) == Outcome.UNRECOGNIZED
        assert not reason_of(message)

    def test_a_feedback_report_of_the_kind_opt_out_unsubscribes(self) -> None:
        message = make_sent()
        own = make_message_id(message.pk, "shop@example.com")
        process_mail(make_complaint(message_id=own, feedback="opt-out"), at=AT)
        assert reason_of(message) == SuppressionReason.UNSUBSCRIBED


class TestSending:
    def test_messages_leave_with_their_return_path_and_a_way_to_unsubscribe_by_mail(
        self, memory_channel: type[MemoryChannel]
    ) -> None:
        send = make_send()
        message = make_message(send)
        services.deliver(send.pk)
        (envelope,) = memory_channel.outbox
        assert read_return_path(envelope.sender) == message.pk
        assert b"<mailto:bounces@example.com?subject=unsubscribe%20" in envelope.content
        assert b"X-Mail-Reference: " in envelope.content

    def test_without_a_bounce_address_they_leave_as_before(
        self, settings: Settings, memory_channel: type[MemoryChannel]
    ) -> None:
        settings.WAGTAIL_PRECISE_MAIL = {**settings.WAGTAIL_PRECISE_MAIL, "bounce_address": ""}
        send = make_send()
        make_message(send)
        services.deliver(send.pk)
        (envelope,) = memory_channel.outbox
        assert envelope.sender == "shop@example.com"
        assert b"mailto:" not in envelope.content
        assert b"X-Mail-Reference" not in envelope.content


class TestPeople:
    def test_the_timeline_tells_what_came_back_and_what_to_do(self) -> None:
        message = make_sent()
        bounce_of(message, Kind.QUOTA)
        assert message.contact
        (entry,) = timeline_sources.get("bounce")().entries(message.contact, limit=5)
        assert "mailbox full" in entry.title
        assert "550 no" in entry.detail

    def test_an_erasure_leaves_the_kind_and_takes_the_words(self) -> None:
        message = make_sent()
        bounce = bounce_of(message, Kind.QUOTA)
        erase(Contact.objects.get(pk=message.contact_id), at=AT)
        bounce.refresh_from_db()
        assert (bounce.kind, bounce.address, bounce.diagnostic, bounce.recipient_key) == (Kind.QUOTA, "", "", "")
        message.refresh_from_db()
        later = bounce_of(message, Kind.HARD, at=AT + timedelta(hours=1), address="ann@example.org")
        assert (later.address, later.diagnostic) == ("", "")
