"""The real order file, to the penny."""

from __future__ import annotations

import os
from decimal import Decimal
from pathlib import Path

import pytest
from django.db.models import Sum

from example_site.settings import ROOT
from wagtail_precise_mail.commerce.importing import ImportReport, import_orders, load_mapping
from wagtail_precise_mail.commerce.models import Order, OrderLine, Product
from wagtail_precise_mail.contacts.models import Contact

DATA = Path(os.environ.get("PRECISE_MAIL_DATA", "nowhere")) / "online-retail.csv.gz"

pytestmark = [
    pytest.mark.realdata,
    pytest.mark.slow,
    pytest.mark.django_db,
    pytest.mark.skipif(not DATA.exists(), reason="PRECISE_MAIL_DATA names no folder with online-retail.csv.gz"),
]


def load(errors: Path) -> ImportReport:
    return import_orders(DATA, load_mapping(ROOT / "mappings" / "online-retail.toml"), errors=errors)


def test_the_real_file_is_loaded_to_the_penny_and_again_without_a_change(tmp_path: Path) -> None:
    errors = tmp_path / "errors.csv"

    first = load(errors)

    assert (first.row_count, first.refused_count, first.without_contact_count) == (541_909, 0, 135_080)
    assert (first.new_orders, first.new_lines) == (25_900, 541_909)
    assert not errors.exists()
    assert not first.unknown_countries

    assert OrderLine.objects.count() == 541_909
    assert Order.objects.filter(kind="refund").count() == 3_836
    assert Order.objects.filter(kind="refund", number__startswith="C").count() == 3_836
    assert Order.objects.filter(kind="adjustment").count() == 3
    assert OrderLine.objects.filter(order__contact=None).count() == 135_080
    assert OrderLine.objects.filter(description="").count() == 1_454
    assert not Order.objects.filter(is_historical=False).exists()

    assert Contact.objects.count() == 4_372
    assert Contact.objects.filter(orders__kind="sale").distinct().count() == 4_339
    assert Contact.objects.filter(email="customer-17850@example.com", country="GB").exists()

    assert Product.objects.count() == 3_958
    assert set(Product.objects.filter(kind="charge").values_list("sku", flat=True)) == {
        *("POST", "DOT", "C2", "D", "M", "S", "B", "BANK CHARGES", "AMAZONFEE", "CRUK"),
    }
    assert Product.objects.get(sku="85123A").name == "WHITE HANGING HEART T-LIGHT HOLDER"
    assert all(str(product) == product.sku for product in Product.objects.filter(name=""))

    # The lines of this invoice are apart in the file, and differ by a minute.
    split = Order.objects.get(number="542806")
    assert split.placed_at.isoformat() == "2011-02-01T11:19:00+00:00"
    assert list(split.lines.values_list("position", flat=True)) == list(range(1, split.lines.count() + 1))

    # Added up here: SQLite adds decimals as floats.
    totals = Order.objects.exclude(contact=None).values_list("total", flat=True)
    assert sum(totals, Decimal(0)) == Decimal("8300065.814")
    by_lines = OrderLine.objects.exclude(order__contact=None).aggregate(sum=Sum("total"))["sum"]
    assert round(by_lines, 4) == Decimal("8300065.814")

    second = load(errors)

    assert second == ImportReport(row_count=541_909, without_contact_count=135_080)
