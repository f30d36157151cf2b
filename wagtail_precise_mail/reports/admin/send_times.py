"""The report "Send times": a heat map of the week, with the size of each sample."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import path, reverse
from django.utils import timezone
from django.utils.dates import WEEKDAYS_ABBR
from django.utils.formats import number_format
from django.utils.functional import Promise, cached_property
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.generic import TemplateView
from wagtail import hooks
from wagtail.admin.views.generic import WagtailAdminTemplateMixin

from wagtail_precise_mail.campaigns.admin.pages import may_see_campaigns
from wagtail_precise_mail.charts import Cell, Grid, as_percent
from wagtail_precise_mail.commerce.money import format_money
from wagtail_precise_mail.contacts.models import Topic
from wagtail_precise_mail.reports.admin.campaigns import CampaignReportMenuItem
from wagtail_precise_mail.reports.send_times import LEAST_MAILS, SendTimes, SlotFigures, send_times

INDEX = "precise_mail_send_time_report"
PERIODS = (90, 365, 0)
"""Days; 0 is everything."""


@dataclass(frozen=True)
class Measure:
    """What the heat map can show.

    Attributes:
        label: on its button.
        definition: how it is counted.
    """

    label: str | Promise
    definition: str | Promise


MEASURES: dict[str, Measure] = {
    "opened": Measure(_("Opened"), _("Of the accepted mails, those that a person opened.")),
    "clicked": Measure(_("Clicked"), _("Of the accepted mails, those in which a person clicked.")),
    "orders": Measure(
        _("Orders"), _("Orders for each hundred accepted mails, credited to the last click before them.")
    ),
    "revenue": Measure(
        _("Revenue"), _("Revenue for each accepted mail, of orders that are credited to a click in it.")
    ),
}


class SendTimeReportView(WagtailAdminTemplateMixin, TemplateView):
    """Figures of campaigns by the hour at which their mails left."""

    page_title = _("Send times")
    header_icon = "time"
    template_name = "wagtail_precise_mail/reports/send_times.html"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not may_see_campaigns(request.user):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    @cached_property
    def days(self) -> int:
        given = self.request.GET.get("days", "")
        return int(given) if given in map(str, PERIODS) else 365

    @cached_property
    def measure(self) -> str:
        given = self.request.GET.get("measure", "")
        return given if given in MEASURES else "clicked"

    @cached_property
    def topic(self) -> Topic | None:
        return Topic.objects.filter(slug=self.request.GET.get("topic", "")).first()

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        return [*self.breadcrumbs_items, {"url": "", "label": self.page_title}]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        since = timezone.now() - timedelta(days=self.days) if self.days else None
        found = send_times(since=since, topic_id=self.topic.pk if self.topic else None)
        currencies = found.currencies()
        asked = self.request.GET.get("currency", "")
        currency = asked if asked in currencies else max(currencies, key=lambda one: _revenue(found, one), default="")
        return {
            **super().get_context_data(**kwargs),
            "total": found.total(),
            "revenue_lines": [format_money(round(_revenue(found, one), 2), one) for one in currencies],
            "grid": heat_map(found, self.measure, currency),
            "choices": self._choices(currencies, currency),
            "least": LEAST_MAILS,
        }

    def _choices(self, currencies: list[str], currency: str) -> list[tuple[str, list[tuple[str, str, bool]]]]:
        """Return rows of buttons: a label, and of each button the query, the words and whether it is on."""
        topics = [("", gettext("All topics")), *Topic.objects.values_list("slug", "name")]
        chosen = self.topic.slug if self.topic else ""
        rows = [
            (gettext("Measure"), "measure", [(key, str(one.label)) for key, one in MEASURES.items()], self.measure),
            (gettext("Period"), "days", [(str(days), _period(days)) for days in PERIODS], str(self.days)),
            (gettext("Topic"), "topic", topics, chosen),
        ]
        if self.measure == "revenue" and len(currencies) > 1:
            rows.append((gettext("Currency"), "currency", [(one, one) for one in currencies], currency))
        return [
            (label, [(self._query(name, value), words, value == current) for value, words in options])
            for label, name, options, current in rows
        ]

    def _query(self, name: str, value: str) -> str:
        given = self.request.GET.copy()
        given[name] = value
        return f"?{given.urlencode()}"


def _period(days: int) -> str:
    return ngettext("%(count)d day", "%(count)d days", days) % {"count": days} if days else gettext("All time")


def _revenue(found: SendTimes, currency: str) -> Any:
    return found.total().revenue.get(currency, 0)


def heat_map(found: SendTimes, measure: str, currency: str) -> Grid:
    """Return the week as a grid: a row for each hour, a column for each weekday."""
    value_of = _value_of(measure, currency)
    hours = [hour for hour in range(24) if any(found.slot(day, hour).accepted for day in range(7))]
    return Grid(
        key="send-times",
        title=gettext("%(measure)s by hour and weekday") % {"measure": MEASURES[measure].label},
        definition=str(MEASURES[measure].definition)
        + " "
        + gettext(
            "By the hour at which a mail left, on the clock of the site. Small: accepted mails. Grey: fewer than "
            "%(least)s, too few to judge."
        )
        % {"least": LEAST_MAILS},
        row_title=gettext("Hour"),
        column_title=gettext("Weekday"),
        columns=[str(WEEKDAYS_ABBR[day]) for day in range(7)],
        labels=[f"{hour:02}:00" for hour in hours],
        cells=[[_cell(found.slot(day, hour), value_of) for day in range(7)] for hour in hours],
        number=_money(currency) if measure == "revenue" else as_percent,
        extra_title=gettext("accepted mails"),
        highlights=_highlights(found, measure),
        missing="" if hours else gettext("No mail of a campaign was accepted in this period."),
    )


def _highlights(found: SendTimes, measure: str) -> list[str]:
    best = found.best(measure) if measure != "revenue" else None
    if best is None:
        return []
    weekday, hour = best
    words = {
        "day": str(WEEKDAYS_ABBR[weekday]),
        "hour": f"{hour:02}:00",
        "share": as_percent(found.slot(*best).percent(measure) or 0),
    }
    return [gettext("Best of the hours with enough mails: %(day)s %(hour)s with %(share)s.") % words]


def _cell(slot: SlotFigures, value_of: Callable[[SlotFigures], Any]) -> Cell | None:
    if not slot.accepted:
        return None
    accepted = number_format(slot.accepted, force_grouping=True)
    return Cell(value_of(slot), note=accepted, extra=slot.accepted, is_thin=slot.is_thin)


def _value_of(measure: str, currency: str) -> Callable[[SlotFigures], Any]:
    if measure == "revenue":
        return lambda slot: slot.revenue.get(currency, Decimal(0)) / slot.accepted
    return lambda slot: slot.percent(measure)


def _money(currency: str) -> Callable[[Any], str]:
    return lambda value: format_money(round(value, 2), currency) if currency else number_format(value, 2)


@hooks.register("register_reports_menu_item")
def register_menu_item() -> CampaignReportMenuItem:
    """Below the report of the list."""
    return CampaignReportMenuItem(
        _("Send times"), reverse(INDEX), name="precise-mail-send-times", icon_name="time", order=630
    )


@hooks.register("register_admin_urls")
def register_urls() -> list:
    """One page."""
    return [path("reports/precise-mail-send-times/", SendTimeReportView.as_view(), name=INDEX)]
