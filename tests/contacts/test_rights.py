"""Rights: requests with their clock, the package of everything, and an erasure that cannot be undone."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.core import serializers
from django.db.models import ForeignKey, ManyToManyField
from django.utils import timezone
from wagtail.log_actions import log
from wagtail.models import ModelLogEntry

from tests.factories.campaigns import make_campaign, make_segment
from tests.factories.commerce import make_order
from tests.factories.contacts import make_contact, make_list, make_note, make_topic
from tests.factories.delivery import make_message, make_reader, make_send
from tests.factories.emails import default_site
from wagtail_precise_mail.campaigns.queries import report_for
from wagtail_precise_mail.contacts import rights, services
from wagtail_precise_mail.contacts.erasing import erase
from wagtail_precise_mail.contacts.log_labels import ERASED_LABEL
from wagtail_precise_mail.contacts.models import Contact, Suppression
from wagtail_precise_mail.contacts.package import make_package
from wagtail_precise_mail.contacts.personal_data import every_model, known_models
from wagtail_precise_mail.contacts.preferences import correct
from wagtail_precise_mail.contacts.subject_requests import SubjectRequest
from wagtail_precise_mail.delivery import claims, handoffs
from wagtail_precise_mail.delivery.contents import keep_contents, keep_items
from wagtail_precise_mail.delivery.freezing import freeze
from wagtail_precise_mail.delivery.gate import judge
from wagtail_precise_mail.delivery.handoffs import Handoff
from wagtail_precise_mail.delivery.models import MessageContent, OutboxMessage, Send, SentItem
from wagtail_precise_mail.emails.readers import Reader
from wagtail_precise_mail.exceptions import InvalidTransition
from wagtail_precise_mail.reports.content import content_figures
from wagtail_precise_mail.tracking.models import MessageEvent, SurveyAnswer
from wagtail_precise_mail.tracking.surveys import survey_results

pytestmark = pytest.mark.django_db

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)  # a Monday
State, SkipReason = OutboxMessage.State, OutboxMessage.SkipReason

# Words that are about Zelda, and about nobody else in the database.
SECRETS = ("zelda.fitz@example.com", "zelda", "fitz", "quince", "xk-4711", "198.51.100.7")

EXCUSED = {
    # Whom a preview shows: a choice of the editor, which empties with the contact.
    "wagtail_precise_mail.Email",
}


def make_person(**overrides: Any) -> Contact:
    """Somebody of whom every room knows something."""
    contact = make_contact(
        email="Zelda.Fitz@example.com",
        first_name="Zelda",
        last_name="Fitz",
        city="Quince",
        attributes={"customer number": "XK-4711"},
        **overrides,
    )
    topic = make_topic(name="News")
    services.subscribe(contact, topic, source="form", evidence="198.51.100.7, Zelda ticked the box", at=AT)
    make_list(contact)
    make_note(contact, subject="Zelda called", body="About her quince tree")
    correct(contact, {"city": "Quince"}, at=AT)
    send = make_send(topic=topic)
    message = make_message(
        send, contact, state=State.ACCEPTED, handed_off_at=AT, reply="250 2.1.5 <zelda.fitz@example.com> ok"
    )
    readers = {message.pk: Reader({"contact.first_name": "Zelda"}, lists={"list0": [{"key": "page:1"}]})}
    keep_contents([message], readers)
    keep_items([message], readers)
    order = make_order(contact=contact, lines=[("KETTLE", 1, "20")])
    event = {"message": message, "send": send, "contact": contact, "happened_at": AT}
    MessageEvent.objects.create(**event, kind="open", user_agent="Zelda's phone")
    MessageEvent.objects.create(
        **event, kind="click", url="https://shop.example.com/tea/?mail=zelda.fitz%40example.com", link_index=0
    )
    MessageEvent.objects.create(
        **event, kind="conversion", order=order, value=20, currency="GBP", url="https://shop.example.com/tea/"
    )
    SurveyAnswer.objects.create(
        message=message,
        send=send,
        contact=contact,
        block_id="b1",
        question="How was it?",
        kind="stars",
        value="5",
        label="5",
        comment="Love from Zelda",
        answered_at=AT,
    )
    services.unsubscribe(contact, reason="too_many", comment="Zelda had enough", at=AT)
    rights.receive(contact, "access", source="letter", note="Zelda wrote", site=default_site(), at=AT)
    log(instance=contact, action="wagtail.edit", data={"email": contact.email})
    return contact


def everything() -> str:
    """All that is in our tables, and in Wagtail's log."""
    models = [*apps.get_app_config("wagtail_precise_mail").get_models(include_auto_created=True), ModelLogEntry]
    rows = (serializers.serialize("json", model._default_manager.order_by("pk")) for model in models)
    return "".join(rows).lower()


def figures(send: Send) -> Any:
    """What the reports say."""
    report = report_for(send)
    answers = [(one.count, [(answer.value, answer.count) for answer in one.answers]) for one in survey_results(send)]
    content = [(row.key, row.sends, row.clicks, row.orders) for row in content_figures()]
    return (
        report.progress.by_state,
        report.progress.skipped,
        report.figures,
        answers,
        content,
        apps.get_model("wagtail_precise_mail", "Departure").objects.values_list("reason", flat=True).first(),
        apps.get_model("wagtail_precise_mail", "ConsentChange").objects.filter(status="granted").count(),
    )


class TestEveryRoom:
    def test_every_model_about_contacts_belongs_to_somebody(self) -> None:
        ours = {label for label in every_model() if label.startswith("wagtail_precise_mail.")}
        assert len(ours) > 10
        assert ours - known_models() - EXCUSED == set()

    def test_the_walk_finds_every_kind_of_relation(self) -> None:
        """Were the walk blind, the test above would pass for want of anything to find."""
        direct = {
            model._meta.label
            for model in apps.get_app_config("wagtail_precise_mail").get_models(include_auto_created=True)
            for field in model._meta.get_fields()
            if isinstance(field, ForeignKey | ManyToManyField) and field.remote_field.model is Contact
        }
        lists = {"wagtail_precise_mail.ContactList"}  # by its own table in between
        assert direct - lists <= set(every_model())

    def test_the_package_holds_what_every_room_knows(self) -> None:
        contact = make_person()
        with zipfile.ZipFile(io.BytesIO(make_package(contact, at=AT))) as archive:
            whole = json.loads(archive.read("data.json"))
            names = archive.namelist()
            orders = list(csv.DictReader(io.StringIO(archive.read("order_lines.csv").decode("utf-8-sig"))))
        tables = whole["tables"]
        assert tables["contact"][0]["first_name"] == "Zelda"
        for name in (
            "consent_ledger",
            "service_notes",
            "messages",
            "message_contents",
            "message_items",
            "events",
            "survey_answers",
            "orders",
            "departures",
            "changes",
            "requests",
            "lists",
            "suppressions",
            "further_fields",
        ):
            assert tables[name], name
            assert f"{name}.csv" in names
        assert orders[0]["product__sku"] == "KETTLE"

    def test_the_package_is_about_nobody_else(self) -> None:
        other = make_person()
        other.email, other.first_name = "other@example.com", "Other"
        other.save()
        contact = make_reader(make_send())
        content = json.dumps(json.loads(zipfile.ZipFile(io.BytesIO(make_package(contact, at=AT))).read("data.json")))
        assert not any(word in content.lower() for word in SECRETS)

    def test_formulas_in_cells_do_not_run(self) -> None:
        contact = make_contact(first_name="=HYPERLINK(1)")
        with zipfile.ZipFile(io.BytesIO(make_package(contact, at=AT))) as archive:
            rows = list(csv.DictReader(io.StringIO(archive.read("contact.csv").decode("utf-8-sig"))))
        assert rows[0]["first_name"] == "'=HYPERLINK(1)"


class TestErasure:
    def test_no_word_about_the_person_is_left(self) -> None:
        contact = make_person()
        assert all(word in everything() for word in SECRETS)
        erase(contact, at=AT)
        left = everything()
        assert [word for word in SECRETS if word in left] == []

    def test_reports_show_the_same_figures(self) -> None:
        contact = make_person()
        send = contact.outbox_messages.get().send
        before = figures(send)
        erase(contact, at=AT)
        assert figures(send) == before
        assert MessageEvent.objects.count() == 3
        assert SurveyAnswer.objects.get().value == "5"

    def test_the_address_stays_suppressed_after_a_new_import(self) -> None:
        contact = make_person()
        erase(contact, at=AT)
        again = services.upsert_contact("zelda.fitz@EXAMPLE.com", source="import")
        topic = make_topic()
        services.grant_in_bulk([again.pk], topic, source="import")
        send = make_send(topic=topic, state=Send.State.FREEZING, frozen_at=None)
        freeze(send, Contact.objects.filter(pk=again.pk), at=AT)
        assert send.messages.get().skip_reason == SkipReason.SUPPRESSED

    def test_a_new_order_of_the_erased_person_is_confirmed(self) -> None:
        contact = make_person()
        erase(contact, at=AT)
        again = services.upsert_contact("zelda.fitz@example.com", source="shop")
        message = make_message(make_send(topic=None), again)
        assert judge(message.send, [message], at=AT)[0].reason == ""

    def test_a_complaint_is_still_known_as_one(self) -> None:
        contact = make_contact()
        services.suppress(contact.email, reason="complaint")
        erase(contact)
        assert (Suppression.objects.get().reason, Suppression.objects.get().scope) == ("complaint", "everything")

    def test_others_keep_theirs(self) -> None:
        contact = make_person()
        other = make_reader(contact.outbox_messages.get().send, first_name="Ann")
        kept = make_message(contact.outbox_messages.get().send, other)
        erase(contact, at=AT)
        kept.refresh_from_db()
        assert (kept.address, kept.contact, kept.state) == (other.email, other, State.PENDING)

    def test_the_log_says_who_erased_and_not_whom(self) -> None:
        contact, colleague = make_person(), User.objects.create_superuser("boss")
        pk = contact.pk
        erase(contact, by=colleague)
        entries = ModelLogEntry.objects.filter(object_id=str(pk))
        assert {entry.label for entry in entries} == {ERASED_LABEL}
        assert entries.get(action="wagtail.delete").user == colleague

    @pytest.mark.parametrize("state", [State.PENDING, State.DEFERRED])
    def test_what_waits_is_skipped(self, state: str) -> None:
        message = make_message(make_send(), state=state)
        erase(message.contact)
        message.refresh_from_db()
        assert (message.state, message.skip_reason, message.address) == (State.SKIPPED, SkipReason.ERASED, "")

    def test_the_same_person_twice_in_one_send_is_no_clash(self) -> None:
        send = make_send()
        first, second = make_message(send), make_message(send)
        for message in (first, second):
            erase(message.contact)
        assert send.messages.filter(address="").count() == 2


@pytest.mark.django_db(transaction=True)
def test_a_worker_that_holds_the_message_cannot_send_it_after_an_erasure() -> None:
    send = make_send()
    gone, stays = make_message(send), make_message(send)
    claimed = claims.claim(send.pk, token=uuid4(), limit=10, at=timezone.now())
    verdicts = judge(send, claimed.messages, at=timezone.now())
    assert [verdict.reason for verdict in verdicts] == ["", ""]
    erase(gone.contact)
    readers = {message.pk: Reader({"contact.first_name": "Ann"}) for message in claimed.messages}
    kept, _written = handoffs.hand_off(claimed, Handoff(claimed.messages, readers), at=timezone.now())
    assert [message.pk for message in kept] == [stays.pk]
    assert list(MessageContent.objects.values_list("pk", flat=True)) == [stays.pk]
    gone.refresh_from_db()
    assert (gone.state, gone.skip_reason) == (State.SKIPPED, SkipReason.ERASED)


class TestRequests:
    @pytest.fixture
    def colleague(self) -> User:
        return User.objects.create_superuser("boss")

    @pytest.mark.parametrize(
        ("country", "key", "due"),
        [
            ("DE", "gdpr", datetime(2026, 4, 1, 9, tzinfo=UTC)),
            ("CN", "pipl", datetime(2026, 3, 23, 9, tzinfo=UTC)),
            ("US", "can_spam", datetime(2026, 4, 16, 9, tzinfo=UTC)),
            ("", "gdpr", datetime(2026, 4, 1, 9, tzinfo=UTC)),
        ],
    )
    def test_the_law_of_the_country_sets_the_clock(self, country: str, key: str, due: datetime) -> None:
        request = rights.receive(make_contact(country=country), "access", source="letter", site=default_site(), at=AT)
        assert (request.jurisdiction, request.due_at) == (key, due)

    def test_the_same_request_again_does_not_start_the_clock_anew(self) -> None:
        contact = make_contact()
        first = rights.receive(contact, "erasure", source="self", site=default_site(), at=AT)
        later = AT + timedelta(days=3)
        assert rights.receive(contact, "erasure", source="self", site=default_site(), at=later) == first
        assert rights.receive(contact, "access", source="self", site=default_site(), at=later) != first

    def test_an_erasure_closes_its_request_which_stays_as_the_proof(self, colleague: User) -> None:
        contact = make_person()
        request = rights.receive(contact, "erasure", source="self", site=default_site(), at=AT)
        request = rights.carry_out_erasure(request, by=colleague, at=AT)
        assert not Contact.objects.filter(pk=contact.pk).exists()
        assert (request.state, request.contact, request.address_hash) == ("done", None, contact.address_hash)
        assert [step.verb for step in request.steps.all()] == ["received", "erased", "done"]
        with pytest.raises(InvalidTransition):
            rights.carry_out_erasure(request, by=colleague)

    def test_an_erasure_is_not_done_by_saying_so(self, colleague: User) -> None:
        request = rights.receive(make_contact(), "erasure", source="self", site=default_site())
        with pytest.raises(InvalidTransition):
            rights.finish(request, note="done", by=colleague)

    def test_only_a_request_for_erasure_erases(self, colleague: User) -> None:
        request = rights.receive(make_contact(), "access", source="self", site=default_site())
        with pytest.raises(InvalidTransition):
            rights.carry_out_erasure(request, by=colleague)
        assert Contact.objects.exists()

    def test_an_objection_turns_off_what_is_derived(self, colleague: User) -> None:
        contact = make_contact()
        request = rights.receive(contact, "objection", source="letter", site=default_site())
        rights.carry_out_objection(request, by=colleague)
        contact.refresh_from_db()
        assert (contact.is_profiling_allowed, contact.is_tracking_allowed) == (False, False)
        assert contact.changes.filter(changed_by=colleague).count() == 2

    def test_a_refusal_needs_a_reason_and_can_be_taken_back(self, colleague: User) -> None:
        request = rights.receive(make_contact(), "access", source="letter", site=default_site(), at=AT)
        with pytest.raises(ValueError, match="reason"):
            rights.refuse(request, note=" ", by=colleague)
        request = rights.refuse(request, note="Not the same person", by=colleague)
        due_at = request.due_at
        request = rights.reopen(request, by=colleague)
        assert (request.state, request.due_at, request.closed_at) == ("open", due_at, None)

    def test_a_package_of_nobody_is_refused(self, colleague: User) -> None:
        request = rights.receive(make_contact(), "access", source="letter", site=default_site())
        Contact.objects.all().delete()
        request.refresh_from_db()
        with pytest.raises(InvalidTransition):
            rights.package(request, by=colleague)
        assert SubjectRequest.objects.get().steps.filter(verb="packaged").count() == 0


def test_a_campaign_report_is_the_same_after_an_erasure() -> None:
    contact = make_person()
    send = contact.outbox_messages.get().send
    campaign = make_campaign(segment=make_segment())
    campaign.send = send
    campaign.save()
    before = report_for(send)
    erase(contact)
    after = report_for(send)
    assert (after.opened, after.clicked, after.converted, after.revenue_lines) == (
        before.opened,
        before.clicked,
        before.converted,
        before.revenue_lines,
    )
    assert after.opened.count == after.clicked.count == after.converted.count == 1
    assert SentItem.objects.count() == 1
