"""Keeping figures that took long, so that a page of a large shop is not counted again for everybody who looks."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.cache import cache
from django.utils import timezone

KEPT_SECONDS = 3_600
"""How long figures are kept that took long; the page says as of when they are."""

SLOW_SECONDS = 1.0
"""What is counted faster than this is counted anew each time, and so always right to the second."""


@dataclass(frozen=True)
class Remembered:
    """Figures, and as of when they are."""

    value: Any
    at: datetime


def remembered(key: str, work: Callable[[], Any], *, slow_seconds: float = SLOW_SECONDS) -> Remembered:
    """Return what a function returns, or what it returned within the last hour if that took long.

    Args:
        key: of the figures and everything that they depend on; a cache may refuse blanks and odd letters.
        work: returns what can be pickled.
    """
    name = f"wpm_report:{key}"
    kept = cache.get(name)
    if isinstance(kept, Remembered):
        return kept
    at, begin = timezone.now(), time.perf_counter()
    found = Remembered(work(), at)
    if time.perf_counter() - begin >= slow_seconds:
        cache.set(name, found, KEPT_SECONDS)
    return found
