"""Import contacts from a file, or go on with an import, or take one back."""

from __future__ import annotations

import csv
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.text import slugify
from tqdm import tqdm

from wagtail_precise_mail.charts import as_percent
from wagtail_precise_mail.contacts.importing import services
from wagtail_precise_mail.contacts.importing.files import receive_file, understand
from wagtail_precise_mail.contacts.importing.mapping import ERROR_COLUMNS
from wagtail_precise_mail.contacts.importing.risk import assess
from wagtail_precise_mail.contacts.importing.run import go_on
from wagtail_precise_mail.contacts.imports import Filling, ImportBasis, ImportBatch
from wagtail_precise_mail.contacts.models import ContactList, Topic
from wagtail_precise_mail.exceptions import PreciseMailError
from wagtail_precise_mail.tabular.cells import neutralize

State = ImportBatch.State
_FIGURES = {
    "new": "new",
    "updated": "changed",
    "unchanged": "unchanged",
    "repeated": "second rows of one person",
    "refused": "refused",
}


class Command(BaseCommand):
    """``precise_mail_import_contacts FILE --basis … --evidence … [--topic SLUG] [--check]``."""

    help = (
        "Import contacts from a CSV or Excel file. Whoever unsubscribed or must not be written to stays that way. "
        "Importing a file twice changes nothing; an interrupted import goes on with --resume NUMBER."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", nargs="?", help="CSV, TSV (compressed by gzip or not) or .xlsx")
        parser.add_argument("--basis", choices=ImportBasis.values, default="", help="why they may be written to")
        parser.add_argument("--evidence", default="", help="what proves it: where, when, to which words they agreed")
        parser.add_argument("--topic", action="append", default=[], help="slug of a topic they agreed to (repeatable)")
        parser.add_argument("--list", default="", help="name of the list to put them on; made when there is none")
        parser.add_argument("--source", default="", help="where they come from (default: the name of the file)")
        parser.add_argument("--filling", choices=Filling.values, default=Filling.FILL, help="contacts that are here")
        parser.add_argument("--column", action="append", default=[], metavar="HEADER=TARGET", help="what one becomes")
        parser.add_argument("--encoding", default="", help="when it is not guessed rightly, such as cp1252")
        parser.add_argument("--check", action="store_true", help="only tell what would happen")
        parser.add_argument("--errors", help="CSV file for refused rows (default: FILE.errors.csv)")
        parser.add_argument("--resume", type=int, metavar="NUMBER", help="go on with an import")
        parser.add_argument("--undo", type=int, metavar="NUMBER", help="take an import back")

    def handle(self, *args: Any, **given: Any) -> None:
        try:
            batch = self._begin(given)
            self._work(batch, given["verbosity"])
        except PreciseMailError as error:
            raise CommandError(str(error)) from error
        except KeyboardInterrupt:
            raise CommandError("Interrupted. What was read is in; go on with --resume and the number.") from None
        batch.refresh_from_db()
        self._tell(batch, given)

    def _begin(self, given: dict[str, Any]) -> ImportBatch:
        if number := given["undo"] or given["resume"]:
            batch = ImportBatch.objects.filter(pk=number).first()
            if batch is None:
                raise CommandError(f"There is no import {number}.")
            if given["undo"]:
                services.undo_import(batch)
            elif not batch.is_working:
                services.resume_import(batch)
            return batch
        if not given["file"]:
            raise CommandError("Name a file, or an import with --resume or --undo.")
        batch = self._receive(given)
        self.stdout.write(f"Import {batch.pk}: {batch.name}")
        (services.check_import if given["check"] else services.start_import)(batch)
        return batch

    def _receive(self, given: dict[str, Any]) -> ImportBatch:
        topics = [self._topic(slug) for slug in given["topic"]]
        try:
            with Path(given["file"]).open("rb") as stream:
                batch = receive_file(stream, given["file"])
        except OSError as error:
            raise CommandError(f"Cannot read {given['file']}: {error.strerror or error}.") from error
        if given["encoding"]:
            batch.encoding = given["encoding"]
            understand(batch)
        services.describe(
            batch,
            columns=self._columns(batch, given["column"]),
            basis=given["basis"],
            evidence=given["evidence"],
            topics=topics,
            contact_list=self._list(given["list"]),
            filling=given["filling"],
            source_name=(given["source"] or batch.source_name)[:100],
        )
        return batch

    def _topic(self, slug: str) -> Topic:
        topic = Topic.objects.filter(slug=slug).first()
        if topic is None:
            known = ", ".join(Topic.objects.values_list("slug", flat=True)) or "none"
            raise CommandError(f"There is no topic {slug!r}; there are: {known}.")
        return topic

    def _list(self, name: str) -> ContactList | None:
        if not name:
            return None
        slug = slugify(name, allow_unicode=True)[:100] or "list"
        return ContactList.objects.get_or_create(slug=slug, defaults={"name": name[:100]})[0]

    def _columns(self, batch: ImportBatch, given: list[str]) -> list[str]:
        columns = list(batch.columns)
        for pair in given:
            name, sign, target = pair.rpartition("=")
            if not sign or name not in batch.header:
                raise CommandError(f"--column {pair!r}: the columns are {', '.join(map(repr, batch.header[:50]))}.")
            columns[batch.header.index(name)] = target
        return columns

    def _work(self, batch: ImportBatch, verbosity: int) -> None:
        with tqdm(unit="B", unit_scale=True, desc="Reading", file=sys.stderr, disable=verbosity == 0) as bar:

            def advance(at: ImportBatch) -> None:
                bar.total = at.size
                bar.update(at.bytes_read - bar.n)

            while go_on(batch.pk, on_progress=advance):
                pass

    def _tell(self, batch: ImportBatch, given: dict[str, Any]) -> None:
        if batch.state == State.UNDONE:
            undone = batch.figures.get("undone", {})
            self.stdout.write(
                f"Taken back: {undone.get('removed', 0):,} removed, {undone.get('restored', 0):,} restored"
            )
            return
        figures = batch.figures or batch.check_figures
        told = ", ".join(f"{figures[key]:,} {words}" for key, words in _FIGURES.items() if figures.get(key))
        self.stdout.write(f"Contacts: {figures.get('rows', 0):,} rows: {told}")
        kept = {key: figures[key] for key in ("granted", "pending", "withdrawn", "suppressed") if figures.get(key)}
        if kept:
            self.stdout.write("Consents: " + ", ".join(f"{count:,} {key}" for key, count in kept.items()))
        for measure in assess(figures.get("risk", {})):
            if measure.is_bad:
                self._warn(
                    f"Risk: {measure.label}: {as_percent(measure.percent)} (limit {as_percent(measure.limit, 0)})"
                )
        if batch.is_held:
            self._warn("In quarantine: nobody new gets mail until somebody releases the import in the admin.")
        self._write_errors(batch, given)
        if batch.state == State.FAILED:
            raise CommandError(batch.problem)
        if batch.damage:
            raise CommandError(f"The file is damaged: {batch.damage}. What could be read is in. Get the whole file.")
        if batch.is_working:
            raise CommandError("Another worker has this import; look at it in the admin.")

    def _write_errors(self, batch: ImportBatch, given: dict[str, Any]) -> None:
        if not batch.refusals.exists():
            return
        path = Path(given["errors"] or f"{given['file'] or batch.name}.errors.csv")
        try:
            with path.open("w", encoding="utf-8", newline="") as file:
                writer = csv.writer(file)
                writer.writerow([*ERROR_COLUMNS, *map(neutralize, batch.header)])
                for refusal in batch.refusals.order_by("line", "pk").iterator(chunk_size=1000):
                    writer.writerow([refusal.line, neutralize(refusal.reason), *map(neutralize, refusal.fields)])
        except OSError as error:
            raise CommandError(f"Cannot write refused rows to {path}: {error.strerror or error}.") from error
        self._warn(f"Refused rows with their reasons: {path}. Correct them there, and import that file.")

    def _warn(self, text: str) -> None:
        self.stdout.write(self.style.WARNING(text))
