"""The nightly ranking of potential customers, and what a page reads of it: the same cost however large the shop is."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone
from django.utils.text import slugify

from wagtail_precise_mail.commerce.models import Order
from wagtail_precise_mail.contacts.models import ContactList, Suppression
from wagtail_precise_mail.reports.models import ProspectRun, RankedProspect
from wagtail_precise_mail.reports.prospects import (
    Evidence,
    Likeness,
    Prospect,
    learn_likeness,
    ranked,
    with_reasons,
)

MOST_RANKED = 10_000
"""Contacts that are kept: the best. Of the others nothing is stored."""

_CHUNK = 1000


def rank_prospects(*, at: datetime | None = None) -> int:
    """Rank potential customers anew, and keep the best; return how many."""
    at = at or timezone.now()
    likeness = learn_likeness(at)
    best = ranked(at, likeness).values_list("pk", "score")[:MOST_RANKED] if likeness.is_enough else ()
    rows = [RankedProspect(contact_id=pk, place=place, score=score) for place, (pk, score) in enumerate(best, start=1)]
    with transaction.atomic():
        RankedProspect.objects.all().delete()
        RankedProspect.objects.bulk_create(rows, batch_size=_CHUNK)
        ProspectRun.objects.update_or_create(pk=1, defaults={"made_at": at, **_stored(likeness)})
    return len(rows)


def latest_run() -> ProspectRun | None:
    """Return what the last ranking was made by, or None before the first."""
    return ProspectRun.objects.first()


def likeness_of(run: ProspectRun) -> Likeness:
    """Return what customers had in common in a run."""
    evidence = [Evidence(**one) for one in run.evidence]
    return Likeness(run.customer_count, run.other_count, evidence, run.lift)


def best_prospects(run: ProspectRun, *, at: datetime, count: int = 50) -> list[Prospect]:
    """Return the best of the last ranking who are still potential customers: those who bought or left since are not."""
    rows = list(_still(at).select_related("contact")[:count])
    return with_reasons([(row.contact, row.score) for row in rows], likeness_of(run), at=at)


@transaction.atomic
def list_prospects(name: str, *, at: datetime, count: int) -> ContactList:
    """Make a static list of the best prospects.

    Raises:
        ValueError: there is not enough data, or nobody was ranked yet.
    """
    ids = list(_still(at).values_list("pk", flat=True)[:count])
    if not ids:
        raise ValueError("not enough data")
    made = ContactList.objects.create(name=name, slug=_free_slug(name))
    for start in range(0, len(ids), _CHUNK):
        made.contacts.add(*ids[start : start + _CHUNK])
    return made


def _still(at: datetime) -> QuerySet[RankedProspect]:
    orders = Order.objects.filter(contact=OuterRef("contact"), kind=Order.Kind.SALE, placed_at__lte=at)
    suppressed = Suppression.objects.in_force(at).filter(address_hash=OuterRef("contact__address_hash"))
    allowed = RankedProspect.objects.filter(contact__is_profiling_allowed=True, contact__quarantined_at=None)
    return allowed.exclude(Exists(orders)).exclude(Exists(suppressed)).order_by("place")


def _stored(likeness: Likeness) -> dict[str, object]:
    return {
        "customer_count": likeness.customers,
        "other_count": likeness.others,
        "evidence": [asdict(one) for one in likeness.evidence],
        "lift": likeness.lift,
    }


def _free_slug(name: str) -> str:
    stem = slugify(name)[:80] or "prospects"
    taken = set(ContactList.objects.filter(slug__startswith=stem).values_list("slug", flat=True))
    return next(slug for slug in (stem, *(f"{stem}-{number}" for number in range(2, 10_000))) if slug not in taken)
