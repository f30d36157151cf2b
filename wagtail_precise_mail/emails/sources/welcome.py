"""The welcome coupon of each reader: what they got for signing up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from wagtail_precise_mail.commerce.welcome import WelcomeCoupon
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.emails.readers import Item, ItemSource, Occasion, Spec, item_sources
from wagtail_precise_mail.emails.sources.coupons import SAMPLE_CODE, valid_until


@item_sources.register("welcome_coupon")
class WelcomeCouponItems(ItemSource):
    """One item for those who have a code that is still worth something. It is read and never given by a mail."""

    def load(
        self, spec: Spec, contacts: Sequence[Contact], *, limit: int, occasion: Occasion
    ) -> Mapping[int, Sequence[Item]]:
        """Return the coupon of each contact: one query."""
        if occasion.is_preview:
            sample = {"title": spec.get("sample") or "", "code": SAMPLE_CODE, "until": "", "terms": ""}
            return {contact.pk or 0: [sample] for contact in contacts}
        coupons = WelcomeCoupon.objects.filter(contact__in=[contact.pk for contact in contacts], code__isnull=False)
        return {
            coupon.contact_id: [
                {
                    "title": coupon.title,
                    "code": coupon.code.code if coupon.code else "",
                    "until": valid_until(coupon.pool.expires_at, occasion.language),
                    "terms": coupon.terms,
                }
            ]
            for coupon in coupons.select_related("code", "pool")
            if coupon.contact_id is not None and not _is_over(coupon.pool.expires_at, occasion.at)
        }


def _is_over(expires_at: datetime | None, at: datetime) -> bool:
    return expires_at is not None and expires_at <= at
