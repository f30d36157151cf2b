"""The lines of an order or a cart: from SKUs to products and variants, and what one cost when it was sold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from wagtail_precise_mail.commerce.checking import checked_money
from wagtail_precise_mail.commerce.currencies import base_currency, rate_on
from wagtail_precise_mail.commerce.models import Order, OrderLine, Product, ProductVariant, normalize_sku
from wagtail_precise_mail.commerce.order_data import CartLineData, OrderLineData
from wagtail_precise_mail.commerce.products import upsert_product
from wagtail_precise_mail.commerce.sums import rounded
from wagtail_precise_mail.exceptions import InvalidRecord

_FIELDS = ["product", "variant", "description", "quantity", "unit_price", "discount_total", "total", "unit_cost"]
_COMPARED = [
    *("product_id", "variant_id", "description", "quantity", "unit_price", "discount_total", "unit_cost"),
    "refund_of_id",
]
_COUNT_LIMIT = 2_147_483_647


@dataclass(frozen=True)
class Sold:
    """What a SKU stands for."""

    product: Product
    variant: ProductVariant | None = None

    @property
    def cost(self) -> Decimal | None:
        """What one costs now, in the currency of the product's price."""
        own = self.variant.cost if self.variant else None
        return self.product.cost if own is None else own


def positioned(lines: Sequence[OrderLineData]) -> dict[int, OrderLineData]:
    """Return lines by their position, from 1; lines without one count on.

    Raises:
        InvalidRecord: no lines, two at one position, or a value that makes no sense.
    """
    if not lines:
        raise InvalidRecord("An order needs a line.", place="lines")
    found: dict[int, OrderLineData] = {}
    position = 0
    for number, line in enumerate(lines):
        position = position + 1 if line.position is None else line.position
        if position in found or position < 1:
            raise InvalidRecord(f"Position {position} of the lines is taken or below 1.", place="lines")
        _check(line, f"lines[{number}]")
        found[position] = line
    return found


def _check(line: OrderLineData, place: str) -> None:
    check_sku(line.sku, place)
    if not -_COUNT_LIMIT <= line.quantity <= _COUNT_LIMIT:
        raise InvalidRecord(f"{line.quantity} pieces are not believable.", place=f"{place}.quantity")
    checked_money(line.unit_price, place=f"{place}.unit_price")
    checked_money(line.discount, place=f"{place}.discount")
    checked_money(line.total, place=f"{place}.quantity")
    if line.unit_cost is not None and checked_money(line.unit_cost, place=f"{place}.unit_cost") < 0:
        raise InvalidRecord("What one costs you is not below zero.", place=f"{place}.unit_cost")


def check_sku(sku: str, place: str) -> None:
    """Refuse what is no SKU.

    Raises:
        InvalidRecord: it is empty or too long.
    """
    if not 0 < len(normalize_sku(sku)) <= 100:
        raise InvalidRecord("A SKU has 1 to 100 characters.", place=f"{place}.sku")


def resolve(lines: Iterable[OrderLineData | CartLineData], *, currency: str) -> dict[str, Sold]:
    """Return what SKUs stand for, by SKU. An unknown one becomes a product with the name and the price of its line."""
    by_sku = {normalize_sku(line.sku): line for line in lines}
    found = {product.sku: Sold(product) for product in Product.objects.filter(sku__in=by_sku)}
    if missing := [sku for sku in by_sku if sku not in found]:
        variants = ProductVariant.objects.filter(sku__in=missing).select_related("product")
        found |= {variant.sku: Sold(variant.product, variant) for variant in variants}
    for sku, line in by_sku.items():
        if sku not in found:
            price = line.unit_price if line.unit_price > 0 else None
            found[sku] = Sold(upsert_product(sku, name=line.name[:250], price=price, currency=currency))
    return found


def store_lines(
    order: Order, told: Mapping[int, OrderLineData], *, origins: Mapping[int, OrderLine] | None = None
) -> tuple[list[OrderLine], bool]:
    """Make the lines of an order those that are told.

    Args:
        origins: of a refund, the lines that were bought by the position of what comes back.

    Returns:
        The lines as they are now, with their products, and whether that changed something.
    """
    sold = resolve(told.values(), currency=order.currency)
    stored = {line.position: line for line in order.lines.select_related("product")}
    costs = _Costs(order)
    wanted = []
    for position, line in told.items():
        what, before = sold[normalize_sku(line.sku)], stored.get(position)
        origin = (origins or {}).get(position)
        row = _line(order, position, line, what, costs.of(line, what, before, origin))
        # A source that does not know what came back of what takes nothing away from who does.
        row.refund_of_id = origin.pk if origin else before.refund_of_id if before else None
        wanted.append(row)
    changed = [line for line in wanted if not _is_same(stored.get(line.position), line)]
    OrderLine.objects.bulk_create(
        changed,
        update_conflicts=True,
        unique_fields=["order", "position"],
        update_fields=[*_FIELDS, "refund_of"],
    )
    surplus = [line.pk for position, line in stored.items() if position not in told]
    if surplus:
        OrderLine.objects.filter(pk__in=surplus).delete()
    return wanted, bool(changed or surplus)


def _line(order: Order, position: int, line: OrderLineData, what: Sold, cost: Decimal | None) -> OrderLine:
    return OrderLine(
        order=order,
        position=position,
        product=what.product,
        variant=what.variant,
        description=line.name[:250],
        quantity=line.quantity,
        unit_price=line.unit_price,
        discount_total=line.discount,
        total=line.total,
        unit_cost=cost,
    )


def _is_same(stored: OrderLine | None, wanted: OrderLine) -> bool:
    return stored is not None and all(getattr(stored, name) == getattr(wanted, name) for name in _COMPARED)


class _Costs:
    """What one of a line cost when it was sold: kept once it is known, for the product's cost changes later."""

    def __init__(self, order: Order) -> None:
        self._order = order
        self._factors: dict[str, Decimal | None] = {}

    def of(self, line: OrderLineData, what: Sold, before: OrderLine | None, origin: OrderLine | None) -> Decimal | None:
        if line.unit_cost is not None:
            return line.unit_cost
        if before and (before.product_id, before.variant_id) == (what.product.pk, what.variant and what.variant.pk):
            return before.unit_cost
        if origin:
            return origin.unit_cost
        return self._converted(what.cost, what.product.currency)

    def _converted(self, cost: Decimal | None, currency: str) -> Decimal | None:
        """Not known is better than wrong: a cost without a currency, or one without a rate, says nothing."""
        if cost is None or not currency:
            return None
        if currency not in self._factors:
            self._factors[currency] = self._factor(currency)
        factor = self._factors[currency]
        return None if factor is None else rounded(cost * factor)

    def _factor(self, currency: str) -> Decimal | None:
        if currency == self._order.currency:
            return Decimal(1)
        base = base_currency()
        theirs = rate_on(currency, self._order.placed_at, base=base)
        ours = rate_on(self._order.currency, self._order.placed_at, base=base)
        return theirs / ours if theirs and ours else None
