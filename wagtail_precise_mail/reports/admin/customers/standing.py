"""Pictures of where customers stand: the grid of RFM, who moved between groups, and tiers of value."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from wagtail_precise_mail.charts import BarChart, Cell, Grid, as_count
from wagtail_precise_mail.commerce.models import ValueTier
from wagtail_precise_mail.reports.admin.customers.asking import Asked
from wagtail_precise_mail.reports.admin.customers.words import (
    RFM_GROUPS,
    day,
    nothing_counted_yet,
    too_few_customers,
)
from wagtail_precise_mail.reports.places import RFM, TIERS, Axis, history_begins, moved_between
from wagtail_precise_mail.reports.standings import Share, rfm_grid, standings_as_of, value_tiers

LEAST_CUSTOMERS = 20
"""Customers below which classes of five tell more about chance than about customers."""


def rfm_picture(asked: Asked) -> Grid:
    """The grid of recency and frequency, with the customers and what they brought."""
    shares = asked.figures("rfm", rfm_grid, is_of_period=False)
    classes = range(1, (5 if max((max(scores) for scores in shares), default=5) > 3 else 3) + 1)
    best, worst = _("best"), _("worst")
    names = {place: f"{place} ({best if place == classes[-1] else worst})" for place in (1, classes[-1])}
    labels = [names.get(place, str(place)) for place in classes]
    cells = [
        [
            _rfm_cell(asked, share, recency, frequency) if share else Cell(0)
            for recency in classes
            for share in [shares.get((recency, frequency))]
        ]
        for frequency in reversed(classes)
    ]
    return Grid(
        key="rfm-grid",
        title=_("Customers by recency and frequency (RFM)"),
        definition=_(
            "Customers are contacts with a sale. Each has a score for how recently and one for how often they bought, "
            "beside all other customers or by your own borders, as of the last nightly run. In each cell: how many "
            "they are, and below it what they have brought in all, sales less refunds, in the base currency. Customers "
            "who are equal share a score, so that another may be nobody’s."
        )
        + _links_note(asked),
        row_title=_("Frequency"),
        column_title=_("Recency"),
        columns=labels,
        labels=labels[::-1],
        cells=cells,
        has_totals=True,
        extra_title=_("revenue"),
        highlights=_as_of(),
        missing=_missing(sum(share.count for share in shares.values())),
    )


def _rfm_cell(asked: Asked, share: Share, recency: int, frequency: int) -> Cell:
    scores = {"recency": recency, "frequency": frequency}
    rule = {f"{end}_{name}": score for name, score in scores.items() for end in ("min", "max")}
    url = asked.segment_url(_("Recency %(recency)s, frequency %(frequency)s") % scores, {"rfm_score": rule})
    return Cell(share.count, note=asked.money(share.revenue), extra=share.revenue, url=url)


def _links_note(asked: Asked) -> str:
    note = " " + _("A number leads to a new segment of these customers; nothing is kept before you save it.")
    return note if asked.segment_url("") else ""


def _as_of() -> list[str]:
    latest = standings_as_of()
    return [_("As of %(day)s.") % {"day": day(timezone.localtime(latest).date())}] if latest else []


def _missing(count: int) -> str:
    return too_few_customers(count, LEAST_CUSTOMERS) if count else nothing_counted_yet()


def rfm_moves_picture(asked: Asked) -> Grid:
    """Who was in which RFM group when the period began, and where they are at its end."""
    definition = _(
        "Rows: the RFM group of customers at the end of the first day. Columns: their group at the end of the last "
        "day. Framed: who stayed. “none” is who was no customer then. Contacts that were deleted since are not counted."
    )
    return moves_picture(asked, RFM, RFM_GROUPS, "rfm-moves", _("Movements between RFM groups"), definition)


def moves_picture(
    asked: Asked, axis: Axis, names: Mapping[str, Any], key: str, title: str, definition: str, nowhere: str = ""
) -> Grid:
    """A matrix from the places of an axis at the first day to those at the last day.

    Args:
        names: the places in their order.
        nowhere: the key of who stands nowhere, where it is not "".
    """
    begin = history_begins(axis)
    known = timezone.localtime(begin).date() if begin else None
    first = max(asked.period.first, known) if known else asked.period.first
    has_history = known is not None and first < asked.period.last
    last = asked.period.last
    moves: Mapping[tuple[str, str], int] = (
        asked.figures(f"moves:{axis.key}", lambda: moved_between(axis, first, last)) if has_history else {}
    )
    counts: Counter[tuple[str, str]] = Counter()
    for (before, after), count in moves.items():
        counts[before or nowhere, after or nowhere] += count
    # Who came only after the last day stood nowhere on both days.
    counts.pop((nowhere, nowhere), None)
    missing = too_few_customers(sum(counts.values()), LEAST_CUSTOMERS) if has_history else no_history(known)
    found = {place for pair in counts for place in pair}
    order = [*names, *sorted(found - names.keys() - {nowhere}), nowhere]
    places = sorted(found, key=order.index)
    labels = [str(names.get(place, _("none") if place == nowhere else place)) for place in places]
    moved = sum(count for (before, after), count in counts.items() if before != after)
    words = {"moved": as_count(moved), "all": as_count(sum(counts.values())), "first": day(first), "last": day(last)}
    return Grid(
        key=key,
        title=title,
        definition=definition,
        row_title=_("From"),
        column_title=_("To"),
        columns=labels,
        labels=labels,
        cells=[[Cell(counts[before, after]) for after in places] for before in places],
        has_totals=True,
        marks_diagonal=True,
        highlights=[_("From %(first)s to %(last)s, %(moved)s of %(all)s moved.") % words] if not missing else [],
        segments=asked.segments_at(axis.key, names),
        note=history_note(asked, first) if not missing else "",
        missing=missing,
    )


def no_history(known: Any) -> str:
    """Say since when movements are kept."""
    if known is None:
        return _("Nothing to show yet: no movement was recorded so far. The nightly run records them.")
    return _("Nothing to show yet: movements are kept since %(day)s. Come back later, or choose a later last day.") % {
        "day": day(known)
    }


def history_note(asked: Asked, first: Any) -> str:
    """Say that the period begins before anything is known."""
    if first <= asked.period.first:
        return ""
    return _("Movements are kept since %(day)s; nothing is known of earlier days.") % {"day": day(first)}


def tiers_picture(asked: Asked) -> BarChart:
    """What the tiers of value bring."""
    shares = asked.figures("tiers", value_tiers, is_of_period=False)
    tiers = [tier for tier in ValueTier if tier.value in shares]
    count, revenue = sum(share.count for share in shares.values()), sum(share.revenue for share in shares.values())
    highlights = []
    for tier in tiers:
        share = shares[tier.value]
        part = 100 * share.revenue / revenue if revenue > 0 else 0
        words = {"tier": capfirst(tier.label), "customers": round(100 * share.count / count), "revenue": round(part)}
        highlights.append(
            _("%(tier)s: %(customers)s percent of the customers, %(revenue)s percent of the revenue.") % words
        )
    return BarChart(
        key="value-tiers",
        title=_("Revenue by value tier"),
        definition=_(
            "Tiers order customers by what they are worth beside the others: by margin where costs are known, else "
            "by net revenue, as of the last nightly run. A bar is what the customers of a tier have brought in all, "
            "sales less refunds, in the base currency."
        ),
        row_title=_("Value tier"),
        value_title=_("Revenue"),
        labels=[str(tier.label) for tier in tiers],
        values=[shares[tier.value].revenue for tier in tiers],
        number=asked.money,
        unit=asked.currency,
        highlights=[" ".join(highlights)] if highlights else [],
        segments=asked.segments_at(TIERS.key, {tier.value: tier.label for tier in tiers}),
        missing=_missing(count),
    )
