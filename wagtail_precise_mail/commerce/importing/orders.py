"""The orders of an import and their lines: what is new is added, what differs is corrected."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Max

from wagtail_precise_mail.commerce.carts import close_carts_with
from wagtail_precise_mail.commerce.importing.mapping import OrderMapping
from wagtail_precise_mail.commerce.importing.products import Shelved
from wagtail_precise_mail.commerce.importing.rates import Rates
from wagtail_precise_mail.commerce.importing.report import ImportReport
from wagtail_precise_mail.commerce.importing.rows import OrderRow, OrderTerms
from wagtail_precise_mail.commerce.models import Order, OrderCoupon, OrderLine
from wagtail_precise_mail.commerce.sums import keep_totals, recount_sums

_CHUNK = 1000
_NOTHING = Decimal(0)
_COMPARED = ("product_id", "variant_id", "description", "quantity", "unit_price", "discount_total", "unit_cost")
_LINE_FIELDS = ["product", "variant", "description", "quantity", "unit_price", "discount_total", "total", "unit_cost"]
_HEAD_FIELDS = [
    *("kind", "contact", "placed_at", "currency", "country", "order_discount", "shipping_total", "channel"),
    *("payment_method", "shipping_method", "base_rate", "base_total"),
]


@dataclass(slots=True)
class Head:
    """What the file says of an order as a whole, from its lines up to now."""

    kind: str
    placed_at: datetime
    currency: str
    contact_id: int | None = None
    country: str = ""
    order_discount: Decimal | None = None
    shipping_total: Decimal | None = None
    channel: str = ""
    payment_method: str = ""
    shipping_method: str = ""
    coupons: set[str] = field(default_factory=set)

    def take(self, row: OrderRow, contact_id: int | None) -> None:
        """Add a line: an order is as old as its oldest line, and belongs to the first contact that a line names."""
        self.placed_at = min(self.placed_at, row.placed_at)
        self.contact_id = self.contact_id or contact_id
        self.country = self.country or row.country
        if row.terms:
            self._agree(row.terms)

    def _agree(self, terms: OrderTerms) -> None:
        """The first row that says something of the order as a whole is believed; each may name a coupon."""
        self.order_discount = terms.order_discount if self.order_discount is None else self.order_discount
        self.shipping_total = terms.shipping_total if self.shipping_total is None else self.shipping_total
        self.channel = self.channel or terms.channel
        self.payment_method = self.payment_method or terms.payment_method
        self.shipping_method = self.shipping_method or terms.shipping_method
        if terms.coupon:
            self.coupons.add(terms.coupon)

    def values(self) -> dict[str, Any]:
        """What the file says, as fields of an order. Its silence corrects nothing, and is left out."""
        found = {"kind": self.kind, "placed_at": self.placed_at, "currency": self.currency}
        beside = {name: value for name in _SILENT if (value := getattr(self, name)) not in (None, "")}
        return found | beside

    def correct(self, order: Order, rates: Rates) -> bool:
        """Write this head into an order, and say whether that changed it."""
        values = self.values()
        values["base_rate"] = rates.on(self.currency, self.placed_at)
        changed = [name for name, value in values.items() if getattr(order, name) != value]
        for name in changed:
            setattr(order, name, values[name])
        return bool(changed)


_SILENT = (
    *("contact_id", "country", "order_discount", "shipping_total"),
    *("channel", "payment_method", "shipping_method"),
)


@dataclass(slots=True)
class _Met:
    """An order that this run has met."""

    pk: int
    head: Head
    is_new: bool


class OrderLedger:
    """Stores orders and lines batch by batch. Lines of an order may be anywhere in the file."""

    def __init__(self, mapping: OrderMapping, report: ImportReport, *, at: datetime) -> None:
        self._source = mapping.source
        self._named = mapping.columns.named()
        self._at = at
        self._report = report
        self._met: dict[str, _Met] = {}
        self._positions: dict[str, int] = defaultdict(int)
        # Orders of earlier runs whose head differs: a later line of the file may still explain the difference.
        self._pending: set[str] = set()
        self._changed: set[int] = set()
        self._rates = Rates()

    def next_position(self, number: str) -> int:
        """Return the position of the next line of an order; with the order it is the key of the line."""
        self._positions[number] += 1
        return self._positions[number]

    def store(self, rows: list[OrderRow], contacts: dict[str, int], products: dict[str, Shelved]) -> set[int]:
        """Store a batch.

        Returns:
            The contacts of orders that are new or were changed.
        """
        by_number: dict[str, list[OrderRow]] = defaultdict(list)
        for row in rows:
            by_number[row.number].append(row)
        unmet = [number for number in by_number if number not in self._met]
        known = Order.objects.filter(source=self._source, number__in=unmet)
        stored = {order.number: order for order in known}
        grown = [number for number in by_number if number in self._met]
        for number, order in stored.items():
            self._met[number] = _Met(order.pk, _head(by_number[number], contacts), is_new=False)
        self._add([number for number in unmet if number not in stored], by_number, contacts, products)
        self._grow(grown, by_number, contacts)
        self._pending.update(
            number for number, order in stored.items() if self._met[number].head.correct(order, self._rates)
        )
        return self._store_lines(by_number, products, fresh=set(unmet) - set(stored))

    def finish(self, *, is_complete: bool) -> set[int]:
        """Correct what could only be known at the end of the file.

        Args:
            is_complete: every line of the file was read and placed; then lines beyond those of the file are removed.

        Returns:
            The contacts of orders that were changed.
        """
        touched: set[int] = set()
        with transaction.atomic():
            touched |= self._correct(sorted(self._pending))
            touched |= self._store_coupons()
            if is_complete:
                touched |= self._remove_surplus()
            close_carts_with(self._source, (met.pk for met in self._met.values() if met.is_new))
        self._report.changed_orders = len(self._changed)
        return touched

    def _add(
        self,
        numbers: list[str],
        by_number: dict[str, list[OrderRow]],
        contacts: dict[str, int],
        products: dict[str, Shelved],
    ) -> None:
        heads = {number: _head(by_number[number], contacts) for number in numbers}
        orders = [self._order(number, head, by_number[number], products) for number, head in heads.items()]
        for order in Order.objects.bulk_create(orders):
            self._met[order.number] = _Met(order.pk, heads[order.number], is_new=True)
        self._report.new_orders += len(orders)

    def _order(self, number: str, head: Head, rows: list[OrderRow], products: dict[str, Shelved]) -> Order:
        order = Order(
            source=self._source,
            number=number,
            is_historical=True,
            recorded_at=self._at,
            base_rate=self._rates.on(head.currency, head.placed_at),
            unit_count=sum(row.quantity for row in rows if not products[row.sku].is_charge),
            **head.values(),
        )
        costed = [row for row in rows if row.unit_cost is not None]
        keep_totals(
            order,
            goods=sum((row.total for row in rows), _NOTHING),
            discounts=sum((row.discount for row in rows), _NOTHING),
            brought=sum((row.total for row in costed), _NOTHING),
            cost=sum(((row.unit_cost or _NOTHING) * row.quantity for row in costed), _NOTHING),
        )
        return order

    def _grow(self, numbers: list[str], by_number: dict[str, list[OrderRow]], contacts: dict[str, int]) -> None:
        """Add lines to the heads of orders that an earlier batch has met."""
        for number in numbers:
            met = self._met[number]
            for row in by_number[number]:
                met.head.take(row, contacts[row.address.hash] if row.address else None)
        self._correct([number for number in numbers if self._met[number].is_new])
        self._pending.update(number for number in numbers if not self._met[number].is_new)

    def _correct(self, numbers: list[str]) -> set[int]:
        """Correct the stored heads; return the contacts, also those that an order was taken from."""
        contacts: set[int] = set()
        for start in range(0, len(numbers), _CHUNK):
            heads = {met.pk: met for number in numbers[start : start + _CHUNK] if (met := self._met[number])}
            changed = []
            for order in Order.objects.filter(pk__in=heads):
                owner = order.contact_id
                if heads[order.pk].head.correct(order, self._rates):
                    changed.append(order)
                    contacts.update(filter(None, [owner, order.contact_id]))
            Order.objects.bulk_update(changed, _HEAD_FIELDS, batch_size=200)
            recount_sums(order.pk for order in changed)
            self._changed.update(order.pk for order in changed if not heads[order.pk].is_new)
        return contacts

    def _store_lines(
        self, by_number: dict[str, list[OrderRow]], products: dict[str, Shelved], *, fresh: set[str]
    ) -> set[int]:
        known = self._known_lines([number for number in by_number if number not in fresh])
        created, changed = [], []
        for number, rows in by_number.items():
            order_id = self._met[number].pk
            for row in rows:
                line = _line(order_id, products[row.sku], row)
                before = known.get((order_id, row.position))
                if before is None:
                    created.append(line)
                elif before != self._completed(line, before):
                    changed.append(line)
        OrderLine.objects.bulk_create(created)
        OrderLine.objects.bulk_create(
            changed, update_conflicts=True, unique_fields=["order", "position"], update_fields=_LINE_FIELDS
        )
        touched = {line.order_id for line in (*created, *changed)}
        recount_sums(touched - {self._met[number].pk for number in fresh})
        self._changed.update(pk for number in by_number if (pk := self._old_pk(number)) in touched)
        self._report.new_lines += len(created)
        self._report.changed_lines += len(changed)
        heads = [met for number in by_number if (met := self._met[number]).pk in touched]
        return {met.head.contact_id for met in heads if met.head.contact_id}

    def _known_lines(self, numbers: list[str]) -> dict[tuple[int, int], tuple[Any, ...]]:
        pks = [self._met[number].pk for number in numbers if not self._met[number].is_new]
        if not pks:
            return {}
        lines = OrderLine.objects.filter(order__in=pks).values_list("order_id", "position", *_COMPARED)
        return {(order_id, position): (*values,) for order_id, position, *values in lines}

    def _completed(self, line: OrderLine, before: tuple[Any, ...]) -> tuple[Any, ...]:
        """Let a line keep what the file does not speak of, and return its values."""
        known = dict(zip(_COMPARED, before, strict=True))
        if "variant" not in self._named and line.product_id == known["product_id"]:
            line.variant_id = line.variant_id or known["variant_id"]
        if "discount" not in self._named:
            line.discount_total = known["discount_total"]
            line.total -= line.discount_total
        if not self._named.keys() & {"unit_cost", "cost"}:
            line.unit_cost = known["unit_cost"]
        return tuple(getattr(line, name) for name in _COMPARED)

    def _old_pk(self, number: str) -> int | None:
        met = self._met[number]
        return None if met.is_new else met.pk

    def _store_coupons(self) -> set[int]:
        """Let orders name the coupons that the file names; return the contacts of orders where that changed something.

        An order of which the file names none keeps what is known.
        """
        wanted = {met.pk: met for met in self._met.values() if met.head.coupons}
        touched: set[int] = set()
        for start in range(0, len(wanted), _CHUNK):
            chunk = list(wanted)[start : start + _CHUNK]
            stored = set(OrderCoupon.objects.filter(order__in=chunk).values_list("order_id", "code"))
            told = {(pk, code) for pk in chunk for code in wanted[pk].head.coupons}
            for pk, code in sorted(stored - told):
                OrderCoupon.objects.filter(order=pk, code=code).delete()
            fresh = [OrderCoupon(order_id=pk, code=code) for pk, code in sorted(told - stored)]
            OrderCoupon.objects.bulk_create(fresh, ignore_conflicts=True)
            changed = {pk for pk, _code in stored ^ told}
            self._changed.update(pk for pk in changed if not wanted[pk].is_new)
            touched.update(pk for pk in changed if not wanted[pk].is_new)
        return set(Order.objects.filter(pk__in=touched, contact__isnull=False).values_list("contact", flat=True))

    def _remove_surplus(self) -> set[int]:
        """Remove lines beyond the last one that the file has of their order."""
        old = [(number, met.pk) for number, met in self._met.items() if not met.is_new]
        touched: set[int] = set()
        for start in range(0, len(old), _CHUNK):
            ends = {pk: self._positions[number] for number, pk in old[start : start + _CHUNK]}
            stored = OrderLine.objects.filter(order__in=ends).values_list("order").annotate(Max("position")).order_by()
            for pk, last in stored:
                if last > ends[pk]:
                    count, _models = OrderLine.objects.filter(order=pk, position__gt=ends[pk]).delete()
                    self._report.removed_lines += count
                    touched.add(pk)
        recount_sums(touched)
        self._changed.update(touched)
        return set(Order.objects.filter(pk__in=touched, contact__isnull=False).values_list("contact", flat=True))


def _head(rows: list[OrderRow], contacts: dict[str, int]) -> Head:
    head = Head(rows[0].kind, rows[0].placed_at, rows[0].currency)
    for row in rows:
        head.take(row, contacts[row.address.hash] if row.address else None)
    return head


def _line(order_id: int, product: Shelved, row: OrderRow) -> OrderLine:
    return OrderLine(
        order_id=order_id,
        position=row.position,
        product_id=product.pk,
        variant_id=product.variant_id,
        description=row.description,
        quantity=row.quantity,
        unit_price=row.unit_price,
        discount_total=row.discount,
        total=row.total,
        unit_cost=row.unit_cost,
    )
