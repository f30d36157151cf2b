"""Offers and coupons: not expired when the mail goes out, and with the terms that the law asks for.

Blocks are recognized by what they hold, so that offers of a project are checked like ours.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from wagtail_precise_mail.emails.checks.base import EmailCheck, Finding, Level, email_checks
from wagtail_precise_mail.emails.checks.facts import BlockFacts, EmailFacts

ENDS = ("ends_at", "ends_on", "end", "end_date", "expires_at", "expires_on", "expiry", "valid_until", "valid_to")
"""Child blocks that say when something ends."""

TERMS = ("terms", "conditions")
"""Child blocks that say under which terms."""

_OFFERS = {"offer", "coupon"}


@email_checks.register("offer_expired")
class OfferExpired(EmailCheck):
    """No offer or coupon has ended by the time the mail goes out."""

    label = gettext_lazy("Offers have not ended")
    level = Level.ERROR

    def run(self, facts: EmailFacts) -> Iterator[Finding]:
        for block in facts.blocks:
            end = end_of(block)
            if end is not None and end < facts.at:
                yield self.finding(
                    _("The offer ended on %(date)s.") % {"date": date_format(timezone.localtime(end), "j F Y, H:i")},
                    _("Choose a later end, remove the block, or send the mail before it."),
                    block=block,
                )


@email_checks.register("offer_terms")
class OfferTerms(EmailCheck):
    """Every offer says its terms and when it ends."""

    label = gettext_lazy("Offers have terms")
    level = Level.ERROR

    def run(self, facts: EmailFacts) -> Iterator[Finding]:
        for block in facts.blocks:
            if not is_offer(block):
                continue
            if (names := _children(block, TERMS)) and not any(_is_written(block.get(name)) for name in names):
                yield self.finding(
                    _("The offer has no terms."),
                    _("Say to whom and to what it applies, and what is excluded."),
                    block=block,
                )
            if _children(block, ENDS) and end_of(block) is None:
                yield self.finding(
                    _("The offer does not say when it ends."),
                    _("Give its last day: offers without a period mislead."),
                    block=block,
                )


def is_offer(block: BlockFacts) -> bool:
    """Whether a block is an offer: by its key, or because it has both terms and an end."""
    return block.kind in _OFFERS or bool(_children(block, TERMS) and _children(block, ENDS))


def end_of(block: BlockFacts) -> datetime | None:
    """Return when what a block offers ends, or None. A day ends at midnight."""
    for name in ENDS:
        end = block.get(name)
        if isinstance(end, datetime):
            return end if timezone.is_aware(end) else timezone.make_aware(end)
        if isinstance(end, date):
            return timezone.make_aware(datetime.combine(end, time.max))
    # Codes out of a pool end with it.
    return getattr(block.get("pool"), "expires_at", None)


def _children(block: BlockFacts, names: tuple[str, ...]) -> list[str]:
    children = getattr(block.block, "child_blocks", {})
    return [name for name in names if name in children]


def _is_written(value: Any) -> bool:
    return bool(str(getattr(value, "source", value) or "").strip())
