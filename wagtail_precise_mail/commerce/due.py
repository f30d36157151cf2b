"""Whose figures have to be worked out again: noted with the change itself, in its transaction."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import connection
from django.db.models import F, QuerySet

from wagtail_precise_mail.background import enqueue
from wagtail_precise_mail.commerce.models import FiguresDue, Order

_CHUNK = 2000
_REFRESH = "wagtail_precise_mail.commerce.tasks.refresh_figures"


def mark_due(contact_ids: Iterable[int | None]) -> None:
    """Note that the orders of some contacts changed; None (orders without a contact) is left out."""
    ids = sorted({pk for pk in contact_ids if pk is not None})
    if ids:
        _ask_once()
    for start in range(0, len(ids), _CHUNK):
        chunk = ids[start : start + _CHUNK]
        # The change first: a run that takes the row away in between leaves the insert to make a new one.
        FiguresDue.objects.filter(contact__in=chunk).update(change_count=F("change_count") + 1)
        FiguresDue.objects.bulk_create([FiguresDue(contact_id=pk) for pk in chunk], ignore_conflicts=True)


def mark_due_of(orders: QuerySet[Order]) -> None:
    """Note that some orders changed, in one statement however many they are."""
    _ask_once()
    contacts = orders.order_by().filter(contact__isnull=False).values_list("contact_id").distinct()
    sql, parameters = contacts.query.get_compiler(connection=connection).as_sql()
    table = connection.ops.quote_name(FiguresDue._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} (contact_id, change_count)"  # noqa: S608  names of our own tables
            f" SELECT found.contact_id, 1 FROM ({sql}) AS found WHERE TRUE"
            f" ON CONFLICT (contact_id) DO UPDATE SET change_count = {table}.change_count + 1",
            parameters,
        )


def _ask_once() -> None:
    """One task does all that is due: where some are waiting already, it was asked for."""
    if not FiguresDue.objects.exists():
        enqueue(_REFRESH)
