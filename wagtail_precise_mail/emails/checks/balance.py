"""How much of an email sells, and how much is worth reading by itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from wagtail_precise_mail.charts import as_percent
from wagtail_precise_mail.conf import options
from wagtail_precise_mail.emails.checks.base import EmailCheck, Finding, email_checks
from wagtail_precise_mail.emails.checks.facts import BlockFacts, EmailFacts

PROMOTION, EDITORIAL, NEITHER = "promotion", "editorial", ""

FEW = 3
"""Blocks below which a share says nothing."""


@dataclass(frozen=True)
class Balance:
    """Blocks of an email by their nature."""

    promotion_count: int
    editorial_count: int

    @property
    def percent(self) -> int:
        """Share of promotion, of 100."""
        total = self.promotion_count + self.editorial_count
        return round(100 * self.promotion_count / total) if total else 0


@email_checks.register("promotion_share")
class PromotionShare(EmailCheck):
    """There is something to read beside what is sold: 80 % of promotion at the most (`max_promotion_percent`)."""

    label = gettext_lazy("Promotion and reading")

    def run(self, facts: EmailFacts) -> Iterator[Finding]:
        balance = balance_of(facts)
        total = balance.promotion_count + balance.editorial_count
        if total >= FEW and balance.percent > options().max_promotion_percent:
            yield self.finding(
                _("%(count)s of %(total)s parts are promotion (%(percent)s).")
                % {"count": balance.promotion_count, "total": total, "percent": as_percent(balance.percent, 0)},
                _("Add something that is of use to people who buy nothing today."),
                place=_("Body"),
            )


def balance_of(facts: EmailFacts) -> Balance:
    """Count the blocks of an email by their nature, those of columns and saved blocks, too."""
    return count_balance(facts.blocks)


def count_balance(blocks: Iterable[BlockFacts]) -> Balance:
    """Count blocks by their nature."""
    natures = [nature_of(block) for block in blocks]
    return Balance(natures.count(PROMOTION), natures.count(EDITORIAL))


def nature_of(block: BlockFacts) -> str:
    """Return what a block is: what its class says in ``nature``."""
    return str(getattr(block.block, "nature", NEITHER))
