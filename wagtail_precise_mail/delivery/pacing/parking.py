"""Messages put aside because their provider takes no more now: each is touched once, and later claims pass them by."""

from __future__ import annotations

from django.db import connection

from wagtail_precise_mail.delivery.models import OutboxMessage

# One step into the index for each group that is there, however many messages wait in it.
_GROUPS = """
    WITH RECURSIVE parked (name) AS (
        SELECT MIN(mx_group) FROM {table} WHERE send_id = %s AND state = 'pending' AND mx_group > ''
        UNION ALL
        SELECT (SELECT MIN(mx_group) FROM {table} WHERE send_id = %s AND state = 'pending' AND mx_group > parked.name)
        FROM parked WHERE parked.name IS NOT NULL
    )
    SELECT name FROM parked WHERE name IS NOT NULL
"""


def parked_groups(send_id: int) -> list[str]:
    """Return the groups of which messages of a send wait."""
    sql, parameters = parked_groups_sql(send_id)
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return [row[0] for row in cursor.fetchall()]


def parked_groups_sql(send_id: int) -> tuple[str, list[int]]:
    """Return the statement; a test reads its plan."""
    table = connection.ops.quote_name(OutboxMessage._meta.db_table)
    return _GROUPS.format(table=table), [send_id, send_id]
