"""Sources: where products and orders come from. Register yours under a key, and pull from it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Any

from django.utils import timezone

from wagtail_precise_mail.commerce.importing.files import OrderFile, Record
from wagtail_precise_mail.commerce.importing.mapping import OrderMapping
from wagtail_precise_mail.commerce.importing.rows import (
    OrderRow,
    OrderTerms,
    RowError,
    RowReader,
    charge_reader,
    split_tags,
)
from wagtail_precise_mail.commerce.models import normalize_sku
from wagtail_precise_mail.commerce.order_data import CartData, CartLineData, OrderData, OrderLineData
from wagtail_precise_mail.commerce.product_data import ImageData, ProductData, VariantData
from wagtail_precise_mail.exceptions import SourceError
from wagtail_precise_mail.registry import Registry

__all__ = [
    "CSVSource",
    "CartData",
    "CartLineData",
    "ImageData",
    "OrderData",
    "OrderLineData",
    "ProductData",
    "Source",
    "VariantData",
    "sources",
]


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

    def carts(self, *, since: datetime | None = None) -> Iterator[CartData]:
        """Yield the carts that were changed from ``since`` on, or all; nothing where the source knows none."""
        yield from ()


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
        variants: dict[str, set[str]] = defaultdict(set)
        for row in self._rows():
            if since is None or row.placed_at >= since:
                if row.variant and row.variant != row.sku:
                    variants[row.sku].add(row.variant)
                before = known.get(row.sku)
                if before is None or (row.description and row.placed_at >= before.placed_at):
                    known[row.sku] = row
        for sku, row in known.items():
            price = row.unit_price if row.unit_price > 0 else None
            currency = row.currency if price else ""
            facts = (sku, row.description, kind(sku), "", row.url, row.image_url, price, currency)
            forms = tuple(VariantData(code) for code in sorted(variants[sku])) or None
            yield ProductData(
                *facts,
                cost=row.cost,
                variants=forms,
                brand_name=row.brand,
                category=row.category,
                tags=_tags(row.tags),
            )

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
            OrderLineData(
                normalize_sku(row.variant or row.sku),
                row.quantity,
                row.unit_price,
                row.description,
                discount=row.discount,
                unit_cost=row.unit_cost,
            )
            for row in rows
        ),
        email=next((row.address.email for row in rows if row.address), ""),
        kind=first.kind,
        country=next((row.country for row in rows if row.country), ""),
        **_terms([row.terms for row in rows if row.terms]),
    )


def _tags(text: str) -> tuple[str, ...] | None:
    return tuple(split_tags(text)) or None


def _terms(terms: list[OrderTerms]) -> dict[str, Any]:
    """The first row that says something of the order as a whole is believed; each may name a coupon."""
    names = ("order_discount", "shipping_total", "channel", "payment_method", "shipping_method")
    found = {
        name: next((value for one in terms if (value := getattr(one, name)) not in (None, "")), None) for name in names
    }
    told = {name: value for name, value in found.items() if value is not None}
    coupons = tuple(sorted({one.coupon for one in terms if one.coupon}))
    return {**told, "coupons": coupons} if coupons else told
