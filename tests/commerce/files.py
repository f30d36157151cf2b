"""Order files for tests, small and wrong in known ways."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

from wagtail_precise_mail.commerce.importing import OrderMapping, read_mapping

HEADER = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"

COLUMNS = {
    "number": "InvoiceNo",
    "sku": "StockCode",
    "description": "Description",
    "quantity": "Quantity",
    "placed_at": "InvoiceDate",
    "unit_price": "UnitPrice",
    "customer": "CustomerID",
    "country": "Country",
}


def make_mapping(**overrides: Any) -> OrderMapping:
    """The mapping of :data:`HEADER`; ``overrides`` are whole tables, merged into these."""
    tables: dict[str, Any] = {
        "source": "shop",
        "currency": "GBP",
        "columns": COLUMNS,
        "contacts": {"address": "customer-{id}@example.com", "remove_suffix": ".0"},
        "orders": {"refunds": "C", "adjustments": "A"},
        "products": {"charges": ["POST"]},
    }
    for name, value in overrides.items():
        tables[name] = {**tables.get(name, {}), **value} if isinstance(value, dict) else value
    return read_mapping(tables)


def row(
    number: str = "1000",
    sku: str = "85123A",
    description: str = "WHITE HANGING HEART",
    quantity: str = "6",
    placed_at: str = "2026-01-10 08:26:00",
    unit_price: str = "2.55",
    customer: str = "17850.0",
    country: str = "United Kingdom",
) -> str:
    """One line of an order file, as text."""
    return ",".join([number, sku, description, quantity, placed_at, unit_price, customer, country])


def write_orders(path: Path, *rows: str, header: str = HEADER, encoding: str = "utf-8") -> Path:
    """Write an order file; a name that ends in .gz is compressed."""
    data = "".join(f"{line}\n" for line in (header, *rows)).encode(encoding, errors="surrogateescape")
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return path
