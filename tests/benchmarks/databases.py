"""A database of its own for a benchmark, beside the one of the settings."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import gettempdir

from django.db import connection


@contextmanager
def temporary_database(name: str) -> Iterator[None]:
    """Make an empty, migrated database, use it, and take it away at the end."""
    before = str(connection.settings_dict["NAME"])
    # The name of the settings' own behind: benchmarks of two copies of the project must not meet.
    is_file = connection.vendor == "sqlite"
    connection.settings_dict["TEST"]["NAME"] = (
        f"{gettempdir()}/bench_{name}.sqlite3" if is_file else f"bench_{name}_{before}"[:60]
    )
    connection.creation.create_test_db(verbosity=0, autoclobber=True)
    try:
        yield
    finally:
        connection.creation.destroy_test_db(before, verbosity=0)
