"""The listing of what came back, complaints as cases, and who may see what."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django import Settings

from tests.factories.campaigns import make_campaign
from tests.factories.delivery import make_message, make_send
from wagtail_precise_mail.delivery import tasks
from wagtail_precise_mail.delivery.bounces.kinds import Kind
from wagtail_precise_mail.delivery.bounces.models import Bounce
from wagtail_precise_mail.delivery.bounces.services import record_bounce
from wagtail_precise_mail.delivery.models import OutboxMessage

pytestmark = pytest.mark.django_db

AT = datetime(2026, 3, 2, 12, tzinfo=UTC)


def make_bounce(kind: Kind = Kind.HARD, **overrides: Any) -> Bounce:
    send = overrides.pop("send", None) or make_send()
    message = make_message(send, state=OutboxMessage.State.ACCEPTED, handed_off_at=AT)
    diagnostic = f"550 5.1.1 <{message.address}>: user unknown"
    return record_bounce(message, **{"kind": kind, "diagnostic": diagnostic, "at": AT, **overrides})


def log_in(client: Client, *codenames: str, name: str = "somebody") -> User:
    user = User.objects.create_user(name, f"{name}@example.com", "x")
    user.user_permissions.set(Permission.objects.filter(codename__in=["access_admin", *codenames]))
    client.force_login(user)
    return user


class TestListing:
    def test_it_shows_what_came_back_and_why(self, admin_client: Client) -> None:
        bounce = make_bounce()
        page = admin_client.get(reverse("precise-mail-bounces:index")).content.decode()
        assert bounce.address in page.replace("<wbr>", "")
        assert "address does not exist" in page

    def test_phones_read_below_the_address_what_has_no_column_there(self, admin_client: Client) -> None:
        make_bounce(diagnostic="452 4.2.2 mailbox full")
        page = admin_client.get(reverse("precise-mail-bounces:index")).content.decode()
        assert '<small class="wpm-narrow-only">452 4.2.2 mailbox full</small>' in page

    def test_a_long_answer_is_cut_where_it_can_be_seen(self, admin_client: Client) -> None:
        make_bounce(diagnostic="550 " + "far too long " * 20)
        page = admin_client.get(reverse("precise-mail-bounces:index")).content.decode()
        assert "550 " + ("far too long " * 20)[:115].rstrip() + "…" in page

    def test_an_empty_list_says_what_that_may_mean(self, admin_client: Client) -> None:
        url = reverse("precise-mail-bounces:index")
        assert b"nobody tells us what comes back" in admin_client.get(url).content
        assert b"nobody tells us what comes back" not in admin_client.get(f"{url}?kind=hard").content

    def test_the_page_of_one_is_called_by_its_kind_and_breaks_a_long_address(self, admin_client: Client) -> None:
        bounce = make_bounce(Kind.COMPLAINT)
        local_part, _at, domain = bounce.address.rpartition("@")
        page = admin_client.get(reverse("precise_mail_bounce", args=[bounce.pk])).content.decode()
        assert f"<dd>{local_part}<wbr>@{domain}" in page
        assert bounce.address not in page[: page.index("<dl")]

    def test_who_may_not_read_addresses_finds_none_in_it(self, client: Client) -> None:
        bounce = make_bounce()
        log_in(client, "view_bounce")
        for url in (reverse("precise-mail-bounces:index"), reverse("precise_mail_bounce", args=[bounce.pk])):
            page = client.get(url).content.decode()
            assert "user unknown" in page
            assert bounce.address not in page

    def test_without_the_permission_there_is_nothing(self, client: Client) -> None:
        bounce = make_bounce()
        log_in(client, "view_contact")
        assert client.get(reverse("precise-mail-bounces:index")).status_code in (302, 403)
        assert client.get(reverse("precise_mail_bounce", args=[bounce.pk])).status_code in (302, 403)

    @pytest.mark.parametrize(
        ("query", "count"),
        [
            ("", 3),
            ("kind=quota", 1),
            ("kind=quota&kind=hard", 2),
            ("case=open", 1),
            ("case=handled", 0),
            ("send={send}", 1),
            ("domain=nowhere.example", 0),
            ("happened_at_from=2026-03-03", 0),
        ],
    )
    def test_filters(self, admin_client: Client, query: str, count: int) -> None:
        make_bounce()
        make_bounce(Kind.COMPLAINT)
        send = make_bounce(Kind.QUOTA).message.send
        url = f"{reverse('precise-mail-bounces:index')}?{query.format(send=send.pk)}"
        assert admin_client.get(url).context["object_list"].count() == count

    def test_a_domain_finds_its_addresses(self, admin_client: Client) -> None:
        bounce = make_bounce()
        domain = bounce.address.rpartition("@")[2]
        found = admin_client.get(f"{reverse('precise-mail-bounces:index')}?domain={domain}").context["object_list"]
        assert list(found) == [bounce]

    def test_its_queries_do_not_grow_with_its_rows(
        self, admin_client: Client, django_assert_max_num_queries: Any
    ) -> None:
        url = reverse("precise-mail-bounces:index")
        make_bounce()
        admin_client.get(url)
        with CaptureQueriesContext(connection) as before:
            admin_client.get(url)
        for _number in range(8):
            make_bounce(Kind.SOFT)
        with django_assert_max_num_queries(len(before)):
            admin_client.get(url)

    def test_what_came_back_of_tests_is_not_in_it(self, admin_client: Client) -> None:
        make_bounce(send=make_send(is_test=True, topic=None))
        assert admin_client.get(reverse("precise-mail-bounces:index")).context["object_list"].count() == 0


class TestComplaints:
    def test_somebody_handles_one_once(self, client: Client) -> None:
        bounce = make_bounce(Kind.COMPLAINT)
        user = log_in(client, "view_bounce", "change_bounce")
        url = reverse("precise_mail_bounce", args=[bounce.pk])
        assert b"Mark as handled" in client.get(url).content
        bounce.refresh_from_db()
        assert bounce.handled_at is None
        client.post(url)
        bounce.refresh_from_db()
        assert (bounce.handled_by, bounce.handled_at is not None) == (user, True)
        moment = bounce.handled_at
        log_in(client, "view_bounce", "change_bounce", name="other")
        client.post(url)
        bounce.refresh_from_db()
        assert (bounce.handled_by, bounce.handled_at) == (user, moment)

    def test_who_may_only_see_handles_none(self, client: Client) -> None:
        bounce = make_bounce(Kind.COMPLAINT)
        log_in(client, "view_bounce")
        url = reverse("precise_mail_bounce", args=[bounce.pk])
        assert b"Mark as handled" not in client.get(url).content
        assert client.post(url).status_code in (302, 403)
        bounce.refresh_from_db()
        assert bounce.handled_at is None

    def test_another_bounce_is_no_case(self, admin_client: Client) -> None:
        bounce = make_bounce()
        admin_client.post(reverse("precise_mail_bounce", args=[bounce.pk]))
        bounce.refresh_from_db()
        assert bounce.handled_at is None

    def test_the_home_page_says_how_many_wait(self, admin_client: Client) -> None:
        assert b"called our mail spam" not in admin_client.get("/admin/").content
        make_bounce(Kind.COMPLAINT)
        assert b"1 contact called our mail spam" in admin_client.get("/admin/").content

    def test_those_who_handle_them_are_told_of_the_first_of_a_day(self, client: Client, settings: Settings) -> None:
        settings.WAGTAILADMIN_BASE_URL = "https://shop.example.com"
        log_in(client, "change_bounce")
        log_in(client, "view_bounce", name="watcher")
        first, second = make_bounce(Kind.COMPLAINT), make_bounce(Kind.COMPLAINT)
        mail.outbox.clear()
        for bounce in (first, second):
            tasks.tell_of_complaint(bounce.pk)
        assert [(one.to, "https://shop.example.com/admin/" in one.body) for one in mail.outbox] == [
            (["somebody@example.com"], True)
        ]
        Bounce.objects.filter(pk=first.pk).update(created_at=second.created_at - timedelta(hours=25))
        tasks.tell_of_complaint(second.pk)
        assert len(mail.outbox) == 2


class TestCampaign:
    def test_its_page_says_what_came_back(self, admin_client: Client) -> None:
        send = make_send(state="finished")
        campaign = make_campaign(send=send, state="sent")
        make_bounce(Kind.QUOTA, send=send)
        page = admin_client.get(reverse("precise-mail-campaigns:inspect", args=[campaign.pk])).content.decode()
        assert "What came back" in page
        assert "Mailbox full" in page
        assert f"?send={send.pk}" in page
