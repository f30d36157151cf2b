"""Where contacts stood at a moment, and who went where between two: from the history of movements.

The history is a list of movements, and what holds now is known. So every earlier place follows by walking back: before
their first movement since a moment, contacts were where it says that they came from.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Model, OuterRef, QuerySet, Subquery

from wagtail_precise_mail.commerce.figuring.sql import moment, rows
from wagtail_precise_mail.commerce.models import ContactStanding
from wagtail_precise_mail.segments.movements import Movement


@dataclass(frozen=True)
class Axis:
    """One axis: its key in movements, and where its present places are kept."""

    key: str
    model: type[Model]
    column: str


RFM = Axis("rfm_group", ContactStanding, "rfm_group")
BUYING = Axis("buying_stage", ContactStanding, "buying_stage")
TIERS = Axis("value_tier", ContactStanding, "value_tier")

_MATRIX = """
    WITH earlier AS (
        SELECT contact_id, before FROM (
            SELECT contact_id, before, ROW_NUMBER() OVER (PARTITION BY contact_id ORDER BY moved_at, id) AS place
            FROM {{movements}} WHERE axis = %(axis)s AND moved_at > %(before)s
        ) moves WHERE place = 1
    ), later AS (
        SELECT contact_id, before FROM (
            SELECT contact_id, before, ROW_NUMBER() OVER (PARTITION BY contact_id ORDER BY moved_at, id) AS place
            FROM {{movements}} WHERE axis = %(axis)s AND moved_at > %(after)s
        ) moves WHERE place = 1
    ), everybody AS (SELECT contact_id FROM {table} UNION SELECT contact_id FROM earlier)
    SELECT COALESCE(earlier.before, n.{column}, ''), COALESCE(later.before, n.{column}, ''), COUNT(*)
    FROM everybody e LEFT JOIN {table} n ON n.contact_id = e.contact_id
    LEFT JOIN earlier ON earlier.contact_id = e.contact_id LEFT JOIN later ON later.contact_id = e.contact_id
    GROUP BY 1, 2
"""


def standings_at(axis: str, at: datetime) -> QuerySet[Movement]:
    """Return, for each contact that was somewhere on an axis at a moment, the movement that brought them there.

    Contacts who left the axis by then are not among them: their last movement leads to "".
    """
    newest = Movement.objects.filter(contact=OuterRef("contact"), axis=axis, moved_at__lte=at)
    newest_id = Subquery(newest.order_by("-moved_at", "-pk").values("pk")[:1])
    return Movement.objects.filter(axis=axis, moved_at__lte=at, pk=newest_id).exclude(after="").order_by()


def movements_between(axis: Axis, before: datetime, after: datetime) -> dict[tuple[str, str], int]:
    """Return how many contacts stood at one place at one moment and at which at a later one, both places as the key.

    In one query. Who stayed is counted, too; "" is who had no place. Contacts that are deleted by now were never there.
    """
    sql = _MATRIX.format(table=axis.model._meta.db_table, column=axis.column)
    found = rows(sql, {"axis": axis.key, "before": moment(before), "after": moment(after)})
    return {(earlier, later): count for earlier, later, count in found if earlier or later}


def rfm_movements(before: datetime, after: datetime) -> dict[tuple[str, str], int]:
    """Return the matrix of movements between RFM groups from one moment to another."""
    return movements_between(RFM, before, after)
