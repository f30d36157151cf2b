"""Importing the real order file, against inserting the same, already parsed rows with ``bulk_create``.

Needs ``PRECISE_MAIL_DATA``; runs on the database of ``DATABASE_URL``, or on SQLite. The reference pays for nothing but
the inserts: the rows are read, parsed and turned into model instances before its clock starts. Ours reads the gzip,
checks every value, looks for what is stored already, makes contacts and products, names, prices and indexes them.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

from django.core.management.color import no_style
from django.db import connection, transaction
from django.db.models import Model

TIME_LIMIT = 4.0
MEMORY_LIMIT_MB = 300
BATCH = 5000


def main() -> int:
    """Print ``name ours reference ratio limit`` for time and memory; return how many missed the limit."""
    path = Path(os.environ.get("PRECISE_MAIL_DATA", "nowhere")) / "online-retail.csv.gz"
    if not path.exists():
        print("skipped: PRECISE_MAIL_DATA names no folder with online-retail.csv.gz")
        return 0
    before = str(connection.settings_dict["NAME"])
    with tempfile.TemporaryDirectory() as folder:
        if connection.vendor == "sqlite":
            connection.settings_dict["TEST"]["NAME"] = f"{folder}/bench.sqlite3"
        else:
            connection.settings_dict["TEST"]["NAME"] = f"bench_import_{before}"[:60]
        connection.creation.create_test_db(verbosity=0, autoclobber=True)
        try:
            return _measure(path, Path(folder))
        finally:
            connection.creation.destroy_test_db(before, verbosity=0)


def _measure(path: Path, folder: Path) -> int:
    from example_site.settings import ROOT
    from wagtail_precise_mail.commerce.importing import import_orders, load_mapping

    mapping = load_mapping(ROOT / "mappings" / "online-retail.toml")
    _forget_peak()
    ours = _seconds(lambda: import_orders(path, mapping, errors=folder / "errors.csv"))
    peak = _peak_mb()
    rows = _stored_rows()
    _empty([model for model, _names, _rows in rows])
    reference = sum(_insert(model, names, values) for model, names, values in rows)
    again = _seconds(lambda: import_orders(path, mapping, errors=folder / "errors.csv"))
    count = len(rows[-1][2])
    name = f"import of {count:,} lines, {connection.vendor}"
    _tell(name, ours, reference, "s", TIME_LIMIT)
    print(f"{'the same file again':46} ours {again:7.1f} s   {count / again:,.0f} lines a second", flush=True)
    print(f"{'peak memory':46} ours {peak:7.1f} MB  limit {MEMORY_LIMIT_MB} MB", flush=True)
    return (ours / reference > TIME_LIMIT) + (peak > MEMORY_LIMIT_MB)


def _tell(name: str, ours: float, reference: float, unit: str, limit: float) -> None:
    print(
        f"{name:46} ours {ours:7.1f} {unit}  reference {reference:7.1f} {unit}  ratio {ours / reference:5.2f}"
        f"  limit {limit}",
        flush=True,
    )


def _seconds(run: Callable[[], object]) -> float:
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def _stored_rows() -> list[tuple[type[Model], list[str], list[tuple]]]:
    """Return every row that the import made, as plain values, parents first."""
    from wagtail_precise_mail.commerce.models import Order, OrderLine, Product
    from wagtail_precise_mail.contacts.models import Contact

    found = []
    for model in (Contact, Product, Order, OrderLine):
        names = [field.attname for field in model._meta.concrete_fields]
        found.append((model, names, list(model.objects.order_by("pk").values_list(*names).iterator(BATCH))))
    return found


def _empty(models: list[type[Model]]) -> None:
    tables = [model._meta.db_table for model in models]
    with transaction.atomic(), connection.cursor() as cursor:  # SQLite checks foreign keys at the end of it
        for sql in connection.ops.sql_flush(no_style(), tables, allow_cascade=True):
            cursor.execute(sql)


def _insert(model: type[Model], names: list[str], rows: list[tuple]) -> float:
    """Insert rows in batches, each in its own transaction as in an import; return the seconds."""
    taken = 0.0
    values = iter(rows)
    for batch in iter(lambda: list(islice(values, BATCH)), []):
        objects = list(_instances(model, names, batch))
        start = time.perf_counter()
        with transaction.atomic():
            model._default_manager.bulk_create(objects, batch_size=BATCH)
        taken += time.perf_counter() - start
    return taken


def _instances(model: type[Model], names: list[str], rows: list[tuple]) -> Iterator[Model]:
    for row in rows:
        yield model(**dict(zip(names, row, strict=True)))


def _forget_peak() -> None:
    if (control := Path("/proc/self/clear_refs")).exists():  # Linux: the peak counts from here
        control.write_text("5")


def _peak_mb() -> float:
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 1024
    import psutil

    return float(psutil.Process().memory_info().rss) / 1024**2
