"""Imports in the admin and on the command line: who may do what, and what they are told."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from django.contrib.auth.models import Permission, User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from tests.factories.contacts import make_topic
from tests.factories.imports import EVIDENCE, described, imported, upload, work
from wagtail_precise_mail.contacts.imports import ImportBatch
from wagtail_precise_mail.contacts.models import Consent, Contact, ContactList

pytestmark = pytest.mark.django_db

State = ImportBatch.State
BOUGHT = "".join(f"info@company{number}.example.com\n" for number in range(30))


def client_with(*codenames: str) -> Client:
    user = User.objects.create_user("somebody", password="x")
    user.user_permissions.set(Permission.objects.filter(codename__in=["access_admin", *codenames]))
    client = Client()
    client.force_login(user)
    return client


IMPORTER = ("view_contact", "view_importbatch", "add_importbatch")


def url(name: str, batch: ImportBatch | None = None) -> str:
    return reverse(f"precise-mail-imports:{name}", args=[batch.pk] if batch else [])


def test_an_upload_leads_to_its_columns() -> None:
    file = SimpleUploadedFile("fair.csv", b"Mail,Vorname\nann@example.com,Ann\n")

    response = client_with(*IMPORTER).post(url("add"), {"file": file}, follow=True)

    batch = ImportBatch.objects.get()
    assert response.redirect_chain == [(url("describe", batch), 302)]
    assert batch.columns == ["email", "first_name"]
    assert "ann@example.com" in response.content.decode()


def test_a_file_that_cannot_be_read_is_told_beside_the_field() -> None:
    response = client_with(*IMPORTER).post(url("add"), {"file": SimpleUploadedFile("x.xls", b"\xd0\xcf\x11\xe0")})

    assert "before 2007" in response.content.decode()
    assert not ImportBatch.objects.exists()


def test_the_same_file_again_is_said_to_be() -> None:
    imported("email\nann@example.com\n", name="first.csv")
    file = SimpleUploadedFile("again.csv", b"email\nann@example.com\n")

    response = client_with(*IMPORTER).post(url("add"), {"file": file}, follow=True)

    assert "came in before, as “first.csv”" in response.content.decode()


def describe_post(topic_id: int, **changed: str) -> dict[str, object]:
    return {
        "encoding": "utf-8",
        "delimiter": ",",
        "decimal": ".",
        "day_order": "dmy",
        "column_0": "email",
        "basis": "opt_in",
        "evidence": EVIDENCE,
        "default_state": "granted",
        "topics": [topic_id],
        "new_list": "Fair 2026",
        "source_name": "Fair",
        "filling": "fill",
        **changed,
    }


def test_the_form_starts_the_import_with_what_was_said() -> None:
    topic, batch = make_topic(), upload("email\nann@example.com\n")

    response = client_with(*IMPORTER).post(url("describe", batch), describe_post(topic.pk, start="1"))
    work(batch)

    assert response["Location"] == url("inspect", batch)
    ann = Contact.objects.get()
    assert (ann.source, Consent.objects.get().topic) == ("Fair", topic)
    assert list(ContactList.objects.get(name="Fair 2026").contacts.all()) == [ann]


def test_without_a_basis_the_form_refuses() -> None:
    topic, batch = make_topic(), upload("email\nann@example.com\n")

    response = client_with(*IMPORTER).post(url("describe", batch), describe_post(topic.pk, basis="", start="1"))

    assert "nobody is imported without a basis" in response.content.decode()
    batch.refresh_from_db()
    assert batch.state == State.UPLOADED


def test_another_encoding_reads_the_file_anew() -> None:
    topic, batch = make_topic(), upload("email,näme\nann@example.com,Łucja\n".encode("cp1250"))
    batch.encoding = "cp1252"
    batch.save()

    post = describe_post(topic.pk, reread="1", encoding="cp1250", column_1="")
    response = client_with(*IMPORTER).post(url("describe", batch), post, follow=True)

    assert "Łucja" in response.content.decode()


@pytest.mark.parametrize(
    ("verb", "codename"),
    [("check", "add"), ("start", "add"), ("stop", "add"), ("resume", "add"), ("undo", "undo"), ("release", "release")],
)
def test_each_verb_needs_its_own_permission(verb: str, codename: str) -> None:
    batch = described("email\nann@example.com\n", make_topic())
    others = {"add_importbatch", "undo_importbatch", "release_importbatch"} - {f"{codename}_importbatch"}

    response = client_with("view_contact", "view_importbatch", *others).post(url(verb, batch), {"reason": "so"})

    assert response.status_code == 302
    assert response["Location"] == "/admin/"
    batch.refresh_from_db()
    assert batch.state == State.UPLOADED


def test_the_verbs_answer_to_post_only() -> None:
    batch = described("email\nann@example.com\n", make_topic())
    client = client_with(*IMPORTER, "undo_importbatch", "release_importbatch")

    for verb in ("check", "start", "stop", "resume", "undo", "release"):
        assert client.get(url(verb, batch)).status_code == 405


def test_who_sees_no_addresses_sees_no_imports() -> None:
    batch = imported("email\nann@example.com\nwrong\n")
    client = client_with("view_importbatch", "add_importbatch")

    for name in ("inspect", "errors", "progress", "describe"):
        assert client.get(url(name, batch))["Location"] == "/admin/"


def test_a_release_needs_a_reason_and_ends_the_quarantine() -> None:
    batch = imported("email\n" + BOUGHT)
    client = client_with("view_contact", "view_importbatch", "release_importbatch")

    client.post(url("release", batch), {"reason": ""})
    batch.refresh_from_db()
    assert batch.is_held
    client.post(url("release", batch), {"reason": "They are our dealers."})
    batch.refresh_from_db()

    assert (batch.is_held, batch.release_reason) == (False, "They are our dealers.")
    assert not Contact.objects.filter(quarantined_at__isnull=False).exists()


def test_the_error_file_runs_no_formula() -> None:
    batch = imported("email,note\n=cmd|' /C calc'!A0,=1+1\n", columns=["email", "text:note"])

    response = client_with("view_contact", "view_importbatch").get(url("errors", batch))
    rows = list(csv.reader(io.StringIO(b"".join(response.streaming_content).decode("utf-8-sig"))))

    assert rows[0] == ["line", "reason", "email", "note"]
    assert rows[1][2:] == ["'=cmd|' /C calc'!A0", "'=1+1"]


def test_a_corrected_error_file_comes_in_as_it_is() -> None:
    batch = imported("Nm;Mailadr\nAnn;wrong\n", columns=["first_name", "email"])
    response = client_with("view_contact", "view_importbatch").get(url("errors", batch))
    corrected = b"".join(response.streaming_content).replace(b",wrong", b",ann@example.com")

    imported(corrected, name="corrected.csv")

    assert Contact.objects.with_address("ann@example.com").get().first_name == "Ann"
    assert Contact.objects.get().attributes == {}


def test_the_progress_tells_its_state_and_is_not_cached() -> None:
    batch = imported("email\nann@example.com\n")

    response = client_with("view_contact", "view_importbatch").get(url("progress", batch))

    assert response["Wpm-State"] == "finished"
    assert "no-store" in response["Cache-Control"]


@pytest.mark.slow
def test_the_pages_ask_the_database_as_often_for_many_columns_as_for_few(django_assert_max_num_queries) -> None:
    batch = upload(",".join(["email", *(f"c{number}" for number in range(199))]) + "\n" + "a@example.com" + "," * 199)
    client = client_with(*IMPORTER)
    client.get(url("describe", batch))

    with django_assert_max_num_queries(25):
        response = client.get(url("describe", batch))

    assert response.content.decode().count("wpm-import-select") == 200


class TestCommand:
    def test_it_imports_and_writes_the_error_file(self, tmp_path: Path, capsys) -> None:
        make_topic(slug="news")
        path = tmp_path / "c.csv"
        path.write_text("email,x\nann@example.com,1\nwrong,2\n")

        call_command(
            "precise_mail_import_contacts", str(path), "--basis=opt_in", f"--evidence={EVIDENCE}", "--topic=news"
        )

        assert Consent.objects.get().status == "granted"
        assert "2 rows: 1 new, 1 refused" in capsys.readouterr().out
        assert "wrong" in (tmp_path / "c.csv.errors.csv").read_text()

    def test_a_column_becomes_tags(self, tmp_path: Path) -> None:
        path = tmp_path / "c.csv"
        path.write_text("email,vorlieben\nann@example.com,Tea; Pots\n")

        call_command(
            "precise_mail_import_contacts",
            str(path),
            "--basis=opt_in",
            f"--evidence={EVIDENCE}",
            "--column=vorlieben=tags",
        )

        assert list(Contact.objects.get().tags.values_list("name", flat=True)) == ["Pots", "Tea"]

    def test_a_check_writes_nothing(self, tmp_path: Path, capsys) -> None:
        path = tmp_path / "c.csv"
        path.write_text("email\nann@example.com\n")

        call_command("precise_mail_import_contacts", str(path), "--basis=opt_in", f"--evidence={EVIDENCE}", "--check")

        assert "1 new" in capsys.readouterr().out
        assert not Contact.objects.exists()

    def test_without_a_basis_it_refuses(self, tmp_path: Path) -> None:
        path = tmp_path / "c.csv"
        path.write_text("email\nann@example.com\n")

        with pytest.raises(CommandError, match="without a basis"):
            call_command("precise_mail_import_contacts", str(path))

    def test_it_takes_an_import_back(self, capsys) -> None:
        batch = imported("email\nann@example.com\n")

        call_command("precise_mail_import_contacts", f"--undo={batch.pk}")

        assert "1 removed" in capsys.readouterr().out
        assert not Contact.objects.exists()

    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            (["nowhere.csv"], "Cannot read nowhere.csv"),
            ([], "Name a file"),
            (["--resume=77"], "There is no import 77"),
            (["nowhere.csv", "--topic=x"], "There is no topic 'x'"),
        ],
    )
    def test_what_is_wrong_is_said(self, arguments: list[str], words: str) -> None:
        with pytest.raises(CommandError, match=words):
            call_command("precise_mail_import_contacts", *arguments)
