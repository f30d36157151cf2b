"""A review in a mail: approved, or not there at all."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from tests.emails.conftest import body_of, soup, text_of
from tests.factories.campaigns import make_user
from tests.factories.commerce import make_product
from tests.factories.emails import compiled, default_site, make_email, raw_block
from wagtail_precise_mail.commerce.models import Product
from wagtail_precise_mail.commerce.reviews import Review, moderate
from wagtail_precise_mail.emails.checks import check_email
from wagtail_precise_mail.exceptions import RenderError

pytestmark = pytest.mark.django_db


def make_review(product: Product | None = None, words: str = "It pours.", **overrides: Any) -> Review:
    """An approved review."""
    values = {"name": "Ada M.", "stars": 4, "state": "approved", **overrides}
    return Review.objects.create(product=product or make_product(), words=words, **values)


def picked(review: Review) -> Any:
    return raw_block("review", selection="picked", review=review.pk, show_product=True)


def test_stars_are_signs_and_words() -> None:
    product = make_product(name="Teapot", url="/teapot/")
    email = make_email(picked(make_review(product)))
    panel = body_of(soup(email))
    assert panel.find(class_="wpm-stars", attrs={"aria-hidden": "true"}).get_text() == "★★★★☆"
    assert "4 of 5 stars" in panel.get_text()
    assert panel.find("a", string="Teapot")["href"] == "https://shop.example.com/teapot/"
    assert text_of(email) == "4 of 5 stars\n> “It pours.”\n> — Ada M., Teapot\nhttps://shop.example.com/teapot/"


@pytest.mark.parametrize("state", ["pending", "rejected"])
def test_only_approved_reviews_appear(state: str) -> None:
    product = make_product()
    make_review(product, "Yes please")
    make_review(product, "Not this", state=state)
    for block in (
        raw_block("review", selection="newest"),
        raw_block("review", selection="product", product=product.pk),
    ):
        words = body_of(soup(make_email(block))).get_text()
        assert "Yes please" in words
        assert "Not this" not in words


def test_review_that_is_rejected_later_makes_room_for_the_next_of_its_product() -> None:
    product, by = make_product(), make_user()
    make_review(product, "Good enough")
    make_review(words="Of another product")
    review = make_review(product, "Was approved")
    email = make_email(picked(review), raw_block("heading", title="Bye"))
    assert "Was approved" in text_of(email)
    moderate(review, Review.State.REJECTED, by=by, at=timezone.now())
    assert "Was approved" not in text_of(email)
    assert "Good enough" in text_of(email)
    assert any("is not approved" in finding.message for finding in check_email(email, default_site()))


def test_without_an_approved_one_nothing_is_shown_and_the_checks_say_so() -> None:
    review = make_review(state="pending")
    make_review(words="Of another product")
    email = make_email(picked(review), raw_block("heading", title="Bye"))
    assert text_of(email).strip("=\n -") == "Bye"
    assert any("no approved review" in finding.message for finding in check_email(email, default_site()))


def test_newest_of_a_product_is_of_that_product() -> None:
    product = make_product()
    make_review(product, "Older")
    make_review(product, "Newer")
    make_review(words="Of another")
    assert "Newer" in text_of(make_email(raw_block("review", selection="product", product=product.pk)))
    assert "Of another" in text_of(make_email(raw_block("review", selection="newest")))


def test_deleted_review_is_an_error() -> None:
    review = make_review()
    email = make_email(picked(review))
    review.delete()
    with pytest.raises(RenderError, match="deleted"):
        compiled(email)


def test_words_of_buyers_stay_words() -> None:
    hostile = '<script>alert(1)</script> {{ contact.email }} \u202e"&'
    email = make_email(picked(make_review(words=hostile, name="<b>Eve</b>")))
    panel = body_of(soup(email))
    assert not panel.find_all(["script", "b"])
    assert "{{ contact.email }}" in panel.get_text()
    assert "\u202e" not in panel.get_text()


def test_it_fits_in_a_column() -> None:
    columns = [{"content": [picked(make_review())]}, {"content": [raw_block("heading", title="Beside")]}]
    assert "It pours." in body_of(soup(make_email(raw_block("columns", columns=columns)))).get_text()
