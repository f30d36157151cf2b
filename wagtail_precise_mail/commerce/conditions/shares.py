"""Conditions on margin, discounts, prices and refunds of all orders together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

from django.db.models import F, Q, Value
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from wagtail_precise_mail.commerce.conditions.sums import OrderFigure, count_orders
from wagtail_precise_mail.commerce.conditions.windows import (
    NET,
    REFUND,
    AtLeast,
    AtMost,
    Currency,
    MaxPercent,
    MinPercent,
    Over,
    lines_of_contacts,
    money_of,
    sum_of,
)
from wagtail_precise_mail.commerce.models import Order, Product
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.segments.conditions import Count, Tally, conditions
from wagtail_precise_mail.segments.conditions.tallies import MakeFigure
from wagtail_precise_mail.segments.conditions.words import between

SALES = Q(kind=Order.Kind.SALE)
REFUNDS = Q(kind=Order.Kind.REFUND)


class _Share(OrderFigure):
    """A share in percent of a whole. Where the whole is not above 0 there is no share."""

    part: Any
    whole: Any

    def compare(self, lookup: str, bound: Any) -> Q:
        # Products instead of a quotient: they stay exact.
        whole = F(self.named("whole")) * Value(Decimal(bound) / 100)
        return Q(**{f"{self.named('part')}__{lookup}": whole})

    def exists(self) -> Iterator[Q]:
        yield Q(**{f"{self.named('whole')}__gt": 0})

    def includes_nothing(self) -> bool:
        return False

    def bounds_in_words(self) -> str:
        return _("%(bounds)s percent") % {"bounds": between(self.min, self.max)}

    def figure(self, sums: dict[str, Any]) -> str:
        if sums["whole"] <= 0:
            return _("no share")
        return _("%(share)s percent") % {"share": f"{100 * sums['part'] / sums['whole']:.1f}"}


def only(amount: Any, which: Q) -> MakeFigure:
    """Return the figure that adds up the amounts of some of the orders."""
    make = sum_of(amount)
    return lambda more: make(which & more if more else which)


def _minus(amount: Any) -> Any:
    return amount * Value(-1)


@conditions.register("margin")
@dataclass(frozen=True)
class Margin(OrderFigure):
    """Contacts by what their orders earned, less refunds, as far as costs are known. Else there is none."""

    label = gettext_lazy("Margin")
    description = gettext_lazy("What the shop earned by their orders, less refunds, as far as costs are known.")
    icon = "order-up"
    kinds = NET

    min: AtLeast = None
    over: Over = None
    max: AtMost = None
    currency: Currency = ""

    def figures(self) -> dict[str, MakeFigure]:
        costed, cost = (money_of(name, self.currency) for name in ("costed_total", "cost_total"))
        return {"costed": only(costed, SALES), "margin": sum_of(costed - cost)}

    def compare(self, lookup: str, bound: Any) -> Q:
        return Q(**{f"{self.named('margin')}__{lookup}": bound})

    def exists(self) -> Iterator[Q]:
        yield Q(**{f"{self.named('costed')}__gt": 0})

    def includes_nothing(self) -> bool:
        return False

    def sentence(self) -> str:
        words = {"amount": self.bounds_in_words(), "within": self.window.sentence()}
        return _("brought a margin of %(amount)s%(within)s") % words

    def figure(self, sums: dict[str, Any]) -> str:
        if sums["costed"] <= 0:
            return _("margin unknown")
        return _("margin %(amount)s") % {"amount": f"{sums['margin']:.2f}"}


@conditions.register("margin_share")
@dataclass(frozen=True)
class MarginShare(_Share):
    """Contacts by their margin in percent of what the lines with known cost brought, less refunds."""

    label = gettext_lazy("Margin in percent")
    description = gettext_lazy("Of what was bought at a known cost, less refunds.")
    icon = "order-up"
    kinds = NET

    min: MinPercent = None
    max: MaxPercent = None
    currency: Currency = ""

    def figures(self) -> dict[str, MakeFigure]:
        costed, cost = (money_of(name, self.currency) for name in ("costed_total", "cost_total"))
        return {"part": sum_of(costed - cost), "whole": sum_of(costed)}

    def named(self, figure: str) -> str:
        return super().named(f"margin_{figure}")

    def sentence(self) -> str:
        words = {"share": self.bounds_in_words(), "within": self.window.sentence()}
        return _("brought a margin of %(share)s%(within)s") % words


@conditions.register("discount_share")
@dataclass(frozen=True)
class DiscountShare(_Share):
    """Contacts by their discounts in percent of the price before them, shipping left out."""

    label = gettext_lazy("Discount share")
    description = gettext_lazy("Discounts in percent of the price before them. 0 is who never had one.")
    icon = "pick"

    min: MinPercent = None
    max: MaxPercent = None
    currency: Currency = ""

    def figures(self) -> dict[str, MakeFigure]:
        names = ("discount_total", "total", "shipping_total")
        discount, total, shipping = (money_of(name, self.currency) for name in names)
        return {"part": sum_of(discount), "whole": sum_of(total + discount - shipping)}

    def named(self, figure: str) -> str:
        return super().named(f"discount_{figure}")

    def sentence(self) -> str:
        words = {"share": self.bounds_in_words(), "within": self.window.sentence()}
        return _("had discounts of %(share)s%(within)s") % words


@conditions.register("refund_count")
@dataclass(frozen=True)
class RefundCount(OrderFigure):
    """Contacts by the number of their refunds."""

    label = gettext_lazy("Number of refunds")
    description = gettext_lazy("How often something was refunded. At most 0: never.")
    icon = "rotate"
    kinds = REFUND

    min: Annotated[int | None, Count(label=gettext_lazy("At least"))] = None
    max: Annotated[int | None, Count(label=gettext_lazy("At most"))] = None

    def problems(self) -> Iterator[tuple[str, str]]:
        yield from super().problems()
        if self.min == 0 and self.max is None:
            yield "min", _("at least 0 refunds says nothing")

    def figures(self) -> dict[str, MakeFigure]:
        return {"count": count_orders}

    def compare(self, lookup: str, bound: int) -> Q:
        if lookup == "gt":
            lookup, bound = "gte", bound + 1
        return Q(**{f"{self.named('count')}__{lookup}": bound})

    def sentence(self) -> str:
        return _("had %(count)s refunds%(within)s") % {
            "count": between(self.min, self.max),
            "within": self.window.sentence(),
        }

    def figure(self, sums: dict[str, Any]) -> str:
        return _("refunds: %(count)s") % {"count": sums["count"]}


@conditions.register("refund_amount")
@dataclass(frozen=True)
class RefundAmount(OrderFigure):
    """Contacts by the sum of their refunds, as a positive amount."""

    label = gettext_lazy("Refunded amount")
    description = gettext_lazy("Sum of refunds. Without refunds that is 0.")
    icon = "rotate"
    kinds = REFUND

    min: AtLeast = None
    over: Over = None
    max: AtMost = None
    currency: Currency = ""

    def figures(self) -> dict[str, MakeFigure]:
        return {"refunded": sum_of(_minus(money_of("total", self.currency)))}

    def compare(self, lookup: str, bound: Any) -> Q:
        return Q(**{f"{self.named('refunded')}__{lookup}": bound})

    def sentence(self) -> str:
        words = {"amount": self.bounds_in_words(), "within": self.window.sentence()}
        return _("were refunded %(amount)s%(within)s") % words

    def figure(self, sums: dict[str, Any]) -> str:
        return _("refunded %(amount)s") % {"amount": f"{sums['refunded']:.2f}"}


@conditions.register("refund_share")
@dataclass(frozen=True)
class RefundShare(_Share):
    """Contacts by their refunds in percent of their gross spend in the same window."""

    label = gettext_lazy("Refund share")
    description = gettext_lazy("Refunds in percent of gross spend. Without orders there is none.")
    icon = "rotate"
    kinds = NET

    min: MinPercent = None
    max: MaxPercent = None
    currency: Currency = ""

    def figures(self) -> dict[str, MakeFigure]:
        amount = money_of("total", self.currency)
        return {"part": only(_minus(amount), REFUNDS), "whole": only(amount, SALES)}

    def named(self, figure: str) -> str:
        return super().named(f"refund_{figure}")

    def sentence(self) -> str:
        words = {"share": self.bounds_in_words(), "within": self.window.sentence()}
        return _("were refunded %(share)s of their spend%(within)s") % words


@conditions.register("average_price")
@dataclass(frozen=True)
class AveragePrice(OrderFigure):
    """Contacts by what they paid for one piece on average, charges left out. Without pieces there is no average."""

    label = gettext_lazy("Average price")
    description = gettext_lazy("Paid for one piece, charges such as postage left out, before refunds.")
    icon = "tag"

    min: AtLeast = None
    over: Over = None
    max: AtMost = None
    currency: Currency = ""

    def _tally(self, at: datetime, having: Q) -> Tally:
        return Tally(
            source=("lines", self.kinds, self.window),
            rows=lambda: lines_of_contacts(at, self.window),
            wanted=self._wanted_lines(),
            contact="order__contact_id",
            figures={self.named(name): make for name, make in self.figures().items()},
            having=having,
        )

    def _wanted_lines(self) -> Q:
        money = Q(order__currency=self.currency.upper()) if self.currency else Q(order__base_rate__isnull=False)
        products = Product.objects.order_by().filter(kind=Product.Kind.PRODUCT)
        return money & Q(product__in=products.values("pk"))

    def figures(self) -> dict[str, MakeFigure]:
        units = sum_of(F("quantity"))
        return {"units": units, "paid": sum_of(money_of("total", self.currency, "order__"))}

    def named(self, figure: str) -> str:
        return super().named(f"price_{figure}")

    def compare(self, lookup: str, bound: Any) -> Q:
        return Q(**{f"{self.named('paid')}__{lookup}": F(self.named("units")) * Value(bound)})

    def exists(self) -> Iterator[Q]:
        yield Q(**{f"{self.named('units')}__gt": 0})

    def includes_nothing(self) -> bool:
        return False

    def sentence(self) -> str:
        words = {"amount": self.bounds_in_words(), "within": self.window.sentence()}
        return _("paid %(amount)s for a piece on average%(within)s") % words

    def explain(self, contact: Contact, at: datetime) -> str:
        lines = lines_of_contacts(at, self.window).filter(self._wanted_lines(), order__contact=contact)
        sums = lines.aggregate(**self._made())
        if sums["units"] <= 0:
            return _("no average")
        return _("average price %(amount)s") % {"amount": f"{sums['paid'] / sums['units']:.2f}"}
