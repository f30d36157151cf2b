"""What was shown, by version, and the proof that tells it again; policies that ask again."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import User
from wagtail.models import ModelLogEntry

from tests.factories.contacts import make_contact, make_policy, make_topic
from tests.factories.emails import default_site
from wagtail_precise_mail.contacts.asking_again import ask_again
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.contacts.proofs import Shown, consent_proof
from wagtail_precise_mail.contacts.services import grant_in_bulk, subscribe, unsubscribe, withdraw
from wagtail_precise_mail.contacts.wordings import (
    ConsentWording,
    add_wording,
    current_wording,
    policy_in_force,
)
from wagtail_precise_mail.exceptions import InvalidTransition, LedgerIsClosed

pytestmark = pytest.mark.django_db

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)


class TestWordings:
    def test_editing_makes_the_next_version_and_keeps_the_last(self):
        topic = make_topic()
        first = add_wording("Yes, write to me.", topics=[topic], language="en")
        second = add_wording("Yes, write to me twice a month.", topics=[topic], language="en")
        assert (first.version, second.version) == (1, 2)
        assert ConsentWording.objects.get(pk=first.pk).text == "Yes, write to me."
        assert current_wording("sign-up", "en") == second

    def test_the_same_text_makes_no_new_version(self):
        topic = make_topic()
        first = add_wording("Yes.", topics=[topic], language="en")
        assert add_wording("Yes. ", topics=[topic], language="en") == first

    def test_the_same_text_about_another_topic_is_another_version(self):
        first = add_wording("Yes.", topics=[make_topic()], language="en")
        assert add_wording("Yes.", topics=[make_topic()], language="en") != first

    def test_languages_count_for_themselves(self):
        topic = make_topic()
        add_wording("Yes.", topics=[topic], language="en")
        german = add_wording("Ja.", topics=[topic], language="de")
        assert (german.version, current_wording("sign-up", "de-at")) == (1, german)

    def test_a_wording_cannot_be_changed_or_deleted(self):
        row = add_wording("Yes.", topics=[make_topic()], language="en")
        row.text = "No."
        with pytest.raises(LedgerIsClosed):
            row.save()
        with pytest.raises(LedgerIsClosed):
            row.delete()


class TestProof:
    def test_it_reproduces_what_was_shown_and_when(self, settings):
        settings.WAGTAIL_PRECISE_MAIL = {"records_ip": True}
        contact, topic = make_contact(email="ada@example.com"), make_topic(name="News", slug="news")
        wording = add_wording("Yes, send me News.", topics=[topic], language="en")
        add_wording("Something else by now.", topics=[topic], language="en")
        shown = Shown(wording, make_policy(), "192.0.2.7", "https://shop.example.com/join/", 12)
        subscribe(contact, topic, source="social-x", evidence="confirmed", at=AT, basis="double", shown=shown)
        withdraw(contact, topic, source="phone", at=AT + timedelta(days=9), by=User.objects.create_user("ann"))

        proof = json.loads(json.dumps(consent_proof(contact, at=AT)))

        yes, no = proof["ledger"]
        assert proof["contact"]["email"] == "ada@example.com"
        assert yes["at"] == "2026-03-01T12:00:00+00:00"
        assert yes["topic"] == {"slug": "news", "name": "News"}
        assert (yes["status"], yes["basis"], yes["source"], yes["actor"]) == (
            "granted",
            "double",
            "social-x",
            "contact",
        )
        assert yes["shown"]["text"] == "Yes, send me News."
        assert (yes["shown"]["version"], yes["shown"]["language"]) == (1, "en")
        assert yes["policy"]["version"] == "2026-01"
        assert yes["policy"]["address"] == "https://shop.example.com/2026-01/"
        assert yes["page"] == {"url": "https://shop.example.com/join/", "id": 12}
        assert yes["ip_address"] == "192.0.2.7"
        assert (no["status"], no["actor"], no["recorded_by"]) == ("withdrawn", "colleague", "ann")
        assert proof["now"] == [{"topic": "news", "status": "withdrawn", "basis": "", "since": no["at"]}]

    def test_ip_addresses_are_not_kept_unless_the_site_says_so(self):
        contact = make_contact()
        subscribe(contact, make_topic(), source="form", shown=Shown(ip_address="192.0.2.7"))
        assert contact.consent_changes.get().ip_address is None

    def test_it_costs_the_same_whatever_happened(self, django_assert_num_queries):
        contact = make_contact()
        for number in range(12):
            topic = make_topic()
            wording = add_wording(f"Yes {number}.", topics=[topic], language="en")
            subscribe(contact, topic, source="form", shown=Shown(wording))
        with django_assert_num_queries(2):
            assert len(consent_proof(contact)["ledger"]) == 12


class TestPolicies:
    def test_the_newest_that_is_in_force_counts(self):
        make_policy("old", published_at=AT - timedelta(days=30))
        now = make_policy("now")
        make_policy("later", published_at=AT + timedelta(days=30))
        assert policy_in_force(default_site(), at=AT + timedelta(days=1)) == now

    def test_asking_again_is_counted_first_and_then_written_down(self):
        before, after, gone, topic = make_contact(), make_contact(), make_contact(), make_topic()
        subscribe(before, topic, source="form", at=AT - timedelta(days=5))
        subscribe(gone, topic, source="form", at=AT - timedelta(days=5))
        unsubscribe(gone)
        policy, root = make_policy(asks_again=True), User.objects.create_superuser("root")
        subscribe(after, topic, source="form", at=AT + timedelta(hours=1), shown=Shown(policy=policy))

        later = AT + timedelta(days=1)
        assert ask_again(policy, is_dry_run=True, at=later) == 1
        assert Contact.objects.with_consent(topic.pk).count() == 2, "counting changes nothing"
        assert ask_again(policy, is_dry_run=False, by=root, at=later) == 1

        assert list(Contact.objects.with_consent(topic.pk)) == [after]
        entry = before.consent_changes.latest("pk")
        assert (entry.status, entry.policy, entry.actor, entry.changed_by) == ("pending", policy, "system", root)
        assert gone.consents.get().status == "withdrawn"
        assert ModelLogEntry.objects.get(user=root).data == {"asked_again": 1}
        assert ask_again(policy, is_dry_run=False, at=later) == 0

    def test_no_import_brings_an_old_yes_back(self):
        contact, topic = make_contact(), make_topic()
        subscribe(contact, topic, source="form", at=AT - timedelta(days=5))
        ask_again(make_policy(asks_again=True), is_dry_run=False)
        assert grant_in_bulk([contact.pk], topic, source="old file") == 0
        assert contact.consents.get().status == "pending"

    def test_the_person_agrees_again(self):
        contact, topic = make_contact(), make_topic()
        subscribe(contact, topic, source="form", at=AT - timedelta(days=5))
        ask_again(make_policy(asks_again=True), is_dry_run=False)
        assert subscribe(contact, topic, source="mail", basis="double").status == "granted"
        assert contact.consents.get().is_asked_again is False

    @pytest.mark.parametrize(
        "facts", [{"asks_again": False}, {"asks_again": True, "published_at": AT.replace(year=2999)}]
    )
    def test_a_policy_that_asks_nobody_again_does_not(self, facts):
        with pytest.raises(InvalidTransition):
            ask_again(make_policy(**facts), is_dry_run=True)

    def test_a_yes_on_another_sites_policy_is_left_alone(self):
        other = type(default_site()).objects.create(hostname="b.example", root_page=default_site().root_page)
        contact, topic = make_contact(), make_topic()
        theirs = make_policy("theirs", site=other, published_at=AT - timedelta(days=9))
        subscribe(contact, topic, source="form", at=AT - timedelta(days=5), shown=Shown(policy=theirs))
        assert ask_again(make_policy(asks_again=True), is_dry_run=True) == 0
