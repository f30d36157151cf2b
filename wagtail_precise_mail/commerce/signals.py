"""What this room announces, after commit."""

from __future__ import annotations

from django.dispatch import Signal

order_recorded = Signal()
"""A live sale came in for the first time; refunds and imported history are not announced.

Arguments: ``order``, with its lines stored; ``created``.
"""
