"""Signing up and confirming: who becomes what, and what nobody can do with somebody else's address."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User

from tests.factories.contacts import grant, make_contact, make_topic
from wagtail_precise_mail.contacts.captchas import address_checks
from wagtail_precise_mail.contacts.confirmations import (
    ConfirmationMailer,
    confirmation_mailers,
    make_sign_up_token,
    read_sign_up_token,
)
from wagtail_precise_mail.contacts.joining import Visit, confirm_sign_up, sign_up
from wagtail_precise_mail.contacts.models import Contact, Suppression, Topic
from wagtail_precise_mail.contacts.proofs import Shown
from wagtail_precise_mail.contacts.services import grant_in_bulk, suppress, unsubscribe
from wagtail_precise_mail.contacts.sign_ups import SignUp, SignUpSource, with_sign_up_counts
from wagtail_precise_mail.contacts.signals import sign_up_confirmed
from wagtail_precise_mail.contacts.tokens import make_unsubscribe_token
from wagtail_precise_mail.contacts.wordings import add_wording
from wagtail_precise_mail.exceptions import InvalidAddress, InvalidToken, LinkExpired, TooManySignUps

pytestmark = pytest.mark.django_db

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)


class Notebook(ConfirmationMailer):
    """Writes down to whom it would have written."""

    sent: list[SignUp] = []

    def send(self, sign_up: SignUp) -> None:
        self.sent.append(sign_up)


@pytest.fixture(autouse=True)
def notebook(settings: Any, django_capture_on_commit_callbacks: Any) -> Iterator[list[SignUp]]:
    settings.WAGTAIL_PRECISE_MAIL = {"confirmation_mailer": "notebook"}
    Notebook.sent = []
    with confirmation_mailers.temporarily("notebook", Notebook):
        yield Notebook.sent


@pytest.fixture
def commit(django_capture_on_commit_callbacks: Any) -> Any:
    return lambda: django_capture_on_commit_callbacks(execute=True)


@pytest.fixture
def news() -> Topic:
    return make_topic(name="News", slug="news")


class TestAsking:
    def test_a_stranger_becomes_a_pending_contact_and_is_asked(self, news, commit, notebook):
        shown = Shown(page_url="https://shop.example.com/about/", source_page_id=7)
        with commit():
            row = sign_up("Ada@Example.com", [news], source="page-7", visit=Visit(language="de", shown=shown), at=AT)
        contact = Contact.objects.get()
        consent = contact.consents.get()
        entry = contact.consent_changes.get()
        assert (contact.email, contact.source) == ("Ada@Example.com", "page-7")
        assert (consent.status, consent.basis) == ("pending", "")
        assert (entry.status, entry.source, entry.source_page_id) == ("pending", "page-7", 7)
        assert (row.source_page_id, row.page_url, row.language) == (7, "https://shop.example.com/about/", "de")
        assert row.expires_at == AT + timedelta(hours=72)
        assert notebook == [row]
        assert not Contact.objects.with_consent(news.pk).exists(), "nothing may be sent before the confirmation"

    def test_nothing_is_mailed_when_the_sign_up_is_not_kept(self, news, commit, notebook):
        with commit(), pytest.raises(InvalidAddress):
            sign_up("nobody@", [news], source="site")
        assert notebook == []
        assert not Contact.objects.exists()

    def test_a_topic_of_single_opt_in_is_granted_at_once(self, commit, notebook):
        topic = make_topic(opt_in="single")
        with commit():
            row = sign_up("ada@example.com", [topic], source="site", at=AT)
        consent = Contact.objects.get().consents.get()
        assert (consent.status, consent.basis, row.confirmed_at) == ("granted", "single", AT)
        assert notebook == []

    def test_of_two_topics_only_the_one_of_double_opt_in_waits(self, news, commit):
        easy = make_topic(opt_in="single", slug="easy")
        with commit():
            sign_up("ada@example.com", [news, easy], source="site")
        assert {c.topic.slug: c.status for c in Contact.objects.get().consents.all()} == {
            "news": "pending",
            "easy": "granted",
        }

    def test_whoever_left_is_asked_even_where_the_form_is_enough(self, commit, notebook):
        contact, topic = make_contact(email="ada@example.com"), make_topic(opt_in="single")
        grant(contact, topic)
        unsubscribe(contact)
        with commit():
            sign_up("ada@example.com", [topic], source="site")
        assert contact.consents.get().status == "withdrawn"
        assert Suppression.objects.filter(address_hash=contact.address_hash).exists()
        assert len(notebook) == 1

    def test_a_yes_stays_a_yes_while_somebody_is_asked_again(self, news):
        contact = make_contact(email="ada@example.com")
        grant(contact, news)
        sign_up("ada@example.com", [news], source="site")
        assert contact.consents.get().status == "granted"
        assert contact.consent_changes.count() == 1

    def test_a_no_stays_a_no_that_no_import_overturns(self, news):
        contact = make_contact(email="ada@example.com")
        grant(contact, news)
        unsubscribe(contact)
        sign_up("ada@example.com", [news], source="site")
        grant_in_bulk([contact.pk], news, source="old file")
        assert contact.consents.get().status == "withdrawn"

    def test_a_stranger_cannot_change_what_is_known_of_somebody(self, news):
        make_contact(email="ada@example.com", first_name="Ada", locale="en")
        visit = Visit(language="de", answers={"first_name": "Mallory", "is_tracking_allowed": "no"})
        sign_up("ada@example.com", [news], source="site", visit=visit)
        contact = Contact.objects.get()
        assert (contact.first_name, contact.locale) == ("Ada", "en")

    def test_asking_the_same_again_keeps_one_sign_up(self, news):
        first = sign_up("ada@example.com", [news], source="site", at=AT)
        second = sign_up("ada@example.com", [news], source="site", at=AT + timedelta(minutes=5))
        assert first == second
        assert SignUp.objects.get().mail_count == 2

    def test_a_check_of_addresses_can_refuse(self, news):
        def no_throwaways(address: str) -> str:
            return "Please use an address that you keep." if address.endswith("@mailinator.com") else ""

        with address_checks.temporarily("throwaway", no_throwaways):
            with pytest.raises(InvalidAddress, match="that you keep"):
                sign_up("x@mailinator.com", [news], source="site")
            assert sign_up("x@example.com", [news], source="site")

    def test_a_colleague_never_confirms_for_somebody(self, commit, notebook):
        topic = make_topic(opt_in="single")
        ann = User.objects.create_user("ann")
        with commit():
            sign_up("ada@example.com", [topic], source="phone", by=ann)
        entry = Contact.objects.get().consent_changes.get()
        assert (entry.status, entry.changed_by, entry.actor) == ("pending", ann, "colleague")
        assert len(notebook) == 1

    def test_a_mailer_that_fails_breaks_no_sign_up(self, news, commit, settings):
        class Broken(ConfirmationMailer):
            def send(self, sign_up):
                raise InvalidAddress("no")

        with confirmation_mailers.temporarily("notebook", Broken), commit():
            assert sign_up("ada@example.com", [news], source="site")


class TestListBombing:
    def test_one_address_gets_few_mails_however_often_it_is_entered(self, news, commit, notebook, settings):
        settings.WAGTAIL_PRECISE_MAIL = {**settings.WAGTAIL_PRECISE_MAIL, "sign_ups_per_site_and_hour": 10_000}
        with commit():
            for number in range(1000):
                visit = Visit(shown=Shown(ip_address=f"10.0.{number // 250}.{number % 250}"))
                sign_up("ada@example.com", [news], source=f"bomb-{number}", visit=visit)
        assert len(notebook) == 3

    def test_plus_parts_and_dots_make_no_other_mailbox(self, news, commit, notebook):
        spellings = [f"a.d.a+{number}@gmail.com" for number in range(5)] + ["ada@gmail.com", "a.da@gmail.com"]
        with commit():
            for address in spellings:
                sign_up(address, [news], source="site")
        assert len(notebook) == 3

    def test_refusing_the_hundredth_costs_no_query(self, news, django_assert_num_queries):
        for _number in range(3):
            sign_up("ada@example.com", [news], source="site")
        with django_assert_num_queries(0):
            assert sign_up("ada@example.com", [news], source="site") is None

    def test_what_was_mailed_counts_even_when_the_cache_was_emptied(self, news, commit, notebook):
        from django.core.cache import cache

        with commit():
            for _number in range(6):
                cache.clear()
                sign_up("ada@example.com", [news], source="site", at=AT)
        assert len(notebook) == 3

    def test_the_next_day_there_are_mails_again(self, news, commit, notebook):
        from django.core.cache import cache

        with commit():
            for hours in (0, 1, 2, 3):
                sign_up("ada@example.com", [news], source="site", at=AT + timedelta(hours=hours))
            cache.clear()
            sign_up("ada@example.com", [news], source="site", at=AT + timedelta(hours=30))
        assert len(notebook) == 4

    @pytest.mark.parametrize("prefix", ["192.0.2.9", "2001:db8:1:2::"])
    def test_one_network_signs_up_few_people(self, news, prefix):
        for number in range(20):
            ip_address = f"{prefix}{number}" if ":" in prefix else prefix
            sign_up(f"p{number}@example.com", [news], source="site", visit=Visit(shown=Shown(ip_address=ip_address)))
        with pytest.raises(TooManySignUps):
            sign_up("one-more@example.com", [news], source="site", visit=Visit(shown=Shown(ip_address=ip_address)))
        assert not Contact.objects.with_address("one-more@example.com").exists()

    def test_one_site_signs_up_so_many_people(self, news, settings):
        settings.WAGTAIL_PRECISE_MAIL = {**settings.WAGTAIL_PRECISE_MAIL, "sign_ups_per_site_and_hour": 2}
        for number in range(2):
            sign_up(f"p{number}@example.com", [news], source="site")
        with pytest.raises(TooManySignUps):
            sign_up("p3@example.com", [news], source="site")


class TestConfirming:
    @pytest.fixture
    def row(self, news: Topic) -> SignUp:
        wording = add_wording("Yes, send me News.", topics=[news], language="en")
        visit = Visit(language="en", shown=Shown(wording, page_url="https://a.b/"), answers={"first_name": "Ada"})
        return sign_up("ada@example.com", [news], source="social-x", visit=visit, at=AT)

    def test_it_grants_with_the_best_grade_and_the_wording_shown(self, row, news):
        assert confirm_sign_up(row, at=AT + DAY)
        contact = Contact.objects.get()
        entry = contact.consent_changes.latest("pk")
        assert Contact.objects.with_consent(news.pk).get() == contact
        assert (entry.basis, entry.source, entry.wording.text) == ("double", "social-x", "Yes, send me News.")
        assert (contact.first_name, contact.locale) == ("Ada", "en")

    def test_a_second_time_changes_nothing_even_after_they_left(self, row):
        confirm_sign_up(row, at=AT + DAY)
        unsubscribe(row.contact)
        assert confirm_sign_up(row, at=AT + DAY) is False
        assert row.contact.consents.get().status == "withdrawn"

    def test_too_late_is_too_late(self, row):
        with pytest.raises(LinkExpired):
            confirm_sign_up(row, at=AT + 4 * DAY)
        assert row.contact.consents.get().status == "pending"

    def test_asking_again_gives_more_time(self, row, news):
        sign_up("ada@example.com", [news], source="social-x", at=AT + 2 * DAY)
        assert confirm_sign_up(row, at=AT + 4 * DAY)

    def test_it_ends_an_earlier_unsubscription(self, news):
        contact = make_contact(email="ada@example.com")
        unsubscribe(contact)
        confirm_sign_up(sign_up("ada@example.com", [news], source="site", at=AT), at=AT)
        assert Contact.objects.not_suppressed().with_consent(news.pk).get() == contact

    def test_it_ends_no_complaint(self, news):
        contact = make_contact(email="ada@example.com")
        suppress(contact.email, reason="complaint")
        confirm_sign_up(sign_up("ada@example.com", [news], source="site", at=AT), at=AT)
        assert Contact.objects.suppressed().get() == contact

    def test_it_is_announced_once(self, row, commit):
        heard = []
        sign_up_confirmed.connect(listener := lambda **kwargs: heard.append(kwargs["sign_up"]), weak=False)
        try:
            with commit():
                confirm_sign_up(row, at=AT)
                confirm_sign_up(row, at=AT)
        finally:
            sign_up_confirmed.disconnect(listener)
        assert heard == [row]

    def test_the_token_is_for_this_purpose_only(self, row):
        assert read_sign_up_token(make_sign_up_token(row.pk)) == row.pk
        for token in ["", "x.y", make_unsubscribe_token(row.contact_id, 0), make_sign_up_token(row.pk)[:-1]]:
            with pytest.raises(InvalidToken):
                read_sign_up_token(token)


def test_sources_count_people_and_not_mails(news):
    source = SignUpSource.objects.create(name="X", slug="social-x")
    SignUpSource.objects.create(name="Poster", slug="poster")
    for name in ("ada", "bob"):
        row = sign_up(f"{name}@example.com", [news], source="social-x", at=AT)
    sign_up("ada@example.com", [news, make_topic()], source="social-x", at=AT)
    confirm_sign_up(row, at=AT)
    counts = {
        one.slug: (one.sign_up_count, one.confirmed_count) for one in with_sign_up_counts(SignUpSource.objects.all())
    }
    assert counts == {source.slug: (2, 1), "poster": (0, 0)}
