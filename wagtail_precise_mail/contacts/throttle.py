"""Counting what strangers ask for, so that nobody's mailbox is filled by somebody else."""

from __future__ import annotations

import hashlib

from django.core.cache import cache


def may_pass(kind: str, key: str, *, limit: int, seconds: int) -> bool:
    """Count one more request, and return whether it is within the limit.

    The counts are in Django's default cache: with several servers use one that they share. What a cache loses is
    forgotten in favor of the visitor.

    Args:
        kind: of the request, a short word.
        key: who asks, or about whom, such as an address of either sort; only its hash is kept.
        limit: how many pass within ``seconds`` of the first one.
    """
    name = f"wpm:throttle:{kind}:{hashlib.sha256(key.encode()).hexdigest()[:32]}"
    if cache.add(name, 1, seconds):
        return limit >= 1
    try:
        return cache.incr(name) <= limit
    except ValueError:  # it expired this very moment
        cache.set(name, 1, seconds)
        return limit >= 1
