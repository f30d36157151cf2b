"""The uploaded file of an import: kept in pieces in the database, its writing guessed, its first rows shown."""

from __future__ import annotations

import hashlib
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import IO, TYPE_CHECKING

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from wagtail_precise_mail.conf import options
from wagtail_precise_mail.contacts.importing.mapping import propose
from wagtail_precise_mail.contacts.importing.presets import find_preset
from wagtail_precise_mail.contacts.importing.states import Said
from wagtail_precise_mail.contacts.imports import ImportBatch, ImportPiece
from wagtail_precise_mail.exceptions import SourceError
from wagtail_precise_mail.tabular.formats import FileFormat
from wagtail_precise_mail.tabular.guessing import (
    SAMPLE_SIZE,
    guess_day_first,
    guess_decimal,
    guess_delimiter,
    guess_encoding,
)
from wagtail_precise_mail.tabular.records import RecordFile
from wagtail_precise_mail.tabular.sheets import is_old_workbook, is_workbook, workbook_to_csv

if TYPE_CHECKING:
    from django.contrib.auth.models import User

PIECE = 1024 * 1024
SAMPLE_ROWS = 200
_MEGABYTE = 1024 * 1024


class ContactFile(RecordFile):
    """A CSV file of contacts."""

    choose_encoding = "choose another encoding"


def receive_file(stream: IO[bytes], name: str, *, by: User | None = None, at: datetime | None = None) -> ImportBatch:
    """Keep an uploaded file, guess how it is written, and propose what its columns become.

    A workbook is kept as the CSV of its first sheet that has rows.

    Args:
        stream: read once, a piece at a time.
        name: as the person calls it; some exports say in it who is inside.

    Raises:
        SourceError: this is no file that can be read; the message says what to do.
    """
    with tempfile.TemporaryFile() as spooled:
        digest = _spool(stream, spooled)
        start = _start(spooled)
        if is_old_workbook(start):
            raise SourceError(_("This is an Excel file of before 2007. Save it as .xlsx or CSV, and import that."))
        if is_workbook(start):
            with tempfile.TemporaryFile() as converted:
                workbook_to_csv(spooled, converted)
                return _keep(converted, name, digest, by, at or timezone.now())
        return _keep(spooled, name, digest, by, at or timezone.now())


def _spool(stream: IO[bytes], into: IO[bytes]) -> str:
    limit, size, digest = options().import_size_limit_mb, 0, hashlib.sha256()
    while piece := stream.read(PIECE):
        size += len(piece)
        if size > limit * _MEGABYTE:
            raise SourceError(
                _("The file is larger than %(limit)d MB. Cut it in parts, or use the command.") % {"limit": limit}
            )
        digest.update(piece)
        into.write(piece)
    if not size:
        raise SourceError(_("The file is empty."))
    return digest.hexdigest()


def _start(spooled: IO[bytes], size: int = 8) -> bytes:
    spooled.seek(0)
    start = spooled.read(size)
    spooled.seek(0)
    return start


@transaction.atomic
def _keep(spooled: IO[bytes], name: str, digest: str, by: User | None, at: datetime) -> ImportBatch:
    batch = ImportBatch(name=Path(name).name[-200:], digest=digest, created_by=by, created_at=at)
    batch.size = spooled.seek(0, 2)
    spooled.seek(0)
    batch.source_name = Path(batch.name).stem[:100]
    batch.save()
    for number, piece in enumerate(iter(lambda: spooled.read(PIECE), b"")):
        ImportPiece.objects.create(batch=batch, number=number, data=piece)
    sample = _sample(spooled)
    encoding = guess_encoding(sample)
    delimiter = guess_delimiter(sample.decode(encoding.value, errors="replace"))
    batch.encoding, batch.delimiter = encoding.value, delimiter.value
    batch.guesses = {"encoding": encoding.percent, "delimiter": delimiter.percent}
    understand(batch)
    return batch


def _sample(spooled: IO[bytes]) -> bytes:
    sample = _start(spooled, SAMPLE_SIZE)
    if not sample.startswith(b"\x1f\x8b"):
        return sample
    try:
        return zlib.decompressobj(wbits=31).decompress(sample, SAMPLE_SIZE)
    except zlib.error as error:
        raise SourceError(_("The compressed file is damaged from its start. Get the whole file.")) from error


def understand(batch: ImportBatch) -> None:
    """Read the header and the first rows as the batch says the file is written, and propose what columns become.

    Raises:
        SourceError: the file has no header that can be read in this way.
    """
    with opened(batch) as file:
        batch.header = [name[:200] for name in file.header]
        samples = [record.fields for record in islice(file, SAMPLE_ROWS) if not record.problem]
    if any("@" in name for name in batch.header):
        raise SourceError(_("The first row has an address in it. Put a row with the names of the columns above it."))
    batch.columns = propose(batch.header, samples)
    preset = find_preset(batch.header)  # an error file has the marks of its export, too
    batch.preset = preset.key if preset else ""
    batch.default_state = _default_state(batch, preset.default if preset else Said.GRANTED)
    cells = [value for fields in samples for value in fields]
    day_order, decimal = guess_day_first(cells), guess_decimal(cells)
    batch.day_order, batch.decimal = day_order.value, decimal.value
    batch.guesses = {**batch.guesses, "day_order": day_order.percent, "decimal": decimal.percent}
    batch.save()


def _default_state(batch: ImportBatch, preset: Said) -> str:
    # Mailchimp names its files after who is inside; members who never subscribed have no column of their own.
    if batch.preset == "mailchimp" and batch.name.casefold().startswith(("nonsubscribed", "non-subscribed")):
        preset = Said.NEVER
    return preset.name.lower()


@contextmanager
def opened(batch: ImportBatch) -> Iterator[ContactFile]:
    """Open the file of an import for one reading; on disk, so that the memory stays flat.

    Raises:
        SourceError: the file was removed, or cannot be read as the batch says.
    """
    with tempfile.NamedTemporaryFile(prefix="precise-mail-import-") as spooled:
        pieces = ImportPiece.objects.filter(batch=batch).order_by("number").values_list("data", flat=True)
        for piece in pieces.iterator(chunk_size=1):
            spooled.write(piece)
        spooled.flush()
        if not spooled.tell():
            raise SourceError(_("The file of this import was removed. Upload it again."))
        form = FileFormat(delimiter=batch.delimiter, encoding=batch.encoding)
        with ContactFile(spooled.name, form, label=batch.name) as file:
            yield file


def first_records(batch: ImportBatch, count: int) -> list[list[str]]:
    """Return the fields of the first rows that can be read, for a look at them."""
    with opened(batch) as file:
        return [record.fields for record in islice((record for record in file if not record.problem), count)]


def forget_file(batch: ImportBatch) -> None:
    """Remove the file: nobody needs the personal data in it once it is in."""
    batch.pieces.all().delete()
