"""Counting what became of mail to each domain, day by day, so that a page need not read a million messages.

Addresses may be encrypted, so the database cannot count their domains; a worker does, and only for the days that can
have changed.
"""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, time, timedelta

from django.db import transaction
from django.utils import timezone

from wagtail_precise_mail.contacts.addresses import domain_of
from wagtail_precise_mail.contacts.freshness import last_success, note_success
from wagtail_precise_mail.delivery.domains.models import DomainDay
from wagtail_precise_mail.delivery.domains.outcomes import endings_between

JOB = "tally_domains"
KEPT = timedelta(days=7 * 13)
"""How long the days are kept: a quarter."""


def tally_domains(*, at: datetime) -> int:
    """Count the days since the last time anew, and let old ones go; returns how many messages were counted.

    The day before the last time is counted again: a message of unknown outcome may have been sent once more.
    """
    today = timezone.localdate(at)
    earliest = today - KEPT
    done_at = last_success(JOB)
    since = max(timezone.localdate(done_at) - timedelta(days=1), earliest) if done_at else earliest
    counts: Counter[tuple[date, str, str, str]] = Counter()
    for ending in endings_between(_start_of(since), at):
        key = (timezone.localdate(ending.at), domain_of(ending.sender), domain_of(ending.address), ending.outcome.value)
        counts[key] += 1
    rows = [
        DomainDay(on=day, sender=sender, domain=domain, outcome=outcome, count=count)
        for (day, sender, domain, outcome), count in counts.items()
    ]
    with transaction.atomic():
        DomainDay.objects.filter(on__gte=since).delete()
        DomainDay.objects.filter(on__lt=earliest).delete()
        DomainDay.objects.bulk_create(rows, batch_size=1000)
        note_success(JOB, at)
    return counts.total()


def _start_of(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))
