"""What a database does with the rows of tests beside keeping them: statistics, and checks of foreign keys."""

from __future__ import annotations

from django.db import connection


def analyze() -> None:
    """Tell the planner what is there.

    By the names of the tables: without them PostgreSQL looks at the catalogs that all databases of a server share, too,
    and waits for the end of another process's transaction that did so.
    """
    with connection.cursor() as cursor:
        if connection.vendor != "postgresql":
            cursor.execute("ANALYZE")
            return
        names = connection.introspection.django_table_names(only_existing=True, include_views=False)
        cursor.execute(f"ANALYZE {', '.join(map(connection.ops.quote_name, names))}")


def check_once() -> None:
    """Check the foreign keys of what a module, or more, keeps for all of its tests.

    PostgreSQL checks at the end of a transaction, and of each test. But a test's savepoint takes its check back, so
    that the next one would check all rows of the module again.
    """
    if connection.vendor == "postgresql":
        connection.check_constraints()
