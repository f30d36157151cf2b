"""Taking an import back, and holding one that looks bought."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from tests.factories.commerce import make_order
from tests.factories.contacts import grant, make_contact, make_list, make_topic
from tests.factories.imports import checked, described, imported, work
from wagtail_precise_mail.contacts.importing import services
from wagtail_precise_mail.contacts.importing.risk import assess
from wagtail_precise_mail.contacts.importing.run import go_on
from wagtail_precise_mail.contacts.imports import ImportBatch, ImportedRow
from wagtail_precise_mail.contacts.models import (
    Consent,
    ConsentChange,
    ConsentStatus,
    Contact,
    Suppression,
)
from wagtail_precise_mail.contacts.services import subscribe
from wagtail_precise_mail.contacts.tagging import add_tag, get_tag, remove_tag
from wagtail_precise_mail.exceptions import InvalidTransition

pytestmark = pytest.mark.django_db

GOOD = "".join(f"person{number}@shop{number}.example.com\n" for number in range(30))
BOUGHT = "".join(f"info@company{number}.example.com\n" for number in range(30))


def undo(batch: ImportBatch) -> ImportBatch:
    services.undo_import(batch, reason="The wrong file")
    return work(batch)


class TestUndo:
    def test_contacts_that_it_made_are_removed_and_their_ledger_is_kept(self) -> None:
        topic = make_topic()
        batch = imported("email\nann@example.com\nbo@example.com\n", topic)

        undo(batch)

        assert not Contact.objects.exists()
        assert batch.figures["undone"] == {"consents": 2, "removed": 2}
        kept = ImportedRow.objects.first()
        assert kept is not None
        assert [entry["status"] for entry in kept.ledger] == ["granted", "withdrawn"]
        assert "binder 3" in kept.ledger[0]["evidence"]

    def test_values_return_to_what_they_were(self) -> None:
        group = make_list()
        ann = make_contact(email="ann@example.com", first_name="Ann", attributes={"shoe": "38"})
        batch = imported(
            "email,first_name,birthday,shoe\nann@example.com,Anna,2001-02-28,39\n",
            columns=["email", "first_name", "birthday_on", "text:shoe"],
            filling="overwrite",
            contact_list=group,
        )

        undo(batch)

        ann.refresh_from_db()
        assert (ann.first_name, ann.birthday_on, ann.attributes) == ("Ann", None, {"shoe": "38"})
        assert not group.contacts.exists()

    def test_tags_are_taken_back_and_their_history_says_so(self) -> None:
        ann, bo = make_contact(email="ann@example.com"), make_contact(email="bo@example.com")
        add_tag(bo, get_tag("Tea"), source="manual")
        batch = imported("email,interest\nann@example.com,Tea\nbo@example.com,Tea|Pots\n")

        undo(batch)

        assert not ann.tags.exists()
        assert list(bo.tags.values_list("name", flat=True)) == ["Tea"]
        entries = ann.tag_changes.order_by("pk").values_list("action", "source")
        assert list(entries) == [("added", f"import {batch.pk}"), ("removed", f"import {batch.pk} undone")]

    def test_a_tag_that_a_colleague_put_on_again_stays(self) -> None:
        ann = make_contact(email="ann@example.com")
        batch = imported("email,interest\nann@example.com,Tea\n")
        remove_tag(ann, get_tag("Tea"), source="manual")
        add_tag(ann, get_tag("Tea"), source="manual")

        undo(batch)

        assert list(ann.tags.values_list("name", flat=True)) == ["Tea"]

    def test_contacts_that_it_made_and_tagged_are_removed(self) -> None:
        batch = imported("email,interest\nann@example.com,Tea\nbo@example.com,Tea\n")
        add_tag(Contact.objects.with_address("bo@example.com").get(), get_tag("Pots"), source="manual")

        undo(batch)

        assert list(Contact.objects.values_list("email", flat=True)) == ["bo@example.com"]

    def test_a_second_row_with_another_tag_does_not_keep_the_contact(self, settings) -> None:
        settings.WAGTAIL_PRECISE_MAIL = {"import_batch_size": 1}
        batch = imported("email,interest\nann@example.com,Tea\nann@example.com,Pots\n")
        assert Contact.objects.get().tags.count() == 2

        undo(batch)

        assert not Contact.objects.exists()

    def test_what_somebody_changed_since_stays(self) -> None:
        ann = make_contact(email="ann@example.com", first_name="Ann", city="Ulm")
        batch = imported("email,first_name,city\nann@example.com,Anna,Bonn\n", filling="overwrite")
        ann.refresh_from_db()
        ann.city = "Kiel"
        ann.save()

        undo(batch)

        ann.refresh_from_db()
        assert (ann.first_name, ann.city) == ("Ann", "Kiel")

    @pytest.mark.parametrize("touch", ["order", "edit", "consent", "import"])
    def test_a_contact_that_somebody_touched_since_stays(self, touch: str) -> None:
        topic = make_topic()
        batch = imported("email\nann@example.com\n", topic)
        ann = Contact.objects.get()
        if touch == "order":
            make_order(contact=ann, lines=[("KETTLE", 1, "20")])
        elif touch == "edit":
            ann.city = "Ulm"
            ann.save()
        elif touch == "consent":
            subscribe(ann, make_topic(), source="she")
        else:
            imported("email\nann@example.com\n")

        undo(batch)

        assert Contact.objects.filter(pk=ann.pk).exists()
        assert Consent.objects.get(topic=topic).status == ConsentStatus.WITHDRAWN
        last = ConsentChange.objects.filter(topic=topic).latest("pk")
        assert (last.status, last.source) == ("withdrawn", f"import {batch.pk} undone")

    def test_consent_and_suppression_that_it_took_away_return(self) -> None:
        topic, ann = make_topic(), make_contact(email="ann@example.com")
        grant(ann, topic)
        batch = imported("email,status\nann@example.com,unsubscribed\n", topic)
        assert Suppression.objects.exists()

        undo(batch)

        assert Consent.objects.get().status == ConsentStatus.GRANTED
        assert not Suppression.objects.exists()
        assert ConsentChange.objects.count() == 3

    def test_a_yes_that_the_person_gave_again_since_stands(self) -> None:
        topic = make_topic()
        batch = imported("email,status\nann@example.com,withdrawn\n", topic)
        subscribe(Contact.objects.get(), topic, source="form")

        undo(batch)

        assert Consent.objects.get().status == ConsentStatus.GRANTED

    def test_undoing_goes_on_after_a_crash(self, monkeypatch) -> None:
        monkeypatch.setattr("wagtail_precise_mail.contacts.importing.undoing.CHUNK", 5)
        batch = imported("email\n" + GOOD, make_topic())
        services.undo_import(batch)

        slices = 0
        while go_on(batch.pk, seconds=0):
            slices += 1

        assert slices == 6
        assert not Contact.objects.exists()

    def test_what_is_too_long_ago_cannot_be_undone(self) -> None:
        batch = imported("email\nann@example.com\n")
        services.forget_imports(at=timezone.now() + timedelta(days=31))

        with pytest.raises(InvalidTransition, match="too long ago"):
            services.undo_import(batch)

        assert Contact.objects.exists()

    def test_nothing_is_forgotten_before_its_time(self) -> None:
        batch = imported("email\nann@example.com\nwrong\n")

        services.forget_imports(at=timezone.now() + timedelta(days=29))

        assert batch.refusals.exists()
        assert batch.rows.exists()


class TestQuarantine:
    def test_a_list_of_roles_is_held_until_somebody_releases_it(self) -> None:
        topic = make_topic()
        known = make_contact(email="info@company0.example.com")
        old = make_contact(email="info@company1.example.com")
        grant(old, make_topic())

        batch = imported("email\n" + BOUGHT, topic)

        assert batch.is_held
        # Everybody new, and who was here and gets the first consent from this file; not who agreed before.
        assert Contact.objects.filter(quarantined_at__isnull=False).count() == 29
        known.refresh_from_db()
        old.refresh_from_db()
        assert known.quarantine_reason == f"import {batch.pk}: contacts.csv"
        assert old.quarantined_at is None

        user = User.objects.create_user("rel")
        assert services.release_import(batch, reason="All of them are our dealers.", by=user) == 29

        assert not Contact.objects.filter(quarantined_at__isnull=False).exists()
        assert (batch.released_by, batch.is_held) == (user, False)

    def test_a_good_list_is_not_held_when_it_is_in(self) -> None:
        batch = imported("email\n" + GOOD, make_topic())

        assert not batch.is_held
        assert not Contact.objects.filter(quarantined_at__isnull=False).exists()

    def test_while_an_import_runs_unchecked_nobody_of_it_can_be_written_to(self, settings) -> None:
        settings.WAGTAIL_PRECISE_MAIL = {"import_batch_size": 10}
        batch = described("email\n" + GOOD, make_topic())
        services.start_import(batch)

        go_on(batch.pk, seconds=0)

        assert Contact.objects.filter(quarantined_at__isnull=False).count() == 10

    def test_a_dry_run_that_went_well_spares_the_quarantine(self, settings) -> None:
        settings.WAGTAIL_PRECISE_MAIL = {"import_batch_size": 10}
        batch = checked(described("email\n" + GOOD, make_topic()))
        services.start_import(batch)

        go_on(batch.pk, seconds=0)

        assert not Contact.objects.filter(quarantined_at__isnull=False).exists()

    def test_a_release_needs_a_reason(self) -> None:
        batch = imported("email\n" + BOUGHT)

        with pytest.raises(ValueError, match="Say why"):
            services.release_import(batch, reason="  ")

    def test_one_released_by_hand_stays_released(self) -> None:
        batch = imported("email\n" + BOUGHT)
        first = Contact.objects.filter(imported_rows__batch=batch).order_by("pk")[:1].get()
        Contact.objects.filter(pk=first.pk).update(quarantine_reason="by hand")

        services.release_import(batch, reason="Dealers")

        assert list(
            Contact.objects.filter(quarantined_at__isnull=False).values_list("quarantine_reason", flat=True)
        ) == ["by hand"]

    @pytest.mark.parametrize(
        ("rows", "measure"),
        [
            ("\n".join(f"p{number}@mailinator.com" for number in range(30)), "disposable"),
            ("\n".join(f"p{number}@outlok.com" for number in range(30)), "typo"),
            ("\n".join(["wrong"] * 3 + [f"p{number}@x{number}.example.com" for number in range(27)]), "invalid"),
            ("p@pаypal.com", "lookalike"),
        ],
    )
    def test_each_measure_can_hold_a_list(self, rows: str, measure: str) -> None:
        batch = imported("email\n" + rows + "\n")

        assert [one.key for one in assess(batch.figures["risk"]) if one.is_bad] == [measure]
        assert batch.is_held

    def test_old_opt_ins_hold_a_list(self) -> None:
        rows = "".join(f"p{number}@x{number}.example.com,2015-01-01\n" for number in range(30))

        assert imported("email,optindate\n" + rows).is_held

    def test_a_resolver_is_asked_once_a_domain_and_only_when_one_is_chosen(self, settings) -> None:
        assert not imported("email\n" + "a@one.example.com\n" * 1).figures["risk"]["unknown"]
        asked.clear()
        settings.WAGTAIL_PRECISE_MAIL = {"domain_resolver": f"{__name__}.nobody_home"}

        batch = imported("email\n" + "".join(f"p{number}@dead.example.com\n" for number in range(30)))

        assert batch.is_held
        assert asked == ["dead.example.com"]


asked: list[str] = []


def nobody_home(domain: str) -> bool | None:
    """A resolver that finds no mail server."""
    asked.append(domain)
    return False
