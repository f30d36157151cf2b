"""Conditions on what contacts are expected to do.

A forecast is that of the day of its model, whatever the moment of evaluation: it is not worked out again for an
earlier one. Only the days of a next order are counted from that moment. Without a forecast (no order, not enough data,
profiling not allowed) none of these conditions holds, and so "not" includes everybody without one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any, ClassVar

from django.db.models import Q
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from wagtail_precise_mail.commerce.models import ContactForecast
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.segments.conditions import Amount, Condition, Count, conditions
from wagtail_precise_mail.segments.conditions.profile import range_problems
from wagtail_precise_mail.segments.conditions.words import between

FORECASTS = gettext_lazy("Forecasts")

Percent = Annotated[int | None, Count(label=gettext_lazy("At least percent"), maximum=100)]
PercentMost = Annotated[int | None, Count(label=gettext_lazy("At most percent"), maximum=100)]
AtLeast = Annotated[Decimal | None, Amount(label=gettext_lazy("At least"))]
AtMost = Annotated[Decimal | None, Amount(label=gettext_lazy("At most"))]


@dataclass(frozen=True)
class _Forecast(Condition):
    """A figure of the forecast, with bounds that are included."""

    group = FORECASTS
    icon = "view"
    column: ClassVar[str] = ""
    scale: ClassVar[int] = 1
    """What the bounds are divided by."""

    def problems(self) -> Iterator[tuple[str, str]]:
        yield from range_problems(self.min, self.max)  # type: ignore[attr-defined]  # of every condition below

    def as_q(self, at: datetime) -> Q:
        bounds = {"gte": self.min, "lte": self.max}  # type: ignore[attr-defined]
        asked = {f"{self.column}__{one}": self._bound(value) for one, value in bounds.items() if value is not None}
        return Q(pk__in=ContactForecast.objects.filter(**asked).values("contact_id"))

    def as_negated_q(self, at: datetime) -> Q:
        return ~self.as_q(at)  # the key of a forecast is never NULL

    def _bound(self, value: Any) -> Any:
        return value if self.scale == 1 else value / self.scale

    def explain(self, contact: Contact, at: datetime) -> str:
        forecast = ContactForecast.objects.filter(contact=contact).select_related("model").first()
        if forecast is None or not self._is_known(forecast):
            return _("not enough data")
        day = date_format(forecast.model.fitted_at, "DATE_FORMAT")
        return _("%(figure)s, model of %(day)s") % {"figure": self.figure(forecast), "day": day}

    def _is_known(self, forecast: ContactForecast) -> bool:
        return getattr(forecast, self.column) is not None

    def figure(self, forecast: ContactForecast) -> str:
        """Return the figure in words, with its interval."""
        raise NotImplementedError


@dataclass(frozen=True)
class _Share(_Forecast):
    """A probability; its bounds are percents."""

    scale = 100

    min: Percent = None
    max: PercentMost = None


@dataclass(frozen=True)
class _Expected(_Forecast):
    """A number that is expected."""

    min: AtLeast = None
    max: AtMost = None


@conditions.register("alive_probability")
@dataclass(frozen=True)
class AliveProbability(_Share):
    """Contacts by how likely they still buy at all. After a single purchase nobody can say."""

    label = gettext_lazy("Probability alive")
    description = gettext_lazy("How likely they still are a customer. Known from the second purchase on.")
    column = "alive_probability"

    def sentence(self) -> str:
        return _("still are customers with a probability of %(percent)s percent") % {
            "percent": between(self.min, self.max)
        }

    def figure(self, forecast: ContactForecast) -> str:
        low, high = _percent(forecast.alive_low), _percent(forecast.alive_high)
        return _("%(percent)s percent (%(low)s to %(high)s)") % {
            "percent": _percent(forecast.alive_probability),
            "low": low,
            "high": high,
        }


@conditions.register("purchase_likelihood")
@dataclass(frozen=True)
class PurchaseLikelihood(_Share):
    """Contacts by how likely they buy within the days that forecasts look ahead."""

    label = gettext_lazy("Purchase likelihood")
    description = gettext_lazy("How likely they buy at least once within the days that forecasts look ahead.")
    column = "purchase_probability"

    def sentence(self) -> str:
        return _("buy again with a likelihood of %(percent)s percent") % {"percent": between(self.min, self.max)}

    def figure(self, forecast: ContactForecast) -> str:
        return _("%(percent)s percent within %(days)s days") % {
            "percent": _percent(forecast.purchase_probability),
            "days": forecast.model.horizon_days,
        }


@conditions.register("expected_orders")
@dataclass(frozen=True)
class ExpectedOrders(_Expected):
    """Contacts by how many orders are expected of them."""

    label = gettext_lazy("Expected orders")
    description = gettext_lazy("Orders expected within the days that forecasts look ahead.")
    column = "expected_orders"

    def _bound(self, value: Any) -> Any:
        return float(value)

    def sentence(self) -> str:
        return _("are expected to place %(count)s orders") % {"count": between(self.min, self.max)}

    def figure(self, forecast: ContactForecast) -> str:
        return _("%(count)s orders expected within %(days)s days (%(low)s to %(high)s)") % {
            "count": _number(forecast.expected_orders, 2),
            "days": forecast.model.horizon_days,
            "low": _number(forecast.orders_low, 0),
            "high": _number(forecast.orders_high, 0),
        }


@conditions.register("lifetime_value")
@dataclass(frozen=True)
class LifetimeValue(_Expected):
    """Contacts by the revenue that is expected of them, in the base currency."""

    label = gettext_lazy("Lifetime value")
    description = gettext_lazy("Revenue expected within the days that forecasts look ahead, in the base currency.")
    column = "lifetime_value"

    def sentence(self) -> str:
        return _("are expected to spend %(amount)s") % {"amount": between(self.min, self.max)}

    def figure(self, forecast: ContactForecast) -> str:
        return _("%(amount)s %(currency)s expected within %(days)s days (%(low)s to %(high)s)") % {
            "amount": _number(forecast.lifetime_value, 2),
            "currency": forecast.model.currency,
            "days": forecast.model.horizon_days,
            "low": _number(forecast.value_low, 2),
            "high": _number(forecast.value_high, 2),
        }


@conditions.register("next_order")
@dataclass(frozen=True)
class NextOrder(_Forecast):
    """Contacts whose next order is forecast for the coming days, or was due by their rhythm some days ago."""

    label = gettext_lazy("Next order")
    description = gettext_lazy("Forecast for the coming days, or overdue by their own rhythm.")

    within_days: Annotated[int | None, Count(label=gettext_lazy("Forecast within days"), minimum=1, maximum=3_650)] = (
        None
    )
    overdue_days: Annotated[
        int | None,
        Count(
            label=gettext_lazy("Overdue by at least days"),
            help_text=gettext_lazy("Since the day on which it was due, counted from the last order."),
            maximum=3_650,
        ),
    ] = None

    def problems(self) -> Iterator[tuple[str, str]]:
        if (self.within_days is None) == (self.overdue_days is None):
            yield "", _("give within_days or overdue_days, not both")

    def as_q(self, at: datetime) -> Q:
        today = at.date()
        if self.within_days is not None:
            asked = Q(next_order_on__gte=today, next_order_on__lte=today + timedelta(days=self.within_days))
        else:
            asked = Q(due_on__lte=today - timedelta(days=self.overdue_days or 0))
        return Q(pk__in=ContactForecast.objects.filter(asked).values("contact_id"))

    def _is_known(self, forecast: ContactForecast) -> bool:
        return True  # a day too far away is known to be far away

    def sentence(self) -> str:
        if self.within_days is not None:
            text = ngettext(
                "have their next order forecast within %(days)s day",
                "have their next order forecast within %(days)s days",
                self.within_days,
            )
            return text % {"days": self.within_days}
        text = ngettext(
            "have been due to order for at least %(days)s day",
            "have been due to order for at least %(days)s days",
            self.overdue_days or 0,
        )
        return text % {"days": self.overdue_days}

    def figure(self, forecast: ContactForecast) -> str:
        def shown(day: Any) -> str:
            return date_format(day, "DATE_FORMAT") if day else _("later than in ten years")

        return _("due on %(due)s, forecast for %(day)s (%(low)s to %(high)s)") % {
            "due": shown(forecast.due_on),
            "day": shown(forecast.next_order_on),
            "low": shown(forecast.next_order_from),
            "high": shown(forecast.next_order_until),
        }


def _number(value: float | Decimal | None, places: int) -> str:
    # Rounded first: formatting alone cuts digits off.
    return number_format(round(Decimal(str(value or 0)), places), places, force_grouping=True)


def _percent(share: float | None) -> str:
    return number_format(round(100 * (share or 0)), 0)
