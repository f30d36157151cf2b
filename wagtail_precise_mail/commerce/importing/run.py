"""The import of an order file: a stream in, batches out, each in its own transaction."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

from django.db import DataError, IntegrityError, transaction
from django.utils import timezone

from wagtail_precise_mail.commerce.due import mark_due
from wagtail_precise_mail.commerce.importing.contacts import ContactBook
from wagtail_precise_mail.commerce.importing.files import OrderFile, Record
from wagtail_precise_mail.commerce.importing.mapping import OrderMapping
from wagtail_precise_mail.commerce.importing.orders import OrderLedger
from wagtail_precise_mail.commerce.importing.products import ProductShelf
from wagtail_precise_mail.commerce.importing.rejects import RejectFile
from wagtail_precise_mail.commerce.importing.report import ImportReport
from wagtail_precise_mail.commerce.importing.rows import OrderRow, RowError, RowReader
from wagtail_precise_mail.commerce.models import Order
from wagtail_precise_mail.conf import options
from wagtail_precise_mail.exceptions import SourceError
from wagtail_precise_mail.tabular.unlogged import queries_unlogged

logger = logging.getLogger(__name__)

# When not one of so many rows at the start can be loaded, the mapping is wrong, and not the rows.
_TRIAL = 1000


def import_orders(
    path: str | Path,
    mapping: OrderMapping,
    *,
    errors: str | Path | None = None,
    at: datetime | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> ImportReport:
    """Load an order file as history: nothing is announced, nobody is mailed.

    Orders are found again by source and number, lines by their position in the order, so that the same file changes
    nothing, a corrected one corrects, and an interrupted import is simply run again.

    Args:
        path: CSV, compressed by gzip or not.
        errors: where refused rows go; None takes ``path`` with ".errors.csv" at its end.
        at: the moment of the import.
        on_progress: called after each batch with the bytes read so far and the size of the file.

    Returns:
        The figures. When ``damage`` is not "", the file ended too early, and what was read is loaded.

    Raises:
        SourceError: the file cannot be read with this mapping, or the refused rows cannot be written.
        ConfigurationError: the mapping names a topic that is not there.
    """
    path, at = Path(path), at or timezone.now()
    errors = Path(errors) if errors else path.with_name(path.name + ".errors.csv")
    if errors.resolve() == path.resolve():
        raise SourceError("The refused rows cannot go into the order file itself. Name another file.")
    with OrderFile(path, mapping.file) as file, RejectFile(errors, file.header) as rejects, queries_unlogged(Order):
        run = _Import(file, mapping, rejects, at)
        for rows in run.batches():
            run.store(rows)
            if on_progress:
                on_progress(file.position, file.size)
        run.finish()
        if on_progress:
            on_progress(file.position, file.size)
    report = run.report
    report.errors_path = errors if rejects.count else None
    logger.info("Imported %s: %s", path.name, report)
    return report


class _Import:
    def __init__(self, file: OrderFile, mapping: OrderMapping, rejects: RejectFile, at: datetime) -> None:
        self.report = ImportReport()
        self._file = file
        self._rejects = rejects
        self._reader = RowReader(mapping, file.require(mapping.columns.named()), at=at)
        self._contacts = ContactBook(mapping, self.report, at=at)
        self._products = ProductShelf(mapping, self.report, at=at)
        self._orders = OrderLedger(mapping, self.report, at=at)
        # A refused row whose order is not known shifts the positions of the lines after it.
        self._is_placed = True

    def batches(self) -> Iterator[list[OrderRow]]:
        """Yield the rows of the file; refused ones go to the error file."""
        size = options().import_batch_size
        rows: list[OrderRow] = []
        for record in self._file:
            self.report.row_count += 1
            if row := self._read(record):
                rows.append(row)
                if len(rows) >= size:
                    yield rows
                    rows = []
        if rows:
            yield rows

    def store(self, rows: list[OrderRow]) -> None:
        """Write a batch, wholly or not at all."""
        try:
            with transaction.atomic():
                contacts = self._contacts.resolve(rows)
                products = self._products.resolve(rows)
                changed = self._orders.store(rows, contacts, products)
                self._contacts.refresh_countries(changed)
                mark_due(changed)
        except (IntegrityError, DataError) as error:
            raise SourceError(
                f"The database refused a batch that begins with order {rows[0].number}: {error} "
                "The batches before it are stored. If another import ran at the same time, run this one again."
            ) from error
        self.report.without_contact_count += sum(row.address is None for row in rows)

    def finish(self) -> None:
        """Do what needs the whole file."""
        self.report.damage = self._file.damage
        with transaction.atomic():
            changed = self._orders.finish(is_complete=self._is_placed and not self._file.damage)
            mark_due(changed)
        self._contacts.refresh_countries(changed)
        self._products.refresh()
        self.report.unknown_countries = self._reader.unknown_countries

    def _read(self, record: Record) -> OrderRow | None:
        is_whole = len(record.fields) == len(self._file.header)
        number = self._reader.number(record.fields) if is_whole else ""
        # Refused rows keep their place, so that correcting one later moves no other line.
        position = self._orders.next_position(number) if number else 0
        try:
            if record.problem:
                raise RowError(record.problem)
            row = self._reader.read(record.fields)
        except RowError as error:
            self._refuse(record, str(error))
            self._is_placed = self._is_placed and bool(number)
            return None
        row.position = position
        return row

    def _refuse(self, record: Record, reason: str) -> None:
        self._rejects.add(record.line, reason, record.fields)
        self.report.refused_count += 1
        if self.report.refused_count == self.report.row_count == _TRIAL:
            raise SourceError(
                f"None of the first {_TRIAL:,} rows can be loaded, so the mapping does not fit. Line {record.line}: "
                f"{reason}. All of them are in {self._rejects.path}."
            )
