"""The report "Forecasts": what the models say of all customers, how wrong they were before, and demand by category."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import Permission
from django.db.models import Avg, Count, QuerySet, Sum
from django.urls import path, reverse
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail import hooks
from wagtail.admin.menu import MenuItem

from wagtail_precise_mail.charts import as_percent
from wagtail_precise_mail.commerce.forecasting import is_available
from wagtail_precise_mail.commerce.models import CategoryForecast, ContactForecast, ForecastModel
from wagtail_precise_mail.commerce.money import format_money, format_whole_money
from wagtail_precise_mail.reports.admin.pages import PermittedMenuItem, ReportPage

INDEX = "precise_mail_forecasts"
NEEDS = ("view_forecastmodel",)


@dataclass(frozen=True)
class Row:
    """One line of a table: what it is, its figures, and what they mean."""

    label: str
    values: tuple[str, ...]
    meaning: str = ""


class ForecastsView(ReportPage):
    """Figures of customers together, and of nobody in particular."""

    page_title = gettext_lazy("Forecasts")
    header_icon = "view"
    template_name = "wagtail_precise_mail/reports/forecasts.html"
    needs = NEEDS

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        model = ForecastModel.objects.first()
        categories = CategoryForecast.objects.select_related("category").order_by("-weekly_mean", "category__name")
        # SQLite and PostgreSQL sort NULL to different ends.
        rows = sorted(categories, key=lambda one: (one.weekly_mean is None, -(one.weekly_mean or 0)))
        return {
            **super().get_context_data(**kwargs),
            "is_available": is_available(),
            "model": model,
            "summary": _summary(model) if model and not model.refusal else [],
            "parameters": _parameters(model) if model and not model.refusal else [],
            "orders_test": _orders_test(model.backtest) if model and model.backtest else [],
            "money_test": _money_test(model) if model and model.backtest.get("revenue") is not None else [],
            "demand": [_Demand(one) for one in rows if not one.refusal],
            "refused": [one for one in rows if one.refusal],
        }


class _Demand:
    """A category with the sum of its coming weeks."""

    def __init__(self, forecast: CategoryForecast) -> None:
        self.forecast = forecast
        self.next_week = forecast.units[0]
        self.low, self.high = forecast.units_low[0], forecast.units_high[0]
        self.total = sum(forecast.units)
        self.weeks = list(zip(forecast.units, forecast.units_low, forecast.units_high, strict=True))
        self.error = forecast.errors.get(forecast.method)
        names = dict(CategoryForecast.Method.choices)
        self.others = [(names[key], error) for key, error in forecast.errors.items() if key != forecast.method]


def _summary(model: ForecastModel) -> list[Row]:
    sums = ContactForecast.objects.filter(model=model).aggregate(
        count=Count("pk"),
        alive=Avg("alive_probability"),
        orders=Sum("expected_orders"),
        buyers=Sum("purchase_probability"),
        value=Sum("lifetime_value"),
    )
    days = {"days": model.horizon_days}
    rows = [
        Row(_("Contacts with a forecast"), (_whole(sums["count"]),)),
        Row(_("Still customers, of those who bought again"), (_share(sums["alive"]),), _("Mean probability alive.")),
        Row(_("Will buy within %(days)s days") % days, (_whole(sums["buyers"]),), _("Sum of purchase likelihoods.")),
        Row(_("Their orders within %(days)s days") % days, (_whole(sums["orders"]),)),
    ]
    if sums["value"] is not None:
        value = format_whole_money(sums["value"], model.currency)
        rows.append(Row(_("Revenue from them within %(days)s days") % days, (value,), _("Sum of lifetime values.")))
    return rows


def _parameters(model: ForecastModel) -> list[Row]:
    """Return the parameters in words; numbers of a model say nothing to most readers."""
    found = model.parameters
    rate = found["r"] / found["alpha"] * 365
    stop = found["a"] / (found["a"] + found["b"])
    rows = [
        Row(
            _("Orders a year while somebody is a customer, on average"),
            (_decimal(rate, 1),),
            f"r = {found['r']:.3f}, alpha = {found['alpha']:.2f}",
        ),
        Row(_("Stop after a repeat order, on average"), (_share(stop),), f"a = {found['a']:.3f}, b = {found['b']:.3f}"),
    ]
    if "p" in found:
        mean = found["p"] * found["v"] / (found["q"] - 1)
        value = _money(mean, model.currency)
        meaning = f"p = {found['p']:.3f}, q = {found['q']:.3f}, v = {found['v']:.2f}"
        rows.append(Row(_("Worth of an order, on average over customers"), (value,), meaning))
    return rows


def _orders_test(test: dict[str, Any]) -> list[Row]:
    return [
        Row(
            _("Orders in all"),
            (_whole(test["forecast_orders"]), _whole(test["naive_orders"])),
            _("%(count)s came.") % {"count": _whole(test["orders"])},
        ),
        Row(
            _("Off in all"),
            (_signed(test["total_error"]), _signed(test["naive_total_error"])),
            _("Above zero: too many were forecast."),
        ),
        Row(
            _("Off per customer, on average"),
            (_decimal(test["orders_mae"], 2), _decimal(test["naive_mae"], 2)),
            _("Orders, whether too many or too few (MAE)."),
        ),
        Row(
            _("Off per customer, large errors counting more"),
            (_decimal(test["orders_rmse"], 2), _decimal(test["naive_rmse"], 2)),
            _("Orders; one large error weighs more than several small ones (RMSE)."),
        ),
        Row(
            _("Within the interval"),
            (_share(test["coverage"]), "–"),
            _("Customers whose orders lay in their interval of 90 percent; more is right, counts are whole."),
        ),
    ]


def _money_test(model: ForecastModel) -> list[Row]:
    test, currency = model.backtest, model.currency
    rows = [
        Row(
            _("Revenue in all"),
            (format_whole_money(test["forecast_revenue"], currency), "–"),
            _("%(count)s came.") % {"count": format_whole_money(test["revenue"], currency)},
        ),
        Row(_("Off in all"), (_signed(test["revenue_error"]), "–"), _("Above zero: too much was forecast.")),
        Row(
            _("Off per customer, on average"),
            (_money(test["revenue_mae"], currency), _money(test["naive_revenue_mae"], currency)),
            _("Whether too much or too little (MAE)."),
        ),
        Row(_("Within the interval"), (_share(test["revenue_coverage"]), "–")),
    ]
    if (correlation := test.get("spend_correlation")) is not None:
        rows.append(
            Row(
                _("Number and worth of orders go together"),
                (_decimal(correlation, 2), "–"),
                _("A correlation; the model takes it to be 0. Beyond 0.3 either way, take values with care."),
            )
        )
    return rows


def _whole(value: float | None) -> str:
    return number_format(round(value or 0), force_grouping=True)


def _decimal(value: float, places: int) -> str:
    # Rounded first: formatting alone cuts digits off.
    return number_format(round(value, places), places, force_grouping=True)


def _money(value: float, currency: str) -> str:
    return format_money(round(Decimal(value), 2), currency)


def _share(value: float | None) -> str:
    return "–" if value is None else as_percent(100 * value)


def _signed(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{'+' if value >= 0 else '−'}{as_percent(abs(100 * value))}"


@hooks.register("register_reports_menu_item")
def register_menu_item() -> MenuItem:
    """Below the report of the list."""
    return PermittedMenuItem(
        gettext_lazy("Forecasts"),
        reverse(INDEX),
        name="precise-mail-forecasts",
        icon_name="view",
        order=650,
        needs=NEEDS,
    )


@hooks.register("register_admin_urls")
def register_urls() -> list:
    """One page."""
    return [path("reports/precise-mail-forecasts/", ForecastsView.as_view(), name=INDEX)]


@hooks.register("register_permissions")
def register_permissions() -> QuerySet[Permission]:
    """Let groups be given the right to see forecasts, and to see and search for clusters."""
    codenames = ["view_forecastmodel", "view_clusterrun", "add_clusterrun"]
    return Permission.objects.filter(content_type__app_label="wagtail_precise_mail", codename__in=codenames)
