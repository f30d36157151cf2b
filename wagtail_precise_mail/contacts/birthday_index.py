"""The index behind birthdays on PostgreSQL, by the day of the year: those of a week are found without a scan.

No model index: SQLite would need our functions to open its own file.
"""

from __future__ import annotations

from typing import Any

NAME = "wpm_contact_birthday"
# Exactly what Django writes for ``ExtractMonth * 100 + ExtractDay``.
_DAY_OF_YEAR = '((EXTRACT(MONTH FROM "birthday_on") * 100) + EXTRACT(DAY FROM "birthday_on"))'


def create(apps: Any, schema_editor: Any) -> None:
    """Create the index, for a migration."""
    connection = schema_editor.connection
    if connection.vendor != "postgresql":
        return
    table = connection.ops.quote_name(apps.get_model("wagtail_precise_mail", "Contact")._meta.db_table)
    sql = f"CREATE INDEX IF NOT EXISTS {NAME} ON {table} ({_DAY_OF_YEAR}) WHERE birthday_on IS NOT NULL"
    with connection.cursor() as cursor:
        cursor.execute(sql)


def drop(apps: Any, schema_editor: Any) -> None:
    """Drop the index."""
    if schema_editor.connection.vendor == "postgresql":
        with schema_editor.connection.cursor() as cursor:
            cursor.execute(f"DROP INDEX IF EXISTS {NAME}")
