"""Coupon pools and product pairs in the admin."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from tests.commerce.test_admin import client_with, page
from tests.commerce.test_coupons import AT, make_pool
from tests.factories.commerce import make_product
from tests.factories.contacts import make_contact
from wagtail_precise_mail.commerce.coupons import take_codes
from wagtail_precise_mail.commerce.models import CouponCode, CouponPool, ProductPair

pytestmark = pytest.mark.django_db

POOLS = reverse("precise-mail-coupon-pools:index")
PAIRS = reverse("precise-mail-pairs:index")


def form(**overrides: Any) -> dict[str, Any]:
    return {"name": "Autumn", "expires_at": "", "low_stock_at": "10", "codes": "", **overrides}


def add(client: Any, **overrides: Any) -> str:
    answer = client.post(reverse("precise-mail-coupon-pools:add"), form(**overrides), follow=True)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def test_pool_is_made_of_pasted_codes(admin_client: Any) -> None:
    html = add(admin_client, codes="ABC-1\nABC-2\n\nABC-1")
    assert set(CouponCode.objects.values_list("code", flat=True)) == {"ABC-1", "ABC-2"}
    assert "2 codes were added. 1 was there already: ABC-1." in html


def test_pool_is_filled_up_from_a_file(admin_client: Any) -> None:
    pool = make_pool(1)
    file = SimpleUploadedFile("codes.csv", "\ufeffcode;value\nNEW-1;10\nNEW-2;10\n".encode())
    url = reverse("precise-mail-coupon-pools:edit", args=[pool.pk])
    answer = admin_client.post(url, form(name=pool.name, file=file), follow=True)
    assert "2 codes were added." in answer.content.decode()
    assert pool.codes.count() == 3


@pytest.mark.parametrize(
    "given",
    [
        {"codes": "GOOD-1\n<script>alert(1)</script>"},
        {"file": SimpleUploadedFile("codes.csv", b"GOOD-1\nx")},
        {"file": SimpleUploadedFile("codes.bin", b"\xff\xfe\x00")},
    ],
)
def test_line_that_is_no_code_adds_nothing_and_is_told(admin_client: Any, given: dict[str, Any]) -> None:
    for file in given.values():
        if hasattr(file, "seek"):
            file.seek(0)
    html = add(admin_client, **given)
    assert not CouponPool.objects.exists()
    assert "line 2" in html or "not a text file" in html
    assert "<script>alert(1)</script>" not in html


def test_listing_warns_of_pools_that_run_out(admin_client: Any) -> None:
    low, empty, full, old = make_pool(3, low_stock_at=5), make_pool(), make_pool(9, low_stock_at=5), make_pool(9)
    old.expires_at = AT
    old.save()
    take_codes(full, {make_contact().pk: 4}, at=AT)
    html = page(admin_client, POOLS)
    for words in ("few left", "used up", "enough", "expired", low.name, empty.name):
        assert words in html


def test_pool_can_be_found_by_one_of_its_codes(admin_client: Any) -> None:
    one, other = make_pool(2), make_pool(2)
    html = page(admin_client, POOLS, q=one.codes.first().code)
    assert one.name in html
    assert other.name not in html


def test_pool_of_which_mails_carry_codes_cannot_be_deleted(admin_client: Any) -> None:
    used, unused = make_pool(2), make_pool(2)
    take_codes(used, {make_contact().pk: 4}, at=AT)
    for pool in (used, unused):
        admin_client.post(reverse("precise-mail-coupon-pools:delete", args=[pool.pk]))
    assert list(CouponPool.objects.all()) == [used]


def test_person_says_that_two_products_belong_together(admin_client: Any) -> None:
    pot, tea = make_product(name="Pot"), make_product(name="Tea")
    admin_client.post(reverse("precise-mail-pairs:add"), {"product": pot.pk, "companion": tea.pk})
    assert ProductPair.objects.get().is_manual
    html = page(admin_client, PAIRS)
    assert "Pot" in html
    assert "said" in html


def test_product_does_not_belong_to_itself(admin_client: Any) -> None:
    pot = make_product()
    answer = admin_client.post(reverse("precise-mail-pairs:add"), {"product": pot.pk, "companion": pot.pk})
    assert "Choose another product" in answer.content.decode()
    assert not ProductPair.objects.exists()


@pytest.mark.parametrize("name", ["coupon-pools", "pairs"])
def test_permissions_are_asked(name: str) -> None:
    client = client_with("view_product")
    for view in ("index", "add"):
        assert client.get(reverse(f"precise-mail-{name}:{view}")).status_code == 302


def test_pool_chooser_shows_what_is_left(admin_client: Any) -> None:
    pool = make_pool(4711)
    html = admin_client.get(reverse("precise_mail_coupon_pool_chooser:choose")).json()["html"]
    assert pool.name in html
    assert re.search(r">\s*4,?711\s*<", html)
