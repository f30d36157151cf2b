"""The preference centre: what a contact chooses there counts from the next send on, and stands in the audit."""

from __future__ import annotations

import io
import json
import re
import zipfile
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django_q.models import OrmQ

from tests.factories.contacts import grant, make_contact, make_note, make_topic
from tests.factories.delivery import make_message, make_send
from tests.factories.emails import make_brand
from wagtail_precise_mail.contacts import services
from wagtail_precise_mail.contacts.models import Contact, Suppression, Topic
from wagtail_precise_mail.contacts.preference_tokens import Reach, make_preference_token, read_preference_token
from wagtail_precise_mail.contacts.preferences import months_later
from wagtail_precise_mail.contacts.subject_requests import SubjectRequest
from wagtail_precise_mail.contacts.tasks import send_preference_link
from wagtail_precise_mail.contacts.tokens import make_unsubscribe_token
from wagtail_precise_mail.delivery.channels import MemoryChannel
from wagtail_precise_mail.delivery.gate import judge
from wagtail_precise_mail.delivery.models import OutboxMessage, Send
from wagtail_precise_mail.delivery.services import deliver
from wagtail_precise_mail.exceptions import ExpiredToken, InvalidToken
from wagtail_precise_mail.signing import sign

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _brand() -> None:
    make_brand()


@pytest.fixture
def memory(settings: Any) -> Any:
    settings.WAGTAIL_PRECISE_MAIL = {**settings.WAGTAIL_PRECISE_MAIL, "channel": "memory"}
    MemoryChannel.outbox.clear()
    yield MemoryChannel
    MemoryChannel.outbox.clear()


@pytest.fixture
def client() -> Client:
    """One that is refused where a CSRF token is asked for, like a browser inside of a mail program."""
    return Client(enforce_csrf_checks=True)


@pytest.fixture
def topic() -> Topic:
    return make_topic(name="Newsletter", description="News from the garden")


@pytest.fixture
def contact(topic: Topic) -> Contact:
    made = make_contact(email="ann.smith@example.com", first_name="Ann")
    grant(made, topic)
    return made


def settings_url(contact: Contact, *, reach: Reach = Reach.SETTINGS, message_id: int = 7) -> str:
    token = make_preference_token(contact.pk, message_id, reach=reach, at=timezone.now())
    return reverse("wagtail_precise_mail:preferences", args=[token])


def data_url(contact: Contact, *, reach: Reach = Reach.DATA) -> str:
    token = make_preference_token(contact.pk, reach=reach, at=timezone.now())
    return reverse("wagtail_precise_mail:own_data", args=[token])


def wishes(*topics: Topic, **overrides: Any) -> dict[str, Any]:
    values = {
        "action": "save",
        "topics": [topic.pk for topic in topics],
        "cadence": "every",
        "language": "",
        "is_tracking_allowed": "on",
        "is_profiling_allowed": "on",
        **overrides,
    }
    return {name: value for name, value in values.items() if value is not None}


def reason_of(contact: Contact, topic: Topic | None) -> str:
    """Why the next send would leave a contact out."""
    message = make_message(make_send(topic=topic), contact)
    return judge(message.send, [message], at=timezone.now())[0].reason


def audit(contact: Contact) -> list[tuple[str, str, str, str]]:
    return list(contact.changes.order_by("pk").values_list("field", "old_value", "new_value", "source"))


class TestTokens:
    AT = datetime(2026, 3, 1, tzinfo=UTC)

    def test_a_token_knows_whose_and_how_far(self) -> None:
        known = read_preference_token(
            make_preference_token(12, 2**40, reach=Reach.DATA, at=self.AT), at=self.AT + timedelta(minutes=119)
        )
        assert (known.contact_id, known.message_id, known.reach) == (12, 2**40, Reach.DATA)

    @pytest.mark.parametrize(
        ("reach", "lives"), [(Reach.SETTINGS, timedelta(days=90)), (Reach.DATA, timedelta(hours=2))]
    )
    def test_a_token_ends(self, reach: Reach, lives: timedelta) -> None:
        token = make_preference_token(1, reach=reach, at=self.AT)
        read_preference_token(token, at=self.AT + lives - timedelta(seconds=1))
        with pytest.raises(ExpiredToken):
            read_preference_token(token, at=self.AT + lives)

    @pytest.mark.parametrize(
        "token",
        [
            "",
            "a.b",
            "ümlaut",
            sign("unsubscribe", b"0" * 25),
            sign("preferences", b"short"),
            sign("preferences", b"\x09" * 25),
        ],
    )
    def test_a_foreign_token_is_refused(self, token: str) -> None:
        with pytest.raises(InvalidToken):
            read_preference_token(token, at=self.AT)


class TestPace:
    def test_each_pace_says_what_it_does(self, client: Client, contact: Contact) -> None:
        page = client.get(settings_url(contact)).content.decode()
        assert "Everything of a month in one mail, on the first of the next." in page
        assert "what comes too soon is left out" not in page

    def test_topics_without_digests_are_named(self, client: Client, contact: Contact) -> None:
        make_topic(name="Flash sales", has_digests=False)
        page = client.get(settings_url(contact)).content.decode()
        assert "Of Flash sales, what comes too soon is left out." in page
        assert "Everything of a month" in page

    def test_without_any_digest_nothing_is_promised(self, client: Client, contact: Contact, topic: Topic) -> None:
        Topic.objects.update(has_digests=False)
        page = client.get(settings_url(contact)).content.decode()
        assert "What comes too soon is left out." in page
        assert "Everything of a month" not in page


class TestSettings:
    def test_the_page_shows_what_holds_now(self, client: Client, contact: Contact, topic: Topic) -> None:
        Contact.objects.update(cadence="weekly", is_profiling_allowed=False)
        make_topic(name="Recipes")
        soup = BeautifulSoup(client.get(settings_url(contact)).content, "html.parser")
        assert [
            one["value"] for one in soup.find_all("input", attrs={"name": "topics"}) if one.has_attr("checked")
        ] == [str(topic.pk)]
        assert len(soup.find_all("input", attrs={"name": "topics"})) == 2
        assert soup.find("input", attrs={"name": "cadence", "checked": True})["value"] == "weekly"
        assert not soup.find("input", attrs={"name": "is_profiling_allowed"}).has_attr("checked")
        assert "News from the garden" in soup.get_text()

    def test_the_page_of_a_mail_tells_nothing_personal(self, client: Client, contact: Contact) -> None:
        html = client.get(settings_url(contact)).content.decode()
        assert "a•••@example.com" in html
        assert "ann.smith" not in html
        assert "Ann" not in html

    @pytest.mark.parametrize("method", ["get", "head", "options"])
    def test_looking_changes_nothing(self, client: Client, contact: Contact, method: str) -> None:
        getattr(client, method)(settings_url(contact) + "?action=pause&months=3")
        contact.refresh_from_db()
        assert (contact.paused_until, contact.changes.count()) == (None, 0)

    def test_choices_count_from_the_next_send_on(self, client: Client, contact: Contact, topic: Topic) -> None:
        recipes = make_topic(name="Recipes")
        response = client.post(settings_url(contact), wishes(recipes))
        assert (response.status_code, response["Location"].partition("?")[2]) == (302, "done=saved")
        assert reason_of(contact, topic) == "unsubscribed"
        assert reason_of(contact, recipes) == ""

    def test_consent_goes_into_the_ledger_as_their_own(self, client: Client, contact: Contact, topic: Topic) -> None:
        client.post(settings_url(contact, message_id=7), wishes())
        change = contact.consent_changes.latest("pk")
        assert (change.topic, change.status, change.source, change.evidence) == (
            topic,
            "withdrawn",
            "self",
            "preference page, message 7",
        )

    def test_fields_go_into_the_audit_as_their_own(self, client: Client, contact: Contact, topic: Topic) -> None:
        client.post(settings_url(contact), wishes(topic, cadence="monthly", language="en", is_profiling_allowed=None))
        assert audit(contact) == [
            ("cadence", "every", "monthly", "self"),
            ("locale", "", "en", "self"),
            ("is_profiling_allowed", "True", "False", "self"),
        ]
        contact.refresh_from_db()
        assert (contact.cadence, contact.locale, contact.is_profiling_allowed) == ("monthly", "en", False)
        assert contact.is_tracking_allowed

    def test_saving_what_holds_already_writes_nothing(self, client: Client, contact: Contact, topic: Topic) -> None:
        before = contact.consent_changes.count()
        client.post(settings_url(contact), wishes(topic))
        assert (contact.changes.count(), contact.consent_changes.count()) == (0, before)

    def test_saving_twice_is_harmless(self, client: Client, contact: Contact, topic: Topic) -> None:
        url = settings_url(contact)
        for _time in range(2):
            client.post(url, wishes(topic, cadence="weekly"))
        assert audit(contact) == [("cadence", "every", "weekly", "self")]

    @pytest.mark.parametrize("months", [1, 3, 6])
    def test_a_pause_holds_mail_back_and_ends(
        self, client: Client, contact: Contact, topic: Topic, months: int
    ) -> None:
        url = settings_url(contact)
        client.post(url, {"action": "pause", "months": months})
        contact.refresh_from_db()
        assert contact.paused_until is not None
        assert contact.paused_until.date() == months_later(timezone.now(), months).date()
        assert reason_of(contact, topic) == "paused"
        client.post(url, {"action": "resume"})
        assert reason_of(contact, topic) == ""

    @pytest.mark.parametrize("months", ["0", "2", "99999999999", "-1", "²", "x"])
    def test_other_pauses_are_not_on_offer(self, client: Client, contact: Contact, months: str) -> None:
        assert client.post(settings_url(contact), {"action": "pause", "months": months}).status_code == 200
        contact.refresh_from_db()
        assert contact.paused_until is None

    @pytest.mark.parametrize(
        "bad", [{"cadence": "hourly"}, {"language": "xx"}, {"topics": [10**9]}, {"topics": ["x"]}, {"cadence": None}]
    )
    def test_what_is_not_on_offer_saves_nothing(
        self, client: Client, contact: Contact, topic: Topic, bad: dict[str, Any]
    ) -> None:
        response = client.post(settings_url(contact), {**wishes(topic), **{k: v or "" for k, v in bad.items()}})
        assert "Nothing was saved" in response.content.decode()
        assert reason_of(contact, topic) == ""
        assert contact.changes.count() == 0

    def test_a_language_that_the_site_does_not_speak_is_kept(
        self, client: Client, contact: Contact, topic: Topic
    ) -> None:
        Contact.objects.update(locale="gsw")
        client.post(settings_url(contact), wishes(topic, language="gsw"))
        contact.refresh_from_db()
        assert contact.locale == "gsw"

    def test_choosing_a_topic_brings_back_whoever_had_left_everything(
        self, client: Client, contact: Contact, topic: Topic
    ) -> None:
        services.unsubscribe(contact)
        assert "You have left all topics" in client.get(settings_url(contact)).content.decode()
        client.post(settings_url(contact), wishes(topic))
        assert reason_of(contact, topic) == ""

    def test_a_complaint_is_not_lifted_by_choosing(self, client: Client, contact: Contact, topic: Topic) -> None:
        services.suppress(contact.email, reason="complaint")
        assert "We do not write to this address" in client.get(settings_url(contact)).content.decode()
        client.post(settings_url(contact), wishes(topic))
        assert Suppression.objects.get().reason == "complaint"

    def test_the_page_costs_few_queries(
        self, client: Client, contact: Contact, django_assert_max_num_queries: Any
    ) -> None:
        for _number in range(20):
            make_topic()
        client.get(settings_url(contact))
        with django_assert_max_num_queries(10):
            client.get(settings_url(contact))

    def test_the_page_is_private_and_speaks_the_language_of_the_contact(self, client: Client, contact: Contact) -> None:
        Contact.objects.update(locale="zh-hans")
        response = client.get(settings_url(contact))
        assert response["Referrer-Policy"] == "no-referrer"
        assert 'lang="zh-hans"' in response.content.decode()

    def test_the_page_wears_the_brand(self, client: Client, contact: Contact) -> None:
        make_brand(company_name="Moss & Stone", primary_color="#7a1f5c")
        html = client.get(settings_url(contact)).content.decode()
        assert "Moss &amp; Stone" in html
        assert "--accent: #7a1f5c" in html


class TestDeadEnds:
    def test_an_old_link_says_where_to_get_a_new_one(self, client: Client, contact: Contact) -> None:
        token = make_preference_token(contact.pk, reach=Reach.SETTINGS, at=timezone.now() - timedelta(days=91))
        for name in ("preferences", "own_data"):
            response = client.post(reverse(f"wagtail_precise_mail:{name}", args=[token]), wishes())
            assert response.status_code == 410
            assert reverse("wagtail_precise_mail:preference_link") in response.content.decode()
        assert contact.consent_changes.filter(status="withdrawn").count() == 0

    def test_a_tampered_link_is_a_readable_400(self, client: Client, contact: Contact) -> None:
        url = settings_url(contact)
        assert client.get(url[:-3] + "x/").status_code == 400

    def test_an_erased_contact_and_a_test_mail_are_answered_politely(self, client: Client, contact: Contact) -> None:
        url = settings_url(contact)
        contact.delete()
        for one in (url, settings_url(Contact(pk=0))):
            response = client.post(one, wishes())
            assert response.status_code == 200
            assert "There is nothing to set here" in response.content.decode()


class TestOwnData:
    def test_the_link_of_a_mail_does_not_open_it(self, client: Client, contact: Contact) -> None:
        url = data_url(contact, reach=Reach.SETTINGS)
        for response in (
            client.get(url),
            client.post(url, {"action": "download"}),
            client.post(url, {"first_name": "X"}),
        ):
            assert response.status_code == 403
            assert "ann.smith" not in response.content.decode()
        contact.refresh_from_db()
        assert contact.first_name == "Ann"

    def test_a_contact_sees_and_corrects_what_is_known(self, client: Client, contact: Contact) -> None:
        url = data_url(contact)
        html = client.get(url).content.decode()
        assert "ann.smith@example.com" in html
        assert 'value="Ann"' in html
        client.post(url, {"first_name": "Anne", "last_name": "Smith", "birthday_on": "1990-02-03", "country": "GB"})
        contact.refresh_from_db()
        assert (contact.first_name, contact.last_name, contact.country) == ("Anne", "Smith", "GB")
        assert contact.birthday_on == date(1990, 2, 3)
        assert ("first_name", "Ann", "Anne", "self") in audit(contact)
        assert "You last looked at it on" in client.get(url).content.decode()

    @pytest.mark.parametrize("bad", [{"birthday_on": "soon"}, {"country": "XX"}, {"first_name": "x" * 151}])
    def test_what_cannot_be_stored_is_refused_beside_the_field(
        self, client: Client, contact: Contact, bad: dict[str, str]
    ) -> None:
        html = client.post(data_url(contact), bad).content.decode()
        assert "please look at the marked fields" in html
        contact.refresh_from_db()
        assert (contact.first_name, contact.changes.count()) == ("Ann", 0)

    def test_fields_that_are_not_theirs_cannot_be_written(self, client: Client, contact: Contact) -> None:
        client.post(data_url(contact), {"first_name": "Ann", "email": "eve@example.com", "source": "x", "user": "1"})
        contact.refresh_from_db()
        assert (contact.email, contact.source) == ("ann.smith@example.com", "")

    def test_the_package_holds_everything_and_is_kept_as_a_request(self, client: Client, contact: Contact) -> None:
        make_note(contact, subject="Asked about tea")
        response = client.post(data_url(contact), {"action": "download"})
        assert response["Content-Disposition"].startswith('attachment; filename="my-data-')
        with zipfile.ZipFile(io.BytesIO(response.content)) as archive:
            whole = json.loads(archive.read("data.json"))
            assert "Asked about tea" in archive.read("service_notes.csv").decode("utf-8-sig")
        assert whole["tables"]["contact"][0]["email"] == "ann.smith@example.com"
        request = SubjectRequest.objects.get()
        assert (request.kind, request.state, request.source) == ("access", "done", "self")

    def test_asking_to_be_deleted_is_asked_once_more_and_deletes_nothing_yet(
        self, client: Client, contact: Contact
    ) -> None:
        url = data_url(contact)
        html = client.post(url, {"action": "erase"}).content.decode()
        assert "cannot be undone" in html
        assert not SubjectRequest.objects.exists()
        client.post(url, {"action": "erase", "sure": "yes"})
        client.post(url, {"action": "erase", "sure": "yes"})
        request = SubjectRequest.objects.get()
        assert (request.kind, request.state, request.source) == ("erasure", "open", "self")
        assert Contact.objects.filter(pk=contact.pk).exists()
        assert "You asked for it on" in client.get(url).content.decode()


class TestSendMeALink:
    URL = "/mail/preferences/"

    @pytest.fixture
    def url(self) -> str:
        return reverse("wagtail_precise_mail:preference_link")

    def ask(self, url: str, address: str, **extra: Any) -> str:
        return Client().post(url, {"email": address}, **extra).content.decode()

    def test_known_and_unknown_addresses_are_answered_alike(
        self, url: str, contact: Contact, django_capture_on_commit_callbacks: Any
    ) -> None:
        with django_capture_on_commit_callbacks(execute=True):
            known = self.ask(url, "ANN.smith@example.com")
        assert OrmQ.objects.count() == 1
        with django_capture_on_commit_callbacks(execute=True):
            unknown = self.ask(url, "eve@example.com")
        assert OrmQ.objects.count() == 1
        assert known.replace("ANN.smith@example.com", "") == unknown.replace("eve@example.com", "")

    def test_what_is_no_address_is_said(self, url: str) -> None:
        assert "This is no email address" in self.ask(url, "ann@")

    def test_one_mailbox_gets_a_few_links_an_hour(
        self, url: str, contact: Contact, django_capture_on_commit_callbacks: Any
    ) -> None:
        with django_capture_on_commit_callbacks(execute=True):
            answers = {self.ask(url, contact.email, REMOTE_ADDR=f"10.0.0.{number}") for number in range(9)}
        assert OrmQ.objects.count() == 3
        assert len(answers) == 1

    def test_one_visitor_asks_for_some_addresses_an_hour(
        self, url: str, django_capture_on_commit_callbacks: Any
    ) -> None:
        contacts = [make_contact() for _number in range(23)]
        with django_capture_on_commit_callbacks(execute=True):
            for one in contacts:
                self.ask(url, one.email)
        assert OrmQ.objects.count() == 20

    def test_a_stranger_cannot_make_browsers_ask(self, url: str) -> None:
        assert Client(enforce_csrf_checks=True).post(url, {"email": "ann@example.com"}).status_code == 403

    def test_the_page_of_a_mail_sends_it_too(
        self, client: Client, contact: Contact, django_capture_on_commit_callbacks: Any
    ) -> None:
        with django_capture_on_commit_callbacks(execute=True):
            client.post(settings_url(contact), {"action": "data"})
        assert OrmQ.objects.count() == 1

    def test_the_letter_leads_to_the_data_even_for_whoever_has_left(
        self, client: Client, contact: Contact, memory: Any
    ) -> None:
        services.unsubscribe(contact)
        send_preference_link(contact.pk, make_brand().site_id)
        deliver(Send.objects.get().pk)
        assert OutboxMessage.objects.get().state == "accepted"
        mail = memory.outbox[0].content.decode().replace("=\r\n", "").replace("=3D", "=")
        path = re.search(r"https://shop\.example\.com(/\S*?/data/)", mail)
        assert path
        assert "ann.smith@example.com" in client.get(path.group(1)).content.decode()

    def test_two_contacts_get_links_of_their_own_from_one_compiled_letter(self, contact: Contact, memory: Any) -> None:
        other = make_contact()
        for one in (contact, other):
            send_preference_link(one.pk, make_brand().site_id)
        assert Send.objects.values("compiled").distinct().count() == 1
        for send in Send.objects.all():
            deliver(send.pk)
        links = [re.findall(r"/p/[^/]+/data/", mail.content.decode().replace("=\r\n", "")) for mail in memory.outbox]
        assert links[0][0] != links[1][0]


@pytest.mark.parametrize(
    ("at", "months", "expected"),
    [
        ("2026-01-31T10:00", 1, "2026-02-28T10:00"),
        ("2026-11-30T10:00", 3, "2027-02-28T10:00"),
        ("2026-08-15T10:00", 6, "2027-02-15T10:00"),
    ],
)
def test_a_pause_of_months_ends_on_the_same_day(at: str, months: int, expected: str) -> None:
    parsed = [datetime.fromisoformat(text).replace(tzinfo=UTC) for text in (at, expected)]
    assert months_later(parsed[0], months) == parsed[1]


class TestLeaving:
    def url(self, contact: Contact) -> str:
        return reverse("wagtail_precise_mail:unsubscribe", args=[make_unsubscribe_token(contact.pk, 7)])

    def test_the_page_offers_fewer_mails(self, client: Client, contact: Contact, topic: Topic) -> None:
        assert "Or rather fewer mails?" in client.get(self.url(contact)).content.decode()
        html = client.post(self.url(contact), {"action": "monthly"}).content.decode()
        assert "at most once a month" in html
        contact.refresh_from_db()
        assert contact.cadence == "monthly"
        assert not Suppression.objects.exists()

    def test_a_pause_may_be_chosen_instead(self, client: Client, contact: Contact, topic: Topic) -> None:
        client.post(self.url(contact), {"action": "pause"})
        assert reason_of(contact, topic) == "paused"

    def test_a_reason_and_words_are_kept_with_the_departure(self, client: Client, contact: Contact) -> None:
        client.post(self.url(contact), {"action": "unsubscribe"})
        client.post(self.url(contact), {"action": "unsubscribe", "reason": "too_many", "comment": "Every day!\x00"})
        departure = contact.departures.get()
        assert (departure.reason, departure.comment, departure.origin_id) == ("too_many", "Every day!", 7)

    def test_coming_back_ends_the_departure(self, client: Client, contact: Contact) -> None:
        client.post(self.url(contact), {"action": "unsubscribe"})
        client.post(self.url(contact), {"action": "subscribe"})
        assert contact.departures.get().returned_at is not None
