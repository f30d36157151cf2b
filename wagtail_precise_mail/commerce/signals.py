"""What commerce announces, after commit."""

from __future__ import annotations

import logging
from functools import partial
from typing import Any

from django.db import transaction
from django.dispatch import Signal

from wagtail_precise_mail.commerce.models import Order

logger = logging.getLogger(__name__)

order_recorded = Signal()
"""A live sale was recorded for the first time; sent after commit, with the sender ``Order``.

Arguments: ``order`` (an ``Order``, its contact may be None) and ``created`` (always True today). Imported history,
adjustments, and orders that are sent a second time announce nothing; refunds have a signal of their own.
"""

refund_recorded = Signal()
"""A live refund was recorded for the first time; sent after commit, with the sender ``Order``.

Arguments: ``order`` (the refund, whose ``refund_of`` may be None).
"""

order_changed = Signal()
"""An order that was there is another one now: other lines, sums, kind, moment or contact; the sender is ``Order``.

Arguments: ``order``, ``contact_id``, whose it was before (or None), and ``refund_of_id``, which sale it was a refund of
before (or None). What was derived from the order, or from that sale, is to be derived anew. Imports of files announce
nothing: they are history.
"""

order_deleted = Signal()
"""An order is gone; the sender is ``Order``. Rows that point at it by a foreign key went with it.

Arguments: ``order_id`` (its former primary key), ``source``, ``number``, ``contact_id`` (or None) and ``refund_of_id``:
of a refund, the sale that it belonged to (or None).
"""


def announce(signal: Signal, **arguments: Any) -> None:
    """Send a signal when the transaction at hand is in. Listeners must not undo it, nor keep others from hearing."""
    transaction.on_commit(partial(_send, signal, arguments))


def _send(signal: Signal, arguments: dict[str, Any]) -> None:
    for receiver, error in signal.send_robust(sender=Order, **arguments):
        if isinstance(error, Exception):
            logger.error("%r failed on %s.", receiver, arguments, exc_info=error)
