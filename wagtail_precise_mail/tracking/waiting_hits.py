"""Counting what web processes wrote: page after page of hits becomes events, each page once."""

from __future__ import annotations

import logging
import time

from django.db import InterfaceError, OperationalError, transaction

from wagtail_precise_mail.tracking.counting import count_hits
from wagtail_precise_mail.tracking.hit_pages import HitPage, end_pages, waiting_pages
from wagtail_precise_mail.tracking.hits import PAGE_SIZE, Hit
from wagtail_precise_mail.tracking.turns import count_alone

logger = logging.getLogger(__name__)

_AT_ONCE = 2 * PAGE_SIZE
_MOST_PAGES = 200


def count_waiting_hits(*, seconds: float | None = None) -> int:
    """Count opens and clicks that wait, and return how many those were.

    The events and the end of their pages are one transaction: a run that is killed leaves nothing half done, and two
    at once work one after the other.

    Args:
        seconds: after how long to stop; None counts all.
    """
    start, total = time.monotonic(), 0
    while True:
        count = _count_some()
        total += count
        if not count or (seconds is not None and time.monotonic() - start >= seconds):
            return total


@transaction.atomic
def _count_some() -> int:
    count_alone()
    pages = list(HitPage.objects.filter(pk__in=_next_pages()).order_by("pk"))
    if not pages:
        return 0
    # Pages of several processes overlap: what happened first is counted first.
    hits = sorted((hit for page in pages for hit in page.read()), key=lambda hit: hit.moment)
    _count_or_leave_out(hits)
    end_pages(pages)
    return len(hits)


def _next_pages() -> list[int]:
    chosen: list[int] = []
    size = 0
    for pk, count in waiting_pages().values_list("pk", "hit_count")[:_MOST_PAGES]:
        if chosen and size + count > _AT_ONCE:
            break
        chosen.append(pk)
        size += count
    return chosen


def _count_or_leave_out(hits: list[Hit]) -> None:
    """Count hits together; when that fails for a reason of its own, each alone, so that one stops no others."""
    try:
        with transaction.atomic():
            count_hits(hits)
    except (OperationalError, InterfaceError):
        raise
    except Exception:
        if len(hits) == 1:
            logger.exception("A hit of message %s cannot be counted, and is left out.", hits[0].message_id)
            return
        middle = len(hits) // 2
        _count_or_leave_out(hits[:middle])
        _count_or_leave_out(hits[middle:])
