"""The file of refused rows: made at the first one, safe to open in a spreadsheet."""

from __future__ import annotations

import csv
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from wagtail_precise_mail.exceptions import SourceError
from wagtail_precise_mail.tabular.cells import neutralize

_COLUMNS = ["line", "reason"]


class RejectFile:
    """Where refused rows go, with their line number in the order file, the reason, and their fields as they came.

    Args:
        header: the columns of the order file.
    """

    def __init__(self, path: Path, header: list[str]) -> None:
        self.path = path
        self.count = 0
        self._header = header
        self._file: IO[str] | None = None
        self._writer: Any = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._file:
            self._file.close()
        elif kind is None:
            self._remove_earlier()

    def add(self, line: int, reason: str, fields: list[str]) -> None:
        """Write one row.

        Raises:
            SourceError: the file cannot be written.
        """
        if self._file is None:
            self._open()
        self._writer.writerow([line, neutralize(reason), *map(neutralize, fields)])
        self.count += 1

    def _open(self) -> None:
        try:
            # Bytes that could not be decoded come back as \udc.., readable for who corrects the file.
            self._file = self.path.open("w", encoding="utf-8", errors="backslashreplace", newline="")
        except OSError as error:
            raise SourceError(
                f"Cannot write the refused rows to {self.path}: {error.strerror or error}. Name another file."
            ) from error
        self._writer = csv.writer(self._file)
        self._writer.writerow([*_COLUMNS, *map(neutralize, self._header)])

    def _remove_earlier(self) -> None:
        """Remove what an earlier run left, since nothing was refused this time; anybody else's file stays."""
        try:
            with self.path.open(encoding="utf-8") as file:
                is_ours = file.readline().startswith(",".join(_COLUMNS) + ",")
        except (OSError, UnicodeDecodeError):
            return
        if is_ours:
            self.path.unlink()
