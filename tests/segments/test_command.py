"""``precise_mail_segment``: from the shell, at any moment."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from tests.factories.commerce import make_order
from tests.factories.contacts import make_contact
from tests.factories.segments import make_segment
from wagtail_precise_mail.contacts.models import Contact

pytestmark = pytest.mark.django_db


def run(*args: str) -> str:
    out = StringIO()
    call_command("precise_mail_segment", *args, stdout=out)
    return out.getvalue()


@pytest.fixture
def buyer() -> Contact:
    contact = make_contact(email="buyer@example.com")
    make_order(contact, [("A", 1, 7)])
    make_contact(email="prospect@example.com")
    return contact


@pytest.fixture
def rules_file(tmp_path: Path) -> Path:
    path = tmp_path / "rules.json"
    path.write_text('{"rules": [{"bought_product": {"products": ["A"]}}]}')
    return path


def test_a_segment_is_found_by_slug_and_by_name(buyer: Contact) -> None:
    make_segment({"bought_product": {"products": ["A"]}}, name="Fans of A", slug="fans")
    assert run("fans", "--count") == run("Fans of A", "--count") == "1\n"


def test_without_an_option_it_says_the_rules_and_the_count(buyer: Contact, rules_file: Path) -> None:
    said = run("--rules", str(rules_file), "--at", "2026-02-01T00:00Z")
    assert said == "Contacts who bought Product A (A).\n1 members at 2026-02-01T00:00:00+00:00\n"


def test_it_lists_addresses(buyer: Contact, rules_file: Path) -> None:
    assert run("--rules", str(rules_file), "--emails") == "buyer@example.com\n"


def test_the_moment_decides(buyer: Contact, rules_file: Path) -> None:
    assert run("--rules", str(rules_file), "--at", "2026-01-15T11:59Z", "--count") == "0\n"
    assert run("--rules", str(rules_file), "--at", "2026-01-15T12:00", "--count") == "1\n"
    assert run("--rules", str(rules_file), "--at", "2026-01-15T12:00:00+01:00", "--count") == "0\n"


def test_the_sql_can_be_run_as_it_stands(buyer: Contact) -> None:
    make_segment({"bought_product": {"products": ["A"]}}, {"none": [{"order_count": {"max": 0, "days": 9}}]}, slug="x")
    sql = run("x", "--sql", "--at", "2026-01-16T00:00Z")
    with connection.cursor() as cursor:
        cursor.execute(sql.rstrip().rstrip(";").replace("%", "%%"))
        assert [row[0] for row in cursor.fetchall()] == [buyer.pk]


def test_it_explains_one_contact(buyer: Contact, rules_file: Path) -> None:
    said = run("--rules", str(rules_file), "--explain", "Buyer@Example.com", "--at", "2026-02-01")
    assert said.splitlines()[:2] == [
        "buyer@example.com belongs at 2026-02-01T00:00:00+00:00:",
        "+ All of these",
    ]
    assert "does not belong" in run("--rules", str(rules_file), "--explain", "prospect@example.com")


def test_the_schema_is_printed() -> None:
    jsonschema.Draft202012Validator.check_schema(json.loads(run("--schema")))


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ([], "Give either the NAME"),
        (["fans", "--rules", "x.json"], "Give either the NAME"),
        (["nobody"], "There is no segment 'nobody'. There are: customers, draft, fans, prospects"),
        (["draft"], "is not published"),
        (["fans", "--at", "yesterday"], "--at 'yesterday' is not a time"),
        (["fans", "--at", "2026-02-31"], "is not a time"),
        (["fans", "--at", "0001-01-01"], "is before 1900"),
        (["fans", "--explain", "nobody@example.com"], "There is no contact with the address"),
        (["fans", "--explain", "no address"], "is not an email address"),
        (["--rules", "/nowhere/rules.json"], "Cannot read /nowhere/rules.json"),
    ],
)
def test_a_wrong_call_says_what_is_wrong(args: list[str], message: str) -> None:
    make_segment(slug="fans")
    make_segment(slug="draft", live=False)
    with pytest.raises(CommandError) as caught:
        run(*args)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"{", "is not JSON: line 1, column 2"),
        (b"\xff\xfe", "Cannot read"),
        (b'{"rules": [{"bought_product": {"products": ["A", "9999X"]}}]}', 'products[1]: there is no product "9999X"'),
        (b'{"rules": [{"age": {"min": 3, "min": 4}}]}', 'the key "min" is there twice'),
        (b'{"rules": [{"net_spend": {"min": NaN}}]}', "NaN is not a number"),
        (b"[" * 100_000, "nested too deeply"),
    ],
)
def test_a_wrong_file_gets_an_error_that_names_the_place(
    tmp_path: Path, buyer: Contact, content: bytes, message: str
) -> None:
    path = tmp_path / "wrong.json"
    path.write_bytes(content)
    with pytest.raises(CommandError) as caught:
        run("--rules", str(path))
    assert message in str(caught.value)


def test_a_file_with_a_byte_order_mark_is_read(tmp_path: Path, buyer: Contact) -> None:
    path = tmp_path / "rules.json"
    path.write_bytes(b"\xef\xbb\xbf" + json.dumps({"rules": [{"everybody": {}}]}).encode())
    assert run("--rules", str(path), "--count") == "2\n"


def test_the_tenths_of_a_file_are_exact(tmp_path: Path) -> None:
    contact = make_contact()
    make_order(contact, [("A", 1, "0.3")])
    path = tmp_path / "rules.json"
    rules: dict[str, Any] = {"rules": [{"net_spend": {"min": 0.3, "max": 0.3}}]}
    path.write_text(json.dumps(rules))
    assert run("--rules", str(path), "--count") == "1\n"
