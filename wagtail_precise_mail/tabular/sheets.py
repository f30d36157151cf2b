"""Excel workbooks: a sheet read as CSV, row by row, and rows written as a sheet."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time
from pathlib import Path
from typing import IO, Any

from wagtail_precise_mail.exceptions import SourceError

# Unpacked, a small file may fill a disk; no honest sheet of contacts comes near.
UNPACKED_LIMIT = 500 * 1024 * 1024
WIDTH_LIMIT = 1000
_SHEET_ROWS = 1_048_576


def is_workbook(start: bytes) -> bool:
    """Whether a file that begins like this is a new Excel file (or another ZIP)."""
    return start.startswith(b"PK\x03\x04")


def is_old_workbook(start: bytes) -> bool:
    """Whether a file that begins like this is an Excel file of before 2007."""
    return start.startswith(b"\xd0\xcf\x11\xe0")


def workbook_to_csv(stream: IO[bytes], into: IO[bytes]) -> str:
    """Write the first sheet that has rows as CSV in UTF-8; return its name.

    Raises:
        SourceError: it is no workbook, or one of more than can be unpacked.
    """
    from openpyxl import load_workbook  # 16 MB with NumPy, which it takes where it finds it: only who needs it pays

    _require_honest(stream)
    try:
        book = load_workbook(stream, read_only=True, data_only=True)
    except Exception as error:  # openpyxl passes on whatever a damaged part makes of itself
        raise SourceError(f"This is no Excel workbook that can be read: {error}. Save the sheet as CSV.") from error
    text = io.TextIOWrapper(into, encoding="utf-8", newline="", write_through=True)
    try:
        for sheet in book.worksheets:
            if _write_rows(sheet, csv.writer(text)):
                return str(sheet.title)
    except SourceError:
        raise
    except Exception as error:
        raise SourceError(f"The workbook is damaged: {error}. Save the sheet as CSV.") from error
    finally:
        text.detach()
        book.close()
    raise SourceError("No sheet of the workbook has rows in it.")


def _require_honest(stream: IO[bytes]) -> None:
    try:
        with zipfile.ZipFile(stream) as archive:
            names = set(archive.namelist())
            unpacked = sum(entry.file_size for entry in archive.infolist())
    except zipfile.BadZipFile as error:
        raise SourceError("The workbook is cut off or damaged. Get the whole file.") from error
    if "xl/workbook.xml" not in names:
        raise SourceError("This is a ZIP file and no Excel workbook. Unpack it, and import the CSV file in it.")
    if unpacked > UNPACKED_LIMIT:
        raise SourceError("The workbook is too large. Save the sheet as CSV, which is read as a stream.")
    stream.seek(0)


def _write_rows(sheet: Any, writer: Any) -> int:
    count, width = 0, 0
    for row in sheet.iter_rows(values_only=True, max_col=WIDTH_LIMIT):
        cells = [_text(value) for value in row]
        while cells and not cells[-1]:
            cells.pop()
        if not cells:
            continue
        width = width or len(cells)
        writer.writerow([*cells, *[""] * (width - len(cells))])
        count += 1
    return count


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(sep=" ")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def write_workbook(path: Path, rows: Iterable[Iterable[Any]]) -> None:
    """Write rows as a workbook of one or more sheets, without holding them in memory."""
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    for rows_of_sheet in _sheets(iter(rows)):
        sheet = book.create_sheet()
        for row in rows_of_sheet:
            sheet.append(list(row))
    book.save(path)


def _sheets(rows: Iterator[Iterable[Any]]) -> Iterator[Iterator[Iterable[Any]]]:
    for first in rows:
        yield _limited(first, rows)


def _limited(first: Iterable[Any], rows: Iterator[Iterable[Any]]) -> Iterator[Iterable[Any]]:
    yield first
    for count, row in enumerate(rows, start=2):
        yield row
        if count == _SHEET_ROWS:
            return
