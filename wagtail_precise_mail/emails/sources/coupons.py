"""Coupon codes: a fixed one for all, or one out of a pool for each message."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from babel.dates import format_date
from django.utils.dateparse import parse_datetime
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from wagtail_precise_mail.commerce.coupons import take_codes
from wagtail_precise_mail.commerce.models import CouponPool
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.emails.languages import babel_locale
from wagtail_precise_mail.emails.readers import Item, ItemSource, Occasion, Spec, item_sources

SAMPLE_CODE = "SAMPLE-1234"
"""What previews and test mails show of a pool, of which they take nothing."""


@item_sources.register("coupon")
class CouponItems(ItemSource):
    """One code for each contact, or none where it expired or the pool is empty. The spec says:

    - "pool": the id of a pool; else "code" is the same for all;
    - "expires_at": ISO 8601, or None; a pool may end earlier.
    """

    def load(
        self, spec: Spec, contacts: Sequence[Contact], *, limit: int, occasion: Occasion
    ) -> Mapping[int, Sequence[Item]]:
        """Return the code of each contact. Items have no keys: nobody is sent a code less because of another."""
        pool = CouponPool.objects.filter(pk=spec["pool"]).first() if spec.get("pool") else None
        ends = [end for end in (_moment(spec.get("expires_at")), pool and pool.expires_at) if end]
        expires_at = min(ends, default=None)
        if (expires_at and expires_at <= occasion.at) or (spec.get("pool") and pool is None):
            return {}
        return {
            key: [_facts(code, expires_at, occasion.language)]
            for key, code in _codes(spec, pool, contacts, occasion).items()
        }


def _codes(spec: Spec, pool: CouponPool | None, contacts: Sequence[Contact], occasion: Occasion) -> dict[int, str]:
    keys = [contact.pk or 0 for contact in contacts]
    if pool is None:
        return dict.fromkeys(keys, spec.get("code") or "")
    if occasion.is_preview:
        return dict.fromkeys(keys, SAMPLE_CODE)
    messages = {key: occasion.messages[key] for key in keys if key in occasion.messages}
    taken = take_codes(pool, messages, at=occasion.at)
    return {key: taken[message_id] for key, message_id in messages.items() if message_id in taken}


def _facts(code: str, expires_at: datetime | None, language: str) -> Item:
    until = format_date(localtime(expires_at), "long", locale=babel_locale(language)) if expires_at else ""
    return {"code": code, "until": _("Valid until %(date)s") % {"date": until} if until else ""}


def _moment(written: str | None) -> datetime | None:
    return parse_datetime(written) if written else None
