"""Doing at once what a web process and a worker do one after the other."""

from __future__ import annotations

from wagtail_precise_mail.tracking.hit_pages import hit_buffer
from wagtail_precise_mail.tracking.waiting_hits import count_waiting_hits


def count_now() -> int:
    """Write the opens and clicks of this process, count all that wait, and return how many those were."""
    hit_buffer.flush()
    return count_waiting_hits()
