"""An order file: the records of a CSV file, and where the columns of a mapping are in it."""

from __future__ import annotations

from wagtail_precise_mail.exceptions import SourceError
from wagtail_precise_mail.tabular.records import Record, RecordFile

__all__ = ["OrderFile", "Record"]

_DELIMITERS = {",": "a comma", ";": "a semicolon", "\t": "a tab", "|": "a bar"}


class OrderFile(RecordFile):
    """A CSV file of orders, read with a mapping."""

    choose_encoding = "set file.encoding in the mapping"

    def require(self, columns: dict[str, str]) -> dict[str, int]:
        """Return where our columns are.

        Args:
            columns: our names to those of the header.

        Raises:
            SourceError: a column is not there, or there twice.
        """
        missing = [name for name in columns.values() if name not in self.header]
        if missing:
            raise SourceError(f"{self.path} has no column {', '.join(map(repr, missing))}. {self._advice()}")
        if twice := [name for name in columns.values() if self.header.count(name) > 1]:
            raise SourceError(f"{self.path} has two columns {twice[0]!r}. Rename one of them in the file.")
        return {ours: self.header.index(name) for ours, name in columns.items()}

    def _advice(self) -> str:
        shown = ", ".join(repr(name[:50]) for name in self.header[:30])
        if len(self.header) == 1:
            for sign, name in _DELIMITERS.items():
                if sign in self.header[0]:
                    return (
                        f"Its header is a single field, cut at {self.format.delimiter!r}, and there is {name} in it: "
                        f"set file.delimiter in the mapping to {sign!r}."
                    )
        return f"Its columns are {shown}. Correct [columns] in the mapping."
