"""Coupon codes: a fixed one for all, or one out of a pool for each message."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from babel.dates import format_date
from django.utils.dateparse import parse_datetime
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from wagtail_precise_mail.commerce.coupons import given_codes, take_codes
from wagtail_precise_mail.commerce.models import CouponPool
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.emails.languages import babel_locale
from wagtail_precise_mail.emails.readers import Item, ItemSource, Occasion, Spec, item_sources

SAMPLE_CODE = "SAMPLE-1234"
"""What previews and test mails show of a pool, of which they take nothing."""


@item_sources.register("coupon")
class FixedCoupon(ItemSource):
    """The spec's "code" for everybody, until it expires: "expires_at" in ISO 8601, or None."""

    def may_be_shared(self, spec: Spec) -> bool:
        """It is the same code for everybody."""
        return True

    def load(
        self, spec: Spec, contacts: Sequence[Contact], *, limit: int, occasion: Occasion
    ) -> Mapping[int, Sequence[Item]]:
        """Return one item for each contact. Items have no keys: nobody is sent a code less because of another."""
        keys = [contact.pk or 0 for contact in contacts]
        return _items(dict.fromkeys(keys, spec.get("code") or ""), _moment(spec.get("expires_at")), occasion)


@item_sources.register("pool_coupon")
class PoolCoupon(ItemSource):
    """A code of its own for each message, out of the pool with the id "pool"; "expires_at" may end it earlier."""

    def may_be_visited(self, spec: Spec) -> bool:
        """A landing page shows the code that the mail has taken, and takes none."""
        return True

    def load(
        self, spec: Spec, contacts: Sequence[Contact], *, limit: int, occasion: Occasion
    ) -> Mapping[int, Sequence[Item]]:
        """Return the code of each contact; none where it expired, or the pool is empty or gone."""
        pool = CouponPool.objects.filter(pk=spec["pool"]).first()
        if pool is None:
            return {}
        ends = [end for end in (_moment(spec.get("expires_at")), pool.expires_at) if end]
        expires_at = min(ends, default=None)
        if expires_at and expires_at <= occasion.at:
            return {}  # before a code is taken for nothing
        return _items(_codes(pool, contacts, occasion), expires_at, occasion)


def _codes(pool: CouponPool, contacts: Sequence[Contact], occasion: Occasion) -> dict[int, str]:
    keys = [contact.pk or 0 for contact in contacts]
    if occasion.is_preview:
        return dict.fromkeys(keys, SAMPLE_CODE)
    messages = {key: occasion.messages[key] for key in keys if key in occasion.messages}
    taken = given_codes(pool, messages.values()) if occasion.is_visit else take_codes(pool, messages, at=occasion.at)
    return {key: taken[message_id] for key, message_id in messages.items() if message_id in taken}


def _items(codes: Mapping[int, str], expires_at: datetime | None, occasion: Occasion) -> dict[int, Sequence[Item]]:
    if expires_at and expires_at <= occasion.at:
        return {}
    until = valid_until(expires_at, occasion.language)
    return {key: [{"code": code, "until": until}] for key, code in codes.items()}


def valid_until(expires_at: datetime | None, language: str) -> str:
    """Return until when a code is worth something, in words; "" for good."""
    if expires_at is None:
        return ""
    day = format_date(localtime(expires_at), "long", locale=babel_locale(language))
    return _("Valid until %(date)s") % {"date": day}


def _moment(written: str | None) -> datetime | None:
    return parse_datetime(written) if written else None
