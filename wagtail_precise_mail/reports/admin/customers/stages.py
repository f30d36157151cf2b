"""Pictures of stages: how many customers are in which, who moved, and what each stage brings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from wagtail_precise_mail.charts import Grid, Series, StackedBars, as_count
from wagtail_precise_mail.commerce.models import BuyingStage
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.reports.admin.customers.asking import Asked
from wagtail_precise_mail.reports.admin.customers.standing import history_note, moves_picture, no_history
from wagtail_precise_mail.reports.admin.customers.words import (
    BUYING_STAGES,
    ENGAGEMENT_STAGES,
    day,
    too_few_customers,
)
from wagtail_precise_mail.reports.places import BUYING, ENGAGEMENT, Axis, history_begins, places_on
from wagtail_precise_mail.reports.stage_revenue import revenue_by_stage
from wagtail_precise_mail.reports.unrated import unrated_orders

LEAST_CONTACTS = 20
# A stage has the same color in every picture.
_BUYING_TONES = {stage.value: number for number, stage in enumerate(BuyingStage, start=1)}
LEAST_REVENUE_DAYS = 10
"""Days with orders, below which months cannot be compared."""


def buying_flow_picture(asked: Asked) -> StackedBars:
    """How many customers were in each buying stage, over time."""
    definition = _(
        "How many customers were in each stage at the end of each part of the period, as the nightly runs found them. "
        "Contacts without an order are prospects; a list has so many of them that the bars show customers only. "
        "Deleted contacts are not counted. %(borders)s"
    ) % {"borders": borders_sentence(asked)}
    title, tones = _("Buying stages over time"), _BUYING_TONES
    picture = _flow(asked, BUYING, BUYING_STAGES, "buying-flow", title, definition, tones=tones)
    return picture if picture.missing else replace(picture, highlights=[_prospects_sentence(asked, picture)])


def _prospects_sentence(asked: Asked, picture: StackedBars) -> str:
    """Say how many have not bought yet, beside the customers of the last bar."""
    customers = sum(int(one.values[-1] or 0) for one in picture.series)
    contacts = asked.figures("contacts", lambda: Contact.objects.filter(created_at__lt=asked.period.until).count())
    prospects = max(contacts - customers, 0)
    text = ngettext(
        "On %(day)s there were %(customers)s customers, and %(prospects)s prospect who had not bought yet.",
        "On %(day)s there were %(customers)s customers, and %(prospects)s prospects who had not bought yet.",
        prospects,
    )
    return text % {"day": day(asked.period.last), "customers": as_count(customers), "prospects": as_count(prospects)}


def engagement_flow_picture(asked: Asked) -> StackedBars:
    """How many contacts were in each stage of engagement, over time."""
    definition = _(
        "How many contacts reacted to mail in each way at the end of each part of the period, as the nightly runs "
        "found them. Opens and clicks by machines never count. Who was never written to is not shown, and deleted "
        "contacts are not counted."
    )
    return _flow(asked, ENGAGEMENT, ENGAGEMENT_STAGES, "engagement-flow", _("Engagement over time"), definition)


def borders_sentence(asked: Asked) -> str:
    """Say where the borders of the buying stages are, and why there."""
    words = {"at_risk": asked.borders.at_risk_days, "churned": asked.borders.churned_days}
    if asked.borders.is_calibrated:
        return (
            _(
                "At risk: no order for more than %(at_risk)s days, within which three quarters of all repeat "
                "purchases come. Churned: for more than %(churned)s days, within which nine tenths come."
            )
            % words
        )
    return (
        _(
            "At risk: no order for more than %(at_risk)s days. Churned: for more than %(churned)s days. These are "
            "the stated defaults or your own; there are too few repeat purchases to work them out."
        )
        % words
    )


def _flow(
    asked: Asked,
    axis: Axis,
    names: Mapping[str, Any],
    key: str,
    title: str,
    definition: str,
    *,
    tones: Mapping[str, int] = MappingProxyType({}),
) -> StackedBars:
    begin = history_begins(axis)
    known = timezone.localtime(begin).date() if begin else None
    parts = [part for part in asked.period.slices() if known and part.last >= known]
    days = [part.last for part in parts]
    counts: list[Counter[str]] = asked.figures(f"flow:{axis.key}", lambda: places_on(axis, days)) if parts else []
    missing = "" if parts else no_history(known)
    if parts:
        missing = too_few_customers(max(sum(count.values()) for count in counts), LEAST_CONTACTS)
    return StackedBars(
        key=key,
        title=title,
        definition=definition,
        row_title=asked.period.slice_title,
        unit=_("contacts"),
        labels=[part.label for part in parts],
        series=[
            Series(str(name), [count[place] for count in counts], tones.get(place, 0)) for place, name in names.items()
        ],
        note=history_note(asked, max(known, asked.period.first)) if known and not missing else "",
        missing=missing,
    )


def buying_moves_picture(asked: Asked) -> Grid:
    """From which buying stage to which, over the period."""
    definition = _(
        "Rows: the stage of customers at the end of the first day. Columns: their stage at the end of the last day. "
        "Framed: who stayed. Prospects who stayed prospects are not counted, nor contacts that were deleted since."
    )
    names = {**BUYING_STAGES, BuyingStage.PROSPECT.value: BuyingStage.PROSPECT.label}
    title = _("Movements between buying stages")
    return moves_picture(asked, BUYING, names, "buying-moves", title, definition, BuyingStage.PROSPECT.value)


def engagement_moves_picture(asked: Asked) -> Grid:
    """From which stage of engagement to which, over the period."""
    definition = _(
        "Rows: how contacts reacted to mail at the end of the first day. Columns: at the end of the last day. "
        "Framed: who stayed. “none” is who had not been written to. Contacts that were deleted since are not counted."
    )
    title = _("Movements of engagement")
    return moves_picture(asked, ENGAGEMENT, ENGAGEMENT_STAGES, "engagement-moves", title, definition)


def stage_revenue_picture(asked: Asked) -> StackedBars:
    """What customers of each stage brought, over time."""
    borders = asked.borders
    by_day = asked.figures(
        f"stage-revenue:{borders.at_risk_days}:{borders.churned_days}",
        lambda: revenue_by_stage(asked.period, at_risk_days=borders.at_risk_days, churned_days=borders.churned_days),
        is_by_day=True,
    )
    parts = asked.period.slices()
    sums = [dict.fromkeys(BuyingStage.values, Decimal(0)) for _part in parts]
    place = 0
    for at in sorted(by_day):
        while parts[place].last < at:
            place += 1
        for stage, total in by_day[at].items():
            sums[place][stage] += total
    words = {"count": len(by_day), "least": LEAST_REVENUE_DAYS}
    return StackedBars(
        key="stage-revenue",
        title=_("Revenue by buying stage"),
        definition=_(
            "Sales less refunds of contacts, in the base currency, in the part of the period when they were placed; "
            "by the stage in which the customer was just before: a prospect’s order is their first one, that of "
            "somebody at risk or churned brought them back. Orders without a contact are left out. %(borders)s"
        )
        % {"borders": borders_sentence(asked)},
        row_title=asked.period.slice_title,
        unit=asked.currency,
        number=asked.money,
        labels=[part.label for part in parts],
        series=[
            Series(str(stage.label), [one[stage.value] for one in sums], _BUYING_TONES[stage.value])
            for stage in BuyingStage
        ],
        note=unrated_note(asked),
        missing=_("Too few to show: orders on %(count)s days of this period. The picture appears from %(least)s on.")
        % words
        if len(by_day) < LEAST_REVENUE_DAYS
        else "",
    )


def unrated_note(asked: Asked) -> str:
    """Say which orders are missing in all money, or ""."""
    missing = asked.figures("unrated", lambda: unrated_orders(asked.period))
    if not missing:
        return ""
    named = ", ".join(f"{count} × {currency}" for currency, count in missing.items())
    return _("Left out, because no exchange rate is known for them: %(orders)s.") % {"orders": named}
