"""The admin of campaigns: who sees what, who may do what, and that no link changes anything."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries
from wagtail.models import Site

from tests.factories.campaigns import (
    BODY,
    DUE_AT,
    NOW,
    make_campaign,
    make_email,
    make_readers,
    make_scheduled,
    make_segment,
    make_sender,
    make_user,
)
from tests.factories.contacts import make_contact, make_topic
from tests.factories.tracking import make_event
from wagtail_precise_mail.campaigns import services
from wagtail_precise_mail.campaigns.admin.actions import VIEWS
from wagtail_precise_mail.campaigns.models import Campaign
from wagtail_precise_mail.delivery.models import OutboxMessage, Send

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("frozen")]
State = Campaign.State


@pytest.fixture
def frozen() -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


def url(name: str, *args: int) -> str:
    return reverse(f"precise-mail-campaigns:{name}", args=args)


def page(campaign: Campaign) -> str:
    return url("inspect", campaign.pk)


def text_of(response: Any) -> str:
    return " ".join(response.content.decode().split())


def messages_of(response: Any) -> str:
    return " ".join(str(message) for message in response.context["messages"])


@pytest.fixture
def sender(client: Client) -> Client:
    client.force_login(make_sender())
    return client


@pytest.fixture
def editor(client: Client) -> Client:
    """May write campaigns, and must not send them."""
    codenames = ["access_admin", "add_campaign", "change_campaign", "delete_campaign", "view_campaign"]
    client.force_login(make_user(*codenames))
    return client


def started(**overrides: Any) -> Campaign:
    campaign = make_scheduled(**overrides)
    services.start_due(DUE_AT)
    campaign.refresh_from_db()
    return campaign


class TestPermission:
    GETS = ("inspect", "edit", "delete", "copy", "history", "usage", "progress")

    @pytest.mark.parametrize("name", GETS)
    def test_who_lacks_permission_sees_no_campaign(self, client: Client, name: str) -> None:
        campaign = make_campaign()
        client.force_login(make_user("access_admin"))
        response = client.get(url(name, campaign.pk))
        assert response.status_code in (302, 403)
        assert campaign.name not in response.content.decode()

    @pytest.mark.parametrize("path", ["index", "index_results", "add"])
    def test_who_lacks_permission_gets_no_list_and_no_form(self, client: Client, path: str) -> None:
        client.force_login(make_user("access_admin"))
        assert client.get(url(path)).status_code in (302, 403)

    def test_who_lacks_permission_has_no_calendar_and_no_panel(self, client: Client) -> None:
        campaign = make_scheduled()
        client.force_login(make_user("access_admin"))
        assert client.get(reverse("precise-mail-calendar:index")).status_code in (302, 403)
        home = client.get(reverse("wagtailadmin_home"))
        assert campaign.name not in home.content.decode()

    @pytest.mark.parametrize("verb", VIEWS)
    def test_nothing_changes_by_following_a_link(self, sender: Client, verb: str) -> None:
        campaign = make_campaign()
        assert sender.get(url(verb, campaign.pk)).status_code == 405
        campaign.refresh_from_db()
        assert campaign.state == State.DRAFT

    @pytest.mark.parametrize("verb", VIEWS)
    def test_writing_campaigns_is_not_sending_them(self, editor: Client, verb: str) -> None:
        campaign = make_campaign()
        data = {"when": "now", "note": "x", "reason": "x"}
        response = editor.post(url(verb, campaign.pk), data)
        assert response.status_code in (302, 403)
        campaign.refresh_from_db()
        assert campaign.state == State.DRAFT

    @pytest.mark.parametrize("verb", VIEWS)
    def test_strangers_are_sent_to_the_login(self, client: Client, verb: str) -> None:
        campaign = make_campaign()
        response = client.post(url(verb, campaign.pk), {"when": "now"})
        assert response.status_code == 302
        assert "/login/" in response.headers["Location"]

    def test_a_token_of_the_form_is_asked_for(self) -> None:
        strict = Client(enforce_csrf_checks=True)
        strict.force_login(make_sender())
        campaign = make_campaign()
        assert strict.post(url("schedule", campaign.pk), {"when": "now"}).status_code == 403

    def test_the_editor_sees_no_buttons_to_send(self, editor: Client) -> None:
        campaign = make_scheduled()
        response = editor.get(page(campaign))
        assert response.status_code == 200
        assert url("pause", campaign.pk) not in response.content.decode()

    def test_the_sender_who_may_not_write_sees_the_page_and_its_buttons(self, sender: Client) -> None:
        campaign = make_scheduled()
        content = sender.get(page(campaign)).content.decode()
        for verb in ("pause", "cancel", "unschedule", "reschedule"):
            assert url(verb, campaign.pk) in content
        assert url("edit", campaign.pk) not in content


class TestForm:
    def data(self, **overrides: Any) -> dict[str, Any]:
        return {
            "name": "Spring",
            "email": make_email().pk,
            "topic": make_topic().pk,
            "site": make_campaign().site_id,
            "segment": make_segment().pk,
            "excluded_segments": [],
            "send_on": "2026-03-29 09:30",
            "time_zone": "Europe/Berlin",
            **overrides,
        }

    def test_a_campaign_without_a_site_takes_the_one_of_its_email(self, editor: Client) -> None:
        trade = Site.objects.create(hostname="trade.example.com", root_page=Site.objects.get().root_page)
        editor.post(url("add"), self.data(site="", email=make_email(site=trade).pk))
        assert Campaign.objects.get(name="Spring").site == trade

    def test_a_form_of_one_site_does_not_ask_for_it(self, editor: Client) -> None:
        data = self.data()
        del data["site"]
        assert 'name="site"' not in editor.get(url("add")).content.decode()
        editor.post(url("add"), data)
        assert Campaign.objects.get(name="Spring").site == Site.objects.get()

    def test_a_new_campaign_is_a_draft_at_the_time_of_its_zone(self, editor: Client) -> None:
        response = editor.post(url("add"), self.data())
        campaign = Campaign.objects.get(name="Spring")
        assert response.headers["Location"] == page(campaign)
        assert campaign.state == State.DRAFT
        assert campaign.scheduled_at == datetime(2026, 3, 29, 7, 30, tzinfo=UTC)
        assert campaign.time_zone == "Europe/Berlin"

    def test_a_draft_needs_no_time(self, editor: Client) -> None:
        editor.post(url("add"), self.data(send_on=""))
        assert Campaign.objects.get(name="Spring").scheduled_at is None

    def test_a_time_that_does_not_exist_is_explained_at_the_field(self, editor: Client) -> None:
        response = editor.post(url("add"), self.data(send_on="2026-03-29 02:30"))
        assert response.status_code == 200
        assert "Choose 01:30 or 03:30" in str(response.context["form"].errors["send_on"])

    def test_an_unknown_zone_is_refused(self, editor: Client) -> None:
        response = editor.post(url("add"), self.data(time_zone="Moon/Base"))
        assert "time_zone" in response.context["form"].errors

    def test_the_audience_itself_cannot_be_excluded(self, editor: Client) -> None:
        segment = make_segment()
        response = editor.post(url("add"), self.data(segment=segment.pk, excluded_segments=[segment.pk]))
        assert "excluded_segments" in response.context["form"].errors

    def test_the_default_zone_is_that_of_the_person(self, editor: Client) -> None:
        from wagtail.users.models import UserProfile

        from tests.factories.campaigns import User

        user = User.objects.get(pk=editor.session["_auth_user_id"])
        UserProfile.objects.update_or_create(user=user, defaults={"current_time_zone": "Asia/Tokyo"})
        response = editor.get(url("add"))
        assert response.context["form"]["time_zone"].value() == "Asia/Tokyo"

    def test_a_draft_is_edited_with_its_own_time_on_the_clock(self, editor: Client) -> None:
        campaign = make_campaign(scheduled_at=DUE_AT, time_zone="Asia/Tokyo")
        response = editor.get(url("edit", campaign.pk))
        assert 'value="2026-03-02 19:00"' in response.content.decode()

    @pytest.mark.parametrize("name", ["edit", "delete"])
    def test_only_drafts_are_edited_or_deleted(self, editor: Client, name: str) -> None:
        campaign = make_scheduled()
        response = editor.post(url(name, campaign.pk), self.data(name="Other"), follow=True)
        assert "no draft any more" in messages_of(response)
        campaign.refresh_from_db()
        assert campaign.name != "Other"

    def test_a_copy_starts_unsent(self, editor: Client) -> None:
        staff = make_segment()
        campaign = started(excluded_segments=[staff], time_zone="Asia/Tokyo")
        form = editor.get(url("copy", campaign.pk)).context["form"]
        assert form["name"].value() == f"Copy of {campaign.name}"
        assert form["time_zone"].value() == "Asia/Tokyo"
        assert list(form["excluded_segments"].value()) == [staff.pk]
        assert form["send_on"].value() is None

        editor.post(url("copy", campaign.pk), self.data(name="Again", send_on=""))

        copy = Campaign.objects.get(name="Again")
        assert (copy.state, copy.send, copy.scheduled_at, copy.email_revision_id) == (State.DRAFT, None, None, None)
        assert (copy.started_at, copy.scheduled_by) == (None, None)
        unchanged = Campaign.objects.get(pk=campaign.pk)
        assert (unchanged.name, unchanged.send, unchanged.state) == (campaign.name, campaign.send, State.SENDING)


class TestButtons:
    def test_scheduling_takes_the_time_of_the_zone(self, sender: Client) -> None:
        campaign = make_campaign()
        data = {"send_on": "2026-03-03T09:00", "time_zone": "America/New_York"}
        response = sender.post(url("schedule", campaign.pk), data, follow=True)
        campaign.refresh_from_db()
        assert (campaign.state, campaign.time_zone) == (State.SCHEDULED, "America/New_York")
        assert campaign.scheduled_at == datetime(2026, 3, 3, 14, tzinfo=UTC)
        assert "will be sent on March 3, 2026, 9 a.m. (America/New_York)" in messages_of(response)

    def test_a_time_that_comes_twice_is_explained_and_what_was_typed_stays(self, sender: Client) -> None:
        campaign = make_campaign()
        data = {"send_on": "2026-10-25T02:30", "time_zone": "Europe/Berlin"}
        response = sender.post(url("schedule", campaign.pk), data, follow=True)
        assert "comes twice" in messages_of(response)
        assert 'value="2026-10-25T02:30"' in response.content.decode()
        campaign.refresh_from_db()
        assert (campaign.state, campaign.scheduled_at, campaign.time_zone) == (State.DRAFT, None, "UTC")

    def test_what_is_missing_is_said(self, sender: Client) -> None:
        campaign = make_campaign(email=make_email(publish=False))
        response = sender.post(url("schedule", campaign.pk), {"when": "now"}, follow=True)
        assert "never published" in messages_of(response)

    def test_send_now(self, sender: Client) -> None:
        campaign = make_campaign()
        sender.post(url("schedule", campaign.pk), {"when": "now"})
        services.start_due(NOW)
        campaign.refresh_from_db()
        assert campaign.state == State.SENDING

    def test_the_whole_way_by_buttons(self, sender: Client) -> None:
        campaign = make_campaign()
        tomorrow = {"send_on": "2026-03-03T09:00", "time_zone": "UTC"}
        seen = []
        for verb, data in [
            ("schedule", tomorrow),
            ("reschedule", {**tomorrow, "send_on": "2026-03-04T09:00"}),
            ("pause", {"reason": "wrong price"}),
            ("resume", {}),
            ("unschedule", {}),
            ("schedule", tomorrow),
            ("cancel", {}),
        ]:
            sender.post(url(verb, campaign.pk), data)
            campaign.refresh_from_db()
            seen.append(campaign.state)
        assert seen == ["scheduled", "scheduled", "paused", "scheduled", "draft", "scheduled", "cancelled"]

    def test_a_pause_without_words_says_who_did_it(self, client: Client) -> None:
        client.force_login(make_sender(username="jo"))
        campaign = make_scheduled()
        client.post(url("pause", campaign.pk), {"reason": " "})
        campaign.refresh_from_db()
        assert campaign.pause_reason == "Paused by jo."

    def test_a_note_is_asked_for(self, sender: Client) -> None:
        campaign = started()
        Campaign.objects.filter(pk=campaign.pk).update(state=State.SENT)
        assert "Write down" in messages_of(sender.post(url("evaluate", campaign.pk), {"note": " "}, follow=True))
        sender.post(url("evaluate", campaign.pk), {"note": "Earlier next time."})
        campaign.refresh_from_db()
        assert (campaign.state, campaign.evaluation) == (State.EVALUATED, "Earlier next time.")

    def test_what_the_state_forbids_is_said_and_not_done(self, sender: Client) -> None:
        campaign = make_scheduled()
        response = sender.post(url("resume", campaign.pk), follow=True)
        assert "Only a paused campaign" in messages_of(response)

    def test_a_foreign_address_to_go_back_to_is_ignored(self, sender: Client) -> None:
        campaign = make_scheduled()
        response = sender.post(url("pause", campaign.pk), {"next": "https://evil.example.com/"})
        assert response.headers["Location"] == page(campaign)


class TestPage:
    def test_a_draft_says_what_is_missing_and_cannot_be_scheduled(self, sender: Client) -> None:
        campaign = make_campaign(email=make_email(subject=""))
        response = sender.get(page(campaign))
        assert "The email has no subject." in text_of(response)
        assert "It cannot be scheduled before the errors are repaired." in text_of(response)

    def test_the_audience_is_counted_with_every_reason(self, sender: Client) -> None:
        topic = make_topic()
        make_readers(topic, 3)
        make_contact()
        response = sender.get(page(make_campaign(topic=topic)))
        audience = response.context["audience"]
        assert (audience.total_count, audience.sendable_count, audience.skipped) == (4, 3, {"no_consent": 1})

    def test_names_are_escaped(self, sender: Client) -> None:
        campaign = make_scheduled(name="<script>alert(1)</script>")
        services.pause(campaign, reason="<img src=x onerror=alert(2)>", by=make_sender())
        content = sender.get(page(campaign)).content.decode()
        assert "<script>alert(1)" not in content
        assert "<img src=x" not in content

    def test_figures_have_honest_bases(self, sender: Client) -> None:
        topic = make_topic()
        make_readers(topic, 4)
        campaign = started(topic=topic)
        assert campaign.send is not None
        first, second, third, fourth = campaign.send.messages.order_by("pk")
        OutboxMessage.objects.exclude(pk=fourth.pk).update(state="accepted")
        OutboxMessage.objects.filter(pk=fourth.pk).update(state="rejected")
        make_event(first, "open")
        make_event(first, "open")
        make_event(second, "open", is_machine=True)
        make_event(first, "click", link_index=1)
        make_event(third, "unsubscribe", detail="too_many")
        report = sender.get(page(campaign)).context["report"]
        assert (report.accepted.count, report.accepted.base) == (3, 4)
        assert (report.rejected.count, report.rejected.base) == (1, 4)
        assert (report.opened.count, report.opened.base) == (1, 3)
        assert report.machine_opens == "+ 1 by machines"
        assert (report.clicked.count, report.clicked_of_opened.base) == (1, 1)
        assert report.figures.reasons == [("I get too many emails", 1)]
        assert sum(part.share.count for part in report.parts) == report.done.base

    def test_no_rate_without_a_base(self, sender: Client) -> None:
        topic = make_topic()
        make_readers(topic, 1)
        campaign = started(topic=topic)
        response = sender.get(page(campaign))
        assert response.context["report"].opened.percent is None
        assert "no rate yet" in text_of(response)

    def test_links_are_named_by_their_blocks(self, sender: Client) -> None:
        campaign = started(email=make_email(body=[*BODY]))
        rows = sender.get(page(campaign)).context["link_rows"]
        assert ("To the shop", "Button, block 3") in [(link.label, block) for link, block in rows]

    def test_the_frozen_audience_is_linked_for_those_who_may_see_it(self, client: Client) -> None:
        campaign = started()
        outbox = reverse("precise_mail_outbox", args=[campaign.send_id])
        client.force_login(make_sender())
        assert outbox not in client.get(page(campaign)).content.decode()
        client.force_login(make_user("access_admin", "view_campaign", "view_contact", "view_outboxmessage"))
        assert outbox in client.get(page(campaign)).content.decode()

    def test_a_running_campaign_asks_for_its_progress(self, sender: Client) -> None:
        campaign = started()
        content = sender.get(page(campaign)).content.decode()
        assert 'data-controller="wpm-poll"' in content
        assert url("progress", campaign.pk) in content

    def test_a_scheduled_campaign_waits_for_its_start(self, sender: Client) -> None:
        campaign = make_scheduled()
        content = sender.get(page(campaign)).content.decode()
        assert url("progress", campaign.pk) in content
        assert 'data-wpm-poll-state-value="scheduled-none"' in content

    def test_a_finished_one_does_not(self, sender: Client) -> None:
        campaign = started()
        Send.objects.update(state=Send.State.FINISHED)
        Campaign.objects.update(state=State.SENT)
        assert "wpm-poll-url-value" not in sender.get(page(campaign)).content.decode()

    def test_progress_is_a_fragment_that_names_the_state(self, sender: Client) -> None:
        topic = make_topic()
        make_readers(topic, 2)
        campaign = started(topic=topic)
        response = sender.get(url("progress", campaign.pk))
        assert response.headers["Wpm-State"] == "sending-running"
        assert "no-store" in response.headers["Cache-Control"]
        assert "of 2 done" in text_of(response)
        assert "<html" not in response.content.decode()

    def test_progress_before_the_audience_is_there(self, sender: Client) -> None:
        campaign = make_scheduled()
        Campaign.objects.update(state=State.SENDING)
        response = sender.get(url("progress", campaign.pk))
        assert response.headers["Wpm-State"] == "sending-none"
        assert sender.get(page(campaign)).status_code == 200

    def test_progress_is_only_read(self, sender: Client) -> None:
        assert sender.post(url("progress", make_campaign().pk)).status_code == 405

    @pytest.mark.parametrize("state", State.values)
    def test_the_page_can_be_seen_in_every_state(self, client: Client, state: str) -> None:
        client.force_login(make_user(is_superuser=True))
        for campaign in (make_scheduled(), started()):
            Campaign.objects.filter(pk=campaign.pk).update(state=state)
            assert client.get(page(campaign)).status_code == 200

    def test_a_missing_campaign_is_not_found(self, sender: Client) -> None:
        assert sender.get(url("inspect", 987654)).status_code == 404

    def test_the_history_says_who_did_what(self, client: Client) -> None:
        client.force_login(make_user(is_superuser=True))
        campaign = make_scheduled(by=make_sender(first_name="Jo", last_name="Lee"))
        assert "Jo Lee" in client.get(url("history", campaign.pk)).content.decode()
        assert "Jo Lee" in client.get(page(campaign)).content.decode()

    def test_the_number_of_queries_does_not_grow_with_the_audience(
        self, sender: Client, django_assert_max_num_queries: DjangoAssertNumQueries
    ) -> None:
        topic = make_topic()
        make_readers(topic, 3)
        campaign = started(topic=topic)
        assert campaign.send is not None
        for message in campaign.send.messages.all():
            make_event(message, "click", link_index=0)
        sender.get(page(campaign))  # content types and permissions are read once per process
        with django_assert_max_num_queries(32) as few:
            sender.get(page(campaign))
        make_readers(topic, 20)
        other = started(topic=topic, email=campaign.email)
        assert other.send is not None
        for message in other.send.messages.all():
            make_event(message, "click", link_index=0)
        with django_assert_max_num_queries(len(few)):
            sender.get(page(other))

    def test_a_draft_says_who_would_see_a_fallback(self, sender: Client) -> None:
        topic = make_topic()
        make_readers(topic, 4)
        email = make_email(subject='Dear {{ contact.city | default: "<neighbor>" }}')
        text = text_of(sender.get(page(make_campaign(topic=topic, email=email))))
        assert "Who sees a fallback" in text
        assert "&lt;neighbor&gt;" in text
        assert "100.0%" in text

    def test_without_merge_fields_nothing_is_said_about_fallbacks(self, sender: Client) -> None:
        assert "Who sees a fallback" not in text_of(sender.get(page(make_campaign())))

    def test_progress_costs_a_few_queries(
        self, sender: Client, django_assert_max_num_queries: DjangoAssertNumQueries
    ) -> None:
        campaign = started()
        sender.get(url("progress", campaign.pk))
        with django_assert_max_num_queries(16):
            sender.get(url("progress", campaign.pk))


class TestListing:
    def test_the_name_leads_to_the_page(self, sender: Client) -> None:
        campaign = make_scheduled(name="Spring")
        content = sender.get(url("index")).content.decode()
        assert f'href="{page(campaign)}"' in content
        assert "wpm-state--scheduled" in content

    def test_it_is_searched_and_filtered(self, sender: Client) -> None:
        make_campaign(name="Spring")
        make_scheduled(name="Autumn")
        found = sender.get(url("index_results"), {"q": "spri"}).content.decode()
        assert "Spring" in found
        assert "Autumn" not in found
        waiting = sender.get(url("index_results"), {"state": "scheduled"}).content.decode()
        assert "Autumn" in waiting
        assert "Spring" not in waiting

    def test_the_number_of_queries_does_not_grow(
        self, client: Client, django_assert_max_num_queries: DjangoAssertNumQueries
    ) -> None:
        client.force_login(make_user(is_superuser=True))
        make_scheduled()
        client.get(url("index"))
        with django_assert_max_num_queries(40) as few:
            client.get(url("index"))
        for _ in range(5):
            make_campaign()
        with django_assert_max_num_queries(len(few)):
            client.get(url("index"))


class TestCalendar:
    CALENDAR = "precise-mail-calendar:index"

    def test_campaigns_stand_on_the_day_of_the_viewer(self, client: Client) -> None:
        from wagtail.users.models import UserProfile

        user = make_sender()
        UserProfile.objects.create(user=user, current_time_zone="Pacific/Auckland")
        client.force_login(user)
        campaign = make_scheduled(scheduled_at=datetime(2026, 3, 10, 20, tzinfo=UTC))
        month = client.get(reverse(self.CALENDAR)).context["month"]
        (day,) = [day for week in month.weeks for day in week if day.campaigns]
        assert (day.on.isoformat(), day.campaigns) == ("2026-03-11", [campaign])

    def test_days_of_neighboring_months_fill_the_weeks(self, sender: Client) -> None:
        month = sender.get(reverse(self.CALENDAR), {"year": 2026, "month": 3}).context["month"]
        assert month.weeks[0][0].on.isoformat() == "2026-02-23"
        assert month.weeks[-1][-1].on.isoformat() == "2026-04-05"
        assert (month.previous_on.month, month.next_on.month) == (2, 4)

    def test_a_draft_with_a_time_is_shown_as_one(self, sender: Client) -> None:
        make_campaign(scheduled_at=DUE_AT)
        assert "wpm-entry--draft" in sender.get(reverse(self.CALENDAR)).content.decode()

    @pytest.mark.parametrize("month", ["13", "x", "0"])
    def test_a_month_that_does_not_exist_is_not_found(self, sender: Client, month: str) -> None:
        assert sender.get(reverse(self.CALENDAR), {"year": 2026, "month": month}).status_code == 404

    def test_it_moves_a_campaign_and_comes_back(self, sender: Client) -> None:
        campaign = make_scheduled()
        here = reverse(self.CALENDAR) + "?year=2026&month=3"
        data = {"send_on": "2026-03-20T08:00", "time_zone": "UTC", "next": here}
        response = sender.post(url("reschedule", campaign.pk), data)
        campaign.refresh_from_db()
        assert response.headers["Location"] == here
        assert campaign.scheduled_at == datetime(2026, 3, 20, 8, tzinfo=UTC)

    def test_it_offers_only_what_the_state_allows(self, sender: Client) -> None:
        running = started()
        waiting = make_scheduled()
        content = sender.get(reverse(self.CALENDAR)).content.decode()
        assert url("reschedule", waiting.pk) in content
        assert url("reschedule", running.pk) not in content
        assert url("pause", running.pk) in content

    @pytest.mark.slow
    def test_the_number_of_queries_does_not_grow(
        self, sender: Client, django_assert_max_num_queries: DjangoAssertNumQueries
    ) -> None:
        make_scheduled()
        sender.get(reverse(self.CALENDAR))
        with django_assert_max_num_queries(20) as few:
            sender.get(reverse(self.CALENDAR))
        for day in range(1, 8):
            make_scheduled(scheduled_at=DUE_AT + timedelta(days=day))
        with django_assert_max_num_queries(len(few)):
            sender.get(reverse(self.CALENDAR))


class TestHome:
    def test_running_and_coming_campaigns_are_on_the_home_page(self, sender: Client) -> None:
        make_scheduled(name="Spring")
        paused = services.pause(make_scheduled(name="Autumn"), reason="wrong price", by=make_sender())
        home = sender.get(reverse("wagtailadmin_home")).content.decode()
        assert "Spring" in home
        assert "wrong price" in home
        assert home.index(paused.name) < home.index("Spring")

    def test_without_any_there_is_no_panel(self, sender: Client) -> None:
        make_campaign()
        assert "Campaigns under way" not in sender.get(reverse("wagtailadmin_home")).content.decode()


SUBJECT = 'Tea for {{ contact.first_name | default: "friends" }}'


def test_the_page_shows_the_subject_with_its_fallbacks_before_and_after_approval(client: Client) -> None:
    client.force_login(make_user("access_admin", "view_campaign"))
    for campaign in (
        make_campaign(email=make_email(subject=SUBJECT)),
        make_scheduled(email=make_email(subject=SUBJECT)),
    ):
        assert "“Tea for friends”" in text_of(client.get(page(campaign)))
