"""Reading a CSV file as a stream: gzip, encodings, records, and what is wrong with them."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import re
import zlib
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from wagtail_precise_mail.exceptions import SourceError
from wagtail_precise_mail.tabular.formats import FileFormat

# A line longer than this is no row of a table; it is skipped piece by piece, so that it never fills the memory.
LINE_LIMIT = 1_048_576
# A quote that is never closed swallows lines until it meets another one; no honest record is longer than this.
RECORD_LINES = 100
_SNIPPET = 200

_UNDECODABLE = re.compile("[\udc80-\udcff]")


@dataclass(frozen=True, slots=True)
class Record:
    """One record of the file; ``problem`` says why it cannot be used, or is ""."""

    line: int
    fields: list[str]
    problem: str = ""


class _LineTooLong(Exception):
    """Carries the first characters of the line."""


class _Lines:
    """The file's lines for ``csv.reader``, which asks again after an error: this iterator goes on then.

    Attributes:
        taken: the lines of the record at hand.
        damage: why reading ended before the end of the file, or "".
    """

    def __init__(self, text: io.TextIOWrapper) -> None:
        self._text = text
        self._returned: deque[str] = deque()
        self.taken: list[str] = []
        self.number = 0
        self.damage = ""

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> str:
        if len(self.taken) >= RECORD_LINES:
            raise csv.Error("a quote is opened and never closed")
        line = self._returned.popleft() if self._returned else self._read()
        self.number += 1
        self.taken.append(line)
        return line

    def give_back(self) -> None:
        """Return all lines of this record but the first, to be read again on their own."""
        self._returned.extendleft(reversed(self.taken[1:]))
        self.number -= len(self.taken) - 1
        del self.taken[1:]

    def _read(self) -> str:
        line = self._readline()
        if not line:
            raise StopIteration
        if len(line) < LINE_LIMIT or line.endswith(("\n", "\r")):
            return line
        while (rest := self._readline()) and not rest.endswith(("\n", "\r")):
            pass
        self.number += 1
        self.taken.append(line[:_SNIPPET] + "…")
        raise _LineTooLong

    def _readline(self) -> str:
        if self.damage:
            return ""
        try:
            return self._text.readline(LINE_LIMIT)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            self.damage = str(error) or "the compressed data is damaged"
        except UnicodeDecodeError as error:  # encodings such as UTF-16, which cannot step over a wrong byte
            self.damage = f"not {error.encoding} from here on: {error.reason}"
        except OSError as error:
            self.damage = f"reading failed: {error.strerror or error}"
        return ""


class RecordFile:
    """A CSV file, compressed or not, whatever its name says. Use it in a ``with``, and iterate once.

    Args:
        label: what people call the file, for errors; "" takes the path.

    Attributes:
        choose_encoding: what people do when the encoding is wrong, said in errors.

    Raises:
        SourceError: it is not there, or is no CSV file in this encoding.
    """

    choose_encoding = "change the encoding"

    def __init__(self, path: str | Path, format: FileFormat, *, label: str = "") -> None:
        self.path = Path(path)
        self.label = label or str(path)
        self.format = format
        try:
            self._raw: BinaryIO = self.path.open("rb")
            self.size = self.path.stat().st_size
        except OSError as error:
            raise SourceError(f"Cannot read {self.label}: {error.strerror or error}.") from error
        try:
            self._lines = _Lines(self._open_text())
            self._reader = csv.reader(self._lines, delimiter=format.delimiter, quotechar=format.quote, strict=True)
            self.header = self._read_header()
        except BaseException:
            self._raw.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._raw.close()

    @property
    def position(self) -> int:
        """Bytes of the file (as it is on disk) that were read so far, out of ``size``."""
        return self._raw.tell()

    @property
    def damage(self) -> str:
        """Why reading ended before the end, or "" when the whole file was read."""
        return self._lines.damage

    def __iter__(self) -> Iterator[Record]:
        lines, width = self._lines, len(self.header)
        while True:
            lines.taken.clear()
            try:
                fields = next(self._reader)
            except StopIteration:
                return
            except (csv.Error, _LineTooLong) as error:
                if lines.damage:  # the record that was cut off is part of the damage, and not a bad row
                    return
                lines.give_back()
                yield Record(lines.number, [_shortened(lines.taken[0])], self._explain(error))
                continue
            first = lines.number - len(lines.taken) + 1
            if len(fields) != width:
                if not fields:
                    continue
                lines.give_back()
                if len(fields) > width * 2:
                    fields = [_shortened(lines.taken[0])]
                yield Record(first, fields, f"{len(fields)} fields where the header has {width}")
            elif problem := self._problem(lines.taken):
                yield Record(first, fields, problem)
            else:
                yield Record(first, fields)

    def _open_text(self) -> io.TextIOWrapper:
        start = self._raw.read(4)
        self._raw.seek(0)
        stream: BinaryIO = self._raw
        if start.startswith(b"\x1f\x8b"):
            stream = gzip.GzipFile(fileobj=self._raw)  # type: ignore[assignment]
        elif start.startswith(b"PK\x03\x04"):
            raise SourceError(f"{self.label} is a ZIP or Excel file. Save the sheet as CSV and import that.")
        encoding = codecs.lookup(self.format.encoding).name
        return io.TextIOWrapper(
            stream, "utf-8-sig" if encoding == "utf-8" else encoding, errors="surrogateescape", newline=""
        )

    def _read_header(self) -> list[str]:
        try:
            header = [name.strip() for name in next(self._reader)]
        except (StopIteration, csv.Error, _LineTooLong) as error:
            reason = self.damage or str(error) or ("it is empty" if isinstance(error, StopIteration) else "long line")
            raise SourceError(f"{self.label} has no header that can be read: {reason}.") from error
        line = self._lines.taken[0]
        if "\0" in line or _UNDECODABLE.search(line):
            advice = self.choose_encoding[0].upper() + self.choose_encoding[1:]
            raise SourceError(
                f"The header of {self.label} is not {self.format.encoding}. {advice}, "
                'for instance to "utf-16" or "cp1252".'
            )
        return header

    def _problem(self, lines: list[str]) -> str:
        for line in lines:
            if line.isascii():
                if "\0" in line:
                    return "holds a NUL character"
            elif found := _UNDECODABLE.search(line):
                byte = ord(found.group()) & 0xFF
                return (
                    f"byte 0x{byte:02X} is not {self.format.encoding}; when there are many such rows, "
                    f"{self.choose_encoding}"
                )
            elif "\0" in line:
                return "holds a NUL character"
        return ""

    def _explain(self, error: Exception) -> str:
        if isinstance(error, _LineTooLong):
            return f"a line of more than {LINE_LIMIT:,} characters"
        return f"not readable as CSV: {error}"


def _shortened(text: str) -> str:
    text = text.rstrip("\r\n")
    return text if len(text) <= _SNIPPET else text[:_SNIPPET].rstrip("…") + "…"
