"""Keeping addresses from being written to: by their hash alone, so that it outlasts the contact."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from wagtail_precise_mail.contacts.addresses import address_hash, normalize_address
from wagtail_precise_mail.contacts.models import Suppression, SuppressionReason, SuppressionScope

logger = logging.getLogger(__name__)

_CHUNK = 1000

STRENGTH = [
    SuppressionReason.COMPLAINT,
    SuppressionReason.MANUAL,
    SuppressionReason.HARD_BOUNCE,
    SuppressionReason.INVALID,
    SuppressionReason.ERASED,
    SuppressionReason.UNSUBSCRIBED,
    SuppressionReason.SUNSET,
]
"""The first one wins over those after it."""

ENDED_BY_OWN_YES = (SuppressionReason.UNSUBSCRIBED, SuppressionReason.SUNSET, SuppressionReason.ERASED)
"""What a person ends by subscribing again."""

MARKETING_ONLY = ENDED_BY_OWN_YES
"""Reasons that hold back mail about topics: whoever leaves a newsletter still wants to know where the parcel is."""


def scope_of(reason: str) -> SuppressionScope:
    """Return which mail a reason holds back, unless somebody says it otherwise."""
    return SuppressionScope.MARKETING if reason in MARKETING_ONLY else SuppressionScope.EVERYTHING


def strongest_reason(suppressions: Sequence[Suppression]) -> Suppression:
    """Return the one of several suppressions whose reason wins over the others."""
    return min(suppressions, key=lambda one: (STRENGTH.index(SuppressionReason(one.reason)), one.created_at))


@transaction.atomic
def suppress(
    address: str,
    *,
    reason: str,
    scope: str = "",
    detail: str = "",
    origin_kind: str = "",
    origin_id: int | None = None,
    expires_at: datetime | None = None,
    at: datetime | None = None,
) -> Suppression:
    """Keep an address from being written to.

    Where it is suppressed already, the earliest moment stays, a stronger reason replaces a weaker one, and of scopes
    and ends the stricter one holds. One that has expired counts as none.

    Args:
        reason: a value of ``SuppressionReason``.
        scope: a value of ``SuppressionScope``; "" takes that of the reason.
        origin_kind: who asked, such as "outbox_message", with its id in ``origin_id``.
        expires_at: when it ends by itself; None never.

    Raises:
        InvalidAddress: this is no address.
    """
    key = address_hash(normalize_address(address))
    at = at or timezone.now()
    values: dict[str, Any] = {
        "reason": SuppressionReason(reason),
        "scope": SuppressionScope(scope) if scope else scope_of(reason),
        "detail": detail[:250],
        "origin_kind": origin_kind,
        "origin_id": origin_id,
        "expires_at": expires_at,
    }
    suppression, created = Suppression.objects.get_or_create(address_hash=key, defaults={**values, "created_at": at})
    if created:
        logger.info("Suppressed %s: %s.", key[:12], reason)
    else:
        _merge(suppression, values, at)
    return suppression


def suppress_in_bulk(suppressions: Iterable[Suppression], *, at: datetime) -> None:
    """Keep many addresses from being written to, each in the scope of its reason; those that are suppressed stay so.

    One that has expired counts as none, and gives way.
    """
    rows = list(suppressions)
    for row in rows:
        row.scope = scope_of(row.reason)
    with transaction.atomic():
        for start in range(0, len(rows), _CHUNK):
            some = rows[start : start + _CHUNK]
            keys = [row.address_hash for row in some]
            Suppression.objects.filter(address_hash__in=keys, expires_at__lte=at).delete()
            Suppression.objects.bulk_create(some, ignore_conflicts=True)


def _merge(known: Suppression, values: dict[str, Any], at: datetime) -> None:
    if known.expires_at is not None and known.expires_at <= at:
        values = {**values, "created_at": at}
    else:
        ends = (known.expires_at, values["expires_at"])
        strictest = {
            "scope": SuppressionScope.EVERYTHING
            if SuppressionScope.EVERYTHING in (known.scope, values["scope"])
            else SuppressionScope.MARKETING,
            "expires_at": None if None in ends else max(ends),
        }
        values = {**values, **strictest} if _is_stronger(values["reason"], than=known.reason) else strictest
    for name, value in values.items():
        setattr(known, name, value)
    known.save(update_fields=list(values))


def _is_stronger(reason: str, *, than: str) -> bool:
    return STRENGTH.index(SuppressionReason(reason)) < STRENGTH.index(SuppressionReason(than))


def lift_suppression(address: str) -> bool:
    """Let an address be written to again, whatever the reason was; consent is not touched.

    Returns:
        Whether it was suppressed.

    Raises:
        InvalidAddress: this is no address.
    """
    count, _by_model = Suppression.objects.filter(address_hash=address_hash(normalize_address(address))).delete()
    return bool(count)


def end_by_own_yes(key: str) -> bool:
    """End the suppression of an address that is a person's own to end.

    Args:
        key: the address hash.

    Returns:
        Whether there was one.
    """
    count, _by_model = Suppression.objects.filter(address_hash=key, reason__in=ENDED_BY_OWN_YES).delete()
    return bool(count)
