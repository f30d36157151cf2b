"""Requests, retention and departures in the admin: for those who may, by POST only, and with words."""

from __future__ import annotations

import io
import zipfile
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests.factories.contacts import make_contact, make_note, make_request
from wagtail_precise_mail.contacts import services
from wagtail_precise_mail.contacts.departures import Departure
from wagtail_precise_mail.contacts.models import Contact, ServiceNote, Suppression
from wagtail_precise_mail.contacts.subject_requests import SubjectRequest

pytestmark = pytest.mark.django_db

ANSWERS = ("access_admin", "answer_subjectrequest", "view_contact")


def client_of(*codenames: str) -> Client:
    user = User.objects.create_user(f"user-{User.objects.count()}")
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    client = Client()
    client.force_login(user)
    return client


def act(client: Client, request: SubjectRequest, **posted: str) -> Any:
    return client.post(reverse("precise-mail-requests:act", args=[request.pk]), posted, follow=True)


class TestRequests:
    def test_the_most_urgent_stands_first_and_says_how_late_it_is(self) -> None:
        now = timezone.now()
        make_request(make_contact(email="later@example.com"), at=now)
        make_request(make_contact(email="late@example.com"), at=now - timedelta(days=31))
        done = make_request(make_contact(email="done@example.com"), at=now - timedelta(days=60))
        SubjectRequest.objects.filter(pk=done.pk).update(state="done", closed_at=now)
        html = client_of(*ANSWERS).get(reverse("precise-mail-requests:index")).content.decode()
        assert html.index("late@example.com") < html.index("later@example.com") < html.index("done@example.com")
        assert "1 day late" in html or "2 days late" in html
        assert "29 days left" in html

    def test_the_listing_costs_the_same_whatever_its_length(self, django_assert_max_num_queries: Any) -> None:
        client = client_of(*ANSWERS)
        for _number in range(20):
            make_request(make_contact())
        client.get(reverse("precise-mail-requests:index"))
        with django_assert_max_num_queries(15):
            client.get(reverse("precise-mail-requests:index"))

    def test_a_letter_is_taken_in_with_the_day_it_came(self) -> None:
        contact = make_contact(email="ann@example.com")
        received_at = timezone.localtime() - timedelta(days=2)
        posted = {
            "address": "ANN@example.com",
            "kind": "access",
            "source": "letter",
            "received_at": f"{received_at:%Y-%m-%d %H:%M}",
            "note": "Knew the last order",
        }
        response = client_of(*ANSWERS).post(reverse("precise-mail-requests:add"), posted)
        request = SubjectRequest.objects.get()
        assert response["Location"] == reverse("precise-mail-requests:inspect", args=[request.pk])
        assert (request.contact, request.kind, request.received_at.date()) == (contact, "access", received_at.date())
        assert request.steps.get().note == "Knew the last order"

    @pytest.mark.parametrize(
        ("overrides", "error"),
        [
            ({"address": "nobody@example.com"}, "There is no contact with this address"),
            ({"address": "ann"}, "valid email address"),
            ({"received_at": "2999-01-01 10:00"}, "yet to come"),
            ({"kind": "money"}, "not one of the available choices"),
        ],
    )
    def test_what_cannot_be_is_said_beside_the_field(self, overrides: dict[str, str], error: str) -> None:
        make_contact(email="ann@example.com")
        posted = {"address": "ann@example.com", "kind": "access", "source": "letter", "received_at": "2026-01-01 10:00"}
        response = client_of(*ANSWERS).post(reverse("precise-mail-requests:add"), {**posted, **overrides})
        assert error in response.content.decode()
        assert not SubjectRequest.objects.exists()

    def test_the_package_is_downloaded_and_its_making_kept(self) -> None:
        request = make_request(make_contact(first_name="Ann"), "access")
        response = act(client_of(*ANSWERS), request, action="package")
        assert "contact.csv" in zipfile.ZipFile(io.BytesIO(response.content)).namelist()
        assert request.steps.filter(verb="packaged").exists()

    def test_erasing_asks_whether_one_is_sure(self) -> None:
        request = make_request(make_contact())
        client = client_of(*ANSWERS)
        assert "Nothing was erased" in act(client, request, action="erase").content.decode()
        assert Contact.objects.exists()
        assert "Erased." in act(client, request, action="erase", sure="yes").content.decode()
        assert not Contact.objects.exists()
        assert "already" in act(client, request, action="erase", sure="yes").content.decode()

    def test_a_refusal_needs_its_reason(self) -> None:
        request = make_request(make_contact())
        client = client_of(*ANSWERS)
        assert "needs its reason" in act(client, request, action="refuse", note=" ").content.decode()
        act(client, request, action="refuse", note="Somebody else")
        request.refresh_from_db()
        assert request.state == "refused"
        act(client, request, action="reopen")
        request.refresh_from_db()
        assert request.state == "open"

    def test_what_people_write_is_escaped(self) -> None:
        request = make_request(make_contact(), note="<script>alert(1)</script>", source="<b>letter")
        html = client_of(*ANSWERS).get(reverse("precise-mail-requests:inspect", args=[request.pk])).content.decode()
        assert "<script>alert" not in html
        assert "<b>letter" not in html

    @pytest.mark.parametrize("missing", ["answer_subjectrequest", "view_contact"])
    def test_half_the_permissions_are_not_enough(self, missing: str) -> None:
        request = make_request(make_contact())
        client = client_of(*(set(ANSWERS) - {missing}), "add_subjectrequest", "view_subjectrequest")
        for name in ("index", "add"):
            assert client.get(reverse(f"precise-mail-requests:{name}")).status_code == 302
        assert client.get(reverse("precise-mail-requests:inspect", args=[request.pk])).status_code == 302
        client.post(reverse("precise-mail-requests:act", args=[request.pk]), {"action": "erase", "sure": "yes"})
        assert Contact.objects.exists()

    def test_looking_at_an_act_is_refused(self) -> None:
        request = make_request(make_contact())
        url = reverse("precise-mail-requests:act", args=[request.pk])
        assert client_of(*ANSWERS).get(url).status_code == 405


class TestDeletingAContact:
    def test_it_is_an_erasure(self) -> None:
        contact = make_contact(email="ann@example.com")
        client = client_of("access_admin", "view_contact", "delete_contact")
        client.post(reverse("precise-mail-contacts:delete", args=[contact.pk]))
        assert not Contact.objects.exists()
        assert Suppression.objects.get().reason == "erased"


class TestRetention:
    URL = "precise_mail_retention"

    def test_looking_is_the_dry_run(self, settings: Any) -> None:
        settings.WAGTAIL_PRECISE_MAIL = {**settings.WAGTAIL_PRECISE_MAIL, "retention_days": {"service_notes": 30}}
        make_note(make_contact(), at=timezone.now() - timedelta(days=31))
        html = client_of("access_admin", "run_retention").get(reverse(self.URL)).content.decode()
        assert "kept for 30 days" in html
        assert "<strong>1</strong> would go now" in html
        assert ServiceNote.objects.exists()

    def test_one_rule_is_run_at_once(self, settings: Any) -> None:
        settings.WAGTAIL_PRECISE_MAIL = {**settings.WAGTAIL_PRECISE_MAIL, "retention_days": {"service_notes": 30}}
        make_note(make_contact(), at=timezone.now() - timedelta(days=31))
        client = client_of("access_admin", "run_retention")
        html = client.post(reverse(self.URL), {"rule": "service_notes"}, follow=True).content.decode()
        assert "1 row was let go" in html
        assert not ServiceNote.objects.exists()

    def test_a_rule_that_is_none_is_said(self) -> None:
        client = client_of("access_admin", "run_retention")
        assert "There is no such rule" in client.post(reverse(self.URL), {"rule": "x"}, follow=True).content.decode()

    def test_it_needs_its_own_permission(self) -> None:
        client = client_of(*ANSWERS, "delete_contact")
        assert client.get(reverse(self.URL)).status_code == 302
        assert client.post(reverse(self.URL), {"rule": "service_notes"}).status_code == 302


class TestDepartures:
    URL = "precise_mail_departures"

    @pytest.fixture(autouse=True)
    def _leavers(self) -> None:
        for number, reason in enumerate(["too_many", "too_many", "", "other"]):
            contact = make_contact(email=f"leaver{number}@example.com")
            services.unsubscribe(contact, reason=reason, comment="=Too often" if number == 1 else "")

    def test_the_reasons_are_counted_and_lead_to_the_contacts(self) -> None:
        client = client_of("access_admin", "view_contact")
        html = client.get(reverse(self.URL)).content.decode()
        assert "I get too many emails" in html
        assert "50%" in html
        found = client.get(reverse(self.URL), {"reason": "too_many"}).content.decode()
        assert "leaver0@example.com" in found
        assert "leaver2@example.com" not in found
        silent = client.get(reverse(self.URL), {"reason": "none"}).content.decode()
        assert "leaver2@example.com" in silent
        assert "leaver0@example.com" not in silent

    def test_the_download_needs_its_permission_and_runs_no_formula(self) -> None:
        assert client_of("access_admin", "view_contact").get(reverse(self.URL), {"export": "csv"}).status_code == 302
        response = client_of("access_admin", "view_contact", "export_contact").get(reverse(self.URL), {"export": "csv"})
        content = b"".join(response.streaming_content).decode()
        assert "leaver1@example.com" in content
        assert "'=Too often" in content

    def test_it_is_closed_to_whoever_may_not_see_contacts(self) -> None:
        assert client_of("access_admin", "view_campaign").get(reverse(self.URL)).status_code == 302

    def test_an_erased_leaver_is_still_counted(self) -> None:
        Contact.objects.all().delete()
        html = client_of("access_admin", "view_contact").get(reverse(self.URL)).content.decode()
        assert "erased contact" in html
        assert "50%" in html

    def test_before_anybody_leaves_it_says_what_will_stand_there(self) -> None:
        Departure.objects.all().delete()
        client = client_of("access_admin", "view_contact")
        assert b"Nobody has left yet." in client.get(reverse(self.URL)).content
        assert b"Nobody has left yet." not in client.get(reverse(self.URL), {"reason": "other"}).content
