"""What commerce adds to the portrait of a contact: habits, RFM, stage, value, and what may come next."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.core.exceptions import ObjectDoesNotExist
from django.db.models import Sum
from django.utils import timezone
from django.utils.dates import WEEKDAYS
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext, ngettext

from wagtail_precise_mail.commerce.currencies import base_currency
from wagtail_precise_mail.commerce.figuring import rhythm
from wagtail_precise_mail.commerce.figuring.refreshing import JOB
from wagtail_precise_mail.commerce.figuring.rfm import RfmGroup
from wagtail_precise_mail.commerce.models import BuyingStage, ContactFigures, ContactStanding, Order, OrderLine, Product
from wagtail_precise_mail.commerce.money import format_money
from wagtail_precise_mail.contacts.freshness import last_success
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.contacts.portrait import PortraitFact, PortraitSource, portrait_sources

NEWS = timedelta(days=30)
"""How long a shift of the favorite category is flagged."""


@portrait_sources.register("buying")
class BuyingPortrait(PortraitSource):
    """Figures and standing of a buyer; a prospect has one fact only."""

    def facts(self, contact: Contact) -> list[PortraitFact]:
        figures = ContactFigures.objects.select_related("favorite_category", "former_category").filter(contact=contact)
        found = figures.first()
        standing = ContactStanding.objects.filter(contact=contact).first()
        facts = [_stage(found, standing)]
        if standing and standing.rfm_group:
            facts.append(_rfm(standing))
        if standing and standing.value_tier and found:
            facts.append(_value(found, standing))
        if found:
            looked_at = _run_at(found)
            facts += [*_habits(found, contact, looked_at), *_rhythms(found, contact, looked_at)]
        return [*facts, *_next_order(contact)]


def _run_at(row: ContactFigures | ContactStanding) -> datetime:
    """When it was last looked at: rows are written only when something changed."""
    return max(filter(None, [row.computed_at, last_success(JOB)]))


def _stage(figures: ContactFigures | None, standing: ContactStanding | None) -> PortraitFact:
    if standing is None or not standing.buying_stage or figures is None or figures.last_order_at is None:
        computed_at = _run_at(figures) if figures else last_success(JOB)
        evidence = gettext("No order, only refunds") if figures else gettext("No order")
        return PortraitFact(gettext("Buying stage"), str(BuyingStage.PROSPECT.label), evidence, computed_at)
    borders = rhythm.current_borders()
    evidence = gettext("Last order %(date)s; at risk after %(risk)s days, churned after %(churned)s") % {
        "date": _date(figures.last_order_at),
        "risk": borders.at_risk_days,
        "churned": borders.churned_days,
    }
    label = BuyingStage(standing.buying_stage).label
    if standing.stage_since:
        evidence = gettext("Since %(date)s.") % {"date": _date(standing.stage_since)} + " " + evidence
    return PortraitFact(gettext("Buying stage"), str(label), evidence, _run_at(standing))


def _rfm(standing: ContactStanding) -> PortraitFact:
    label = str(RfmGroup(standing.rfm_group).label) if standing.rfm_group in RfmGroup.values else standing.rfm_group
    evidence = gettext("Recency %(r)s, frequency %(f)s, monetary value %(m)s") % {
        "r": standing.recency_score,
        "f": standing.frequency_score,
        "m": standing.monetary_score,
    }
    return PortraitFact(gettext("RFM group"), label, evidence, _run_at(standing))


def _value(figures: ContactFigures, standing: ContactStanding) -> PortraitFact:
    if figures.margin is None:
        evidence = gettext("Net revenue %(amount)s; costs are not known") % {"amount": _money(figures.net_revenue)}
    else:
        evidence = gettext("Margin %(margin)s of net revenue %(amount)s") % {
            "margin": _money(figures.margin),
            "amount": _money(figures.net_revenue),
        }
    return PortraitFact(gettext("Value"), str(standing.get_value_tier_display()), evidence, _run_at(standing))


def _habits(figures: ContactFigures, contact: Contact, looked_at: datetime) -> Iterator[PortraitFact]:
    lines = OrderLine.objects.filter(
        order__contact=contact,
        order__kind=Order.Kind.SALE,
        order__placed_at__lte=looked_at,
        product__kind=Product.Kind.PRODUCT,
        quantity__gt=0,
    ).order_by()
    total = lines.aggregate(count=Sum("quantity"))["count"] or 0
    if category := figures.favorite_category:
        count = lines.filter(product__category=category).aggregate(count=Sum("quantity"))["count"] or 0
        yield PortraitFact(gettext("Favorite category"), str(category), _pieces(count, total), looked_at)
    if figures.former_category and figures.favorite_category and figures.category_changed_at:
        value = f"{figures.former_category} → {figures.favorite_category}"
        is_news = figures.category_changed_at >= timezone.now() - NEWS
        evidence = gettext("On %(date)s") % {"date": _date(figures.category_changed_at)}
        yield PortraitFact(gettext("Main category shifted"), value, evidence, looked_at, is_news)
    if figures.favorite_brand:
        count = lines.filter(product__brand_name=figures.favorite_brand).aggregate(count=Sum("quantity"))["count"] or 0
        yield PortraitFact(gettext("Favorite brand"), figures.favorite_brand, _pieces(count, total), looked_at)
    if figures.average_unit_price is not None:
        yield PortraitFact(
            gettext("Price band"),
            gettext("about %(amount)s a piece") % {"amount": _money(figures.average_unit_price)},
            ngettext("%(count)s piece", "%(count)s pieces", total) % {"count": total},
            looked_at,
        )
    if figures.discount_share is not None:
        yield PortraitFact(
            gettext("Discounts"),
            gettext("%(percent)s percent off on average") % {"percent": number_format(100 * figures.discount_share, 1)},
            gettext("%(amount)s in all") % {"amount": _money(figures.discount_total)},
            looked_at,
        )


def _pieces(count: int, total: int) -> str:
    return gettext("%(count)s of %(total)s pieces") % {"count": count, "total": total}


def _rhythms(figures: ContactFigures, contact: Contact, looked_at: datetime) -> Iterator[PortraitFact]:
    orders = ngettext("%(count)s order", "%(count)s orders", figures.order_count) % {"count": figures.order_count}
    clock = contact.time_zone or timezone.get_default_timezone_name()
    if figures.preferred_hour is not None:
        hour = figures.preferred_hour
        yield PortraitFact(
            gettext("Preferred hour"),
            f"{hour:02}:00–{(hour + 1) % 24:02}:00",
            gettext("Most of %(orders)s, on the clocks of %(zone)s") % {"orders": orders, "zone": clock},
            looked_at,
        )
    if figures.preferred_weekday is not None:
        yield PortraitFact(
            gettext("Preferred weekday"),
            str(WEEKDAYS[figures.preferred_weekday]),
            gettext("Most of %(orders)s, on the clocks of %(zone)s") % {"orders": orders, "zone": clock},
            looked_at,
        )
    if figures.interval_days is not None:
        shop = rhythm.latest()
        typical = (
            gettext("in the shop half of all come within %(days)s days") % {"days": shop.median_days}
            if shop and shop.median_days
            else orders
        )
        yield PortraitFact(
            gettext("Own rhythm"),
            gettext("an order every %(days)s days") % {"days": number_format(figures.interval_days, 1)},
            typical,
            looked_at,
        )


def _next_order(contact: Contact) -> Iterator[PortraitFact]:
    try:
        forecast: Any = contact.forecast
    except ObjectDoesNotExist:
        return
    if forecast.next_order_on:
        evidence = ""
        if forecast.next_order_from and forecast.next_order_until:
            evidence = gettext("90 percent between %(start)s and %(end)s") % {
                "start": date_format(forecast.next_order_from, "DATE_FORMAT"),
                "end": date_format(forecast.next_order_until, "DATE_FORMAT"),
            }
        yield PortraitFact(
            gettext("Next order"),
            date_format(forecast.next_order_on, "DATE_FORMAT"),
            evidence,
            forecast.model.fitted_at,
        )


def _money(amount: Decimal) -> str:
    return format_money(round(amount, 2), base_currency())


def _date(moment: datetime) -> str:
    return date_format(timezone.localtime(moment), "DATE_FORMAT")
