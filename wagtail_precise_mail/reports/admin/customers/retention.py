"""Pictures of who comes back: cohorts, what they bring, and how long people take to buy again."""

from __future__ import annotations

from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from wagtail_precise_mail.charts import BarChart, Cell, Grid, Mark, as_percent
from wagtail_precise_mail.reports.admin.customers.asking import Asked
from wagtail_precise_mail.reports.admin.customers.stages import borders_sentence, unrated_note
from wagtail_precise_mail.reports.admin.customers.words import too_few_customers
from wagtail_precise_mail.reports.intervals import Intervals, repurchase_intervals
from wagtail_precise_mail.reports.periods import month_label
from wagtail_precise_mail.reports.retention import MOST_COHORTS, Cohort, cohorts

LEAST_CUSTOMERS = 20
LEAST_INTERVALS = 20
# Cohorts smaller than this are shown in grey: one customer would be 10 percent or more.
THIN_COHORT = 10
_WIDTHS = (1, 2, 5, 7, 10, 14, 30, 60, 90, 180)
_MOST_BARS = 24


def _cohorts(asked: Asked) -> list[Cohort]:
    found: list[Cohort] = asked.figures("cohorts", lambda: cohorts(asked.period), is_by_day=True)
    return found


def _notes(asked: Asked, *more: str) -> str:
    cut = ""
    if asked.period.months > MOST_COHORTS:
        cut = _("Shown are the last %(count)s months of the period.") % {"count": MOST_COHORTS}
    return " ".join(filter(None, [cut, *more]))


def cohorts_picture(asked: Asked) -> Grid:
    """Which share of each cohort ordered again, month by month."""
    found = _cohorts(asked)
    longest = max((cohort.length for cohort in found), default=0)
    return Grid(
        key="cohorts",
        title=_("Customers who ordered again, by the month of their first order"),
        definition=_(
            "A row is everybody whose first sale was in that month, whatever became of them; month 0 is that month. In "
            "each cell: which percentage of them had a sale in the month so many months later. The last month of the "
            "period may not be over. Grey: fewer than %(thin)s customers. Refunds and orders without a contact do not "
            "count."
        )
        % {"thin": THIN_COHORT},
        row_title=_("First order"),
        column_title=_("Months since"),
        columns=[str(months) for months in range(longest)],
        labels=[month_label(cohort.month) for cohort in found],
        leads=[(_("Customers"), [cohort.size for cohort in found])],
        cells=[
            [
                Cell(round(cohort.share(months), 4), extra=cohort.customers[months], is_thin=cohort.size < THIN_COHORT)
                if cohort.size and months < cohort.length
                else None
                for months in range(longest)
            ]
            for cohort in found
        ],
        number=as_percent,
        extra_title=_("customers"),
        deepest=_deepest(found),
        note=_notes(asked),
        missing=too_few_customers(sum(cohort.size for cohort in found), LEAST_CUSTOMERS),
    )


def _deepest(found: list[Cohort]) -> float:
    """The highest share after month 0: in that one all of them ordered, so it says nothing."""
    big = [cohort for cohort in found if cohort.size >= THIN_COHORT]
    return max((cohort.share(months) for cohort in big for months in range(1, cohort.length)), default=0.0) or 100.0


def cohort_revenue_picture(asked: Asked) -> Grid:
    """What each cohort brought, month by month."""
    found = _cohorts(asked)
    longest = max((cohort.length for cohort in found), default=0)
    return Grid(
        key="cohort-revenue",
        title=_("Revenue by the month of the first order"),
        definition=_(
            "The same customers: what their orders brought so many months after the first, sales less refunds in the "
            "month in which they were given, in the base currency. The total of a row is all that these customers "
            "brought until the end of the period."
        ),
        row_title=_("First order"),
        column_title=_("Months since"),
        columns=[str(months) for months in range(longest)],
        labels=[month_label(cohort.month) for cohort in found],
        leads=[(_("Customers"), [cohort.size for cohort in found])],
        cells=[
            [
                Cell(cohort.revenue[months], is_thin=cohort.size < THIN_COHORT)
                if cohort.size and months < cohort.length
                else None
                for months in range(longest)
            ]
            for cohort in found
        ],
        has_totals=True,
        number=asked.money,
        deepest=_deepest_revenue(found),
        note=_notes(asked, unrated_note(asked)),
        missing=too_few_customers(sum(cohort.size for cohort in found), LEAST_CUSTOMERS),
    )


def _deepest_revenue(found: list[Cohort]) -> Decimal | None:
    """The highest sum after month 0, beside which all others would look alike."""
    big = [cohort for cohort in found if cohort.size >= THIN_COHORT]
    later = [cohort.revenue[months] for cohort in big for months in range(1, cohort.length)]
    return max(later, default=Decimal(0)) or None


def intervals_picture(asked: Asked) -> BarChart:
    """How long customers took to buy again."""
    found: Intervals = asked.figures("intervals", lambda: repurchase_intervals(asked.period), is_by_day=True)
    width = next((width for width in _WIDTHS if width * _MOST_BARS >= found.quantile(95)), _WIDTHS[-1])
    longest = found.histogram[-1][0] if found.histogram else 1
    bars = min(-(-longest // width), _MOST_BARS)
    labels = [_class_label(place, width) for place in range(bars)]
    if bars * width < longest:
        labels[-1] = _("from %(days)s") % {"days": (bars - 1) * width + 1}
    return BarChart(
        key="intervals",
        title=_("Days until the next purchase"),
        definition=_(
            "Each step from one purchase of a customer to their next one that ended in the period. Several orders on "
            "one day are one purchase; refunds do not count. %(borders)s"
        )
        % {"borders": borders_sentence(asked)},
        row_title=_("Days"),
        value_title=_("Repeat purchases"),
        unit=_("repeat purchases"),
        labels=labels,
        values=found.classes(width, bars),
        marks=_marks(asked, found, width, bars),
        highlights=_highlights(found),
        missing=_too_few(found.count),
    )


def _class_label(place: int, width: int) -> str:
    return str(place + 1) if width == 1 else f"{place * width + 1}–{(place + 1) * width}"


def _highlights(found: Intervals) -> list[str]:
    if not found.count:
        return []
    half, most, nearly = (found.quantile(percent) for percent in (50, 75, 90))
    text = _(
        "Half of all repeat purchases came within %(half)s days, three quarters within %(most)s, nine tenths within "
        "%(nearly)s."
    )
    return [text % {"half": half, "most": most, "nearly": nearly}]


def _marks(asked: Asked, found: Intervals, width: int, bars: int) -> list[Mark]:
    """The quantiles and the borders of the stages, those on one day in one mark."""
    names: dict[int, list[str]] = {}
    for days, name in (
        (found.quantile(50), _("half")),
        (found.quantile(75), _("75 percent")),
        (found.quantile(90), _("90 percent")),
        (asked.borders.at_risk_days, _("at risk")),
        (asked.borders.churned_days, _("churned")),
    ):
        names.setdefault(days, []).append(name)
    return [
        Mark(days / width, f"{', '.join(named)}: {days}")
        for days, named in sorted(names.items())
        if 0 < days <= bars * width
    ]


def _too_few(count: int) -> str:
    if count >= LEAST_INTERVALS:
        return ""
    text = ngettext(
        "Too few to show: %(count)s repeat purchase in this period. The picture appears from %(least)s on.",
        "Too few to show: %(count)s repeat purchases in this period. The picture appears from %(least)s on.",
        count,
    )
    return text % {"count": count, "least": LEAST_INTERVALS}
