"""The docs of this room tell the truth."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import fields
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from example_site.settings import ROOT
from tests.commerce.source_contract import SourceContract
from wagtail_precise_mail.api import orders, products
from wagtail_precise_mail.commerce.importing import load_mapping, mapping
from wagtail_precise_mail.commerce.models import ExchangeRate, Order, ProductVariant
from wagtail_precise_mail.commerce.sources import Source, sources

DOCS = ROOT.parent / "docs"

ITEMS = [{"code": "A", "title": "Apple", "price": "9.95"}, {"code": "B", "title": "Pear", "price": "1"}]
DOCUMENTS = [
    {"id": "1", "date": "2026-01-01T10:00:00+00:00", "email": "ada@example.com", "type": "INV"},
    {"id": "2", "date": "2026-02-01T10:00:00+00:00", "email": "", "type": "INV"},
    {"id": "3", "date": "2026-03-01T10:00:00+00:00", "email": "ada@example.com", "type": "CRN"},
]


class ERP(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        url = urlsplit(self.path)
        since = parse_qs(url.query).get("since", [""])[0]
        documents = [
            {**document, "lines": [{"code": "A", "count": 1, "price": "9.95"}]}
            for document in DOCUMENTS
            if document["date"] >= since
        ]
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(ITEMS if url.path == "/items" else documents).encode())

    def log_message(self, *args: Any) -> None:
        """Keep the tests' output clean."""


class TestTheSourceOfTheHowTo(SourceContract):
    @pytest.fixture
    def source(self) -> Iterator[Source]:
        text = (DOCS / "how-to" / "add-a-commerce-source.md").read_text(encoding="utf-8")
        code = re.search(r"```python\n(# my_site/erp.py.*?)```", text, re.DOTALL)
        assert code
        server = ThreadingHTTPServer(("127.0.0.1", 0), ERP)
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        before = dict(sources._items)
        try:
            exec(code.group(1), {"__name__": "my_site.erp"})
            yield sources.get("erp")(f"http://127.0.0.1:{server.server_port}")
        finally:
            sources._items = before
            server.shutdown()
            server.server_close()


@pytest.mark.parametrize(
    "table",
    [mapping.OrderMapping, mapping.FileFormat, mapping.Columns, mapping.Contacts, mapping.Orders, mapping.Products],
)
def test_the_reference_names_every_key_of_a_mapping(table: type) -> None:
    text = (DOCS / "reference" / "order-mapping.md").read_text(encoding="utf-8")

    for field in fields(table):
        assert f"`{field.name}`" in text or f"[{field.name}]" in text, field.name


def test_the_mapping_of_the_how_to_is_one(tmp_path) -> None:
    text = (DOCS / "how-to" / "import-orders.md").read_text(encoding="utf-8")
    path = tmp_path / "mapping.toml"
    path.write_text(text.split("```toml\n")[1].split("```")[0])

    assert load_mapping(path).source == "old-shop"


def test_the_mapping_of_the_example_site_is_one() -> None:
    assert load_mapping(ROOT / "mappings" / "online-retail.toml").contacts.address == "customer-{id}@example.com"


@pytest.mark.django_db
def test_the_code_of_the_how_to_does_what_it_says() -> None:
    text = (DOCS / "how-to" / "commerce-data.md").read_text(encoding="utf-8")
    names: dict[str, Any] = {}
    for code in re.findall(r"```python\n(.*?)```", text, re.DOTALL):
        exec(code, names)

    sale, refund = Order.objects.order_by("pk")
    # 36 of the 45.50 that the lines come to, 3 off, 4.95 of shipping.
    assert (sale.total, sale.discount_total) == (Decimal("47.45"), Decimal("7"))
    assert (refund.refund_of, refund.lines.get().quantity) == (sale, -1)
    assert ProductVariant.objects.get().product.category.name == "Shirts"
    assert ExchangeRate.objects.get().currency == "EUR"


def test_the_reference_of_the_api_names_every_field() -> None:
    text = (DOCS / "reference" / "orders-api.md").read_text(encoding="utf-8")

    for name in orders._ORDER | orders._LINE | orders._REFUND | orders._CART | products._KNOWN | products._VARIANT:
        assert f"`{name}`" in text or f'"{name}"' in text, name
