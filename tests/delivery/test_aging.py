"""Permission that has grown old: who is skipped, who is asked, and what makes them mailable again (C081)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from wagtail.models import Site

from tests.delivery.test_gate import both
from tests.factories.commerce import make_order
from tests.factories.contacts import grant, make_contact, make_topic
from tests.factories.delivery import make_compiled, make_message, make_send
from wagtail_precise_mail.contacts import services as contacts
from wagtail_precise_mail.contacts.legal_settings import LegalSettings
from wagtail_precise_mail.contacts.models import ConsentChange, Contact
from wagtail_precise_mail.contacts.preference_tokens import Reach, make_preference_token
from wagtail_precise_mail.delivery import services
from wagtail_precise_mail.delivery.aging import PermissionRule, needs_permission
from wagtail_precise_mail.delivery.freezing import skip_reason
from wagtail_precise_mail.delivery.models import OutboxMessage, Send

SkipReason = OutboxMessage.SkipReason
# As in the tests of the gate, whose answers these ask for.
AT = datetime(2026, 3, 12, 9, tzinfo=UTC)
LONG_AGO = AT - timedelta(days=800)

pytestmark = pytest.mark.django_db


def send_of(**of: Any) -> Send:
    return make_send(**{"permission_months": 12, **of})


def old(send: Send, **of: Any) -> Contact:
    """A contact who agreed long ago, came long ago, and has heard nothing since."""
    contact = make_contact(**of)
    Contact.objects.filter(pk=contact.pk).update(created_at=LONG_AGO)
    contact.refresh_from_db()
    if send.topic:
        grant(contact, send.topic, at=LONG_AGO)
    return contact


def mail(contact: Contact, send: Send, *, days: int) -> None:
    make_message(send, contact, state="accepted", created_at=AT - timedelta(days=days))


class TestWho:
    @pytest.mark.parametrize(("days", "expected"), [(366, SkipReason.ASK_FIRST), (300, "")])
    def test_a_contact_unmailed_for_12_months_is_skipped(self, days: int, expected: str) -> None:
        send = send_of()
        contact = old(send)
        mail(contact, make_send(), days=days)

        assert both(contact, send) == expected

    def test_a_digest_is_mail_and_a_letter_about_an_order_is_none(self) -> None:
        send = send_of()
        reader, buyer = old(send), old(send)
        mail(reader, make_send(topic=None, origin_kind=Send.DIGEST), days=90)
        mail(buyer, make_send(topic=None), days=90)

        assert both(reader, send) == ""
        assert both(buyer, send) == SkipReason.ASK_FIRST

    def test_who_was_never_mailed_is_counted_from_their_yes(self) -> None:
        send = send_of()
        contact = old(send)
        fresh = old(make_send(topic=None))
        grant(fresh, send.topic, at=AT - timedelta(days=364))

        assert both(contact, send) == SkipReason.ASK_FIRST
        assert both(fresh, send) == ""

    def test_the_first_campaign_after_an_import_of_old_consents_leaves(self) -> None:
        send = send_of()
        imported = make_contact()
        Contact.objects.filter(pk=imported.pk).update(created_at=AT - timedelta(days=3))
        imported.refresh_from_db()
        grant(imported, send.topic, at=LONG_AGO)

        assert both(imported, send) == ""

    def test_an_order_shows_that_they_know_us(self) -> None:
        send = send_of()
        buyer, earlier = old(send), old(send)
        make_order(contact=buyer, lines=[("KETTLE", 1, "20")], placed_at=AT - timedelta(days=30))
        make_order(contact=earlier, lines=[("KETTLE", 1, "20")], placed_at=AT - timedelta(days=400))

        assert both(buyer, send) == ""
        assert both(earlier, send) == SkipReason.ASK_FIRST

    def test_a_refund_does_not(self) -> None:
        send = send_of()
        contact = old(send)
        make_order(contact=contact, kind="refund", lines=[("KETTLE", 1, "-20")], placed_at=AT - timedelta(days=30))

        assert both(contact, send) == SkipReason.ASK_FIRST

    @pytest.mark.parametrize(
        "of",
        [{"is_test": True}, {"asks_permission": True}, {"topic": None, "origin_kind": Send.SIGN_UP}],
        ids=["test", "the question itself", "a confirmation that anybody can have sent"],
    )
    def test_mails_that_are_no_sign_of_knowing_us_do_not_count(self, of: dict[str, Any]) -> None:
        send = send_of()
        contact = old(send)
        mail(contact, make_send(**of), days=10)

        assert both(contact, send) == SkipReason.ASK_FIRST

    def test_mail_that_never_left_does_not_count(self) -> None:
        send = send_of()
        contact = old(send)
        make_message(make_send(), contact, state="rejected", created_at=AT - timedelta(days=10))

        assert both(contact, send) == SkipReason.ASK_FIRST

    def test_mail_about_an_order_always_passes(self) -> None:
        send = send_of(topic=None)

        assert both(old(send), send) == ""

    def test_zero_months_skip_nobody(self) -> None:
        send = send_of(permission_months=0)

        assert both(old(send), send) == ""

    def test_who_left_is_named_as_such(self) -> None:
        send = send_of()
        contact = old(send)
        contacts.withdraw(contact, send.topic, source="page")

        assert both(contact, send) == SkipReason.UNSUBSCRIBED

    def test_it_can_be_asked_of_any_contacts(self) -> None:
        one, other = old(make_send()), old(make_send())

        assert set(needs_permission(at=AT, months=12)) == {one, other}
        assert list(needs_permission(at=AT, months=12, contacts=Contact.objects.filter(pk=one.pk))) == [one]


class TestAsking:
    def test_the_question_reaches_those_whom_others_skip_and_nobody_else(self) -> None:
        question = send_of(asks_permission=True)
        forgotten, known = old(question), old(question)
        mail(known, make_send(), days=10)

        assert both(forgotten, question) == ""
        assert both(known, question) == SkipReason.NO_NEED

    def test_it_is_asked_once(self) -> None:
        question = send_of(asks_permission=True)
        contact = old(question)
        mail(contact, send_of(asks_permission=True, topic=question.topic), days=30)

        assert both(contact, question) == SkipReason.ASKED

    def test_after_the_months_it_may_be_asked_again(self) -> None:
        question = send_of(asks_permission=True)
        contact = old(question)
        mail(contact, send_of(asks_permission=True, topic=question.topic), days=400)

        assert both(contact, question) == ""

    def test_where_nobody_is_asked_it_reaches_nobody(self) -> None:
        question = send_of(asks_permission=True, permission_months=0)

        assert both(old(question), question) == SkipReason.NO_NEED


class TestYes:
    def open(self, contact: Contact, *, post: bool) -> Any:
        # By the clock, for the link expires by the clock.
        token = make_preference_token(contact.pk, reach=Reach.SETTINGS, at=datetime.now(UTC))
        url = reverse("wagtail_precise_mail:ask_again", args=[token])
        return Client().post(url) if post else Client().get(url)

    def test_the_button_of_the_mail_makes_a_contact_mailable(self) -> None:
        send = send_of()
        contact = old(send)
        before = ConsentChange.objects.count()

        page = self.open(contact, post=False)
        assert str(send.topic) in page.content.decode()
        assert ConsentChange.objects.count() == before
        assert both(contact, send) == SkipReason.ASK_FIRST
        done = self.open(contact, post=True)

        assert done.status_code == 302
        assert "Thank you" in Client().get(done["Location"]).content.decode()
        entry = ConsentChange.objects.latest("pk")
        assert (entry.contact, entry.status, entry.source, entry.actor) == (contact, "granted", "self", "contact")
        assert both(contact, send) == ""

    def test_pressing_twice_is_one_entry(self) -> None:
        contact = old(send_of())
        self.open(contact, post=True)
        count = ConsentChange.objects.count()

        self.open(contact, post=True)

        assert ConsentChange.objects.count() == count

    def test_what_was_left_stays_left(self) -> None:
        send = send_of()
        contact = old(send)
        contacts.withdraw(contact, send.topic, source="page")

        page = self.open(contact, post=False).content.decode()
        self.open(contact, post=True)

        assert "gets no mail from us" in page
        assert contact.consents.get().status == "withdrawn"

    def test_signing_up_again_counts_as_a_yes(self) -> None:
        send = send_of()
        contact = old(send)

        contacts.subscribe(contact, send.topic, source="form", basis="double", at=AT - timedelta(days=1))
        contact.consents.update(basis="double")
        contacts.subscribe(contact, send.topic, source="form", basis="double", at=AT)

        assert both(contact, send) == ""
        assert ConsentChange.objects.filter(contact=contact, source="form").count() == 1

    def test_an_old_yes_said_again_keeps_its_day_and_its_grade(self) -> None:
        send = send_of()
        contact = old(send)
        contact.consents.update(basis="double")

        consent = contacts.subscribe(contact, send.topic, source="form", basis="single", at=AT)

        assert (consent.changed_at, consent.basis) == (LONG_AGO, "double")
        assert both(contact, send) == ""


class TestSetting:
    def start(self, **of: Any) -> Send:
        site = Site.objects.get(is_default_site=True)
        facts = {
            "origin_kind": "campaign",
            "origin_id": 1,
            "from_address": "a@example.com",
            "base_url": "https://x.org",
        }
        return services.start_send(**{**facts, "topic": make_topic(), "compiled": make_compiled(site=site.pk), **of})

    def test_a_send_takes_the_months_of_its_site(self) -> None:
        assert self.start().permission_months == 12
        LegalSettings.objects.create(site=Site.objects.get(is_default_site=True), permission_months=0)

        assert self.start().permission_months == 0

    def test_mail_without_a_topic_asks_nobody(self) -> None:
        assert self.start(topic=None).permission_months == 0

    def test_freezing_writes_the_reason(self) -> None:
        send = self.start()
        contact = old(send)

        services.freeze(send, Contact.objects.filter(pk=contact.pk), at=AT)

        assert send.messages.get().skip_reason == SkipReason.ASK_FIRST


def test_each_question_is_answered_by_the_index_of_the_contact() -> None:
    send = send_of()
    reason = skip_reason(send.topic_id, [], at=AT, rule=PermissionRule.of(send))
    rows = Contact.objects.annotate(wpm_reason=reason).order_by().values_list("pk", "wpm_reason")
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan TO off")  # a handful of rows is read whole otherwise

    plan = rows.explain()

    if connection.vendor == "postgresql":
        # By which of the indexes that begin with the contact is up to it.
        assert plan.count("contact_id = wagtail_precise_mail_contact.id") >= 3
        assert "Seq Scan on wagtail_precise_mail_outboxmessage" not in plan  # the whole outbox, read once
    else:
        for index in ("wpm_message_timeline", "wpm_consent_ledger", "wpm_order_contact"):
            assert index in plan
