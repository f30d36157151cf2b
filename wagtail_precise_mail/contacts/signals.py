"""What this room announces, after commit."""

from __future__ import annotations

from django.dispatch import Signal

consent_changed = Signal()
"""A contact's consent to one topic changed. Arguments: ``contact``, ``topic``, ``status``, ``at``."""

unsubscribed = Signal()
"""A contact left every topic, or gave the reason afterwards (then ``reason`` is new, and nothing else changed).

Arguments: ``contact``; ``origin_kind`` and ``origin_id``, such as "outbox_message" and its id, or "" and None;
``reason``, a value of ``UnsubscribeReason`` or ""; ``at``.
"""

resubscribed = Signal()
"""A contact took an unsubscription back. Arguments: ``contact``, ``origin_kind``, ``origin_id``, ``at``."""

sign_up_confirmed = Signal()
"""Somebody who signed up is in. Arguments: ``contact``, ``sign_up``, ``at``. Comes once for each sign-up."""
