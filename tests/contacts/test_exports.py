"""Exports: who may, what for, what is logged, and what is in the file."""

from __future__ import annotations

import csv
import io

import openpyxl
import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from tests.factories.contacts import grant, make_contact, make_topic
from wagtail_precise_mail.contacts.exporting import begin_export
from wagtail_precise_mail.contacts.exports import ContactExport
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


def rows_of(response) -> list[list[str]]:  # type: ignore[no-untyped-def]
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
