"""The indexes behind the search of contacts on PostgreSQL: trigrams, because people search for parts of words, and the
keys of further fields.

Not model indexes: the first needs an extension that not every database user may create, and Django's own support for
both needs ``django.contrib.postgres`` among the apps. Without them the same is found, by reading every contact.
"""

from __future__ import annotations

import logging
from typing import Any

from django.db import DatabaseError, transaction

logger = logging.getLogger(__name__)

NAME, FIELDS = "wpm_contact_search", "wpm_contact_fields"
_COLUMNS = ("email", "first_name", "last_name")


def create(apps: Any, schema_editor: Any) -> None:
    """Create the indexes, for a migration. The expressions are those that Django writes for ``icontains``."""
    connection = schema_editor.connection
    if connection.vendor != "postgresql":
        return
    table = connection.ops.quote_name(apps.get_model("wagtail_precise_mail", "Contact")._meta.db_table)
    columns = ", ".join(f'UPPER("{column}"::text) gin_trgm_ops' for column in _COLUMNS)
    try:
        with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
            cursor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
            cursor.execute(f"CREATE INDEX IF NOT EXISTS {NAME} ON {table} USING gin ({columns})")
            cursor.execute(f"CREATE INDEX IF NOT EXISTS {FIELDS} ON {table} USING gin (attributes)")
    except DatabaseError as error:
        logger.warning("No index for the search of contacts, which will be slow with many of them: %s", error)


def drop(apps: Any, schema_editor: Any) -> None:
    """Drop the indexes; the extension may serve others."""
    if schema_editor.connection.vendor == "postgresql":
        with schema_editor.connection.cursor() as cursor:
            cursor.execute(f"DROP INDEX IF EXISTS {NAME}, {FIELDS}")
