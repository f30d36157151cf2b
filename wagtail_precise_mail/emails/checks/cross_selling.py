"""Selling in mails that need no consent, such as order confirmations: how much of it there is, and for whom."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from wagtail_precise_mail.charts import as_percent
from wagtail_precise_mail.conf import options
from wagtail_precise_mail.emails.checks.balance import PROMOTION, nature_of
from wagtail_precise_mail.emails.checks.base import EmailCheck, Finding, Level, email_checks
from wagtail_precise_mail.emails.checks.facts import BlockFacts, EmailFacts
from wagtail_precise_mail.emails.checks.heights import EDGES, heights_of
from wagtail_precise_mail.emails.cross_selling import is_off_everywhere


@dataclass(frozen=True)
class CrossSelling:
    """What an email sells besides what it is about.

    Attributes:
        slots: lists that stay empty for whoever may not be sold to.
        outside: whatever else sells, to everybody.
        product_count: that somebody may see, at the most.
        percent: of the height of the body, with an order of one line.
    """

    slots: list[BlockFacts]
    outside: list[BlockFacts]
    product_count: int
    height: int
    total_height: int

    @property
    def percent(self) -> int:
        """Share of the body, of 100."""
        return round(100 * self.height / self.total_height) if self.total_height else 0


@email_checks.register("cross_selling")
class CrossSellingShare(EmailCheck):
    """A mail that needs no consent sells little: 4 products and 40 % of its height at the most, and in slots only."""

    label = gettext_lazy("Selling in confirmations")
    level = Level.ERROR

    def run(self, facts: EmailFacts) -> Iterator[Finding]:
        if not facts.is_transactional:
            return
        found = cross_selling_of(facts)
        if not (found.slots or found.outside):
            return
        first = (found.slots or found.outside)[0]
        if found.product_count > options().cross_sell_max_products:
            yield self.finding(
                _("It shows %(count)s products besides what it is about; %(limit)s are the most.")
                % {"count": found.product_count, "limit": options().cross_sell_max_products},
                _("Show fewer: a mail that sells much may count as advertising."),
                block=first,
            )
        if found.percent > options().cross_sell_max_percent:
            yield self.finding(
                _("About %(percent)s of it sells (%(height)s of %(total)s pixels); %(limit)s are the most.")
                % {
                    "percent": as_percent(found.percent, 0),
                    "height": found.height,
                    "total": found.total_height,
                    "limit": as_percent(options().cross_sell_max_percent, None),
                },
                _("Show fewer products or a list with one line each. Counted with an order of one line."),
                block=first,
            )
        yield from self._outside(facts, found)
        if found.slots and is_off_everywhere():
            message = _("Nobody sees this list: cross-selling is turned off for every country.")
            off = self.finding(message, _("Remove it, or ask your developer for the rules."), block=found.slots[0])
            yield replace(off, level=Level.WARNING)

    def _outside(self, facts: EmailFacts, found: CrossSelling) -> Iterator[Finding]:
        for block in found.outside:
            remedy = _("Use a product list “only for contacts with a consent”. In a campaign, ignore this.")
            finding = self.finding(
                _("This sells to everybody who gets the mail, also without a consent."), remedy, block=block
            )
            # Only a guess as long as nobody said what the email is for: campaigns may show an order, too.
            yield finding if facts.is_known_as_transactional else replace(finding, level=Level.WARNING)


def is_slot(block: BlockFacts) -> bool:
    """Whether a block stays empty for readers who may not be sold to."""
    return bool(block.get("is_slot_for_consenting"))


def cross_selling_of(facts: EmailFacts) -> CrossSelling:
    """Measure what an email sells, its columns and saved blocks included."""
    heights = heights_of(facts)
    selling = {number for number, block in enumerate(facts.blocks) if nature_of(block) == PROMOTION}
    blocks = [facts.blocks[number] for number in sorted(selling)]
    return CrossSelling(
        [block for block in blocks if is_slot(block)],
        [block for block in blocks if not is_slot(block)],
        sum(_product_count(block) for block in blocks),
        sum(heights.get(number, 0) for number in selling),
        EDGES + sum(heights.values()),
    )


def _product_count(block: BlockFacts) -> int:
    if block.kind == "product_list":
        return int(block.get("count") or 4)
    return 1 if block.kind in ("product", "live_price") else 0
