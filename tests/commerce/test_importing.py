"""Importing order history: what a good file becomes."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from django.urls import reverse

from tests.commerce.files import HEADER, make_mapping, row, write_orders
from tests.factories.commerce import make_product
from wagtail_precise_mail.commerce.importing import ImportReport, OrderMapping, import_orders
from wagtail_precise_mail.commerce.models import Category, Order, OrderLine, Product
from wagtail_precise_mail.contacts.models import Consent, Contact, Topic

pytestmark = pytest.mark.django_db

AT = datetime(2026, 6, 1, tzinfo=UTC)


@pytest.fixture
def load(tmp_path: Path):
    """Import rows, as a file of its own each time."""

    def load(
        *rows: str, header: str = HEADER, mapping: OrderMapping | None = None, name: str = "o.csv"
    ) -> ImportReport:
        path = write_orders(tmp_path / name, *rows, header=header)
        return import_orders(path, mapping or make_mapping(), at=AT)

    return load


def test_an_order_gets_its_lines_contact_and_total(load) -> None:
    load(row(), row(sku="22423", quantity="2", unit_price="12.7525"))

    order = Order.objects.get()
    assert (order.source, order.number, order.kind, order.country) == ("shop", "1000", "sale", "GB")
    assert order.contact.email == "customer-17850@example.com"
    assert order.placed_at == datetime(2026, 1, 10, 8, 26, tzinfo=UTC)
    assert order.total == Decimal("40.8050")
    assert order.is_historical
    assert list(order.lines.values_list("position", "product__sku", "quantity", "unit_price", "total")) == [
        (1, "85123A", 6, Decimal("2.5500"), Decimal("15.3000")),
        (2, "22423", 2, Decimal("12.7525"), Decimal("25.5050")),
    ]


def test_the_start_of_the_number_tells_refunds_and_adjustments(load) -> None:
    load(row(), row("C1001", quantity="-1"), row("A1002", quantity="1", customer=""))

    assert dict(Order.objects.values_list("number", "kind")) == {
        "1000": "sale",
        "C1001": "refund",
        "A1002": "adjustment",
    }
    assert Order.objects.get(number="C1001").contact == Order.objects.get(number="1000").contact


def test_an_order_without_a_customer_is_kept_without_a_contact(load) -> None:
    report = load(row(customer=""))

    assert Order.objects.get().contact is None
    assert report.without_contact_count == 1
    assert not Contact.objects.exists()


def test_codes_that_differ_only_in_case_are_one_product(load) -> None:
    load(row(sku="85123A"), row(sku="85123a"))

    assert Product.objects.get().order_lines.count() == 2


def test_codes_of_charges_are_no_products(load) -> None:
    load(row(sku="post", description="POSTAGE"), row())

    assert dict(Product.objects.values_list("sku", "kind")) == {"POST": "charge", "85123A": "product"}


def test_a_pattern_tells_charges_too(load) -> None:
    load(row(sku="fee-7"), row(sku="coffee"), mapping=make_mapping(products={"charge_pattern": "fee.*"}))

    assert dict(Product.objects.values_list("sku", "kind")) == {"FEE-7": "charge", "COFFEE": "product"}


def test_a_missing_description_comes_from_another_line_of_the_product(load) -> None:
    load(row(description=""), row("1001", description="WHITE HANGING HEART"))

    assert Product.objects.get().name == "WHITE HANGING HEART"


def test_a_product_that_no_line_describes_shows_its_sku(load) -> None:
    load(row(description=""))

    assert str(Product.objects.get()) == "85123A"


def test_the_name_is_what_most_paid_lines_call_it(load) -> None:
    load(row(description="damaged", unit_price="0"), *[row(description="HEART")] * 2, *[row(description="lost")])

    assert Product.objects.get().name == "HEART"


def test_the_price_is_that_of_the_latest_sale(load) -> None:
    load(
        row("1001", unit_price="2.95", placed_at="2026-02-01 10:00:00"),
        row("1000", unit_price="2.55", placed_at="2026-01-01 10:00:00"),
        row("C1002", unit_price="9.99", quantity="-1", placed_at="2026-03-01 10:00:00"),
    )

    product = Product.objects.get()
    assert (product.price, product.currency) == (Decimal("2.95"), "GBP")


def test_a_name_and_price_from_elsewhere_stay(load) -> None:
    make_product("85123A", name="A lantern of glass", price="3.10", currency="GBP")

    load(row())

    product = Product.objects.get()
    assert (product.name, product.price) == ("A lantern of glass", Decimal("3.10"))


def test_lines_of_an_order_may_be_apart_in_the_file_and_its_moment_is_the_earliest(load, settings) -> None:
    settings.WAGTAIL_PRECISE_MAIL = {"import_batch_size": 1}

    report = load(row(placed_at="2026-01-10 08:27:00"), row("1001"), row(sku="22423", placed_at="2026-01-10 08:26:00"))

    order = Order.objects.get(number="1000")
    assert order.placed_at == datetime(2026, 1, 10, 8, 26, tzinfo=UTC)
    assert list(order.lines.values_list("position", flat=True)) == [1, 2]
    assert order.total == Decimal("30.60")
    assert (report.new_orders, report.changed_orders) == (2, 0)


@pytest.mark.parametrize("batch_size", [1, 2, 5000])
def test_importing_twice_changes_nothing(load, settings, batch_size: int) -> None:
    settings.WAGTAIL_PRECISE_MAIL = {"import_batch_size": batch_size}
    rows = [
        row(placed_at="2026-01-10 08:27:00", description=""),
        row("1001", country="Germany", placed_at="2026-02-01 00:00:00"),
        row("C1002", quantity="-1", unit_price="2.1234"),
        row(sku="22423", placed_at="2026-01-10 08:26:00", unit_price="0.1"),
        row("1003", customer="", unit_price="0.2"),
    ]
    load(*rows)
    before = [list(model.objects.order_by("pk").values()) for model in (Order, OrderLine, Product, Contact)]

    report = load(*rows)

    assert before == [list(model.objects.order_by("pk").values()) for model in (Order, OrderLine, Product, Contact)]
    assert report == ImportReport(row_count=5, without_contact_count=1)


def test_a_corrected_file_corrects(load) -> None:
    load(row(), row(sku="22423"), row("1001", customer=""))

    report = load(row(quantity="5"), row(sku="22423"), row("1001", customer="12345.0"))

    assert (report.new_orders, report.changed_orders, report.new_lines, report.changed_lines) == (0, 2, 0, 1)
    assert Order.objects.get(number="1000").total == Decimal("28.05")
    assert Order.objects.get(number="1001").contact.email == "customer-12345@example.com"


def test_a_line_that_the_corrected_file_lacks_is_removed(load) -> None:
    load(row(), row(sku="22423"))

    report = load(row())

    assert report.removed_lines == report.changed_orders == 1
    assert Order.objects.get().total == Decimal("15.30")


def test_lines_stay_when_a_refused_row_may_be_one_of_them(load) -> None:
    load(row(), row(sku="22423"))

    report = load(row(), "a line,of,something else")

    assert (report.removed_lines, OrderLine.objects.count()) == (0, 2)


def test_an_interrupted_import_is_finished_by_running_it_again(load, settings, tmp_path: Path) -> None:
    settings.WAGTAIL_PRECISE_MAIL = {"import_batch_size": 2}
    rows = [row(str(number // 3), sku=f"S{number}") for number in range(12)]
    path = write_orders(tmp_path / "cut.csv", *rows)

    def stop(position: int, size: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        import_orders(path, make_mapping(), at=AT, on_progress=stop)
    assert OrderLine.objects.count() == 2
    report = import_orders(path, make_mapping(), at=AT)

    assert (report.new_lines, report.changed_lines, OrderLine.objects.count()) == (10, 0, 12)
    assert Order.objects.get(number="0").total == Decimal("45.90")
    assert Product.objects.filter(price=Decimal("2.55")).count() == 12


def test_the_contact_keeps_the_country_of_the_latest_order(load) -> None:
    load(row("1001", country="Germany", placed_at="2026-02-01 00:00:00"), row("1000", country="United Kingdom"))

    assert Contact.objects.get().country == "DE"


def test_a_contact_who_came_from_elsewhere_keeps_country_and_name(load) -> None:
    Contact.objects.create(email="Customer-17850@example.com", country="FR", first_name="Ada", source="sign-up form")

    report = load(row())

    contact = Contact.objects.get()
    assert (contact.country, contact.first_name, contact.source) == ("FR", "Ada", "sign-up form")
    assert report.new_contacts == 0


def test_an_unknown_country_is_told_and_the_sale_is_kept(load) -> None:
    report = load(row(country="Atlantis"), row(country="EIRE"), row(country="Unspecified"))

    assert dict(report.unknown_countries) == {"Atlantis": 1}
    assert OrderLine.objects.count() == 3


def test_a_time_zone_makes_local_times_absolute(load) -> None:
    load(row(placed_at="2026-05-10 08:26:00"), mapping=make_mapping(file={"time_zone": "Europe/London"}))

    assert Order.objects.get().placed_at == datetime(2026, 5, 10, 7, 26, tzinfo=UTC)


def test_a_german_file_reads_as_it_is_written(load) -> None:
    load(
        '7;X1;Tasse;2;31.12.2025 18:00;"1.234,50";5;Germany',
        header=HEADER.replace(",", ";"),
        mapping=make_mapping(
            file={"delimiter": ";", "decimal": ",", "thousands": ".", "date_format": "%d.%m.%Y %H:%M"}
        ),
    )

    assert Order.objects.get().total == Decimal("2469.00")


def test_addresses_names_and_products_can_come_from_columns(load) -> None:
    columns = {"email": "Mail", "first_name": "First", "category": "Group", "image_url": "Pic", "url": "Page"}
    load(
        row() + ",Ada@Example.com,Ada,Tea & coffee,https://img.example.com/1.jpg,/tea/",
        header=HEADER + ",Mail,First,Group,Pic,Page",
        mapping=make_mapping(columns=columns),
    )

    contact, product = Contact.objects.get(), Product.objects.get()
    assert (contact.email, contact.first_name) == ("Ada@Example.com", "Ada")
    assert product.category == Category.objects.get(slug="tea-coffee", name="Tea & coffee")
    assert (product.image_url, product.url) == ("https://img.example.com/1.jpg", "/tea/")


def test_cost_of_a_product_can_come_from_a_column(load) -> None:
    load(
        row() + ",6.10",
        row("1001") + ",5.25",
        row("1002") + ",",
        header=HEADER + ",Cost",
        mapping=make_mapping(columns={"cost": "Cost"}),
    )

    assert Product.objects.get().cost == Decimal("5.25")


def test_cost_that_somebody_wrote_stays(load) -> None:
    load(row())
    Product.objects.update(cost="4")

    load(row("1001") + ",6.10", header=HEADER + ",Cost", mapping=make_mapping(columns={"cost": "Cost"}))

    assert Product.objects.get().cost == Decimal(4)


@pytest.mark.parametrize("cost", ["-1", "cheap"])
def test_cost_that_is_none_is_refused_with_its_row(load, cost: str) -> None:
    report = load(row() + f",{cost}", header=HEADER + ",Cost", mapping=make_mapping(columns={"cost": "Cost"}))

    assert (report.refused_count, Product.objects.count()) == (1, 0)


def test_consent_is_recorded_with_its_evidence_when_the_mapping_says_so(load) -> None:
    topic = Topic.objects.create(name="News", slug="news")

    report = load(row(), mapping=make_mapping(contacts={"topic": "news", "evidence": "terms of 2024, section 3"}))

    consent = Consent.objects.get()
    assert (consent.contact, consent.topic, consent.status) == (Contact.objects.get(), topic, "granted")
    assert consent.contact.consent_changes.get().evidence == "terms of 2024, section 3"
    assert report.granted_consents == 1


def test_a_withdrawn_consent_stays_withdrawn(load) -> None:
    topic = Topic.objects.create(name="News", slug="news")
    mapping = make_mapping(contacts={"topic": "news", "evidence": "terms"})
    load(row(), mapping=mapping)
    Consent.objects.update(status="withdrawn")

    load(row(), mapping=mapping)

    assert Consent.objects.get(topic=topic).status == "withdrawn"


def test_gzip_is_told_by_content_and_not_by_name(load, tmp_path: Path) -> None:
    compressed = write_orders(tmp_path / "a.csv.gz", row()).rename(tmp_path / "a.csv")
    plain = write_orders(tmp_path / "b.csv", row("1001")).rename(tmp_path / "b.csv.gz")

    for path in (compressed, plain):
        import_orders(path, make_mapping(), at=AT)

    assert Order.objects.count() == 2


@pytest.mark.usefixtures("search_index")
def test_imported_products_are_found_in_the_chooser(load, admin_client) -> None:
    load(row(description="WHITE HANGING HEART"))

    answer = admin_client.get("/admin/mail/choose-product/results/", {"q": "hanging"})

    assert "WHITE HANGING HEART" in answer.content.decode()


@pytest.mark.usefixtures("in_clear")
def test_imported_contacts_are_found_by_the_search(load, admin_client) -> None:
    load(row() + ",Adelaide", header=HEADER + ",First", mapping=make_mapping(columns={"first_name": "First"}))

    answer = admin_client.get(reverse("precise_mail_contact_chooser:choose_results"), {"q": "adel"})

    assert "Adelaide" in answer.content.decode()
