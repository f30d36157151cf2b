"""RFM: how recently, how often and for how much somebody bought, beside all other customers.

**Quantile borders.** With N customers and k classes, a customer has the score 1 + floor(k · w / N), where w is the
number of customers who are strictly worse: bought longer ago (in whole days), fewer times, or for less. So equal
customers always share a score (NTILE would split them), the worst have 1, and where many are equal a class is empty.

**Fixed borders.** A customer has 1 plus the number of borders reached; of days those that are not exceeded.

Customers are contacts with a sale. Who only has refunds is none, and has no scores.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from wagtail_precise_mail.commerce.figure_settings import BorderKind, FigureSettings


class RfmGroup(TextChoices):
    """The named groups."""

    CHAMPIONS = "champions", _("champions")
    LOYAL = "loyal", _("loyal")
    POTENTIAL_LOYAL = "potential_loyal", _("potentially loyal")
    NEW = "new", _("new customers")
    PROMISING = "promising", _("promising")
    NEED_ATTENTION = "need_attention", _("need attention")
    ABOUT_TO_SLEEP = "about_to_sleep", _("about to sleep")
    CANNOT_LOSE = "cannot_lose", _("cannot lose them")
    AT_RISK = "at_risk", _("at risk")
    HIBERNATING = "hibernating", _("hibernating")
    LOST = "lost", _("lost")


# By recency, and by the mean of frequency and monetary value, rounded up: both from 1 to 5.
_GROUPS: dict[int, tuple[RfmGroup, ...]] = {
    5: (RfmGroup.NEW, *[RfmGroup.POTENTIAL_LOYAL] * 2, *[RfmGroup.CHAMPIONS] * 2),
    4: (RfmGroup.PROMISING, *[RfmGroup.POTENTIAL_LOYAL] * 2, *[RfmGroup.LOYAL] * 2),
    3: (*[RfmGroup.ABOUT_TO_SLEEP] * 2, RfmGroup.NEED_ATTENTION, *[RfmGroup.LOYAL] * 2),
    2: (*[RfmGroup.HIBERNATING] * 2, *[RfmGroup.AT_RISK] * 2, RfmGroup.CANNOT_LOSE),
    1: (*[RfmGroup.LOST] * 2, *[RfmGroup.AT_RISK] * 2, RfmGroup.CANNOT_LOSE),
}


def rfm_group(recency: int, frequency: int, monetary: int, *, class_count: int = 5) -> RfmGroup:
    """Return the group of three scores; with three classes 1, 2, 3 stand for 1, 3, 5 of five."""
    if class_count == 3:
        recency, frequency, monetary = (2 * score - 1 for score in (recency, frequency, monetary))
    return _GROUPS[recency][(frequency + monetary + 1) // 2 - 1]


def group_sql(class_count: int) -> str:
    """Return SQL of the group of the columns ``r``, ``f`` and ``m``."""
    scores = range(1, class_count + 1)
    cases = [
        f"WHEN {100 * r + 10 * f + m} THEN '{rfm_group(r, f, m, class_count=class_count).value}'"
        for r in scores
        for f in scores
        for m in scores
    ]
    return f"CASE 100 * r + 10 * f + m {' '.join(cases)} END"


def score_sql(chosen: FigureSettings) -> dict[str, str]:
    """Return SQL of the three scores from the columns ``age``, ``order_count`` and ``net_revenue``."""
    if chosen.border_kind == BorderKind.FIXED:
        return {
            "r": _recent(chosen.borders("recency_borders")),
            "f": _reached("order_count", chosen.borders("frequency_borders")),
            "m": _reached("net_revenue", chosen.borders("monetary_borders")),
        }
    count = chosen.class_count
    return {
        "r": _share("age DESC", count),
        "f": _share("order_count", count),
        "m": _share("net_revenue", count),
    }


def _share(order: str, class_count: int) -> str:
    return f"1 + ({int(class_count)} * (RANK() OVER (ORDER BY {order}) - 1)) / COUNT(*) OVER ()"


def _recent(borders: Sequence[Decimal]) -> str:
    return " + ".join(["1", *[f"CASE WHEN age <= {border:f} THEN 1 ELSE 0 END" for border in borders]])


def _reached(column: str, borders: Sequence[Decimal]) -> str:
    return " + ".join(["1", *[f"CASE WHEN {column} >= {border:f} THEN 1 ELSE 0 END" for border in borders]])
