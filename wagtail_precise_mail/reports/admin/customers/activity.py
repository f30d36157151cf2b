"""Pictures of when people are active: by hour and weekday."""

from __future__ import annotations

from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext as _

from wagtail_precise_mail.charts import Cell, Grid, as_count
from wagtail_precise_mail.reports.activity import Week, click_weeks, order_week
from wagtail_precise_mail.reports.admin.customers.asking import Asked

LEAST_EVENTS = 50
"""Events below which 168 hours of a week say nothing."""


def orders_week_picture(asked: Asked) -> Grid:
    """When orders are placed."""
    week = asked.figures("order-week", lambda: order_week(asked.period))
    definition = _(
        "Sales of the period by the hour and weekday in which they were placed, in the time zone of the site; those of "
        "customers without a contact count, too. Refunds do not."
    )
    return _week_picture("order-week", _("Orders by hour and weekday"), definition, week, _("orders"))


def clicks_week_picture(asked: Asked) -> Grid:
    """When people click."""
    week = asked.figures("click-weeks", lambda: click_weeks(asked.period))[0]
    definition = _(
        "Clicks of people on links in mails, by the hour and weekday in which they came, in the time zone of the site. "
        "Tests and clicks by machines do not count. When mails were sent decides when people can click: compare with "
        "that."
    )
    return _week_picture("click-week", _("Clicks by hour and weekday"), definition, week, _("clicks"))


def machine_clicks_week_picture(asked: Asked) -> Grid:
    """When scanners click."""
    week = asked.figures("click-weeks", lambda: click_weeks(asked.period))[1]
    definition = _(
        "Clicks that security scanners and other machines made, by the hour and weekday in which they came, in the "
        "time zone of the site. They are in no other figure; here they show how much was kept apart."
    )
    return _week_picture("machine-week", _("Clicks by machines"), definition, week, _("clicks"))


def _week_picture(key: str, title: str, definition: str, week: Week, unit: str) -> Grid:
    total = sum(week.values())
    highlights = []
    if total:
        weekday, hour = max(week, key=lambda place: (week[place], -place[0], -place[1]))
        words = {
            "weekday": WEEKDAYS[weekday],
            "hour": f"{hour}:00",
            "count": as_count(week[weekday, hour]),
            "total": as_count(total),
        }
        highlights = [_("Most on %(weekday)s from %(hour)s on: %(count)s of %(total)s.") % words]
    return Grid(
        key=key,
        title=title,
        definition=definition,
        row_title=_("Weekday"),
        column_title=_("Hour"),
        unit=unit,
        columns=[str(hour) for hour in range(24)],
        labels=[str(WEEKDAYS[weekday]) for weekday in range(7)],
        cells=[[Cell(week.get((weekday, hour), 0)) for hour in range(24)] for weekday in range(7)],
        has_totals=True,
        is_narrow=True,
        highlights=highlights,
        missing=_too_few(total),
    )


def _too_few(count: int) -> str:
    if count >= LEAST_EVENTS:
        return ""
    text = _("Too few to show: %(count)s in this period. The picture appears from %(least)s on.")
    return text % {"count": count, "least": LEAST_EVENTS}
