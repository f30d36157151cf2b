"""Cells that are safe to open in a spreadsheet."""

from __future__ import annotations

import re

_PLAIN_NUMBER = re.compile(r"[+-]?\d+([.,]\d+)*\Z", re.ASCII)


def neutralize(value: str) -> str:
    """Return a value that no spreadsheet takes for a formula; plain numbers such as -1 stay as they are.

    Source: OWASP, "CSV Injection".
    """
    if value.startswith(("=", "+", "-", "@", "\t", "\r", "\n")) and not _PLAIN_NUMBER.match(value):
        return "'" + value
    return value
