"""Rates, and what products and orders have more of, in Wagtail's admin."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse
from wagtail.test.utils.form_data import inline_formset, nested_form_data

from tests.commerce.test_admin import client_with, page
from tests.factories.commerce import make_category, make_order, make_product
from wagtail_precise_mail.commerce.models import ExchangeRate, Order, OrderCoupon, Product, ProductVariant
from wagtail_precise_mail.commerce.services import OrderLineData, RefundLineData, record_order, record_refund

pytestmark = pytest.mark.django_db

RATES = reverse("precise-mail-rates:index")
ADD_RATE = reverse("precise-mail-rates:add")
ORDERS = reverse("precise-mail-orders:index")
AT = datetime(2026, 1, 15, 12, tzinfo=UTC)


@pytest.fixture
def waiting() -> list[Order]:
    make_order()
    return [make_order(currency="USD", base_rate=None, total=Decimal(10)) for _count in range(3)]


class TestRates:
    def test_orders_without_a_rate_are_told_with_what_to_do(self, admin_client, waiting) -> None:
        for url in (ORDERS, RATES):
            html = page(admin_client, url)
            assert "3 orders in USD have no rate" in html
            assert f"{ADD_RATE}?currency=USD&amp;valid_on=2026-01-15" in html

    def test_nothing_is_told_when_nothing_is_missing(self, admin_client) -> None:
        make_order()

        assert "no rate" not in page(admin_client, ORDERS)

    def test_whoever_may_not_add_a_rate_is_not_sent_there(self, waiting) -> None:
        html = page(client_with("view_order"), ORDERS)

        assert "3 orders in USD have no rate" in html
        assert ADD_RATE not in html

    def test_the_form_knows_what_is_missing_and_saving_it_rates_the_orders(self, admin_client, waiting) -> None:
        html = page(admin_client, ADD_RATE, currency="USD", valid_on="2026-01-15")
        assert 'value="USD"' in html
        assert 'value="2026-01-15"' in html

        admin_client.post(ADD_RATE, {"currency": "usd", "valid_on": "2026-01-01", "rate": "0.75"})

        assert str(ExchangeRate.objects.get()) == "1 USD = 0.75 GBP"
        assert set(Order.objects.filter(currency="USD").values_list("base_total", flat=True)) == {Decimal("7.5")}
        assert "1 USD = 0.75 GBP" in page(admin_client, RATES)

    def test_a_changed_day_leaves_no_rate_behind(self, admin_client, waiting) -> None:
        admin_client.post(ADD_RATE, {"currency": "USD", "valid_on": "2026-01-01", "rate": "0.75"})
        edit = reverse("precise-mail-rates:edit", args=[ExchangeRate.objects.get().pk])
        assert "0.75" in page(admin_client, edit)

        admin_client.post(edit, {"currency": "USD", "valid_on": "2026-02-01", "rate": "0.75"})

        assert ExchangeRate.objects.get().valid_on == date(2026, 2, 1)
        assert Order.objects.filter(base_rate__isnull=True).count() == 3

    def test_deleting_a_rate_takes_it_out_of_the_orders(self, admin_client, waiting) -> None:
        admin_client.post(ADD_RATE, {"currency": "USD", "valid_on": "2026-01-01", "rate": "0.75"})

        admin_client.post(reverse("precise-mail-rates:delete", args=[ExchangeRate.objects.get().pk]))

        assert not ExchangeRate.objects.exists()
        assert Order.objects.filter(base_rate__isnull=True).count() == 3

    @pytest.mark.parametrize(
        ("values", "words"),
        [
            ({"currency": "GBP"}, "worth itself"),
            ({"currency": "XYZ"}, "no such currency"),
            ({"rate": "0"}, "greater than or equal"),
            ({"valid_on": "2026-01-02"}, "Change that one"),
        ],
    )
    def test_what_is_no_rate_is_told_at_its_field(self, admin_client, waiting, values, words) -> None:
        ExchangeRate.objects.create(currency="USD", base_currency="GBP", valid_on=date(2026, 1, 2), rate=2)

        answer = admin_client.post(ADD_RATE, {"currency": "USD", "valid_on": "2026-01-01", "rate": "0.75", **values})

        assert words in answer.content.decode()
        assert ExchangeRate.objects.count() == 1

    def test_without_permission_there_is_no_way_in(self) -> None:
        client = client_with("view_order")

        assert client.get(RATES).status_code == client.get(ADD_RATE).status_code == 302


class TestOrders:
    def test_an_order_shows_discounts_coupons_refunds_and_its_worth(self, admin_client) -> None:
        make_order()
        ExchangeRate.objects.create(currency="EUR", base_currency="GBP", valid_on=date(2026, 1, 1), rate=Decimal("0.5"))
        shirt = make_product("SHIRT")
        ProductVariant.objects.create(product=shirt, sku="SHIRT-L", name="large")
        sale = record_order(
            source="shop",
            number="S-1",
            placed_at=AT,
            currency="EUR",
            lines=[OrderLineData("SHIRT-L", 2, Decimal(20), discount=Decimal(4))],
            order_discount=Decimal(3),
            shipping_total=Decimal("4.95"),
            coupons=["SPRING"],
            channel="app",
            payment_method="card",
        ).order
        refund = record_refund(
            source="shop", number="R-1", refund_of="S-1", placed_at=AT, lines=[RefundLineData(1, 1)]
        ).order
        sale_url, refund_url = (reverse("precise-mail-orders:inspect", args=[order.pk]) for order in (sale, refund))

        html = page(admin_client, sale_url)

        for text in ("SPRING", "app", "card", "-€4.00", "-€3.00", "€4.95", "€37.95", "£18.98", "at 0.5", "large"):
            assert text in html, text
        assert refund_url in html
        assert sale_url in page(admin_client, refund_url)

    def test_an_order_without_a_rate_says_so(self, admin_client, waiting) -> None:
        html = page(admin_client, reverse("precise-mail-orders:inspect", args=[waiting[0].pk]))

        assert "no rate for USD" in html

    def test_orders_are_found_by_coupon_and_channel(self, admin_client) -> None:
        OrderCoupon.objects.create(order=make_order(number="WITH", channel="app"), code="SPRING")
        make_order(number="WITHOUT", channel="store")

        for query in ({"coupon": "spring"}, {"channel": "app"}):
            html = page(admin_client, ORDERS, **query)
            assert "WITH<" in html.replace(" ", "").replace("\n", "")
            assert "WITHOUT" not in html


class TestProducts:
    def save(self, client: Client, product: Product, *variants: dict[str, str], **values: str) -> str:
        data = {
            "sku": product.sku,
            "kind": "product",
            "name": "Shirt",
            "is_published": "on",
            "attributes": '{"color": "red"}',
            "tag_names": "Vegan, new",
            **values,
        }
        forms = inline_formset([{"attributes": "{}", "is_published": "on", **one} for one in variants], initial=0)
        data |= nested_form_data({"variants": forms, "images": inline_formset([])})
        answer = client.post(reverse("precise-mail-products:edit", args=[product.pk]), data)
        if answer.status_code != 200:
            return ""
        form = answer.context["form"]
        return " ".join([str(form.errors), *(str(one.errors) for one in form.formsets["variants"].forms)])

    def test_tags_attributes_and_variants_are_kept(self, admin_client) -> None:
        product, category = make_product("SHIRT"), make_category()

        errors = self.save(
            admin_client,
            product,
            {"sku": "shirt-l", "name": "L", "stock_count": "3"},
            {"sku": "shirt-s", "name": "S", "stock_count": "-1"},
            replenish_days="90",
            further_categories=str(category.pk),
        )

        assert errors == ""
        product.refresh_from_db()
        assert set(product.tags.values_list("slug", flat=True)) == {"vegan", "new"}
        assert (product.attributes, product.replenish_days, product.stock_count) == ({"color": "red"}, 90, 3)
        assert list(product.variants.values_list("sku", flat=True)) == ["SHIRT-L", "SHIRT-S"]
        assert list(product.further_categories.all()) == [category]
        html = page(admin_client, reverse("precise-mail-products:edit", args=[product.pk]))
        assert "SHIRT-L" in html
        assert "Vegan, new" in html or "new, Vegan" in html  # databases order letters differently

    def test_a_variant_cannot_have_the_sku_of_a_product(self, admin_client) -> None:
        product = make_product("SHIRT")
        make_product("CUP")

        errors = self.save(admin_client, product, {"sku": "cup"})

        assert "There is a product with this SKU." in errors
        assert not ProductVariant.objects.exists()

    def test_attributes_that_are_none_are_told(self, admin_client) -> None:
        assert "Write names with texts" in self.save(admin_client, make_product("SHIRT"), attributes='{"a": {"b": 1}}')


class TestForms:
    def test_a_product_has_choosers_and_amounts_of_two_decimals(self, admin_client) -> None:
        product = make_product(price=Decimal("10.2000"), cost=Decimal("0.0012"))
        ProductVariant.objects.create(product=product, sku="V-1", price=Decimal("9.5000"))

        html = page(admin_client, reverse("precise-mail-products:edit", args=[product.pk]))

        assert 'id="id_image-chooser"' in html
        assert 'id="id_category-chooser"' in html
        assert 'value="10.20"' in html
        assert 'value="0.0012"' in html
        assert 'value="9.50"' in html

    def test_the_day_of_a_rate_is_picked_and_shown(self, admin_client) -> None:
        ExchangeRate.objects.create(currency="USD", base_currency="GBP", valid_on=date(2026, 1, 1), rate=Decimal("0.8"))

        assert "AdminDateInput" in page(admin_client, ADD_RATE)
        assert "Jan. 1, 2026" in page(admin_client, RATES)
