"""What an import did, in figures."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class ImportReport:
    """The result of one import. "New" and "changed" compare with what was stored before."""

    row_count: int = 0
    refused_count: int = 0
    without_contact_count: int = 0
    new_orders: int = 0
    changed_orders: int = 0
    new_lines: int = 0
    changed_lines: int = 0
    removed_lines: int = 0
    new_contacts: int = 0
    new_products: int = 0
    changed_products: int = 0
    granted_consents: int = 0
    unknown_countries: Counter[str] = field(default_factory=Counter)
    errors_path: Path | None = None
    """Where the refused rows are, if there are any."""
    damage: str = ""
    """Why reading ended before the end of the file, or ""."""

    @property
    def loaded_count(self) -> int:
        """Rows of the file that are in the database now."""
        return self.row_count - self.refused_count
