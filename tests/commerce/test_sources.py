"""Sources: the contract, run for each one we have."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from example_site.shop import services as shop
from tests.commerce.files import make_mapping, row, write_orders
from tests.commerce.source_contract import SourceContract
from tests.factories.commerce import make_order
from tests.factories.contacts import make_contact
from wagtail_precise_mail.commerce.models import Order
from wagtail_precise_mail.commerce.services import OrderLineData, pull
from wagtail_precise_mail.commerce.sources import (
    CartData,
    CartLineData,
    CSVSource,
    OrderData,
    ProductData,
    Source,
    VariantData,
    sources,
)
from wagtail_precise_mail.exceptions import SourceError

ROWS = [
    row("1", customer="1.0"),
    row("1", sku="post", description="POSTAGE", unit_price="5"),
    row("2", customer="", placed_at="2026-02-01 10:00:00", unit_price="0.1234"),
    row("C3", quantity="-1", placed_at="2026-03-01 10:00:00"),
]


class TestCSVSource(SourceContract):
    @pytest.fixture
    def source(self, tmp_path: Path) -> Source:
        return CSVSource(write_orders(tmp_path / "o.csv.gz", *ROWS), make_mapping())


class StubERP(Source):
    """An ERP as they are: its own words for everything, and one document per delivery."""

    DOCUMENTS: list[dict[str, Any]] = [
        {
            "doc": "R-1",
            "type": "INV",
            "ts": 1767225600,
            "cur": "EUR",
            "debtor": "ada@example.com",
            "pos": [("A-RED", 2, 995)],
            "rebate": 100,
            "codes": ["spring"],
        },
        {
            "doc": "R-2",
            "type": "INV",
            "ts": 1769904000,
            "cur": "EUR",
            "debtor": None,
            "pos": [("B", 1, 100), ("A", 1, 5)],
        },
        {
            "doc": "G-1",
            "type": "CRN",
            "ts": 1772323200,
            "cur": "EUR",
            "debtor": "ada@example.com",
            "pos": [("A-RED", -1, 995)],
            "of": "R-1",
        },
    ]
    KINDS = {"INV": Order.Kind.SALE, "CRN": Order.Kind.REFUND}

    def __init__(self, *, is_down: bool = False) -> None:
        self.is_down = is_down

    def products(self, *, since: datetime | None = None) -> Iterator[ProductData]:
        yield ProductData(
            "A",
            "Apple",
            price=Decimal("9.95"),
            currency="EUR",
            stock_count=3,
            cost=Decimal(4),
            category="Fruit > Apples",
            tags=("fresh",),
            attributes={"origin": "GB"},
            variants=(VariantData("A-RED", "red"),),
        )
        yield ProductData("B", "Pear")

    def orders(self, *, since: datetime | None = None) -> Iterator[OrderData]:
        for document in self.DOCUMENTS:
            placed_at = datetime.fromtimestamp(document["ts"], UTC)
            if since is None or placed_at >= since:
                yield OrderData(
                    number=document["doc"],
                    placed_at=placed_at,
                    currency=document["cur"],
                    lines=tuple(
                        OrderLineData(sku, count, Decimal(cents) / 100) for sku, count, cents in document["pos"]
                    ),
                    email=document["debtor"] or "",
                    kind=self.KINDS[document["type"]],
                    order_discount=Decimal(document.get("rebate", 0)) / 100,
                    coupons=tuple(document.get("codes", ())),
                    channel="counter",
                    refund_of=document.get("of", ""),
                )
            if self.is_down:
                raise SourceError("The ERP does not answer.", retry_after=timedelta(minutes=5))

    def carts(self, *, since: datetime | None = None) -> Iterator[CartData]:
        left_at = datetime(2026, 3, 2, tzinfo=UTC)
        if since is None or left_at >= since:
            lines = (CartLineData("A-RED", 1, Decimal("9.95")),)
            yield CartData("C-1", left_at, "EUR", lines, email="ada@example.com", url="https://erp.example.com/c-1")
            yield CartData("C-2", left_at, "EUR", lines, closed_at=left_at)


class TestStubERP(SourceContract):
    @pytest.fixture
    def source(self) -> Source:
        return StubERP()


class TestExampleShop(SourceContract):
    @pytest.fixture
    def source(self, db) -> Source:
        own = {"source": shop.SOURCE, "is_historical": True}
        make_order(make_contact(email="ada@example.com"), [("CUP", 2, "9.95")], **own)
        make_order(None, [("POT", 1, "20")], datetime(2026, 2, 1, tzinfo=UTC), **own)
        return sources.get(shop.SOURCE)()


@pytest.mark.django_db
def test_what_came_before_a_source_broke_is_stored_and_pulling_again_completes_it() -> None:
    with pytest.raises(SourceError) as caught:
        pull(StubERP(is_down=True), name="erp")
    assert caught.value.retry_after == timedelta(minutes=5)
    assert Order.objects.count() == 1

    pulled = pull(StubERP(), name="erp")

    assert (pulled.order_count, pulled.created_count, pulled.changed_count) == (3, 2, 0)


def test_a_bad_row_of_a_csv_source_stops_it_at_its_line(tmp_path: Path) -> None:
    source = CSVSource(write_orders(tmp_path / "o.csv", row(), row("2", quantity="x")), make_mapping())

    with pytest.raises(SourceError, match="line 3: Quantity 'x' is not a number"):
        list(source.orders())


def test_a_csv_source_wants_the_lines_of_an_order_together(tmp_path: Path) -> None:
    source = CSVSource(write_orders(tmp_path / "o.csv", row("1"), row("2"), row("1")), make_mapping())

    with pytest.raises(SourceError, match="order 1 are apart"):
        list(source.orders())


def test_a_damaged_file_is_told_by_the_csv_source(tmp_path: Path) -> None:
    path = write_orders(tmp_path / "o.csv.gz", *ROWS)
    path.write_bytes(path.read_bytes()[:-10])

    with pytest.raises(SourceError, match="is damaged"):
        list(CSVSource(path, make_mapping()).orders())


def test_sources_are_found_by_their_key() -> None:
    assert sources.get("csv") is CSVSource
