"""How much a confirmation may sell: so many products, so much of its height, and in slots only."""

from __future__ import annotations

from typing import Any

import pytest
from pytest_django import Settings

from tests.emails.checks import button, columns, facts, heading, text
from tests.factories.commerce import make_product
from tests.factories.emails import default_site, make_email, make_image, raw_block
from wagtail_precise_mail.emails.checks import Finding, check_email
from wagtail_precise_mail.emails.checks.cross_selling import cross_selling_of
from wagtail_precise_mail.emails.checks.figures import figures_of

pytestmark = pytest.mark.django_db


def slot(**overrides: Any) -> dict[str, Any]:
    value = {"selection": "newest", "count": 2, "layout": "compact", "columns": "2", "is_slot_for_consenting": True}
    return raw_block("product_list", **{**value, **overrides})


def large() -> dict[str, Any]:
    return slot(count=4, layout="above")


def order() -> dict[str, Any]:
    return raw_block("order_summary", title="Your order", show_pictures=True)


def found(*blocks: dict[str, Any], **words: Any) -> list[Finding]:
    findings = check_email(make_email(*blocks), default_site(), **words)
    return [finding for finding in findings if finding.key == "cross_selling"]


def confirmation(*slots: dict[str, Any]) -> list[dict[str, Any]]:
    return [heading(1), text("<p>We have your order, and pack it with care.</p>"), order(), button(), *slots]


def test_confirmation_with_a_small_slot_is_fine() -> None:
    assert found(*confirmation(slot())) == []
    assert found(*confirmation()) == []


def test_more_products_than_the_limit_are_an_error_with_figures(settings: Settings) -> None:
    (finding,) = found(*confirmation(slot(count=3), slot(count=2)))[:1]
    assert finding.is_error
    assert finding.message == "It shows 5 products besides what it is about; 4 are the most."
    settings.WAGTAIL_PRECISE_MAIL = {**settings.WAGTAIL_PRECISE_MAIL, "cross_sell_max_products": 5}
    assert not any("products besides" in one.message for one in found(*confirmation(slot(count=5))))


def test_larger_share_than_the_limit_is_an_error_that_says_how_large_it_is(settings: Settings) -> None:
    (finding,) = found(*confirmation(large()))
    assert finding.is_error
    measured = cross_selling_of(facts(*confirmation(large())))
    assert measured.percent > 40
    pixels = f"{measured.height} of {measured.total_height} pixels"
    assert finding.message == f"About {measured.percent}% of it sells ({pixels}); 40% are the most."
    settings.WAGTAIL_PRECISE_MAIL = {**settings.WAGTAIL_PRECISE_MAIL, "cross_sell_max_percent": measured.percent}
    assert found(*confirmation(large())) == []


def test_share_falls_with_what_there_is_to_read() -> None:
    more = [text("<p>" + "Moss grows slowly. " * 40 + "</p>"), raw_block("image", image=_image())]
    assert cross_selling_of(facts(*more, *confirmation(slot()))).percent < (
        cross_selling_of(facts(*confirmation(slot()))).percent - 10
    )


def _image() -> dict[str, Any]:
    return {"image": make_image().pk, "alt_text": "A fern", "decorative": False}


def test_list_in_a_column_counts() -> None:
    inside = cross_selling_of(facts(order(), columns([large()], [text("<p>Moss.</p>")])))
    assert inside.product_count == 4
    assert inside.percent > 40


@pytest.mark.parametrize("kind", ["product", "product_list", "coupon"])
def test_what_sells_outside_a_slot_is_named(kind: str) -> None:
    product = make_product(image_url="https://cdn.example.com/a.jpg")
    block = {
        "product": raw_block("product", product=product.pk, layout="compact"),
        "product_list": slot(is_slot_for_consenting=False),
        "coupon": raw_block("coupon", title="A tenth off", code="MOSS", terms="Once."),
    }[kind]
    (finding,) = [one for one in found(*confirmation(), block) if "without a consent" in one.message]
    assert (finding.level, finding.block_id) == ("warning", block["id"])
    known = [one for one in found(*confirmation(), block, is_transactional=True) if one.block_id == block["id"]]
    assert [one.level for one in known] == ["error"]


def test_mail_that_people_agreed_to_may_sell_as_it_likes() -> None:
    blocks = confirmation(slot(count=12), slot(is_slot_for_consenting=False))
    assert found(*blocks, is_transactional=False) == []
    assert found(heading(1), slot(count=12, is_slot_for_consenting=False)) == []


def test_editor_is_told_that_nobody_sees_a_slot(settings: Settings) -> None:
    off = {"cross_sell_jurisdictions": {"*": "off"}}
    settings.WAGTAIL_PRECISE_MAIL = {**settings.WAGTAIL_PRECISE_MAIL, **off}
    (finding,) = found(*confirmation(slot()))
    assert finding.level == "warning"
    assert "every country" in finding.message


def test_panel_shows_the_share_of_confirmations_only() -> None:
    labels = [figure.label for figure in figures_of(facts(*confirmation(slot())))]
    assert "Selling in it" in labels
    assert "Selling in it" not in [figure.label for figure in figures_of(facts(heading(1), text("<p>Moss.</p>")))]
