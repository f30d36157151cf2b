"""Sources: where products and orders come from. Register yours under a key, and pull from it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import groupby
from pathlib import Path

from django.utils import timezone

from wagtail_precise_mail.commerce.importing.files import OrderFile, Record
from wagtail_precise_mail.commerce.importing.mapping import OrderMapping
from wagtail_precise_mail.commerce.importing.rows import OrderRow, RowError, RowReader, charge_reader
from wagtail_precise_mail.commerce.models import Order, Product, normalize_sku
from wagtail_precise_mail.commerce.services import OrderLineData
from wagtail_precise_mail.exceptions import SourceError
from wagtail_precise_mail.registry import Registry


@dataclass(frozen=True)
class ProductData:
    """A product, as a source tells it. "" and None leave what is stored."""

    sku: str
    name: str = ""
    kind: str = Product.Kind.PRODUCT
    description: str = ""
    url: str = ""
    image_url: str = ""
    price: Decimal | None = None
    currency: str = ""
    stock_count: int | None = None
    compare_at_price: Decimal | None = None
    """The price before; 0 takes it away."""
    rating: Decimal | None = None
    rating_count: int | None = None
    brand_name: str = ""
    is_replenishable: bool | None = None
    published_at: datetime | None = None
    cost: Decimal | None = None
    """What the shop pays for one, in the same currency; mails never show it."""

    def fields(self) -> dict[str, object]:
        """The fields of ``Product`` beside the SKU."""
        return {name: value for name, value in vars(self).items() if name != "sku"}


@dataclass(frozen=True)
class OrderData:
    """An order, as a source tells it. Sources translate their own words: ``kind`` is a value of ``Order.Kind``."""

    number: str
    placed_at: datetime
    currency: str
    lines: tuple[OrderLineData, ...]
    email: str = ""
    kind: str = Order.Kind.SALE
    country: str = ""


class Source(ABC):
    """A system that knows products and orders. It reads; what becomes of that is not its business.

    A source raises ``SourceError`` when the other side fails, with ``retry_after`` when trying again may help.
    ``tests/commerce/source_contract.py`` holds what every source must keep.
    """

    @abstractmethod
    def products(self, *, since: datetime | None = None) -> Iterator[ProductData]:
        """Yield the products that were changed from ``since`` on, or all."""

    @abstractmethod
    def orders(self, *, since: datetime | None = None) -> Iterator[OrderData]:
        """Yield the orders that were placed or changed from ``since`` on, or all; each once, with all its lines."""


sources: Registry[type[Source]] = Registry("commerce source")


@sources.register("csv")
class CSVSource(Source):
    """An order file with a mapping. For small files and live orders: a whole history is for ``import_orders``.

    Args:
        path: CSV, compressed by gzip or not. The lines of an order must follow one another.
    """

    def __init__(self, path: str | Path, mapping: OrderMapping) -> None:
        self.path = Path(path)
        self.mapping = mapping

    def products(self, *, since: datetime | None = None) -> Iterator[ProductData]:
        """Yield the products of the orders: a file of orders knows no others."""
        kind = charge_reader(self.mapping)
        known: dict[str, OrderRow] = {}
        for row in self._rows():
            if since is None or row.placed_at >= since:
                before = known.get(row.sku)
                if before is None or (row.description and row.placed_at >= before.placed_at):
                    known[row.sku] = row
        for sku, row in known.items():
            price = row.unit_price if row.unit_price > 0 else None
            currency = row.currency if price else ""
            facts = (sku, row.description, kind(sku), "", row.url, row.image_url, price, currency)
            yield ProductData(*facts, cost=row.cost)

    def orders(self, *, since: datetime | None = None) -> Iterator[OrderData]:
        """Yield the orders in the order of the file."""
        done: set[str] = set()
        for number, group in groupby(self._rows(), key=lambda row: row.number):
            rows = list(group)
            if number in done:
                raise SourceError(f"The lines of order {number} are apart in {self.path}: sort the file by order.")
            done.add(number)
            order = _order(rows)
            if since is None or order.placed_at >= since:
                yield order

    def _rows(self) -> Iterator[OrderRow]:
        with OrderFile(self.path, self.mapping.file) as file:
            reader = RowReader(self.mapping, file.require(self.mapping.columns.named()), at=timezone.now())
            for record in file:
                yield self._read(reader, record)
            if file.damage:
                raise SourceError(f"{self.path} is damaged: {file.damage}")

    def _read(self, reader: RowReader, record: Record) -> OrderRow:
        try:
            if record.problem:
                raise RowError(record.problem)
            return reader.read(record.fields)
        except RowError as error:
            raise SourceError(f"{self.path}, line {record.line}: {error}") from error


def _order(rows: list[OrderRow]) -> OrderData:
    first = rows[0]
    return OrderData(
        number=first.number,
        placed_at=min(row.placed_at for row in rows),
        currency=first.currency,
        lines=tuple(
            OrderLineData(normalize_sku(row.sku), row.quantity, row.unit_price, row.description) for row in rows
        ),
        email=next((row.address.email for row in rows if row.address), ""),
        kind=first.kind,
        country=next((row.country for row in rows if row.country), ""),
    )
