"""Importing files that are wrong: what is refused, what is kept, and what the person is told."""

from __future__ import annotations

import csv
import gzip
import resource
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from tests.commerce.files import COLUMNS, HEADER, make_mapping, row, write_orders
from wagtail_precise_mail.commerce.importing import import_orders
from wagtail_precise_mail.commerce.models import Order, OrderLine, Product
from wagtail_precise_mail.exceptions import ConfigurationError, SourceError
from wagtail_precise_mail.tabular.cells import neutralize

pytestmark = pytest.mark.django_db

AT = datetime(2026, 6, 1, tzinfo=UTC)


def refused(path: Path) -> list[list[str]]:
    with path.with_name(path.name + ".errors.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))[1:]


def reason_for(path: Path) -> str:
    return refused(path)[0][1]


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (row(number=""), "InvoiceNo '' is empty"),
        (row(sku=" "), "StockCode ' ' is empty"),
        (row(sku="X" * 101), "is longer than 100 characters"),
        (row(quantity="six"), "Quantity 'six' is not a number"),
        (row(quantity="1.5"), "Quantity '1.5' is not a whole number"),
        (row(quantity="99999999999"), "Quantity '99999999999' is not believable"),
        (row(unit_price=""), "UnitPrice '' is empty"),
        (row(unit_price="NaN"), "UnitPrice 'NaN' is not a number"),
        (row(unit_price="1e300"), "UnitPrice '1e300' is not believable"),
        (row(unit_price="0.00001"), "has more than four decimals"),
        (row(unit_price="9999999999", quantity="2000000000"), "is not believable"),
        (row(placed_at="10/01/2026"), "is not a date of the format iso"),
        (row(placed_at="2099-01-01 00:00:00"), "InvoiceDate '2099-01-01 00:00:00' lies in the future"),
        (row(placed_at="0001-01-01 00:00:00"), "lies before 1970"),
        (row(customer="a b"), "is not an email address"),
        (row(customer='"5@evil.example,x"'), "is not an email address"),
        (row() + ",more", "9 fields where the header has 8"),
        ("1000,85123A", "2 fields where the header has 8"),
        (row(description="a\0b"), "holds a NUL character"),
        (row(description="caf\udce9"), "byte 0xE9 is not utf-8"),
        (row(description='"never closed'), "not readable as CSV"),
    ],
)
def test_a_bad_row_is_refused_with_its_reason_and_the_rest_is_loaded(tmp_path: Path, bad: str, reason: str) -> None:
    path = write_orders(tmp_path / "o.csv", row("1"), bad, row("2"), row("3"))

    report = import_orders(path, make_mapping(), at=AT)

    assert reason in reason_for(path)
    assert refused(path)[0][0] == "3"
    assert (report.row_count, report.refused_count) == (4, 1)
    assert set(Order.objects.values_list("number", flat=True)) == {"1", "2", "3"}


@pytest.mark.slow
def test_10_000_rows_with_37_bad_ones_load_9_963(tmp_path: Path) -> None:
    kinds = [
        row(quantity="many"),
        row(unit_price="?"),
        row(placed_at="never"),
        row(number=""),
        row(sku=""),
        "too,short",
        row(customer="not an address"),
    ]
    rows = [row(str(number // 4), sku=f"S{number % 500}") for number in range(10_000)]
    bad_lines = list(range(100, 10_000, 270))
    assert len(bad_lines) == 37
    for place, line in enumerate(bad_lines):
        rows[line] = kinds[place % len(kinds)]
    path = write_orders(tmp_path / "o.csv", *rows)

    report = import_orders(path, make_mapping(), at=AT)

    assert (report.loaded_count, OrderLine.objects.count()) == (9_963, 9_963)
    assert [int(line) for line, *_rest in refused(path)] == [line + 2 for line in bad_lines]
    assert all(reason for _line, reason, *_fields in refused(path))


def test_a_corrected_row_takes_the_place_that_was_kept_for_it(tmp_path: Path) -> None:
    path = write_orders(tmp_path / "o.csv", row(), row(quantity="x"), row(sku="C"))
    import_orders(path, make_mapping(), at=AT)
    write_orders(path, row(), row(sku="B"), row(sku="C"))

    report = import_orders(path, make_mapping(), at=AT)

    assert (report.new_lines, report.changed_lines) == (1, 0)
    assert list(OrderLine.objects.values_list("product__sku", flat=True)) == ["85123A", "B", "C"]
    assert not path.with_name("o.csv.errors.csv").exists()


def test_an_unclosed_quote_costs_its_own_line_only(tmp_path: Path) -> None:
    rows = [row("1", description='"open'), *[row(str(number)) for number in range(2, 300)]]
    path = write_orders(tmp_path / "o.csv", *rows, row("300", description='"closed"'))

    report = import_orders(path, make_mapping(), at=AT)

    assert report.refused_count == 1
    assert Order.objects.count() == 299


def test_a_value_may_hold_line_breaks(tmp_path: Path) -> None:
    path = write_orders(tmp_path / "o.csv", row(description='"two\nlines"'), row("1001", quantity="x"))

    import_orders(path, make_mapping(), at=AT)

    assert OrderLine.objects.get().description == "two\nlines"
    assert refused(path)[0][0] == "4"


def test_a_field_of_10_mb_is_refused_without_filling_the_memory(tmp_path: Path) -> None:
    path = write_orders(tmp_path / "o.csv", row("1", description="x" * 10_000_000), row("2"))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    import_orders(path, make_mapping(), at=AT)

    assert "more than 1,048,576 characters" in reason_for(path)
    assert Order.objects.get().number == "2"
    assert path.with_name("o.csv.errors.csv").stat().st_size < 1000
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000


def test_a_field_of_200_kb_is_refused(tmp_path: Path) -> None:
    path = write_orders(tmp_path / "o.csv", row("1", description="x" * 200_000), row("2"))

    import_orders(path, make_mapping(), at=AT)

    assert "field larger than field limit" in reason_for(path)
    assert Order.objects.get().number == "2"


def test_a_formula_is_stored_as_it_is_and_neutralized_in_our_own_file(tmp_path: Path) -> None:
    formula = "=HYPERLINK(A1)"
    path = write_orders(tmp_path / "o.csv", row(description=formula), row(description=formula, quantity="-x"))

    import_orders(path, make_mapping(), at=AT)

    assert Product.objects.get().name == formula
    assert refused(path)[0][4:6] == ["'" + formula, "'-x"]


@pytest.mark.parametrize(
    ("value", "safe"),
    [("=1+1", "'=1+1"), ("+1+1", "'+1+1"), ("@SUM(A1)", "'@SUM(A1)"), ("\tx", "'\tx"), ("-2+3", "'-2+3"), ("-6", "-6")],
)
def test_what_a_spreadsheet_would_run_gets_a_quote(value: str, safe: str) -> None:
    assert neutralize(value) == safe


@pytest.mark.slow
def test_a_truncated_gzip_loads_what_was_read_and_a_whole_file_completes_it(tmp_path: Path) -> None:
    rows = [row(str(number), sku=f"S{number * 7919 % 1000}") for number in range(2000)]
    whole = write_orders(tmp_path / "whole.csv.gz", *rows)
    cut = tmp_path / "cut.csv.gz"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])

    report = import_orders(cut, make_mapping(), at=AT)

    assert "end-of-stream" in report.damage
    assert 0 < report.loaded_count == OrderLine.objects.count() < 2000
    assert (report.refused_count, import_orders(whole, make_mapping(), at=AT).changed_lines) == (0, 0)
    assert OrderLine.objects.count() == 2000


def test_a_truncated_file_removes_no_lines(tmp_path: Path) -> None:
    rows = [row("1", sku=f"S{number * 7919 % 1000}") for number in range(2000)]
    whole = write_orders(tmp_path / "whole.csv.gz", *rows)
    import_orders(whole, make_mapping(), at=AT)
    whole.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])

    import_orders(whole, make_mapping(), at=AT)

    assert OrderLine.objects.count() == 2000


def test_a_wrong_byte_inside_gzip_is_damage(tmp_path: Path) -> None:
    path = tmp_path / "o.csv.gz"
    data = bytearray(gzip.compress("\n".join([HEADER, *[row(str(n)) for n in range(3000)]]).encode()))
    data[len(data) // 2 : len(data) // 2 + 8] = b"\xff" * 8
    path.write_bytes(bytes(data))

    assert import_orders(path, make_mapping(), at=AT).damage


def test_a_wrong_delimiter_is_named(tmp_path: Path) -> None:
    path = write_orders(tmp_path / "o.csv", row().replace(",", ";"), header=HEADER.replace(",", ";"))

    with pytest.raises(SourceError, match=r"a semicolon in it: set file.delimiter in the mapping to ';'"):
        import_orders(path, make_mapping(), at=AT)


def test_a_missing_column_is_named_with_those_that_are_there(tmp_path: Path) -> None:
    path = write_orders(tmp_path / "o.csv", row(), header=HEADER.replace("UnitPrice", "Price"))

    with pytest.raises(SourceError, match=r"no column 'UnitPrice'.*'Price'"):
        import_orders(path, make_mapping(), at=AT)


def test_a_column_that_is_there_twice_is_named(tmp_path: Path) -> None:
    path = write_orders(tmp_path / "o.csv", row(), header=HEADER.replace("Country", "Quantity"))

    with pytest.raises(SourceError, match="two columns 'Quantity'"):
        import_orders(path, make_mapping(columns={"country": ""}), at=AT)


def test_the_wrong_encoding_of_a_whole_file_is_told(tmp_path: Path) -> None:
    path = write_orders(tmp_path / "o.csv", row(), encoding="utf-16")

    with pytest.raises(SourceError, match=r"is not utf-8\. Set file\.encoding"):
        import_orders(path, make_mapping(), at=AT)


@pytest.mark.parametrize("encoding", ["cp1252", "utf-16", "utf-8-sig"])
def test_the_right_encoding_reads(tmp_path: Path, encoding: str) -> None:
    path = write_orders(tmp_path / "o.csv", row(description="Crème brûlée"), encoding=encoding)

    import_orders(path, make_mapping(file={"encoding": encoding.removesuffix("-sig")}), at=AT)

    assert Product.objects.get().name == "Crème brûlée"


def test_an_excel_file_is_told(tmp_path: Path) -> None:
    path = tmp_path / "o.csv"
    path.write_bytes(b"PK\x03\x04 and so on")

    with pytest.raises(SourceError, match="ZIP or Excel"):
        import_orders(path, make_mapping(), at=AT)


def test_an_empty_file_is_told(tmp_path: Path) -> None:
    path = tmp_path / "o.csv"
    path.touch()

    with pytest.raises(SourceError, match="no header"):
        import_orders(path, make_mapping(), at=AT)


def test_a_mapping_under_which_no_row_loads_stops_early(tmp_path: Path) -> None:
    path = write_orders(tmp_path / "o.csv", *[row(placed_at="1/2/26 8:26")] * 3000)

    with pytest.raises(SourceError, match="None of the first 1,000 rows"):
        import_orders(path, make_mapping(), at=AT)


def test_the_order_file_is_never_overwritten_by_refused_rows(tmp_path: Path) -> None:
    path = write_orders(tmp_path / "o.csv", row(quantity="x"))

    with pytest.raises(SourceError, match="cannot go into the order file"):
        import_orders(path, make_mapping(), errors=path, at=AT)


def test_somebody_elses_file_under_the_name_of_the_error_file_stays(tmp_path: Path) -> None:
    path = write_orders(tmp_path / "o.csv", row())
    notes = tmp_path / "o.csv.errors.csv"
    notes.write_text("my notes\n")

    import_orders(path, make_mapping(), at=AT)

    assert notes.read_text() == "my notes\n"


def test_a_topic_that_is_not_there_is_told(tmp_path: Path) -> None:
    path = write_orders(tmp_path / "o.csv", row())

    with pytest.raises(ConfigurationError, match="no topic 'nws'"):
        import_orders(path, make_mapping(contacts={"topic": "nws"}), at=AT)


MAPPING = "\n".join(
    ['source = "shop"', 'currency = "GBP"', "[columns]"]
    + [f'{ours} = "{theirs}"' for ours, theirs in COLUMNS.items()]
    + ["[contacts]", 'address = "customer-{id}@example.com"', ""]
)


@pytest.fixture
def mapping_file(tmp_path: Path) -> Path:
    path = tmp_path / "mapping.toml"
    path.write_text(MAPPING)
    return path


def test_the_command_tells_what_it_did(tmp_path: Path, mapping_file: Path, capsys) -> None:
    path = write_orders(tmp_path / "o.csv.gz", row(country="Atlantis"), row(quantity="x"))

    call_command("precise_mail_import_orders", path, mapping=mapping_file)

    told = capsys.readouterr()
    assert "Rows:     2 read, 1 loaded, 1 refused" in told.out
    assert "Orders:   1 new, 0 changed" in told.out
    assert "Atlantis" in told.out
    assert "o.csv.gz.errors.csv" in told.out
    assert "Reading: 100%" in told.err


def test_the_command_fails_on_a_damaged_file_and_says_that_the_rest_is_stored(
    tmp_path: Path, mapping_file: Path
) -> None:
    path = write_orders(tmp_path / "o.csv.gz", *[row(str(n), sku=f"S{n * 7919 % 1000}") for n in range(2000)])
    path.write_bytes(path.read_bytes()[:-2000])

    with pytest.raises(CommandError, match=r"is damaged.*What could be read is loaded.*run the command again"):
        call_command("precise_mail_import_orders", path, mapping=mapping_file)
    assert Order.objects.exists()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("source", "sauce"), "unknown key sauce"),
        (('"GBP"', '"Pounds"'), "no ISO 4217 code"),
        (("number =", "numbr ="), "unknown key columns.numbr"),
        (('sku = "StockCode"', ""), "columns.sku is missing"),
        (('"shop"', "5"), "source must be a text"),
        (("{id}", "{nr}"), "contacts.address"),
        (("[columns]", "[columns"), "is not TOML"),
        (("[contacts]", '[file]\nencoding = "utf-9"\n[contacts]'), "file.encoding 'utf-9' is unknown"),
        (("[contacts]", '[file]\ntime_zone = "Mars/Base"\n[contacts]'), "file.time_zone"),
        (("[contacts]", '[file]\ndelimiter = ";;"\n[contacts]'), "file.delimiter must be one character"),
        (("[contacts]", "[file]\ndelimiter = '\"'\n[contacts]"), "file.delimiter and file.quote must differ"),
        (("[contacts]", '[orders]\nrefunds = "("\n[contacts]'), "orders.refunds is no regular expression"),
        (("[contacts]", '[countries]\n"EIRE" = "Ireland"\n[contacts]'), 'countries."EIRE"'),
        (("[contacts]", '[products]\ncharges = "POST"\n[contacts]'), "products.charges must be a list"),
    ],
)
def test_a_wrong_mapping_is_told_by_the_name_of_its_key(
    tmp_path: Path, mapping_file: Path, change: tuple[str, str], told: str
) -> None:
    mapping_file.write_text(MAPPING.replace(*change, 1))

    with pytest.raises(CommandError) as caught:
        call_command("precise_mail_import_orders", tmp_path / "o.csv", mapping=mapping_file)
    assert told in str(caught.value)


@pytest.mark.parametrize("missing", ["orders", "mapping"])
def test_a_file_that_is_not_there_is_told(tmp_path: Path, mapping_file: Path, missing: str) -> None:
    orders = write_orders(tmp_path / "o.csv", row())
    {"orders": orders, "mapping": mapping_file}[missing].unlink()

    with pytest.raises(CommandError, match=r"Cannot read .* No such file"):
        call_command("precise_mail_import_orders", orders, mapping=mapping_file)
