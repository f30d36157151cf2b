"""Exports: who may, what for, what is logged, and what is in the file."""

from __future__ import annotations

import csv
import io

import openpyxl
import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.factories.contacts import grant, make_contact, make_field, make_topic
from wagtail_precise_mail.contacts.exporting import begin_export, contact_rows, further_columns
from wagtail_precise_mail.contacts.exports import ContactExport
from wagtail_precise_mail.contacts.fields import ContactField
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.exceptions import ExportRefused

pytestmark = pytest.mark.django_db

FORM = {"kind": "contacts", "format": "csv", "purpose": "analysis", "explanation": "Figures for the board, Mr. Hartley"}


def client_with(*codenames: str) -> Client:
    user = User.objects.create_user("somebody", password="x")
    user.user_permissions.set(Permission.objects.filter(codename__in=["access_admin", *codenames]))
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def exporter() -> Client:
    return client_with("view_contact", "view_contact_address", "export_contact")


def url(**query: str) -> str:
    return reverse("precise-mail-exports:export", query=query or None)


def rows_of(response) -> list[list[str]]:
    return list(csv.reader(io.StringIO(b"".join(response.streaming_content).decode("utf-8-sig"))))


def test_an_export_is_logged_with_who_what_for_how_many_and_filters(exporter: Client) -> None:
    make_contact(email="ann@example.com", country="GB")
    make_contact(email="bo@example.com", country="SE")

    rows = rows_of(exporter.post(url(country="GB"), FORM))

    assert [row[0] for row in rows] == ["Email address", "ann@example.com"]
    log = ContactExport.objects.get()
    assert (log.row_count, log.filters, log.purpose, log.created_by.username) == (
        1,
        "country=GB",
        "analysis",
        "somebody",
    )
    assert log.explanation == FORM["explanation"]


@pytest.mark.parametrize("missing", ["purpose", "explanation"])
def test_without_a_purpose_nothing_leaves(exporter: Client, missing: str) -> None:
    make_contact(email="ann@example.com")

    response = exporter.post(url(), {**FORM, missing: ""})

    assert "attachment" not in response.get("Content-Disposition", "")
    assert not ContactExport.objects.exists()


def test_a_connector_without_a_purpose_is_refused() -> None:
    make_contact()

    with pytest.raises(ExportRefused, match="without a purpose"):
        begin_export(Contact.objects.all(), purpose="", explanation="nightly job", by=None)


def test_looking_at_the_form_logs_nothing(exporter: Client) -> None:
    make_contact()

    assert "1 contact leaves the house" in exporter.get(url()).content.decode()
    assert not ContactExport.objects.exists()


@pytest.mark.parametrize("codenames", [("view_contact",), ("export_contact",)])
@pytest.mark.parametrize("method", ["get", "post"])
def test_both_permissions_are_needed(codenames: tuple[str, ...], method: str) -> None:
    make_contact()

    response = getattr(client_with(*codenames), method)(url(), FORM)

    assert response["Location"] == "/admin/"
    assert not ContactExport.objects.exists()


def test_the_service_asks_again() -> None:
    with pytest.raises(ExportRefused, match="may not"):
        begin_export(
            Contact.objects.all(), purpose="analysis", explanation="Figures", by=User.objects.create_user("nobody")
        )


@pytest.mark.parametrize("name", ['=HYPERLINK("https://evil.example")', "@SUM(A1)", "+cmd|' /C calc'!A0", "\t=1"])
@pytest.mark.parametrize("format", ["csv", "xlsx"])
def test_a_formula_in_a_name_stays_text(exporter: Client, name: str, format: str) -> None:
    make_contact(first_name=name)

    response = exporter.post(url(), {**FORM, "format": format})

    if format == "csv":
        cell = rows_of(response)[1][1]
    else:
        sheet = openpyxl.load_workbook(io.BytesIO(b"".join(response.streaming_content))).active
        assert sheet["B2"].data_type == "s"
        cell = sheet["B2"].value
    assert cell == f"'{name}"


def test_the_ledger_says_what_was_agreed_to_when_and_what_proves_it(exporter: Client) -> None:
    ann, topic = make_contact(email="ann@example.com"), make_topic(name="News")
    grant(ann, topic)
    grant(make_contact(), topic)

    rows = rows_of(exporter.post(url(q="ann@example.com"), {**FORM, "kind": "ledger"}))

    assert len(rows) == 2
    assert rows[1][:5] == ["ann@example.com", "News", "granted", "2026-01-01 00:00:00+00:00", "test"]


def test_the_log_is_listed_for_who_may_see_it(exporter: Client) -> None:
    exporter.post(url(country="GB"), FORM)
    User.objects.all().delete()

    client = client_with("view_contact", "view_contactexport")
    html = client.get(reverse("precise-mail-exports:index")).content.decode()

    assert "Figures for the board" in html
    assert "Country: GB" in html


def test_the_number_of_queries_does_not_grow_with_the_contacts(exporter: Client, django_assert_max_num_queries) -> None:
    for _number in range(30):
        make_contact()
    exporter.get(url())

    with django_assert_max_num_queries(20):
        rows = rows_of(exporter.post(url(), FORM))

    assert len(rows) == 31


class TestFurtherFields:
    @pytest.fixture(autouse=True)
    def fields(self) -> None:
        make_field("shoe_size", label="Shoe size", kind="number")
        make_field("likes", label="Likes", kind="choices", choices="Tea\nGifts")
        make_field("note", label="Note")
        make_field("diet", label="Diet", classification="sensitive")
        held = {"shoe_size": 42, "likes": ["Tea", "Gifts"], "note": "=1+1", "diet": "kosher", "undescribed": "x"}
        make_contact(email="ann@example.com", attributes=held)
        make_contact(email="bo@example.com", attributes={"shoe_size": -1})

    def test_each_has_a_column_and_the_sensitive_one_has_none(self, exporter: Client) -> None:
        heads, *rows = rows_of(exporter.post(url(), FORM))

        assert heads[-3:] == ["Likes", "Note", "Shoe size"]
        by_address = {row[0]: row[-3:] for row in rows}
        assert by_address == {"ann@example.com": ["Tea, Gifts", "'=1+1", "42"], "bo@example.com": ["", "", "-1"]}
        assert "kosher" not in str(rows)

    def test_the_workbook_has_the_same(self, exporter: Client) -> None:
        response = exporter.post(url(), {**FORM, "format": "xlsx"})

        sheet = openpyxl.load_workbook(io.BytesIO(b"".join(response.streaming_content)), read_only=True).active
        rows = {row[0]: [str(cell or "") for cell in row[-3:]] for row in sheet.iter_rows(values_only=True)}
        assert rows["ann@example.com"] == ["Tea, Gifts", "'=1+1", "42"]
        assert rows["Email address"] == ["Likes", "Note", "Shoe size"]

    def test_one_that_was_allowed_leaves(self, exporter: Client) -> None:
        ContactField.objects.filter(key="diet").update(allowed_reason="The caterer of the fair needs it.")

        heads, *rows = rows_of(exporter.post(url(), FORM))

        assert "Diet" in heads
        assert "kosher" in str(rows)

    def test_the_form_says_what_leaves_and_what_does_not(self, exporter: Client) -> None:
        page = exporter.get(url()).content.decode()

        assert "Likes, Note, Shoe size." in page
        assert "nobody has allowed it: Diet." in page

    def test_a_connector_that_names_a_sensitive_field_is_refused(self) -> None:
        with pytest.raises(ExportRefused, match="diet"):
            contact_rows(Contact.objects.all(), {"email": "Email", "attributes.diet": "Diet"})

    def test_two_fields_of_one_label_stay_apart(self) -> None:
        make_field("note_2", label="Note")

        assert {"Note (note)", "Note (note_2)"} <= set(further_columns().values())

    def test_one_more_query_whatever_the_number(self, exporter: Client) -> None:
        with CaptureQueriesContext(connection) as few:
            rows_of(exporter.post(url(), FORM))
        for number in range(20):
            make_field(f"f{number}", label=f"F {number}")
            make_contact(attributes={f"f{number}": "x"})
        with CaptureQueriesContext(connection) as many:
            rows_of(exporter.post(url(), FORM))
        assert len(many) == len(few)
