"""Import the order history of a shop from a CSV file."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError
from tqdm import tqdm

from wagtail_precise_mail.commerce.importing import ImportReport, import_orders, load_mapping
from wagtail_precise_mail.exceptions import PreciseMailError

_SHOWN_COUNTRIES = 10


class Command(BaseCommand):
    """``precise_mail_import_orders FILE --mapping FILE.toml [--errors FILE]``."""

    help = (
        "Import orders from a CSV file (.csv or .csv.gz). History triggers nothing: no mail leaves, no flow starts. "
        "Importing a file twice changes nothing, a corrected file corrects, an interrupted import is run again."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", help="CSV file, compressed by gzip or not")
        parser.add_argument("--mapping", required=True, help="TOML file that says what the columns are")
        parser.add_argument("--errors", help="CSV file for rows that were refused (default: FILE.errors.csv)")

    def handle(self, *args: Any, **given: Any) -> None:
        try:
            mapping = load_mapping(given["mapping"])
            report = self._import(given, mapping)
        except PreciseMailError as error:
            raise CommandError(str(error)) from error
        except DatabaseError as error:
            raise CommandError(
                f"The database failed: {error} Batches before that are stored; run the command again."
            ) from error
        except KeyboardInterrupt:
            raise CommandError("Interrupted. What was read is stored; run the command again to finish.") from None
        self._tell(report)
        if report.damage:
            raise CommandError(
                f"{given['file']} is damaged: {report.damage} What could be read is loaded ({report.loaded_count:,} "
                "rows). Get the whole file and run the command again; nothing will be doubled."
            )

    def _import(self, given: dict[str, Any], mapping: Any) -> ImportReport:
        with tqdm(unit="B", unit_scale=True, desc="Reading", file=sys.stderr, disable=given["verbosity"] == 0) as bar:

            def advance(position: int, size: int) -> None:
                bar.total = size
                bar.update(position - bar.n)

            return import_orders(given["file"], mapping, errors=given["errors"], on_progress=advance)

    def _tell(self, report: ImportReport) -> None:
        refused = f", {report.refused_count:,} refused" if report.refused_count else ""
        self.stdout.write(f"Rows:     {report.row_count:,} read, {report.loaded_count:,} loaded{refused}")
        self.stdout.write(f"Orders:   {report.new_orders:,} new, {report.changed_orders:,} changed")
        removed = f", {report.removed_lines:,} removed" if report.removed_lines else ""
        self.stdout.write(f"Lines:    {report.new_lines:,} new, {report.changed_lines:,} changed{removed}")
        self.stdout.write(f"Products: {report.new_products:,} new, {report.changed_products:,} changed")
        self.stdout.write(f"Contacts: {report.new_contacts:,} new")
        if report.granted_consents:
            self.stdout.write(f"Consents: {report.granted_consents:,} new")
        if report.without_contact_count:
            self.stdout.write(f"Rows without a customer (kept for product figures): {report.without_contact_count:,}")
        if report.unknown_countries:
            shown = report.unknown_countries.most_common(_SHOWN_COUNTRIES)
            names = ", ".join(f"{name!r} ({count:,} rows)" for name, count in shown)
            more = " ..." if len(report.unknown_countries) > _SHOWN_COUNTRIES else ""
            self._warn(f"Countries left empty: {names}{more}. Add them to [countries] in the mapping.")
        if report.errors_path:
            self._warn(f"Refused rows with their reasons: {report.errors_path}. Correct the order file, run again.")

    def _warn(self, text: str) -> None:
        self.stdout.write(self.style.WARNING(text))
