"""Discounts, coupons, ways, costs, variants, brands and tags in order files."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.commerce.source_contract import SourceContract
from tests.factories.commerce import make_product
from tests.factories.contacts import make_contact
from wagtail_precise_mail.commerce.importing import ImportReport, import_orders, read_mapping
from wagtail_precise_mail.commerce.models import Cart, ExchangeRate, FiguresDue, Order, Product, ProductVariant
from wagtail_precise_mail.commerce.services import CartLineData, OrderLineData, record_cart, record_order
from wagtail_precise_mail.commerce.sources import CSVSource, Source
from wagtail_precise_mail.conf import options

pytestmark = pytest.mark.django_db

AT = datetime(2026, 3, 1, tzinfo=UTC)
COLUMNS = {
    **{name: name for name in ("number", "sku", "quantity", "unit_price", "placed_at", "email", "currency")},
    **{name: name for name in ("discount", "order_discount", "shipping_total", "coupon", "channel", "payment_method")},
    **{name: name for name in ("shipping_method", "unit_cost", "variant", "category", "brand", "tags")},
}
ROW = {"number": "1", "sku": "A", "quantity": "1", "unit_price": "10", "placed_at": "2026-01-15", "currency": "GBP"}


def write(path: Path, *rows: dict[str, str]) -> Path:
    lines = [",".join(COLUMNS), *(",".join({**ROW, **row}.get(name, "") for name in COLUMNS) for row in rows)]
    path.write_text("\n".join(lines))
    return path


def load(folder: Path, *rows: dict[str, str], without: tuple[str, ...] = ()) -> ImportReport:
    return import_orders(write(folder / "o.csv", *rows), mapping(without), at=AT)


def mapping(without: tuple[str, ...] = ()) -> Any:
    columns = {name: header for name, header in COLUMNS.items() if name not in without}
    return read_mapping({"source": "shop", "columns": columns, "products": {"charges": ["POST"]}})


TOLD = [
    {"sku": "A", "quantity": "3", "discount": "6", "coupon": "spring", "order_discount": "2", "unit_cost": "4"},
    {"sku": "POST", "unit_price": "4", "coupon": "VIP", "channel": "app", "shipping_total": "1.5"},
    {"number": "2", "sku": "B", "payment_method": "card", "shipping_method": "bike", "email": "ada@example.com"},
]


def test_an_order_keeps_what_its_rows_say_and_its_sums(tmp_path: Path) -> None:
    load(tmp_path, *TOLD)

    order = Order.objects.get(number="1")
    assert (order.total, order.discount_total, order.order_discount) == (Decimal("27.5"), 8, 2)
    # 24 of the 28 that the lines come to bear that share of the 2 that were taken off.
    assert (order.unit_count, order.costed_total, order.cost_total) == (3, Decimal("22.2857"), 12)
    assert (order.base_rate, order.base_total, order.channel) == (1, Decimal("27.5"), "app")
    assert set(order.coupons.values_list("code", flat=True)) == {"SPRING", "VIP"}
    assert order.lines.get(position=1).total == 24
    second = Order.objects.get(number="2")
    assert (second.payment_method, second.shipping_method, second.coupons.count()) == ("card", "bike", 0)


@pytest.mark.parametrize("size", [1, 2, 1000])
def test_lines_in_several_batches_come_to_the_same(tmp_path: Path, settings, size: int) -> None:
    settings.WAGTAIL_PRECISE_MAIL = {"import_batch_size": size}
    assert options().import_batch_size == size
    load(tmp_path, TOLD[0], TOLD[2], TOLD[1])

    order = Order.objects.get(number="1")
    assert (order.total, order.discount_total, order.unit_count, order.costed_total, order.cost_total) == (
        Decimal("27.5"),
        8,
        3,
        Decimal("22.2857"),
        12,
    )
    assert (order.channel, order.base_total) == ("app", Decimal("27.5"))


def test_the_same_file_again_changes_nothing(tmp_path: Path) -> None:
    load(tmp_path, *TOLD)
    FiguresDue.objects.all().delete()

    report = load(tmp_path, *TOLD)

    assert (report.new_orders, report.changed_orders, report.changed_lines) == (0, 0, 0)
    assert not FiguresDue.objects.exists()


def test_a_corrected_file_corrects_sums_and_coupons(tmp_path: Path) -> None:
    load(tmp_path, *TOLD)

    report = load(tmp_path, {**TOLD[0], "discount": "5", "order_discount": "0"}, {**TOLD[1], "coupon": ""}, TOLD[2])

    order = Order.objects.get(number="1")
    assert (order.total, order.discount_total, order.costed_total) == (Decimal("30.5"), 5, 25)
    assert list(order.coupons.values_list("code", flat=True)) == ["SPRING"]
    assert report.changed_orders == 1


def test_what_the_file_does_not_speak_of_is_kept(tmp_path: Path) -> None:
    record_order(
        source="shop",
        number="1",
        lines=[OrderLineData("A", 1, Decimal(10), discount=Decimal(1), unit_cost=Decimal(4))],
        placed_at=datetime(2026, 1, 15, tzinfo=UTC),
        currency="GBP",
        coupons=["VIP"],
        channel="app",
        order_discount=Decimal(2),
    )

    report = load(tmp_path, {}, without=("discount", "unit_cost", "order_discount", "coupon", "channel"))

    order = Order.objects.get()
    assert (report.changed_orders, report.changed_lines) == (0, 0)
    assert (order.total, order.channel, order.coupons.count()) == (7, "app", 1)


def test_contacts_of_new_and_of_corrected_orders_are_due(tmp_path: Path) -> None:
    load(tmp_path, {"email": "ada@example.com"})
    ada = FiguresDue.objects.get().contact
    FiguresDue.objects.all().delete()

    load(tmp_path, {"email": "bob@example.com"})

    assert ada.email == "ada@example.com"
    due = set(FiguresDue.objects.values_list("contact__email", flat=True))
    assert due == {"ada@example.com", "bob@example.com"}


def test_a_rate_of_the_day_is_kept_and_a_missing_one_is_missing(tmp_path: Path) -> None:
    make_rate("USD", "0.8")
    load(tmp_path, {}, {"number": "2", "currency": "usd"}, {"number": "3", "currency": "EUR"}, {"number": "4"})

    rows = Order.objects.order_by("number").values_list("base_rate", "base_total")
    assert list(rows) == [(1, 10), (Decimal("0.8"), 8), (None, None), (1, 10)]


def make_rate(currency: str, rate: str) -> None:
    ExchangeRate.objects.create(currency=currency, base_currency="GBP", valid_on=date(2026, 1, 1), rate=Decimal(rate))


def test_a_currency_that_is_none_is_refused(tmp_path: Path) -> None:
    report = load(tmp_path, {}, {"number": "2", "currency": "XYZ"})

    assert report.refused_count == 1
    assert "is no currency" in report.errors_path.read_text()


class TestProducts:
    def test_a_variant_is_made_and_sold(self, tmp_path: Path) -> None:
        rows = [{"sku": "SHIRT", "variant": "shirt-l"}, {"sku": "SHIRT", "variant": "shirt-s"}]
        load(tmp_path, *rows)

        assert load(tmp_path, *rows).changed_lines == 0
        assert list(ProductVariant.objects.values_list("sku", "product__sku")) == [
            ("SHIRT-L", "SHIRT"),
            ("SHIRT-S", "SHIRT"),
        ]
        lines = Order.objects.get().lines.order_by("position")
        assert list(lines.values_list("product__sku", "variant__sku")) == [("SHIRT", "SHIRT-L"), ("SHIRT", "SHIRT-S")]
        assert (
            load(tmp_path, {"sku": "SHIRT", "variant": "shirt-l"}, {"sku": "SHIRT", "variant": "shirt-s"}).new_lines
            == 0
        )

    def test_the_sku_of_a_known_variant_needs_no_column(self, tmp_path: Path) -> None:
        shirt = make_product("SHIRT")
        ProductVariant.objects.create(product=shirt, sku="SHIRT-L")

        load(tmp_path, {"sku": "shirt-l"})

        assert Order.objects.get().lines.values_list("product__sku", "variant__sku").get() == ("SHIRT", "SHIRT-L")
        assert Product.objects.count() == 1

    def test_path_brand_and_tags_are_filled_in(self, tmp_path: Path) -> None:
        load(tmp_path, {"category": "Kitchen > Cups", "brand": "Mill", "tags": "Organic; vegan|new"})

        product = Product.objects.get()
        assert (product.category.name, product.category.parent.name, product.brand_name) == ("Cups", "Kitchen", "Mill")
        assert set(product.tags.values_list("slug", flat=True)) == {"organic", "vegan", "new"}

    def test_a_charge_is_no_unit(self, tmp_path: Path) -> None:
        make_product("FEE", kind=Product.Kind.CHARGE)

        load(tmp_path, {"quantity": "2"}, {"sku": "POST"}, {"sku": "FEE"})

        assert Order.objects.get().unit_count == 2


def test_history_closes_the_carts_that_it_ended(tmp_path: Path) -> None:
    ada = make_contact(email="ada@example.com")
    for key, day in (("before", 10), ("after", 20)):
        at = datetime(2026, 1, day, tzinfo=UTC)
        lines = [CartLineData("A", 1, Decimal(1))]
        record_cart(source="shop", key=key, lines=lines, currency="GBP", contact=ada, at=at)

    load(tmp_path, {"email": "ada@example.com"})

    assert dict(Cart.objects.values_list("key", "order__number")) == {"before": "1", "after": None}


class TestCSVSourceWithTerms(SourceContract):
    @pytest.fixture
    def source(self, tmp_path: Path) -> Source:
        rows = [*TOLD[:2], {**TOLD[2], "variant": "B-L", "category": "Cups > Tall", "placed_at": "2026-02-01"}]
        return CSVSource(write(tmp_path / "o.csv", *rows), mapping())

    def test_terms_are_told(self, source: Source) -> None:
        order = next(iter(source.orders()))

        assert (order.order_discount, order.shipping_total, order.coupons) == (2, Decimal("1.5"), ("SPRING", "VIP"))
        assert order.lines[0].discount == 6
        assert replace(order, lines=()).channel == "app"
