"""The set "Amazon": three kinds of offers, each with the products that are right for its reader."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from bs4 import BeautifulSoup

from example_site.demo.seed.promotions import COUPON, DISCOUNT, SPEND_AND_SAVE
from tests.emails.lists import load, titles
from tests.example_site.conftest import AT
from tests.factories.emails import BASE_URL, compiled
from wagtail_precise_mail.commerce.models import Order, Product, ProductPair
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.emails.models import Email
from wagtail_precise_mail.emails.personalize import FilledEmail, Personalizer

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("demo")]

NOW = AT + timedelta(hours=1)


@pytest.fixture
def reader() -> Contact:
    """Somebody who bought tea that is drunk by now, and a teapot with which people said a cup goes."""
    contact = Contact.objects.create(email="ada@example.com", first_name="Ada", address_hash="0" * 64)
    tea, pot, cup = (Product.objects.get(sku=sku) for sku in ("TEA-ASSAM", "POT-BROWN", "CUP-CLASSIC"))
    ProductPair.objects.filter(product=pot).delete()
    ProductPair.objects.create(product=pot, companion=cup, is_manual=True)
    for product, days in ((tea, (tea.replenish_days or 0) + 2), (pot, 20)):
        order = Order.objects.create(
            source="shop",
            number=f"ada-{product.sku}",
            contact=contact,
            placed_at=AT - timedelta(days=days),
            currency="GBP",
        )
        order.lines.create(position=1, product=product, quantity=1, unit_price=9, total=9)
    return contact


def read(name: str, contact: Contact) -> tuple[FilledEmail, BeautifulSoup]:
    email = Email.objects.get(name=name)
    return _fill(email, contact)


def _fill(email: Email, contact: Contact) -> tuple[FilledEmail, BeautifulSoup]:
    loaded = load(email, contact, at=NOW)[contact.pk]
    filled = Personalizer(compiled(email, at=NOW)).fill(
        loaded, rewrite_link=lambda link: link.url, system={"unsubscribe_url": f"{BASE_URL}/leave"}
    )
    return filled, BeautifulSoup(filled.html, "html.parser")


@pytest.mark.parametrize(
    ("name", "says"),
    [
        (DISCOUNT, ["10% off everything", "TENTH", "cannot be combined"]),
        (SPEND_AND_SAVE, ["£8 off from £40 on", "from £40 of goods on"]),
        (COUPON, ["10% off your next parcel", "SAMPLE-1234"]),
    ],
)
def test_each_kind_of_offer_shows_the_right_products_and_the_other_channels(
    name: str, says: list[str], reader: Contact
) -> None:
    filled, soup = read(name, reader)
    words = soup.get_text(" ")
    for part in says:
        assert part in words
    shown = titles(filled)
    assert len(shown) == len(set(shown)) == 4
    tea, cup = Product.objects.get(sku="TEA-ASSAM"), Product.objects.get(sku="CUP-CLASSIC")
    assert shown[:2] == [tea.name, cup.name]
    assert f"Time for a new {tea.name}" in words
    assert f"Because you bought {Product.objects.get(sku='POT-BROWN').name}" in words
    assert Product.objects.get(sku="POT-BROWN").name not in shown
    links: list[Any] = [tag["href"] for tag in soup.find_all("a")]
    assert "https://app.example.com/fern-and-kettle" in links
    assert any("instagram" in link or "mastodon" in link or "facebook" in link for link in links), links


def test_somebody_else_gets_other_products(reader: Contact) -> None:
    other = Contact.objects.filter(orders__isnull=False).exclude(pk=reader.pk).order_by("pk").first()
    assert other
    assert titles(read(DISCOUNT, reader)[0]) != titles(read(DISCOUNT, other)[0])
