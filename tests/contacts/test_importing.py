"""Importing contacts: what comes in, what is refused, what is counted, and what may be repeated."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime

import openpyxl
import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.factories.contacts import grant, make_contact, make_list, make_topic
from tests.factories.imports import checked, described, imported, upload, work
from wagtail_precise_mail.contacts.importing import services
from wagtail_precise_mail.contacts.importing.files import understand
from wagtail_precise_mail.contacts.importing.run import go_on
from wagtail_precise_mail.contacts.imports import ImportBatch
from wagtail_precise_mail.contacts.models import (
    Consent,
    ConsentChange,
    ConsentStatus,
    Contact,
    ContactList,
    Suppression,
    SuppressionReason,
)
from wagtail_precise_mail.contacts.services import suppress, withdraw
from wagtail_precise_mail.contacts.tags import Tag, TagChange
from wagtail_precise_mail.exceptions import InvalidTransition, NotReady, SourceError

pytestmark = pytest.mark.django_db

State = ImportBatch.State


def contact(email: str) -> Contact:
    return Contact.objects.with_address(email).get()


def status_of(email: str) -> str:
    return Consent.objects.get(contact__in=Contact.objects.with_address(email)).status


class TestComingIn:
    def test_a_row_becomes_a_contact_with_consent_and_its_evidence(self) -> None:
        topic = make_topic()

        batch = imported("Email,Vorname,Nachname,Land\nann@example.com,Ann,Smith,Germany\n", topic)

        ann = contact("ann@example.com")
        assert (ann.first_name, ann.last_name, ann.country, ann.source) == ("Ann", "Smith", "DE", "contacts")
        assert status_of("ann@example.com") == ConsentStatus.GRANTED
        entry = ConsentChange.objects.get()
        assert entry.source == f"import {batch.pk}"
        assert "binder 3" in entry.evidence
        assert "contacts.csv, line 2" in entry.evidence
        assert batch.state == State.FINISHED
        assert batch.figures["new"] == 1

    def test_without_a_basis_nothing_starts(self) -> None:
        batch = described("email\nann@example.com\n", basis="")

        with pytest.raises(NotReady, match="without a basis"):
            services.start_import(batch)

        assert not Contact.objects.exists()

    def test_without_evidence_nothing_starts(self) -> None:
        batch = described("email\nann@example.com\n", evidence="yes")

        with pytest.raises(NotReady, match="what proves it"):
            services.check_import(batch)

    def test_names_and_spaces_are_cleaned(self) -> None:
        imported("email,first name,last name\n  Ann@Example.com ,ANN-MARIE, o'neil \nbo@example.com,Bo,McDonald\n")

        ann, bo = Contact.objects.order_by("pk")
        assert (ann.email, ann.first_name, ann.last_name) == ("Ann@Example.com", "Ann-Marie", "O'Neil")
        assert bo.last_name == "McDonald"

    def test_a_column_of_interests_puts_tags_on_contacts(self) -> None:
        batch = imported('email,interest\nann@example.com,"Tea, Green tea"\nbo@example.com,tea\n')

        assert Tag.objects.get(name="Tea").contacts.count() == 2
        assert list(contact("ann@example.com").tags.values_list("name", flat=True)) == ["Green tea", "Tea"]
        entry = TagChange.objects.get(contact__in=Contact.objects.with_address("bo@example.com"))
        assert (entry.name, entry.action, entry.source) == ("Tea", "added", batch.ledger_source)
        assert (batch.figures["tagged"], batch.figures["new_tags"]) == (3, 2)

    def test_importing_tags_again_adds_nothing_and_writes_no_history(self) -> None:
        text = "email,interest\nann@example.com,Tea\n"
        imported(text)
        imported(text, name="again.csv")

        assert contact("ann@example.com").contact_tags.count() == 1
        assert TagChange.objects.count() == 1

    def test_the_mapping_to_tags_is_remembered(self) -> None:
        imported("email,vorlieben\nann@example.com,Tea\n", columns=["email", "tags"])

        assert upload("email,vorlieben\nbo@example.com,Pots\n", "next.csv").columns == ["email", "tags"]

    def test_tags_cost_the_same_however_many_rows_there_are(self) -> None:
        def rows(count: int, start: int) -> str:
            return "email,interest\n" + "".join(f"p{n}@example.com,Tea|Pots\n" for n in range(start, start + count))

        def reads(queries: CaptureQueriesContext) -> int:
            return sum(query["sql"].startswith("SELECT") for query in queries)

        imported("email,interest\nfirst@example.com,Tea|Pots\n")
        with CaptureQueriesContext(connection) as few:
            imported(rows(5, 0), name="few.csv")
        with CaptureQueriesContext(connection) as many:
            imported(rows(300, 100), name="many.csv")

        assert Tag.objects.get(name="Pots").contacts.count() == 306
        # Writes are split by SQLite's number of parameters; what is looked up is not.
        assert reads(many) <= reads(few)
        assert len(many) - len(few) < 20

    def test_a_column_with_a_tag_for_everybody_stops_the_import(self) -> None:
        text = "email,interest\n" + "".join(f"p{n}@example.com,word {n}\n" for n in range(201))

        batch = imported(text)

        assert batch.state == State.FAILED
        assert "more than 200 tags" in batch.problem
        assert not Contact.objects.exists()

    def test_a_column_of_groups_puts_contacts_on_lists(self) -> None:
        imported('email,groups\nann@example.com,"Tea, Green tea"\nbo@example.com,Tea\n')

        assert ContactList.objects.get(name="Tea").contacts.count() == 2
        assert list(contact("ann@example.com").lists.values_list("name", flat=True)) == ["Green tea", "Tea"]

    def test_further_fields_keep_their_kind(self) -> None:
        imported(
            "email;Umsatz;Seit;Notiz\nann@example.com;1.234,50;31.12.2023;gut\n",
            columns=["email", "number:revenue", "date:since", "text:note"],
        )

        assert contact("ann@example.com").attributes == {"revenue": 1234.5, "since": "2023-12-31", "note": "gut"}

    def test_the_columns_of_a_header_are_remembered(self) -> None:
        imported("Mailadr;Nm\nann@example.com;Ann\n", columns=["email", "first_name"])

        again = upload("Mailadr;Nm\nbo@example.com;Bo\n", "other.csv")

        assert again.columns == ["email", "first_name"]

    def test_known_values_stay_unless_the_import_may_replace_them(self) -> None:
        make_contact(email="ann@example.com", first_name="Ann")

        imported("email,first_name,city\nann@example.com,Anna,Ulm\n")
        filled = contact("ann@example.com")
        imported("email,first_name,city\nann@example.com,Anna,Bonn\n", filling="overwrite")
        replaced = contact("ann@example.com")

        assert (filled.first_name, filled.city) == ("Ann", "Ulm")
        assert (replaced.first_name, replaced.city) == ("Anna", "Bonn")

    def test_a_worker_asks_again_whether_the_person_may_import(self) -> None:
        user = User.objects.create_user("imp")
        batch = described("email\nann@example.com\n")
        services.start_import(batch, by=user)

        work(batch)
        assert batch.state == State.FAILED
        assert "may no longer import" in batch.problem

        user.user_permissions.add(Permission.objects.get(codename="add_importbatch"))
        services.check_import(batch)
        assert work(batch).state == State.CHECKED


class TestRefused:
    @pytest.mark.slow
    def test_10_000_rows_with_37_bad_ones_load_9_963(self) -> None:
        rows = [f"p{number}@example.com,{number}" for number in range(10_000)]
        for number in range(37):
            rows[number * 270] = f"not an address {number},1"
        text = "email,shoe\n" + "\n".join(rows)

        batch = imported(text)

        assert Contact.objects.count() == 9_963
        assert (batch.figures["rows"], batch.figures["new"], batch.figures["refused"]) == (10_000, 9_963, 37)
        refusals = list(batch.refusals.all())
        assert len(refusals) == 37
        assert refusals[1].line == 272
        assert "is not an email address" in refusals[1].reason
        assert refusals[1].fields == ["not an address 1", "1"]

    @pytest.mark.parametrize(
        ("header", "columns", "row", "reason"),
        [
            ("email,born", ["email", "birthday_on"], "a@example.com,31.02.2001", "is no date that we can read"),
            ("email,born", ["email", "birthday_on"], "a@example.com,01.01.2090", "not believable as a birthday"),
            ("email,n", ["email", "number:n"], "a@example.com,many", "is no number"),
            ("email,s", ["email", "state"], "a@example.com,perhaps", "no subscription state"),
            ("email,u", ["email", "unsubscribed"], "a@example.com,perhaps", "neither yes nor no"),
            ("email,t", ["email", "time_zone"], "a@example.com,Mars/Base", "no time zone"),
            ("email,l", ["email", "locale"], "a@example.com,very German", "no language"),
            ("email,i", ["email", "opt_in_ip"], "a@example.com,1.2.3", "no IP address"),
            ("email,x", ["email", "text:x"], "a@example.com,b\0c", "NUL"),
            ("email,x", ["email", "text:x"], "a@example.com,b,c", "3 fields where the header has 2"),
            ("email,x", ["email", "text:x"], ",b", "no address in this row"),
        ],
    )
    def test_a_bad_value_refuses_its_row_and_no_other(
        self, header: str, columns: list[str], row: str, reason: str
    ) -> None:
        batch = imported(f"{header}\n{row}\ngood@example.com,\n", columns=columns)

        assert list(Contact.objects.values_list("email", flat=True)) == ["good@example.com"]
        assert reason in batch.refusals.get().reason

    def test_an_unknown_country_costs_no_contact_and_is_counted(self) -> None:
        batch = imported("email,country\nann@example.com,Atlantis\n")

        assert contact("ann@example.com").country == ""
        assert batch.figures["unknown_countries"] == {"Atlantis": 1}

    def test_a_column_that_is_wrong_stops_the_import(self) -> None:
        text = "email,name\n" + "".join(f"x{number},p{number}@example.com\n" for number in range(1000))

        batch = imported(text, columns=["email", "last_name"])

        assert batch.state == State.FAILED
        assert "a column is wrong" in batch.problem


class TestConsent:
    @pytest.mark.parametrize("order", [1, -1])
    def test_of_two_rows_of_one_person_the_stricter_wins(self, order: int) -> None:
        topic = make_topic()
        rows = ["ann@example.com,subscribed", "ANN@example.com,unsubscribed"][::order]

        imported("email,status\n" + "\n".join(rows), topic)

        assert Consent.objects.get().status == ConsentStatus.WITHDRAWN
        assert Suppression.objects.get().reason == SuppressionReason.UNSUBSCRIBED

    @pytest.mark.parametrize("words", [("subscribed", "pending"), ("subscribed", "never"), ("pending", "unsubscribed")])
    @pytest.mark.parametrize("order", [1, -1])
    def test_the_order_of_contradicting_rows_in_different_chunks_does_not_matter(
        self, settings, words: tuple[str, str], order: int
    ) -> None:
        settings.WAGTAIL_PRECISE_MAIL = settings.WAGTAIL_PRECISE_MAIL | {"import_batch_size": 1}
        topic = make_topic()
        rows = [f"ann@example.com,{word}" for word in words[::order]]

        batch = described("email,status\n" + "\n".join(rows), topic)
        checked(batch)
        services.start_import(batch)
        work(batch)

        found = Consent.objects.filter(contact__in=Contact.objects.with_address("ann@example.com")).first()
        strict = {"pending": ConsentStatus.PENDING, "never": None, "unsubscribed": ConsentStatus.WITHDRAWN}[words[1]]
        assert found is None or found.status != ConsentStatus.GRANTED
        if strict:
            assert found is not None
            assert found.status == strict
        assert batch.figures["repeated"] == batch.check_figures["repeated"] == 1

    def test_a_withdrawn_consent_stays_withdrawn(self) -> None:
        topic, ann = make_topic(), make_contact(email="ann@example.com")
        grant(ann, topic)
        withdraw(ann, topic, source="she")

        batch = imported("email\nann@example.com\n", topic)

        assert status_of("ann@example.com") == ConsentStatus.WITHDRAWN
        assert batch.figures.get("granted", 0) == 0

    def test_a_suppressed_address_stays_suppressed_and_gets_no_consent(self) -> None:
        topic = make_topic()
        suppress("ann@example.com", reason=SuppressionReason.COMPLAINT)

        batch = imported("email\nann@example.com\n", topic)

        assert Suppression.objects.get().reason == SuppressionReason.COMPLAINT
        assert not Consent.objects.exists()
        assert batch.figures["kept_suppressed"] == 1

    def test_own_consent_of_a_person_is_not_weakened_by_a_pending_row(self) -> None:
        topic, ann = make_topic(), make_contact(email="ann@example.com")
        grant(ann, topic)

        imported("email,status\nann@example.com,pending\n", topic)

        assert status_of("ann@example.com") == ConsentStatus.GRANTED

    def test_a_no_in_the_file_ends_a_yes_that_was_here(self) -> None:
        topic, ann = make_topic(), make_contact(email="ann@example.com")
        grant(ann, topic)

        imported("email,status\nann@example.com,unsubscribed\n", topic)

        assert status_of("ann@example.com") == ConsentStatus.WITHDRAWN


class TestRepeated:
    def test_the_same_file_again_changes_nothing(self) -> None:
        topic, group = make_topic(), make_list()
        text = "email,first_name,interest\nann@example.com,Ann,Tea\nbo@example.com,Bo,Tea\n"
        imported(text, topic, contact_list=group)
        before = list(Contact.objects.order_by("pk").values())
        ledger = ConsentChange.objects.count()

        batch = imported(text, topic, contact_list=group)

        assert list(Contact.objects.order_by("pk").values()) == before
        assert ConsentChange.objects.count() == ledger
        assert (batch.figures["unchanged"], batch.figures.get("new", 0)) == (2, 0)
        assert group.contacts.count() == 2

    def test_a_dry_run_writes_no_contact_and_counts_what_the_import_does(self) -> None:
        topic = make_topic()
        make_contact(email="known@example.com")
        rows = ["known@example.com,subscribed,Ulm", "new@example.com,subscribed,", "NEW@example.com,unsubscribed,"]
        rows += ["gone@example.com,cleaned,", "wrong,,", "later@example.com,pending,"]
        text = "email,status,city\n" + "\n".join(rows)
        batch = checked(described(text, topic))
        assert Contact.objects.count() == 1
        assert not Consent.objects.exists()
        assert not batch.rows.exists()

        services.start_import(batch)
        work(batch)

        ignored = ("listed", "new_lists", "tagged", "new_tags")
        told = {key: value for key, value in batch.figures.items() if key not in ignored and value}
        assert told == {key: value for key, value in batch.check_figures.items() if value}

    def test_an_import_is_started_once(self) -> None:
        batch = imported("email\nann@example.com\n")

        with pytest.raises(InvalidTransition):
            services.start_import(batch)


class TestCrashes:
    def test_an_import_goes_on_after_every_chunk_and_loads_each_row_once(self, settings) -> None:
        settings.WAGTAIL_PRECISE_MAIL = settings.WAGTAIL_PRECISE_MAIL | {"import_batch_size": 7}
        topic = make_topic()
        text = "email\n" + "".join(f"p{number}@example.com\n" for number in range(50)) + "wrong\n"
        batch = described(text, topic)
        services.start_import(batch)

        slices = 0
        while go_on(batch.pk, seconds=0):
            slices += 1

        batch.refresh_from_db()
        assert slices == 8
        assert Contact.objects.count() == Consent.objects.count() == ConsentChange.objects.count() == 50
        assert (batch.figures["rows"], batch.figures["new"]) == (51, 50)
        assert batch.refusals.count() == 1

    def test_what_dies_within_a_chunk_leaves_nothing_of_it(self, settings, monkeypatch) -> None:
        settings.WAGTAIL_PRECISE_MAIL = settings.WAGTAIL_PRECISE_MAIL | {"import_batch_size": 10}
        batch = described("email\n" + "".join(f"p{number}@example.com\n" for number in range(25)), make_topic())
        services.start_import(batch)
        go_on(batch.pk, seconds=0)

        class Killed(BaseException):
            pass

        def die(*args: object, **kwargs: object) -> None:
            raise Killed

        with monkeypatch.context() as patch:
            patch.setattr("wagtail_precise_mail.contacts.importing.run._Pass._move_on", die)
            with pytest.raises(Killed):
                go_on(batch.pk, seconds=0)
        assert Contact.objects.count() == 10

        # The dead worker has the batch until its lease ends.
        assert go_on(batch.pk) is False
        ImportBatch.objects.update(claimed_until=datetime(2020, 1, 1, tzinfo=UTC))
        work(batch)

        assert Contact.objects.count() == ConsentChange.objects.count() == 25
        assert batch.state == State.FINISHED

    def test_a_stopped_import_goes_on_when_it_is_told_to(self, settings) -> None:
        settings.WAGTAIL_PRECISE_MAIL = settings.WAGTAIL_PRECISE_MAIL | {"import_batch_size": 10}
        batch = described("email\n" + "".join(f"p{number}@example.com\n" for number in range(25)))
        services.start_import(batch)
        go_on(batch.pk, seconds=0)
        batch.refresh_from_db()
        services.stop_import(batch)

        assert go_on(batch.pk) is False
        assert Contact.objects.count() == 10
        services.resume_import(batch)
        work(batch)

        assert Contact.objects.count() == 25

    def test_an_erasure_during_the_import_is_not_undone_by_a_later_row(self, settings) -> None:
        settings.WAGTAIL_PRECISE_MAIL = settings.WAGTAIL_PRECISE_MAIL | {"import_batch_size": 1}
        batch = described("email,city\nann@example.com,Ulm\nbo@example.com,\nANN@example.com,Bonn\n")
        services.start_import(batch)
        go_on(batch.pk, seconds=0)
        contact("ann@example.com").delete()

        work(batch)

        assert list(Contact.objects.values_list("email", flat=True)) == ["bo@example.com"]
        assert "erased or merged while this import ran" in batch.refusals.get().reason

    def test_a_sign_up_during_the_import_belongs_to_the_person(self, settings, monkeypatch) -> None:
        from wagtail_precise_mail.contacts.importing.storing import Writer

        batch = described("email\nann@example.com\nbo@example.com\n")
        services.start_import(batch)
        known = Writer._known

        def late(self: Writer, rows):
            found = known(self, rows)
            make_contact(email="ann@example.com", first_name="Ann herself")
            return found

        monkeypatch.setattr(Writer, "_known", late)
        work(batch)

        assert Contact.objects.count() == 2
        assert not batch.rows.get(contact=contact("ann@example.com")).is_new
        assert batch.rows.get(contact=contact("bo@example.com")).is_new


class TestFiles:
    @pytest.mark.parametrize(
        ("encoding", "mark"),
        [
            ("utf-8", b""),
            ("utf-8", b"\xef\xbb\xbf"),
            ("utf-16-le", b"\xff\xfe"),
            ("utf-16-be", b"\xfe\xff"),
            ("cp1252", b""),
        ],
    )
    def test_western_encodings_are_found(self, encoding: str, mark: bytes) -> None:
        imported(mark + "email,first_name\nann@example.com,Zoë\nbo@example.com,Jürgen\n".encode(encoding))

        assert sorted(Contact.objects.values_list("first_name", flat=True)) == ["Jürgen", "Zoë"]

    def test_gb18030_is_found_and_its_confidence_told(self) -> None:
        batch = imported("邮箱,姓名,城市\nwang@example.com,王小明,北京\nli@example.com,李雷,上海\n".encode("gb18030"))

        wang = contact("wang@example.com")
        assert (wang.last_name, wang.first_name, wang.city) == ("王", "小明", "北京")
        assert batch.guesses["encoding"] >= 90

    def test_the_encoding_can_be_overridden(self) -> None:
        batch = upload("email,first_name\nann@example.com,Łucja\n".encode("cp1250"))
        batch.encoding = "cp1250"
        understand(batch)
        services.describe(batch, columns=batch.columns, basis="opt_in", evidence="On paper, 2026")
        services.start_import(batch)
        work(batch)

        assert contact("ann@example.com").first_name == "Łucja"

    def test_lines_of_another_encoding_are_refused_one_by_one(self) -> None:
        lines = ["email,first_name", *(f"p{number}@example.com,Zoë" for number in range(9))]
        data = "\n".join(lines).encode() + b"\n" + "bad@example.com,Zo\xeb\n".encode("latin-1")

        batch = imported(data)

        assert Contact.objects.count() == 9
        assert "byte 0xEB is not utf-8" in batch.refusals.get().reason

    def test_utf8_lines_in_a_western_file_are_refused_and_not_garbled(self) -> None:
        data = "email,first_name\nann@example.com,Zoë\n".encode("cp1252") + "bo@example.com,Jürgen\n".encode()
        batch = upload(data)
        batch.encoding = "cp1252"
        understand(batch)
        services.describe(batch, columns=batch.columns, basis="opt_in", evidence="On paper, 2026")
        services.start_import(batch)
        work(batch)

        assert list(Contact.objects.values_list("first_name", flat=True)) == ["Zoë"]
        assert "one encoding" in batch.refusals.get().reason

    def test_a_file_of_200_columns_comes_in(self) -> None:
        header = ["email", *(f"field {number}" for number in range(199))]
        columns = ["email", *(f"text:field_{number}" for number in range(199))]

        imported(";".join(header) + "\nann@example.com;" + ";".join(["x"] * 199) + "\n", columns=columns)

        assert len(contact("ann@example.com").attributes) == 199

    def test_dates_in_three_formats_are_read(self) -> None:
        text = "email;birthday\na@example.com;2001-02-28\nb@example.com;28.02.2001\nc@example.com;28/02/2001\n"

        imported(text)

        assert set(Contact.objects.values_list("birthday_on", flat=True)) == {date(2001, 2, 28)}

    def test_the_order_of_day_and_month_is_found_by_the_values(self) -> None:
        imported("email,birthday\na@example.com,02/28/2001\nb@example.com,02/03/2001\n")

        assert contact("b@example.com").birthday_on == date(2001, 2, 3)

    @pytest.mark.slow
    def test_a_half_file_is_loaded_as_far_as_it_goes_and_said_to_be_damaged(self) -> None:
        import gzip

        text = "email\n" + "".join(f"p{number}@example.com\n" for number in range(20_000))
        data = gzip.compress(text.encode())

        batch = imported(data[: len(data) // 2])

        assert batch.state == State.FINISHED
        assert batch.damage
        assert 0 < Contact.objects.count() < 20_000

    def test_a_workbook_comes_in_with_its_dates(self) -> None:
        book = openpyxl.Workbook()
        book.create_sheet("Contacts")
        book["Contacts"].append(["Email", "Birthday", "Points"])
        book["Contacts"].append(["ann@example.com", date(2001, 2, 28), 5.0])
        stream = io.BytesIO()
        book.save(stream)

        imported(stream.getvalue(), name="contacts.xlsx", columns=["email", "birthday_on", "number:points"])

        ann = contact("ann@example.com")
        assert (ann.birthday_on, ann.attributes) == (date(2001, 2, 28), {"points": 5})

    @pytest.mark.parametrize(
        ("data", "words"),
        [
            (b"", "empty"),
            (b"\xd0\xcf\x11\xe0rest", "before 2007"),
            (b"PK\x03\x04rest", "cut off or damaged"),
            (b"ann@example.com\nbo@example.com\n", "names of the columns"),
            (b"\x1f\x8bxx", "damaged from its start"),
        ],
    )
    def test_a_file_that_is_none_is_told_what_to_do(self, data: bytes, words: str) -> None:
        with pytest.raises(SourceError, match=words):
            upload(data)

        assert not ImportBatch.objects.exists()

    def test_a_file_above_the_limit_is_refused(self, settings) -> None:
        settings.WAGTAIL_PRECISE_MAIL = {"import_size_limit_mb": 1}

        with pytest.raises(SourceError, match="larger than 1 MB"):
            upload("email\n" + "x" * 1_100_000)

    def test_the_file_is_removed_when_it_is_in(self) -> None:
        batch = imported("email\nann@example.com\n")

        assert not batch.pieces.exists()
