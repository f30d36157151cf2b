"""Merging contacts and undoing it: nothing is lost, the strictest consent wins, and all comes back (C076)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.urls import reverse
from wagtail.models import Site

from tests.contacts.colleagues import client_with, is_refused
from tests.factories.commerce import make_order, make_product
from tests.factories.contacts import grant, make_contact, make_list, make_note, make_request, make_tag, make_topic
from tests.factories.delivery import make_message, make_send
from tests.factories.emails import make_email
from tests.factories.imports import upload
from tests.factories.sunsets import make_sunset
from tests.factories.tracking import make_event
from wagtail_precise_mail.commerce.viewed import keep_view
from wagtail_precise_mail.commerce.welcome import WelcomeCoupon
from wagtail_precise_mail.contacts.changes import change_fields
from wagtail_precise_mail.contacts.departures import record_departure
from wagtail_precise_mail.contacts.former import find_by_hash, find_contact
from wagtail_precise_mail.contacts.hygiene.cleaning import begin_cleanup
from wagtail_precise_mail.contacts.merge_rows import dump, relations
from wagtail_precise_mail.contacts.merges import ContactMerge, DuplicatePair, FormerContact
from wagtail_precise_mail.contacts.merging import merge_contacts, undo_merge
from wagtail_precise_mail.contacts.models import Consent, Contact, Suppression
from wagtail_precise_mail.contacts.services import subscribe, suppress, unsubscribe, upsert_contact, withdraw
from wagtail_precise_mail.contacts.tokens import make_unsubscribe_token
from wagtail_precise_mail.delivery.bounces.services import record_bounce
from wagtail_precise_mail.exceptions import MergeRefused
from wagtail_precise_mail.models import (
    Bounce,
    Cart,
    CleanupFinding,
    ContactEngagement,
    ContactFigures,
    ContactForecast,
    ContactStanding,
    CouponCode,
    CouponPool,
    DigestIssue,
    FiguresDue,
    ForecastModel,
    ImportedChange,
    ImportedRow,
    MessageContent,
    Movement,
    RankedProspect,
    Reply,
    SentItem,
    SignUp,
    SunsetMember,
    SurveyAnswer,
)
from wagtail_precise_mail.tracking.site_views import SiteView

pytestmark = pytest.mark.django_db

AT = datetime(2026, 3, 1, 12, 30, 15, 123456, tzinfo=UTC)
APP = "wagtail_precise_mail"


def _content(contact: Contact) -> Any:
    return MessageContent.objects.create(message=make_message(make_send(), contact), contact=contact, data={"a": 1})


def _digest_issue(contact: Contact) -> Any:
    message = make_message(make_send(), contact)
    facts = {"topic": message.send.topic, "site": Site.objects.get(), "kept_at": AT}
    return DigestIssue.objects.create(contact=contact, send=message.send, message=message, **facts)


def _sent_item(contact: Contact) -> Any:
    message = make_message(make_send(), contact)
    return SentItem.objects.create(message=message, contact=contact, key="page:1", sent_at=AT)


def _coupon(contact: Contact) -> Any:
    pool = CouponPool.objects.first() or CouponPool.objects.create(name="Spring")
    return CouponCode.objects.create(pool=pool, code=f"CODE{contact.pk}", contact=contact)


def _answer(contact: Contact) -> Any:
    message = make_message(make_send(), contact)
    facts = {"question": "Tea?", "kind": "choice", "value": "x", "label": "X", "answered_at": AT, "block_id": "b"}
    return SurveyAnswer.objects.create(message=message, send_id=message.send_id, contact=contact, **facts)


def _earlier_merge(contact: Contact) -> Any:
    return merge_contacts(contact, [make_contact()], by=None, at=AT)


# For every foreign key to contacts, how a row of it is made.
def _welcome_coupon(contact: Contact) -> None:
    pool = CouponPool.objects.create(name=f"Welcome {contact.pk}")
    WelcomeCoupon.objects.create(
        contact=contact, address_hash=contact.address_hash, pool=pool, title="10% off", promised_at=AT
    )


MAKERS: dict[str, Callable[[Contact], Any]] = {
    f"{APP}.Bounce.contact": lambda contact: record_bounce(
        make_message(make_send(), contact, state="accepted"), kind=Bounce.Kind.SOFT, diagnostic="451 later", at=AT
    ),
    f"{APP}.Reply.contact": lambda contact: Reply.objects.create(
        message=make_message(make_send(), contact, state="accepted"),
        contact=contact,
        key=f"{contact.pk}",
        happened_at=AT,
    ),
    f"{APP}.Consent.contact": lambda contact: grant(contact, make_topic()),
    f"{APP}.ConsentChange.contact": lambda contact: grant(contact, make_topic()),
    f"{APP}.Cart.contact": lambda contact: Cart.objects.create(
        source="shop", key=f"{contact.pk}", contact=contact, currency="GBP", started_at=AT, changed_at=AT
    ),
    f"{APP}.CleanupFinding.contact": lambda contact: CleanupFinding.objects.create(
        cleanup=begin_cleanup(), contact=contact, flaw="role"
    ),
    f"{APP}.ContactChange.contact": lambda contact: change_fields(contact, {"city": "Bath"}, source="self", at=AT),
    f"{APP}.ContactList_contacts.contact": lambda contact: make_list(contact),
    f"{APP}.ContactMerge.keep": _earlier_merge,
    f"{APP}.ContactTag.contact": lambda contact: make_tag(contact),
    f"{APP}.CouponCode.contact": _coupon,
    f"{APP}.Departure.contact": lambda contact: record_departure(contact, at=AT),
    f"{APP}.DigestIssue.contact": _digest_issue,
    f"{APP}.Email.sample_contact": lambda contact: make_email(sample_contact=contact),
    f"{APP}.FormerContact.contact": _earlier_merge,
    f"{APP}.ImportedChange.contact": lambda contact: ImportedChange.objects.create(
        batch=upload("email\n"), contact=contact
    ),
    f"{APP}.ImportedRow.contact": lambda contact: ImportedRow.objects.create(
        batch=upload("email\n"), contact=contact, address_hash=contact.address_hash
    ),
    f"{APP}.MessageContent.contact": _content,
    f"{APP}.MessageEvent.contact": lambda contact: make_event(make_message(make_send(), contact), "open"),
    f"{APP}.Order.contact": lambda contact: make_order(contact=contact, lines=[("KETTLE", 1, "20")]),
    f"{APP}.OutboxMessage.contact": lambda contact: make_message(make_send(), contact),
    f"{APP}.ProductView.contact": lambda contact: keep_view(contact, make_product(), at=AT),
    f"{APP}.SentItem.contact": _sent_item,
    f"{APP}.ServiceNote.contact": lambda contact: make_note(contact),
    f"{APP}.SignUp.contact": lambda contact: SignUp.objects.create(contact=contact, source="fair", created_at=AT),
    f"{APP}.SubjectRequest.contact": lambda contact: make_request(contact),
    f"{APP}.SiteView.contact": lambda contact: SiteView.objects.create(
        contact=contact, kind="page", path="/tea/", happened_at=AT
    ),
    f"{APP}.SunsetMember.contact": lambda contact: SunsetMember.objects.create(sunset=make_sunset(), contact=contact),
    f"{APP}.SurveyAnswer.contact": _answer,
    f"{APP}.TagChange.contact": lambda contact: make_tag(contact),
    f"{APP}.WelcomeCoupon.contact": _welcome_coupon,
}
# These are about two contacts, and end with either.
DROPPED = {f"{APP}.DuplicatePair.first", f"{APP}.DuplicatePair.second"}


def _forecast(contact: Contact) -> Any:
    model = ForecastModel.objects.create(fitted_at=AT)
    return ContactForecast.objects.create(contact=contact, model=model, alive_probability=0.5)


# What is worked out about one contact alone: it ends with them, and comes back with them.
WORKED_OUT: dict[str, Callable[[Contact], Any]] = {
    f"{APP}.ContactEngagement.contact": lambda contact: ContactEngagement.objects.create(
        contact=contact, stage="engaged", computed_at=AT
    ),
    f"{APP}.ContactFigures.contact": lambda contact: ContactFigures.objects.create(
        contact=contact, net_revenue="12.3456", computed_at=AT
    ),
    f"{APP}.ContactForecast.contact": _forecast,
    f"{APP}.ContactStanding.contact": lambda contact: ContactStanding.objects.create(
        contact=contact, rfm_group="loyal", computed_at=AT
    ),
    f"{APP}.FiguresDue.contact": lambda contact: FiguresDue.objects.create(contact=contact),
    f"{APP}.Movement.contact": lambda contact: Movement.objects.create(
        contact=contact, axis="rfm_group", after="loyal", moved_at=AT
    ),
    f"{APP}.RankedProspect.contact": lambda contact: RankedProspect.objects.create(
        contact=contact, place=contact.pk, score=1.5
    ),
}


def state() -> dict[str, list[dict[str, Any]]]:
    """Every row of every table of ours, as it is."""
    models = list(apps.get_app_config(APP).get_models(include_auto_created=True))
    # A merge and its end say whose figures are due.
    left_out = {"ContactMerge", "ConsentChange", "FiguresDue"}
    return {
        model.__name__: list(model._base_manager.order_by("pk").values())
        for model in models
        if model.__name__ not in left_out
    }


class TestMoving:
    def test_every_foreign_key_to_contacts_is_known_here(self) -> None:
        """A new one fails this: say above how a row of it is made, and the next test shows what becomes of it."""
        labels = {relation.label for relation in relations() if relation.label.startswith(APP)}
        assert labels - DROPPED == set(MAKERS) | set(WORKED_OUT)

    @pytest.mark.parametrize("label", sorted(WORKED_OUT))
    def test_what_is_worked_out_ends_and_comes_back(self, label: str) -> None:
        keep, other = make_contact(), make_contact()
        WORKED_OUT[label](other)
        relation = next(one for one in relations() if one.label == label)
        rows = relation.rows().order_by("pk")
        before = list(rows.values())
        assert before

        merge = merge_contacts(keep, [other], by=None, at=AT)
        # Whoever stays is due to be worked out anew; what was so for the other says nothing about both.
        assert not rows.exclude(**{relation.field.attname: keep.pk}).exists()
        assert FiguresDue.objects.filter(contact=keep).exists()

        undo_merge(merge, by=None)
        assert set(FiguresDue.objects.values_list("contact", flat=True)) == {keep.pk, other.pk}
        if relation.model is not FiguresDue:
            assert list(rows.values()) == before

    @pytest.mark.parametrize("label", sorted(MAKERS))
    def test_it_moves_and_comes_back(self, label: str) -> None:
        keep, other = make_contact(), make_contact()
        MAKERS[label](other)
        relation = next(one for one in relations() if one.label == label)
        name = relation.field.attname
        ids = set(relation.rows().filter(**{name: other.pk}).values_list("pk", flat=True))
        before = state()
        assert ids

        merge = merge_contacts(keep, [other], by=None, at=AT)
        assert not relation.rows().filter(**{name: other.pk}).exists()
        assert set(relation.rows().filter(**{name: keep.pk}).values_list("pk", flat=True)) >= ids
        assert not Contact.objects.filter(pk=other.pk).exists()

        undo_merge(merge, by=None)
        assert set(relation.rows().filter(**{name: other.pk}).values_list("pk", flat=True)) == ids
        assert without_changed(state()) == without_changed(before)

    def test_what_the_one_who_stays_has_already_is_kept_once(self) -> None:
        keep, other = make_contact(), make_contact()
        shared = make_tag(keep, other)
        both = make_list(keep, other)
        before = state()
        merge = merge_contacts(keep, [other], by=None)
        assert list(keep.tags.all()) == [shared]
        assert list(keep.lists.all()) == [both]
        undo_merge(merge, by=None)
        assert set(shared.contacts.all()) == {keep, other}
        assert without_changed(state()) == without_changed(before)

    def test_pairs_of_duplicates_end(self) -> None:
        keep, other = make_contact(), make_contact()
        DuplicatePair.objects.create(first=keep, second=other, reason="birthday", found_at=AT)
        merge_contacts(keep, [other], by=None)
        assert not DuplicatePair.objects.exists()

    def test_several_at_once(self) -> None:
        keep, others = make_contact(), [make_contact() for _ in range(3)]
        notes = [make_note(one) for one in others]
        before = state()
        merge = merge_contacts(keep, others, by=None)
        assert set(keep.service_notes.all()) == set(notes)
        assert len(undo_merge(merge, by=None)) == 3
        assert without_changed(state()) == without_changed(before)

    def test_a_contact_with_many_events_takes_a_bounded_number_of_queries(
        self, django_assert_max_num_queries: Any
    ) -> None:
        keep, other = make_contact(), make_contact()
        message = make_message(make_send(), other)
        for _ in range(30):
            make_event(message, "click", link_index=0, url="https://x.example")
        with django_assert_max_num_queries(150):
            merge_contacts(keep, [other], by=None)


def without_changed(tables: dict[str, list[dict[str, Any]]]) -> dict[str, list[dict[str, Any]]]:
    """The moment of the last change is new by nature."""
    for row in tables["Contact"]:
        del row["updated_at"]
    return tables


class TestConsent:
    def test_opted_in_and_opted_out_is_opted_out(self) -> None:
        keep, other, topic = make_contact(), make_contact(), make_topic()
        subscribe(keep, topic, source="form", at=AT)
        withdraw(other, topic, source="preference page", at=AT)
        merge = merge_contacts(keep, [other], by=None)
        assert keep.consents.get().status == "withdrawn"
        entry = keep.consent_changes.latest("pk")
        assert (entry.status, entry.source) == ("withdrawn", "merge")

        undo_merge(merge, by=None)
        assert Consent.objects.get(contact=keep).status == "granted"
        assert Consent.objects.get(contact=other).status == "withdrawn"
        entry = keep.consent_changes.latest("pk")
        assert (entry.status, entry.source) == ("granted", "merge undone")

    def test_whichever_of_them_stays(self) -> None:
        keep, other, topic = make_contact(), make_contact(), make_topic()
        withdraw(keep, topic, source="preference page")
        subscribe(other, topic, source="form")
        merge_contacts(keep, [other], by=None)
        assert keep.consents.get().status == "withdrawn"

    def test_a_consent_to_another_topic_comes_along(self) -> None:
        keep, other, topic = make_contact(), make_contact(), make_topic()
        subscribe(other, topic, source="form")
        merge_contacts(keep, [other], by=None)
        assert keep.consents.get().status == "granted"

    def test_a_suppression_of_any_holds_for_the_one_who_stays(self) -> None:
        keep, other = make_contact(), make_contact()
        unsubscribe(other)
        merge = merge_contacts(keep, [other], by=None)
        assert Suppression.objects.get(address_hash=keep.address_hash).reason == "unsubscribed"
        undo_merge(merge, by=None)
        assert not Suppression.objects.filter(address_hash=keep.address_hash).exists()
        assert Suppression.objects.filter(address_hash=other.address_hash).exists()

    def test_a_weaker_suppression_of_the_one_who_stays_comes_back(self) -> None:
        keep, other = make_contact(), make_contact()
        unsubscribe(keep, at=AT)
        suppress(other.email, reason="complaint")
        before = dump(Suppression.objects.get(address_hash=keep.address_hash))
        merge = merge_contacts(keep, [other], by=None)
        assert Suppression.objects.get(address_hash=keep.address_hash).reason == "complaint"
        undo_merge(merge, by=None)
        assert {**dump(Suppression.objects.get(address_hash=keep.address_hash)), "id": 0} == {**before, "id": 0}


class TestFacts:
    def test_what_is_known_is_filled_in_and_nothing_is_overwritten(self) -> None:
        keep = make_contact(first_name="Ann", attributes={"size": "large"})
        other = make_contact(
            first_name="Anne",
            city="Leeds",
            birthday_on=date(1990, 5, 12),
            attributes={"size": "small", "level": "gold"},
        )
        merge = merge_contacts(keep, [other], by=None)
        keep.refresh_from_db()
        assert (keep.first_name, keep.city, keep.birthday_on) == ("Ann", "Leeds", date(1990, 5, 12))
        assert keep.attributes == {"size": "large", "level": "gold"}
        undo_merge(merge, by=None)
        keep.refresh_from_db()
        assert (keep.city, keep.birthday_on, keep.attributes) == ("", None, {"size": "large"})

    def test_a_chosen_value_survives(self) -> None:
        keep = make_contact(first_name="Ann", attributes={"size": "large"})
        other = make_contact(first_name="Anne", attributes={"size": "small"})
        merge_contacts(keep, [other], by=None, choices={"first_name": other.pk, "attributes.size": other.pk})
        keep.refresh_from_db()
        assert (keep.first_name, keep.attributes) == ("Anne", {"size": "small"})

    def test_what_protects_the_person_cannot_be_chosen_away(self) -> None:
        later = AT + timedelta(days=30)
        keep = make_contact(cadence="weekly")
        other = make_contact(
            is_tracking_allowed=False, is_profiling_allowed=False, cadence="monthly", paused_until=later,
            quarantined_at=AT, quarantine_reason="odd",
        )  # fmt: skip
        merge_contacts(keep, [other], by=None, choices={"is_tracking_allowed": keep.pk, "paused_until": keep.pk})
        keep.refresh_from_db()
        assert (keep.is_tracking_allowed, keep.is_profiling_allowed) == (False, False)
        assert (keep.cadence, keep.paused_until, keep.quarantine_reason) == ("monthly", later, "odd")

    def test_an_account_moves_and_comes_back(self) -> None:
        user = User.objects.create_user("ann")
        keep, other = make_contact(), make_contact(user=user)
        merge = merge_contacts(keep, [other], by=None)
        keep.refresh_from_db()
        assert keep.user == user
        undo_merge(merge, by=None)
        assert Contact.objects.get(user=user).pk == other.pk

    def test_what_was_written_since_stays_when_it_is_undone(self) -> None:
        keep, other = make_contact(), make_contact(city="Leeds")
        merge = merge_contacts(keep, [other], by=None)
        Contact.objects.filter(pk=keep.pk).update(city="York")
        note = make_note(keep)
        undo_merge(merge, by=None)
        keep.refresh_from_db()
        assert keep.city == "York"
        assert list(keep.service_notes.all()) == [note]


class TestFormer:
    def test_old_addresses_and_links_find_the_person(self, client: Any) -> None:
        keep, other = make_contact(), make_contact(email="old@example.com")
        topic = make_topic()
        subscribe(other, topic, source="form")
        merge = merge_contacts(keep, [other], by=None)
        assert find_contact(other.pk) == keep
        assert find_by_hash(other.address_hash) == keep
        assert upsert_contact("OLD@example.com", city="York") == keep
        client.post(reverse("wagtail_precise_mail:unsubscribe", args=[make_unsubscribe_token(other.pk, 0)]))
        assert keep.consents.get().status == "withdrawn"

        undo_merge(merge, by=None)
        assert find_contact(other.pk) == other
        assert not FormerContact.objects.exists()

    def test_they_find_the_last_of_a_chain(self) -> None:
        first, second, third = make_contact(), make_contact(), make_contact()
        merge_contacts(second, [first], by=None)
        merge_contacts(third, [second], by=None)
        assert find_contact(first.pk) == third


class TestRefused:
    def test_undoing_twice(self) -> None:
        merge = merge_contacts(make_contact(), [make_contact()], by=None)
        undo_merge(merge, by=None)
        with pytest.raises(MergeRefused, match="undone already"):
            undo_merge(merge, by=None)

    def test_undoing_below_a_later_merge(self) -> None:
        first, second, third = make_contact(), make_contact(), make_contact()
        before = state()
        inner = merge_contacts(second, [first], by=None)
        outer = merge_contacts(third, [second], by=None)
        with pytest.raises(MergeRefused, match="latest merge first"):
            undo_merge(inner, by=None)
        undo_merge(outer, by=None)
        undo_merge(ContactMerge.objects.get(pk=inner.pk), by=None)
        assert without_changed(state()) == without_changed(before)

    def test_an_address_that_was_taken_since(self) -> None:
        other = make_contact(email="old@example.com")
        merge = merge_contacts(make_contact(), [other], by=None)
        make_contact(email="old@example.com")
        with pytest.raises(MergeRefused, match="belongs to another contact"):
            undo_merge(merge, by=None)

    def test_with_itself_or_somebody_who_is_gone(self) -> None:
        keep, gone = make_contact(), make_contact()
        with pytest.raises(MergeRefused, match="Choose between"):
            merge_contacts(keep, [keep], by=None)
        Contact.objects.filter(pk=gone.pk).delete()
        with pytest.raises(MergeRefused, match="no longer exists"):
            merge_contacts(keep, [gone], by=None)

    def test_erasing_the_one_who_stayed_erases_the_record(self) -> None:
        keep, other = make_contact(), make_contact(first_name="Private")
        merge_contacts(keep, [other], by=None)
        Contact.objects.get(pk=keep.pk).delete()
        assert not ContactMerge.objects.exists()


class TestAdmin:
    def test_comparing_shows_both_and_changes_nothing(self, admin_client: Any) -> None:
        keep, other = make_contact(first_name="Ann"), make_contact(first_name="Anne")
        make_note(other)
        grant(keep, make_topic(name="Offers"))
        url = reverse("precise-mail-duplicates:compare") + f"?contact={keep.pk}&contact={other.pk}"
        html = admin_client.get(url).content.decode()
        for text in ["Ann", "Anne", "Offers", "Service notes", f'name="choice-first_name" value="{other.pk}"']:
            assert text in html, text
        assert Contact.objects.count() == 2

    def test_merging_and_undoing(self, admin_client: Any, admin_user: User) -> None:
        keep, other = make_contact(first_name="Ann"), make_contact(first_name="Anne")
        url = reverse("precise-mail-duplicates:compare") + f"?contact={keep.pk}&contact={other.pk}"
        response = admin_client.post(url, {"keep": other.pk, "choice-first_name": keep.pk})
        assert response["Location"] == reverse("precise-mail-contacts:inspect", args=[other.pk])
        assert Contact.objects.get().first_name == "Ann"
        merge = ContactMerge.objects.get()
        assert merge.merged_by == admin_user
        admin_client.post(reverse("precise-mail-duplicates:undo", args=[merge.pk]))
        assert Contact.objects.count() == 2

    def test_the_other_one_is_found_by_address_or_number(self, admin_client: Any) -> None:
        keep, other = make_contact(), make_contact(email="ann@example.com", first_name="Anne")
        url = reverse("precise-mail-duplicates:compare")
        for text in ["ANN@example.com", str(other.pk)]:
            html = admin_client.get(url, {"contact": keep.pk, "other": text}).content.decode()
            assert "Anne" in html, text
        assert "There is no contact" in admin_client.get(url, {"contact": keep.pk, "other": "x"}).content.decode()

    @pytest.mark.parametrize("codenames", [["view_contact", "change_contact"], ["merge_contact"]])
    def test_it_needs_its_own_permission(self, codenames: list[str]) -> None:
        keep, other = make_contact(), make_contact()
        client = client_with(*codenames)
        url = reverse("precise-mail-duplicates:compare") + f"?contact={keep.pk}&contact={other.pk}"
        assert is_refused(client.get(url))
        assert is_refused(client.post(url, {"keep": keep.pk}))
        assert Contact.objects.count() == 2
