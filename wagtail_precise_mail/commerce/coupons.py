"""Coupon codes: filling a pool, and taking one code per message, the same one however often it is asked for."""

from __future__ import annotations

import csv
import io
import logging
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import connection, transaction
from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from wagtail_precise_mail.background import enqueue
from wagtail_precise_mail.commerce.models import CouponCode, CouponPool
from wagtail_precise_mail.commerce.welcome import WelcomeCoupon
from wagtail_precise_mail.contacts.models import Contact

logger = logging.getLogger(__name__)

# What can be read aloud and typed, and stands in a mail as it is.
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{2,39}\Z")
_CODE_COLUMNS = ("code", "coupon", "voucher")
_BATCH = 2000

# By its path: tasks are on a floor above.
GIVE_WELCOME_COUPONS = "wagtail_precise_mail.commerce.tasks.give_welcome_coupons"


@dataclass(frozen=True)
class AddedCodes:
    """What became of pasted or uploaded codes.

    Attributes:
        added_count: codes that are new in the pool.
        known: codes that the pool had already, or that stood there twice.
        refused: what is no code, with the number of its line.
    """

    added_count: int = 0
    known: Sequence[str] = field(default_factory=tuple)
    refused: Sequence[tuple[int, str]] = field(default_factory=tuple)


def read_codes(text: str) -> list[tuple[int, str]]:
    """Return the codes in a pasted text or a CSV file with the numbers of their lines.

    One code a line; of several columns the one called "code", "coupon" or "voucher", else the first. Separators are
    comma, semicolon and tab.

    Raises:
        ValueError: it cannot be read as a table.
    """
    lines = text.lstrip("\ufeff").splitlines()
    delimiter = next((one for one in ";\t," if lines and one in lines[0]), ",")
    try:
        rows = list(csv.reader(io.StringIO("\n".join(lines)), delimiter=delimiter))
    except csv.Error as error:
        raise ValueError(f"This is no table: {error}") from error
    header = [cell.strip().lower() for cell in rows[0]] if rows else []
    column = next((header.index(name) for name in _CODE_COLUMNS if name in header), None)
    found = []
    for number, row in enumerate(rows, 1):
        if number == 1 and column is not None:
            continue
        code = row[column or 0].strip() if len(row) > (column or 0) else ""
        if code or any(cell.strip() for cell in row):
            found.append((number, code))
    return found


def is_code(text: str) -> bool:
    """Whether this can be a code."""
    return bool(_CODE.match(text))


@transaction.atomic
def add_codes(pool: CouponPool, codes: Iterable[tuple[int, str]]) -> AddedCodes:
    """Put codes into a pool. What is known or is no code is told and left out; everything else is kept.

    Args:
        codes: each with the number of its line, as :func:`read_codes` gives them.
    """
    wanted: dict[str, None] = {}
    known, refused = [], []
    for number, code in codes:
        if not is_code(code):
            refused.append((number, code))
        elif code in wanted:
            known.append(code)
        else:
            wanted[code] = None
    there = set(pool.codes.values_list("code", flat=True))
    fresh = [code for code in wanted if code not in there]
    before = pool.codes.count()
    CouponCode.objects.bulk_create(
        [CouponCode(pool=pool, code=code) for code in fresh], ignore_conflicts=True, batch_size=_BATCH
    )
    added = pool.codes.count() - before
    known += [code for code in wanted if code in there]
    logger.info("Added %d codes to coupon pool %s.", added, pool.pk)
    # Somebody may wait for one.
    enqueue(GIVE_WELCOME_COUPONS)
    return AddedCodes(added, known, refused)


def free_count(pool: CouponPool) -> int:
    """Return how many codes are left."""
    return pool.codes.filter(taken_at__isnull=True).count()


def with_counts(pools: QuerySet[CouponPool]) -> QuerySet[CouponPool]:
    """Return pools with ``code_count``, ``free_count`` and ``waiting_count``: people who were promised a code."""
    free = Q(codes__taken_at__isnull=True)
    waiting = WelcomeCoupon.objects.filter(pool=OuterRef("pk"), code__isnull=True, contact__isnull=False)
    counted = waiting.order_by().values("pool").annotate(count=Count("pk")).values("count")
    return pools.annotate(
        code_count=Count("codes"),
        free_count=Count("codes", filter=free),
        waiting_count=Coalesce(Subquery(counted), 0),
    )


def take_codes(pool: CouponPool, messages: Mapping[int, int], *, at: datetime) -> dict[int, str]:
    """Take a code for each message; one that has a code keeps it, whoever asks and however often.

    Costs a constant number of statements. Workers that ask at the same time get different codes.

    Args:
        messages: message ids by the contact's id.

    Returns:
        The codes by message id. Messages for which none was left are missing.
    """
    if not messages:
        return {}
    with transaction.atomic():
        take_turns(pool.pk)
        rows_of_messages = pool.codes.filter(message_id__in=messages.values())
        taken = {row.message_id: row.code for row in rows_of_messages if row.message_id is not None}
        waiting = [(contact_id, pk) for contact_id, pk in messages.items() if pk not in taken]
        if not waiting:
            return taken
        rows = _free_codes(pool, len(waiting))
        for row, (contact_id, message_id) in zip(rows, waiting, strict=False):
            row.message_id, row.contact_id, row.taken_at = message_id, contact_id, at
            taken[message_id] = row.code
        CouponCode.objects.bulk_create(
            rows, update_conflicts=True, unique_fields=["pk"], update_fields=["message_id", "contact", "taken_at"]
        )
    return taken


@transaction.atomic
def take_code(pool: CouponPool, contact: Contact, *, at: datetime) -> CouponCode | None:
    """Take a code for a contact, whichever message tells them; None when there is none left.

    Call it in a transaction that has begun with :func:`take_turns`, and make sure yourself that it happens once.
    """
    for row in _free_codes(pool, 1):
        row.contact, row.taken_at = contact, at
        row.save(update_fields=["contact", "taken_at"])
        return row
    return None


def _free_codes(pool: CouponPool, count: int) -> list[CouponCode]:
    free = pool.codes.filter(taken_at__isnull=True).order_by("pk")
    # Codes that another worker is about to take are passed over, not waited for.
    free = free.select_for_update(skip_locked=connection.features.has_select_for_update_skip_locked)
    return list(free[:count])


def given_codes(pool: CouponPool, message_ids: Iterable[int]) -> dict[int, str]:
    """Return the codes that messages have taken, by message id; takes none."""
    rows = pool.codes.filter(message_id__in=list(message_ids)).values_list("message_id", "code")
    return {message_id: code for message_id, code in rows if message_id is not None}


def take_turns(pool_id: int) -> None:
    """Begin a transaction that takes codes."""
    if not connection.features.has_select_for_update:
        # SQLite: a write before the first read makes this transaction the only one that reads what is free.
        CouponPool.objects.filter(pk=pool_id).update(low_stock_at=F("low_stock_at"))
