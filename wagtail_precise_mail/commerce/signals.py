"""What commerce announces."""

from django.dispatch import Signal

order_recorded = Signal()
"""A live sale was recorded for the first time; sent after commit, with the sender ``Order``.

Arguments: ``order`` (an ``Order``, its contact may be None) and ``created`` (always True today). Imported history,
refunds, adjustments, and orders that are sent a second time announce nothing.
"""
