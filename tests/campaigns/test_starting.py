"""When the time has come: one start whatever happens, exactly what was approved, and clear reasons to wait."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection
from pytest_django import Settings
from wagtail.models import Locale, Page, Site

from tests.factories.campaigns import (
    BODY,
    DUE_AT,
    NOW,
    make_brand,
    make_email,
    make_readers,
    make_scheduled,
    make_segment,
    make_sender,
)
from tests.factories.commerce import make_product
from tests.factories.contacts import make_contact, make_list, make_topic
from wagtail_precise_mail import background
from wagtail_precise_mail.campaigns import services, starting, tasks
from wagtail_precise_mail.campaigns.models import Campaign
from wagtail_precise_mail.contacts.services import suppress
from wagtail_precise_mail.delivery import services as delivery
from wagtail_precise_mail.delivery.channels import MemoryChannel
from wagtail_precise_mail.delivery.models import OutboxMessage, Send
from wagtail_precise_mail.emails.mjml import compiled as mjml_compiled
from wagtail_precise_mail.emails.models import CompiledEmail
from wagtail_precise_mail.exceptions import InvalidTransition
from wagtail_precise_mail.segments.conditions import Condition, conditions

pytestmark = pytest.mark.django_db
State = Campaign.State
LATER = DUE_AT + timedelta(minutes=1)


def started(**overrides: Any) -> Campaign:
    campaign = make_scheduled(**overrides)
    services.start_due(DUE_AT)
    campaign.refresh_from_db()
    return campaign


def addresses(campaign: Campaign) -> set[str]:
    assert campaign.send is not None
    return set(campaign.send.messages.filter(state="pending").values_list("address", flat=True))


def subjects() -> list[bytes]:
    return [
        line for envelope in MemoryChannel.outbox for line in envelope.content.splitlines() if b"Subject:" in line[:8]
    ]


class TestStarting:
    def test_a_campaign_waits_for_its_time(self) -> None:
        campaign = make_scheduled()
        assert services.start_due(DUE_AT - timedelta(seconds=1)) == []
        campaign.refresh_from_db()
        assert campaign.state == State.SCHEDULED

    def test_a_due_campaign_freezes_its_audience(self) -> None:
        topic = make_topic()
        readers = make_readers(topic, 3)
        make_contact(email="stranger@example.com")

        campaign = started(topic=topic)

        assert (campaign.state, campaign.started_at) == (State.SENDING, DUE_AT)
        assert campaign.send is not None
        assert campaign.send.state == Send.State.RUNNING
        assert addresses(campaign) == {reader.email for reader in readers}
        assert campaign.send.messages.get(state="skipped").skip_reason == "no_consent"

    def test_the_brand_and_the_campaign_are_on_the_send(self) -> None:
        campaign = started()
        send = campaign.send
        assert send is not None
        assert (send.origin_kind, send.origin_id, send.topic) == ("campaign", campaign.pk, campaign.topic)
        assert (send.from_name, send.from_address) == ("Fern & Kettle", "shop@example.com")
        assert send.base_url == "https://shop.example.com"

    def test_members_of_an_excluded_segment_are_skipped_with_that_reason(self) -> None:
        topic = make_topic()
        kept, left_out = make_readers(topic, 2)
        make_list(left_out, slug="staff")
        staff = make_segment([{"type": "in_list", "value": {"lists": ["staff"]}}])

        campaign = started(topic=topic, excluded_segments=[staff])

        assert addresses(campaign) == {kept.email}
        assert campaign.send is not None
        assert campaign.send.messages.get(contact=left_out).skip_reason == "excluded"

    def test_the_task_starts_a_campaign_whose_time_has_come(self) -> None:
        campaign = make_scheduled()
        Campaign.objects.filter(pk=campaign.pk).update(scheduled_at=NOW)
        tasks.start_campaign(campaign.pk)
        campaign.refresh_from_db()
        assert campaign.state == State.SENDING

    def test_a_task_that_comes_too_early_does_nothing(self) -> None:
        campaign = make_scheduled()
        starting.start(campaign.pk, at=NOW)
        campaign.refresh_from_db()
        assert (campaign.state, Send.objects.count()) == (State.SCHEDULED, 0)

    def test_the_pump_looks_after_sends_and_campaigns(self) -> None:
        campaign = make_scheduled()
        Campaign.objects.filter(pk=campaign.pk).update(scheduled_at=NOW)
        tasks.pump()
        campaign.refresh_from_db()
        assert campaign.state == State.SENDING

    def test_the_pump_is_declared_to_the_cluster_once(self) -> None:
        from django_q.models import Schedule

        from wagtail_precise_mail.campaigns.schedules import RECURRING

        background.sync_schedules(RECURRING)
        background.sync_schedules(RECURRING)
        schedule = Schedule.objects.get(name="precise_mail:pump")
        assert (schedule.func, schedule.minutes) == ("wagtail_precise_mail.campaigns.tasks.pump", 1)


def _restore_site() -> None:
    """Transactional tests flush the site that migrations made."""
    locale = Locale.objects.get_or_create(language_code="en")[0]
    root = Page.get_first_root_node() or Page.add_root(title="Root", slug="root", locale=locale)
    Site.objects.get_or_create(is_default_site=True, defaults={"hostname": "localhost", "root_page": root})


class TestOnce:
    def test_two_pumps_start_a_campaign_once(self) -> None:
        campaign = make_scheduled()
        assert services.start_due(DUE_AT) == [campaign.pk]
        assert services.start_due(DUE_AT) == []
        assert Send.objects.count() == 1

    @pytest.mark.parametrize("state", [state for state in State if state != State.SCHEDULED])
    def test_a_late_task_starts_nothing_but_what_is_scheduled(self, state: str) -> None:
        campaign = make_scheduled()
        Campaign.objects.filter(pk=campaign.pk).update(state=state)
        assert not starting.start(campaign.pk, at=LATER)
        campaign.refresh_from_db()
        assert (campaign.state, campaign.started_at) == (state, None)

    @pytest.mark.django_db(transaction=True)
    def test_workers_that_start_at_the_same_moment_start_it_once(self) -> None:
        _restore_site()
        topic = make_topic()
        readers = make_readers(topic, 20)
        campaign = make_scheduled(topic=topic)
        together, claimed, errors = threading.Barrier(4), [], []

        def work() -> None:
            try:
                together.wait()
                claimed.extend(services.start_due(DUE_AT))
            except Exception as error:
                errors.append(error)
            finally:
                connection.close()

        workers = [threading.Thread(target=work) for _ in range(4)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()

        assert (claimed, errors) == ([campaign.pk], [])
        services.start_due(LATER)  # whatever a worker left to another one
        campaign.refresh_from_db()
        assert Send.objects.count() == 1
        assert addresses(campaign) == {reader.email for reader in readers}
        assert campaign.send is not None
        assert campaign.send.state == Send.State.RUNNING

    def test_a_crash_after_the_claim_is_carried_on(self) -> None:
        topic = make_topic()
        readers = make_readers(topic, 2)
        campaign = make_scheduled(topic=topic)
        # What a worker leaves behind that was killed right after its claim.
        Campaign.objects.filter(pk=campaign.pk).update(state=State.SENDING, started_at=DUE_AT)

        services.start_due(LATER)

        campaign.refresh_from_db()
        assert addresses(campaign) == {reader.email for reader in readers}
        assert Send.objects.count() == 1

    def test_a_crash_in_the_middle_of_the_freeze_is_carried_on(self, settings: Settings) -> None:
        settings.WAGTAIL_PRECISE_MAIL = {**settings.WAGTAIL_PRECISE_MAIL, "freeze_chunk_size": 2}
        topic = make_topic()
        readers = make_readers(topic, 5)
        campaign = make_scheduled(topic=topic)
        Campaign.objects.filter(pk=campaign.pk).update(state=State.SENDING, started_at=DUE_AT)
        campaign.refresh_from_db()
        send = starting._open_send(campaign, DUE_AT)
        assert send is not None
        delivery.freeze(send, starting.members(campaign.segment, at=DUE_AT), at=DUE_AT, seconds=0)
        assert send.messages.count() == 2

        services.start_due(LATER)

        campaign.refresh_from_db()
        assert addresses(campaign) == {reader.email for reader in readers}
        assert campaign.send is not None
        assert campaign.send.state == Send.State.RUNNING

    def test_a_large_audience_is_gathered_in_slices(self, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
        settings.WAGTAIL_PRECISE_MAIL = {**settings.WAGTAIL_PRECISE_MAIL, "freeze_chunk_size": 2}
        woken: list[int] = []
        monkeypatch.setattr(starting, "enqueue", lambda task, pk: woken.append(pk))
        ticks = iter(range(0, 10_000, 60))
        monkeypatch.setattr("wagtail_precise_mail.delivery.freezing.time.monotonic", lambda: next(ticks))
        topic = make_topic()
        make_readers(topic, 5)
        campaign = make_scheduled(topic=topic)

        for minute in range(4):
            services.start_due(DUE_AT + timedelta(minutes=minute))

        campaign.refresh_from_db()
        assert len(addresses(campaign)) == 5
        assert woken
        assert set(woken) == {campaign.pk}

    def test_the_audience_is_judged_as_of_the_start_after_an_interruption_too(self) -> None:
        seen: list[Any] = []

        class Remembers(conditions.get("everybody")):
            def as_q(self, at: Any) -> Any:
                seen.append(at)
                return super().as_q(at)

        campaign = make_scheduled()
        Campaign.objects.filter(pk=campaign.pk).update(state=State.SENDING, started_at=DUE_AT)
        with conditions.temporarily("everybody", Remembers):
            services.start_due(LATER)
        assert set(seen) == {DUE_AT}
        assert issubclass(Remembers, Condition)


class TestFrozen:
    def test_an_edited_segment_changes_nothing_after_the_freeze(self) -> None:
        topic = make_topic()
        readers = make_readers(topic, 3)
        segment = make_segment()
        campaign = started(topic=topic, segment=segment)

        segment.rules = "[]"
        segment.save()
        make_readers(topic, 2)
        services.start_due(LATER)

        campaign.refresh_from_db()
        assert campaign.state == State.SENDING
        assert addresses(campaign) == {reader.email for reader in readers}

    def test_later_edits_of_the_email_do_not_leak(self, django_capture_on_commit_callbacks: Any) -> None:
        email = make_email(subject="As approved")
        topic = make_topic()
        make_readers(topic, 1)
        campaign = make_scheduled(email=email, topic=topic)
        email.subject = "As thought of later"
        email.save_revision().publish()

        services.start_due(DUE_AT)
        campaign.refresh_from_db()
        assert campaign.send is not None
        with django_capture_on_commit_callbacks(execute=True):
            delivery.deliver(campaign.send.pk)

        assert subjects() == [b"Subject: As approved"]

    def test_mjml_is_compiled_once_whatever_the_number_of_contacts(
        self, django_capture_on_commit_callbacks: Any
    ) -> None:
        compiled: list[int] = []
        email = make_email()
        topic = make_topic()
        make_readers(topic, 60)

        def count(size: int, **kwargs: Any) -> None:
            compiled.append(size)

        mjml_compiled.connect(count)
        try:
            campaign = make_scheduled(email=email, topic=topic)
            services.start_due(DUE_AT)
            campaign.refresh_from_db()
            assert campaign.send is not None
            with django_capture_on_commit_callbacks(execute=True):
                delivery.deliver(campaign.send.pk)
        finally:
            mjml_compiled.disconnect(count)

        assert len(MemoryChannel.outbox) == 60
        assert CompiledEmail.objects.count() == 1
        assert len(compiled) == 1

    def test_a_price_that_changed_meanwhile_is_read_again(self) -> None:
        product = make_product("MUG", price="9.50")
        email = make_email(body=[*BODY, {"type": "product", "value": {"product": product.pk}}])
        campaign = make_scheduled(email=email)
        product.price = "7.25"
        product.save()

        services.start_due(DUE_AT)

        campaign.refresh_from_db()
        assert campaign.send is not None
        assert "7.25" in str(campaign.send.compiled.payload)
        assert "9.50" not in str(campaign.send.compiled.payload)


class TestReasonsToWait:
    def test_who_may_no_longer_send_does_not_send(self) -> None:
        by = make_sender(username="jo")
        campaign = make_scheduled(by=by)
        by.groups.clear()
        services.start_due(DUE_AT)
        campaign.refresh_from_db()
        assert (campaign.state, campaign.send) == (State.PAUSED, None)
        assert campaign.pause_reason == "jo may no longer send campaigns. Somebody else may resume it."

    def test_a_closed_account_does_not_send(self) -> None:
        by = make_sender(username="jo")
        campaign = make_scheduled(by=by)
        by.is_active = False
        by.save()
        services.start_due(DUE_AT)
        campaign.refresh_from_db()
        assert campaign.state == State.PAUSED

    def test_a_deleted_account_does_not_send_and_a_colleague_may_resume(self) -> None:
        by = make_sender()
        campaign = make_scheduled(by=by)
        by.delete()
        services.start_due(DUE_AT)
        campaign.refresh_from_db()
        assert "no longer has an account" in campaign.pause_reason

        services.resume(campaign, by=make_sender(), at=LATER)
        services.start_due(LATER)
        campaign.refresh_from_db()
        assert (campaign.state, campaign.started_at) == (State.SENDING, LATER)

    def test_a_deleted_product_pauses_with_the_name_of_its_block(self) -> None:
        product = make_product("MUG")
        email = make_email(body=[*BODY, {"type": "product", "value": {"product": product.pk}}])
        campaign = make_scheduled(email=email, topic=make_topic())
        product.delete()

        services.start_due(DUE_AT)

        campaign.refresh_from_db()
        assert (campaign.state, campaign.send) == (State.PAUSED, None)
        assert "cannot be rendered: Product" in campaign.pause_reason

    def test_a_deleted_page_pauses_with_the_name_of_its_block(self) -> None:

        page = Page.objects.get(depth=2).add_child(instance=Page(title="News", slug="news"))
        email = make_email(body=[*BODY, {"type": "page", "value": {"page": page.pk}}])
        campaign = make_scheduled(email=email)
        page.delete()

        services.start_due(DUE_AT)

        campaign.refresh_from_db()
        assert campaign.state == State.PAUSED
        assert "cannot be rendered: Page" in campaign.pause_reason

    def test_a_deleted_product_in_the_segment_pauses_and_never_widens(self) -> None:
        product = make_product("MUG")
        rules = [{"type": "bought_product", "value": {"products": [product.pk]}}]
        topic = make_topic()
        make_readers(topic, 3)
        campaign = make_scheduled(segment=make_segment(rules, name="Mug buyers"), topic=topic)
        product.delete()

        services.start_due(DUE_AT)

        campaign.refresh_from_db()
        assert campaign.state == State.PAUSED
        assert "“Mug buyers” cannot be evaluated" in campaign.pause_reason
        assert OutboxMessage.objects.count() == 0

    def test_resuming_after_the_repair_starts_it(self) -> None:
        campaign = make_scheduled()
        make_brand(sender=None)
        services.start_due(DUE_AT)
        campaign.refresh_from_db()
        assert "no sender" in campaign.pause_reason

        make_brand()
        services.resume(campaign, by=make_sender(), at=LATER)
        services.start_due(LATER)

        campaign.refresh_from_db()
        assert (campaign.state, campaign.pause_reason) == (State.SENDING, "")

    def test_a_deleted_version_pauses(self) -> None:
        campaign = make_scheduled()
        Campaign.objects.filter(pk=campaign.pk).update(email_revision_id=987654)
        services.start_due(DUE_AT)
        campaign.refresh_from_db()
        assert "approved version of the email no longer exists" in campaign.pause_reason

    def test_one_broken_campaign_does_not_stop_the_others(self) -> None:
        class Breaks(conditions.get("everybody")):
            def as_q(self, at: Any) -> Any:
                raise ZeroDivisionError("a bug of the site")

        with conditions.temporarily("breaks", Breaks):
            broken = make_scheduled(segment=make_segment())
            broken.segment.rules = '[{"type": "breaks", "value": {}}]'
            broken.segment.save()
            # The block of a condition is made when rules are first read; the key stands in for it here.
            fine = make_scheduled()
            services.start_due(DUE_AT)
        broken.refresh_from_db()
        fine.refresh_from_db()
        assert broken.state == State.PAUSED
        assert fine.state == State.SENDING

    def test_a_locked_database_is_tried_again_by_the_pump(self, monkeypatch: pytest.MonkeyPatch) -> None:
        campaign = make_scheduled()

        def locked(*args: Any, **kwargs: Any) -> None:
            raise DatabaseError("database is locked")

        with monkeypatch.context() as broken:
            broken.setattr(starting, "members", locked)
            services.start_due(DUE_AT)
        campaign.refresh_from_db()
        assert campaign.state == State.SENDING

        services.start_due(LATER)
        campaign.refresh_from_db()
        assert campaign.send is not None


class TestHolding:
    def deliver(self, campaign: Campaign, capture: Any) -> None:
        assert campaign.send is not None
        with capture(execute=True):
            delivery.deliver(campaign.send.pk)
        campaign.refresh_from_db()

    def test_a_pause_holds_the_send_and_resuming_finishes_it(self, django_capture_on_commit_callbacks: Any) -> None:
        topic = make_topic()
        make_readers(topic, 3)
        campaign = started(topic=topic)
        services.pause(campaign, reason="wrong price", by=make_sender())
        self.deliver(campaign, django_capture_on_commit_callbacks)
        assert (campaign.state, len(MemoryChannel.outbox)) == (State.PAUSED, 0)

        services.resume(campaign, by=make_sender(), at=LATER)
        self.deliver(campaign, django_capture_on_commit_callbacks)
        assert (campaign.state, len(MemoryChannel.outbox)) == (State.SENT, 3)

    def test_cancelling_in_the_middle_stops_within_one_batch_and_the_counts_are_right(
        self, settings: Settings, django_capture_on_commit_callbacks: Any
    ) -> None:
        settings.WAGTAIL_PRECISE_MAIL = {**settings.WAGTAIL_PRECISE_MAIL, "claim_size": 10, "handoff_size": 2}
        topic = make_topic()
        make_readers(topic, 30)
        campaign = started(topic=topic)
        by = make_sender()

        class Cancels(MemoryChannel):
            def send(self, envelope: Any) -> Any:
                receipt = super().send(envelope)
                if len(MemoryChannel.outbox) == 5:
                    services.cancel(Campaign.objects.get(pk=campaign.pk), by=by)
                return receipt

        from wagtail_precise_mail.delivery.channels import channels

        with channels.temporarily("memory", Cancels):
            self.deliver(campaign, django_capture_on_commit_callbacks)

        assert campaign.state == State.CANCELLED
        assert campaign.send is not None
        counts = {
            state: campaign.send.messages.filter(state=state).count() for state in ("accepted", "cancelled", "pending")
        }
        left = len(MemoryChannel.outbox)
        assert 5 <= left <= 6  # the batch of two that was under way
        assert counts == {"accepted": left, "cancelled": 30 - left, "pending": 0}

    def test_a_server_that_is_away_pauses_the_campaign_with_its_words(
        self, django_capture_on_commit_callbacks: Any
    ) -> None:
        from wagtail_precise_mail.exceptions import ChannelUnavailable

        topic = make_topic()
        (reader,) = make_readers(topic, 1)
        MemoryChannel.failures[reader.email] = ChannelUnavailable("connection refused by mail.example.com")
        campaign = started(topic=topic)
        for _attempt in range(3):
            self.deliver(campaign, django_capture_on_commit_callbacks)
        assert campaign.state == State.PAUSED
        assert "connection refused" in campaign.pause_reason

    def test_a_campaign_that_has_started_cannot_go_back_or_move(self) -> None:
        campaign = started()
        with pytest.raises(InvalidTransition):
            services.unschedule(campaign, by=make_sender())
        with pytest.raises(InvalidTransition):
            services.reschedule(campaign, scheduled_at=DUE_AT + timedelta(days=1), by=make_sender(), at=NOW)

    def test_a_campaign_cancelled_while_it_is_gathered_stays_cancelled(self, monkeypatch: pytest.MonkeyPatch) -> None:
        campaign = make_scheduled()
        real = starting.compile_email

        def cancelled_meanwhile(*args: Any, **kwargs: Any) -> CompiledEmail:
            services.cancel(Campaign.objects.get(pk=campaign.pk), by=make_sender())
            return real(*args, **kwargs)

        monkeypatch.setattr(starting, "compile_email", cancelled_meanwhile)
        services.start_due(DUE_AT)
        campaign.refresh_from_db()
        assert (campaign.state, campaign.send, Send.objects.count()) == (State.CANCELLED, None, 0)

    def test_a_pause_while_the_audience_is_gathered_goes_on_from_its_place(self, settings: Settings) -> None:
        settings.WAGTAIL_PRECISE_MAIL = {**settings.WAGTAIL_PRECISE_MAIL, "freeze_chunk_size": 2}
        topic = make_topic()
        readers = make_readers(topic, 5)
        campaign = make_scheduled(topic=topic)
        Campaign.objects.filter(pk=campaign.pk).update(state=State.SENDING, started_at=DUE_AT)
        campaign.refresh_from_db()
        send = starting._open_send(campaign, DUE_AT)
        assert send is not None
        delivery.freeze(send, starting.members(campaign.segment, at=DUE_AT), at=DUE_AT, seconds=0)

        services.pause(campaign, reason="wait", by=make_sender())
        services.start_due(LATER)
        assert send.messages.count() == 2
        services.resume(campaign, by=make_sender(), at=LATER)
        services.start_due(LATER)

        campaign.refresh_from_db()
        assert addresses(campaign) == {reader.email for reader in readers}

    def test_an_empty_audience_is_sent_at_once(self, django_capture_on_commit_callbacks: Any) -> None:
        campaign = started()
        self.deliver(campaign, django_capture_on_commit_callbacks)
        assert campaign.state == State.SENT

    def test_a_lost_signal_is_made_up_for_by_the_pump(self) -> None:
        campaign = started()
        Send.objects.filter(pk=campaign.send_id).update(state=Send.State.FINISHED)
        services.start_due(LATER)
        campaign.refresh_from_db()
        assert campaign.state == State.SENT

    def test_suppressed_after_the_freeze_gets_nothing(self, django_capture_on_commit_callbacks: Any) -> None:
        topic = make_topic()
        stays, leaves = make_readers(topic, 2)
        campaign = started(topic=topic)
        suppress(leaves.email, reason="manual")
        self.deliver(campaign, django_capture_on_commit_callbacks)
        assert [envelope.recipient for envelope in MemoryChannel.outbox] == [stays.email]
