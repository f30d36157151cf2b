"""How values are written in a file."""

from __future__ import annotations

from dataclasses import dataclass

ISO_DATES = "iso"


@dataclass(frozen=True)
class FileFormat:
    """How a CSV file is written; the table ``[file]`` of a mapping of orders."""

    delimiter: str = ","
    quote: str = '"'
    encoding: str = "utf-8"
    decimal: str = "."
    thousands: str = ""
    date_format: str = ISO_DATES
    """"iso", or a format of ``datetime.strptime``."""
    time_zone: str = "UTC"
    """Of dates without an offset."""
