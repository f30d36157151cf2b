"""The orders of an import and their lines: what is new is added, what differs is corrected."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.db.models import DecimalField, Max, OuterRef, Subquery, Sum, Value
from django.db.models.functions import Coalesce, Round

from wagtail_precise_mail.commerce.importing.report import ImportReport
from wagtail_precise_mail.commerce.importing.rows import OrderRow
from wagtail_precise_mail.commerce.models import Order, OrderLine

_CHUNK = 1000
_LINE_FIELDS = ["product", "description", "quantity", "unit_price", "total"]
_HEAD_FIELDS = ["kind", "contact", "placed_at", "currency", "country"]


@dataclass(slots=True)
class Head:
    """What the file says of an order as a whole, from its lines up to now."""

    kind: str
    placed_at: datetime
    currency: str
    contact_id: int | None = None
    country: str = ""

    def take(self, row: OrderRow, contact_id: int | None) -> None:
        """Add a line: an order is as old as its oldest line, and belongs to the first contact that a line names."""
        self.placed_at = min(self.placed_at, row.placed_at)
        self.contact_id = self.contact_id or contact_id
        self.country = self.country or row.country

    def correct(self, order: Order) -> bool:
        """Write this head into an order, and say whether that changed it. Silence of the file corrects nothing."""
        contact_id, country = self.contact_id or order.contact_id, self.country or order.country
        before = (order.kind, order.contact_id, order.placed_at, order.currency, order.country)
        after = (self.kind, contact_id, self.placed_at, self.currency, country)
        order.kind, order.contact_id, order.placed_at, order.currency, order.country = after
        return before != after


@dataclass(slots=True)
class _Met:
    """An order that this run has met."""

    pk: int
    head: Head
    is_new: bool


class OrderLedger:
    """Stores orders and lines batch by batch. Lines of an order may be anywhere in the file."""

    def __init__(self, source: str, report: ImportReport, *, at: datetime) -> None:
        self._source = source
        self._at = at
        self._report = report
        self._met: dict[str, _Met] = {}
        self._positions: dict[str, int] = defaultdict(int)
        # Orders of earlier runs whose head differs: a later line of the file may still explain the difference.
        self._pending: set[str] = set()
        self._changed: set[int] = set()

    def next_position(self, number: str) -> int:
        """Return the position of the next line of an order; with the order it is the key of the line."""
        self._positions[number] += 1
        return self._positions[number]

    def store(self, rows: list[OrderRow], contacts: dict[str, int], products: dict[str, int]) -> set[int]:
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
        self._add([number for number in unmet if number not in stored], by_number, contacts)
        self._grow(grown, by_number, contacts)
        self._pending.update(number for number, order in stored.items() if self._met[number].head.correct(order))
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
            if is_complete:
                touched |= self._remove_surplus()
        self._report.changed_orders = len(self._changed)
        return touched

    def _add(self, numbers: list[str], by_number: dict[str, list[OrderRow]], contacts: dict[str, int]) -> None:
        heads = {number: _head(by_number[number], contacts) for number in numbers}
        orders = [
            Order(
                source=self._source,
                number=number,
                kind=head.kind,
                contact_id=head.contact_id,
                placed_at=head.placed_at,
                currency=head.currency,
                country=head.country,
                total=sum((row.total for row in by_number[number]), Decimal(0)),
                is_historical=True,
                recorded_at=self._at,
            )
            for number, head in heads.items()
        ]
        for order in Order.objects.bulk_create(orders):
            self._met[order.number] = _Met(order.pk, heads[order.number], is_new=True)
        self._report.new_orders += len(orders)

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
                if heads[order.pk].head.correct(order):
                    changed.append(order)
                    contacts.update(filter(None, [owner, order.contact_id]))
            Order.objects.bulk_update(changed, _HEAD_FIELDS, batch_size=200)
            self._changed.update(order.pk for order in changed if not heads[order.pk].is_new)
        return contacts

    def _store_lines(
        self, by_number: dict[str, list[OrderRow]], products: dict[str, int], *, fresh: set[str]
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
                elif before != (line.product_id, line.description, line.quantity, line.unit_price):
                    changed.append(line)
        OrderLine.objects.bulk_create(created)
        OrderLine.objects.bulk_create(
            changed, update_conflicts=True, unique_fields=["order", "position"], update_fields=_LINE_FIELDS
        )
        touched = {line.order_id for line in (*created, *changed)}
        recount_totals(touched - {self._met[number].pk for number in fresh})
        self._changed.update(pk for number in by_number if (pk := self._old_pk(number)) in touched)
        self._report.new_lines += len(created)
        self._report.changed_lines += len(changed)
        heads = [met for number in by_number if (met := self._met[number]).pk in touched]
        return {met.head.contact_id for met in heads if met.head.contact_id}

    def _known_lines(self, numbers: list[str]) -> dict[tuple[int, int], tuple[int, str, int, Decimal]]:
        pks = [self._met[number].pk for number in numbers if not self._met[number].is_new]
        if not pks:
            return {}
        lines = OrderLine.objects.filter(order__in=pks).values_list(
            "order_id", "position", "product_id", "description", "quantity", "unit_price"
        )
        return {(order_id, position): (*values,) for order_id, position, *values in lines}  # type: ignore[misc]

    def _old_pk(self, number: str) -> int | None:
        met = self._met[number]
        return None if met.is_new else met.pk

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
        recount_totals(touched)
        self._changed.update(touched)
        return set(Order.objects.filter(pk__in=touched, contact__isnull=False).values_list("contact", flat=True))


def recount_totals(order_ids: Iterable[int]) -> None:
    """Set the totals of orders to the sums of their lines."""
    money: DecimalField = DecimalField(max_digits=18, decimal_places=4)
    # Rounded, because SQLite adds decimals as floats: 0.1 + 0.2 must be stored as 0.3 is.
    sums = (
        OrderLine.objects.filter(order=OuterRef("pk"))
        .order_by()
        .values("order")
        .annotate(sum=Round(Sum("total"), precision=4, output_field=money))
    )
    pks = list(order_ids)
    if pks:
        Order.objects.filter(pk__in=pks).update(
            total=Coalesce(Subquery(sums.values("sum")), Value(Decimal(0)), output_field=money)
        )


def _head(rows: list[OrderRow], contacts: dict[str, int]) -> Head:
    head = Head(rows[0].kind, rows[0].placed_at, rows[0].currency)
    for row in rows:
        head.take(row, contacts[row.address.hash] if row.address else None)
    return head


def _line(order_id: int, product_id: int, row: OrderRow) -> OrderLine:
    return OrderLine(
        order_id=order_id,
        position=row.position,
        product_id=product_id,
        description=row.description,
        quantity=row.quantity,
        unit_price=row.unit_price,
        total=row.total,
    )
