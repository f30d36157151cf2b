"""Reading markup into a tree."""

from __future__ import annotations

from io import StringIO
from typing import Any

from bs4 import BeautifulSoup


def read_markup(source: str, **options: Any) -> BeautifulSoup:
    """Return markup as a tree.

    Words alone are markup, too: Beautiful Soup takes them for the name of a file, or an address, and warns, unless they
    come as a file. A filter of warnings would count for every thread of the site.
    """
    return BeautifulSoup(StringIO(source), "html.parser", **options)
