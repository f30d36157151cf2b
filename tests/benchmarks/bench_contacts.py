"""Importing 200,000 contacts, against inserting the same rows with ``bulk_create`` in the same run.

Runs on the database of ``DATABASE_URL``, or on SQLite. The reference pays for nothing but inserts: every row that the
import stored (contacts, consent, ledger, list, what can be undone) is a model instance before its clock starts. Ours
reads the file, checks every value, looks for what is stored, decides about consent, and writes in chunks of a
transaction each.
"""

from __future__ import annotations

import io
import random
import tempfile

from django.db import connection, reset_queries

from tests.benchmarks.bench_import import _empty, _forget_peak, _insert, _peak_mb, _seconds, _tell

COUNT = 200_000
TIME_LIMIT = 3.0
GROWTH_LIMIT_MB = 40
"""How much more memory ten times the rows may take: flat, but for caches of words that repeat."""

_NAMES = ["Ann", "Bo", "Cleo", "Dan", "Eve", "Fay", "Gus", "Hal", "Ida", "Jo", "Kim", "Lea", "Mia", "Nora", "Oli"]
_COUNTRIES = ["Germany", "United Kingdom", "FR", "Spain", "China", "Sweden", ""]


def main() -> int:
    """Print ``name ours reference ratio limit`` for time and memory; return how many missed the limit."""
    before = str(connection.settings_dict["NAME"])
    with tempfile.TemporaryDirectory() as folder:
        name = f"{folder}/bench.sqlite3" if connection.vendor == "sqlite" else f"bench_contacts_{before}"[:60]
        connection.settings_dict["TEST"]["NAME"] = name
        connection.creation.create_test_db(verbosity=0, autoclobber=True)
        try:
            return _measure()
        finally:
            connection.creation.destroy_test_db(before, verbosity=0)


def _measure() -> int:
    from wagtail_precise_mail.models import Contact

    small = _run_import(COUNT // 10)[1]
    _empty([model for model, _names, _rows in _stored()])
    seconds, peak = _run_import(COUNT)
    stored = _stored()
    assert Contact.objects.count() == COUNT
    _empty([model for model, _names, _rows in stored])
    reference = {model: _insert(model, names, rows) for model, names, rows in stored}
    again = _run_import(COUNT)[0]
    name = f"import of {COUNT:,} contacts, {connection.vendor}"
    _tell(name, seconds, sum(reference.values()), "s", TIME_LIMIT)
    print(f"{'against inserting the contacts alone':46} ratio {seconds / reference[Contact]:5.2f}", flush=True)
    print(f"{'the same file again, nothing changes':46} ours {again:7.1f} s", flush=True)
    print(
        f"{'peak memory, 20,000 and 200,000 rows':46} {small:7.1f} MB and {peak:7.1f} MB  limit +{GROWTH_LIMIT_MB} MB",
        flush=True,
    )
    return (seconds / sum(reference.values()) > TIME_LIMIT) + (peak - small > GROWTH_LIMIT_MB)


def _run_import(count: int) -> tuple[float, float]:
    """Import a file of so many rows; return the seconds, without the upload, and the peak of the memory in MB."""
    from tests.factories.imports import EVIDENCE
    from wagtail_precise_mail.contacts.importing import services
    from wagtail_precise_mail.contacts.importing.files import receive_file
    from wagtail_precise_mail.contacts.importing.run import go_on
    from wagtail_precise_mail.models import ContactList, ImportBatch, Topic

    topic = Topic.objects.get_or_create(slug="news", defaults={"name": "News"})[0]
    group = ContactList.objects.get_or_create(slug="all", defaults={"name": "All"})[0]
    batch = receive_file(_file(count), "bench.csv")
    services.describe(
        batch, columns=batch.columns, basis="opt_in", evidence=EVIDENCE, topics=[topic], contact_list=group
    )
    services.start_import(batch)
    reset_queries()
    _forget_peak()

    def work() -> None:
        while go_on(batch.pk):  # slices of task_seconds, as a worker does it
            pass

    seconds = _seconds(work)
    batch.refresh_from_db()
    assert batch.state == ImportBatch.State.FINISHED, batch.problem
    return seconds, _peak_mb()


def _file(count: int) -> io.BytesIO:
    chance = random.Random(7)
    text = io.StringIO()
    text.write("email,first name,last name,country,city,birthday,optin_time\n")
    for number in range(count):
        first, last = chance.choice(_NAMES), chance.choice(_NAMES)
        day = f"{1950 + number % 50}-{1 + number % 12:02}-{1 + number % 28:02}"
        text.write(
            f"{first}.{last}.{number}@mail{number % 997}.example.com,{first},{last}son,"
            f"{_COUNTRIES[number % 7]},City {number % 500},{day},2026-{1 + number % 9:02}-11 10:{number % 60:02}:00\n"
        )
    return io.BytesIO(text.getvalue().encode())


def _stored() -> list:
    from wagtail_precise_mail.models import Consent, ConsentChange, Contact, ContactList, ImportedRow, Suppression

    found = []
    for model in (Contact, Consent, ConsentChange, ContactList.contacts.through, Suppression, ImportedRow):
        names = [item.attname for item in model._meta.concrete_fields]
        found.append((model, names, list(model._default_manager.order_by("pk").values_list(*names).iterator(5000))))
    return found
