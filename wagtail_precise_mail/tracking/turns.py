"""Who waits for whom while opens and clicks are counted, and orders are credited to them."""

from __future__ import annotations

from django.db import connections, router
from django.db.models import F

from wagtail_precise_mail.tracking.models import MessageEvent

_LOCK = 0x77706D_68697473
"""Of PostgreSQL, for whoever counts: two at once would not see each other's opens of the same minute."""


def count_alone() -> None:
    """Within a transaction, wait until nobody else counts or credits an order. SQLite has one writer anyway."""
    _lock("pg_advisory_xact_lock")


def wait_for_counting() -> None:
    """Within a transaction, wait until nobody counts, and let nobody begin; many may do this at once.

    An order would else be credited to a click that is being marked as a machine's, or miss one that is being kept.
    """
    if not _lock("pg_advisory_xact_lock_shared"):
        # SQLite: whoever reads before they write fails, instead of waiting, when another wrote in between.
        MessageEvent.objects.filter(pk=0).update(is_machine=F("is_machine"))


def _lock(function: str) -> bool:
    connection = connections[router.db_for_write(MessageEvent)]
    if connection.vendor != "postgresql":
        return False
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(%s)", [_LOCK])
    return True
