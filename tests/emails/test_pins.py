"""What was approved, and what has become different since."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from wagtail.models import Revision

from tests.factories.commerce import make_product
from tests.factories.emails import make_email, make_saved_block, raw_block
from tests.factories.pages import make_page
from wagtail_precise_mail.commerce.models import Product
from wagtail_precise_mail.emails import pins
from wagtail_precise_mail.emails.models import ApprovedContent, Email

pytestmark = pytest.mark.django_db
THEN = datetime(2026, 3, 1, 9, tzinfo=UTC)


def approve(*blocks: dict[str, Any]) -> Email:
    """A published email with these blocks."""
    email = make_email(*blocks)
    email.save_revision().publish()
    return Email.objects.get(pk=email.pk)


def changes(email: Email) -> list[str]:
    return [str(change) for change in pins.changes_since(ApprovedContent.objects.get(email=email, origin_kind=""))]


def product_email(**product: Any) -> tuple[Email, Any]:
    one = make_product(**{"name": "Stoneware teapot", "price": "38", "stock_count": 4, **product})
    return approve(raw_block("product", product=one.pk)), Product.objects.filter(pk=one.pk)


class TestPublishing:
    def test_publishing_keeps_what_the_email_shows(self) -> None:
        page = make_page(title="Spring tea")
        saved = make_saved_block(raw_block("divider", style="line"), name="Season")
        product = make_product(name="Teapot", price="38", stock_count=4)
        blocks = [
            raw_block("page", page=page.pk),
            raw_block("product", product=product.pk),
            raw_block("saved_block", saved_block=saved.pk),
        ]
        email = approve(*blocks)
        kept = ApprovedContent.objects.get(email=email)
        assert kept.revision_id == email.live_revision_id
        assert kept.facts["pages"][str(page.pk)]["revision"] == page.live_revision_id
        assert kept.facts["products"][str(product.pk)] == {
            "name": "Teapot",
            "price": "38",
            "currency": "GBP",
            "stock": 4,
            "is_on_sale": True,
            "is_available": True,
        }
        assert kept.facts["saved_blocks"][str(saved.pk)]["name"] == "Season"

    def test_publishing_a_version_again_approves_it_again(self) -> None:
        email, product = product_email()
        product.update(price="42")
        Revision.objects.get(pk=email.live_revision_id).publish()
        assert changes(email) == []
        assert ApprovedContent.objects.filter(email=email).count() == 1

    def test_saving_a_draft_approves_nothing(self) -> None:
        make_email().save_revision()
        assert not ApprovedContent.objects.exists()

    def test_planning_to_publish_approves_nothing_before_it_happens(self) -> None:
        email = make_email(live=False, go_live_at=timezone.now() + timedelta(days=1))
        email.save_revision().publish()
        assert not ApprovedContent.objects.exists()
        with time_machine.travel(timezone.now() + timedelta(days=2)):
            Revision.objects.get(pk=email.latest_revision_id).publish()
        assert ApprovedContent.objects.get().email == email

    def test_approval_goes_with_its_email(self) -> None:
        email, _product = product_email()
        email.delete()
        assert not ApprovedContent.objects.exists()


class TestProducts:
    def test_nothing_changed_is_nothing_to_say(self) -> None:
        email, product = product_email()
        product.update(price=Decimal("38.00"), stock_count=3)
        assert changes(email) == []

    @pytest.mark.parametrize(
        ("values", "sentence"),
        [
            ({"price": "42"}, "Stoneware teapot: price £38.00 → £42.00"),
            ({"price": None}, "Stoneware teapot: price £38.00 → none"),
            ({"currency": "EUR"}, "Stoneware teapot: price £38.00 → €38.00"),
            ({"stock_count": 0}, "Stoneware teapot: sold out since"),
            ({"is_published": False}, "Stoneware teapot: no longer on sale"),
            ({"name": "Big teapot"}, "“Stoneware teapot” is called “Big teapot” now"),
        ],
    )
    def test_change_is_said_in_words(self, values: dict[str, Any], sentence: str) -> None:
        email, product = product_email()
        product.update(**values)
        assert changes(email) == [sentence]

    def test_coming_back_is_a_change(self) -> None:
        email, product = product_email(stock_count=0)
        product.update(stock_count=5)
        assert changes(email) == ["Stoneware teapot: can be bought again"]

    def test_deleted_product_is_a_change(self) -> None:
        email, product = product_email()
        product.delete()
        assert changes(email) == ["The product “Stoneware teapot” was deleted"]

    def test_prices_come_first(self) -> None:
        email, product = product_email()
        product.update(price="42", name="Big teapot", stock_count=0)
        assert changes(email)[0].startswith("Stoneware teapot: price")
        assert len(changes(email)) == 3


class TestPages:
    def test_page_that_was_published_again_is_named_with_the_day(self) -> None:
        page = make_page(title="Spring tea")
        email = approve(raw_block("page", page=page.pk))
        with time_machine.travel(datetime(2027, 3, 4, 9, 30, tzinfo=UTC), tick=False):
            page.save_revision().publish()
        [sentence] = changes(email)
        assert sentence.startswith("The page “Spring tea” was published again on March 4, 2027")

    def test_draft_of_a_page_is_no_change(self) -> None:
        page = make_page(title="Spring tea")
        email = approve(raw_block("page", page=page.pk))
        page.title = "Summer tea"
        page.save_revision()
        assert changes(email) == []

    def test_unpublished_and_deleted_pages_are_changes(self) -> None:
        page, other = make_page(title="Spring tea"), make_page(title="Scones")
        email = approve(raw_block("page", page=page.pk), raw_block("button", label="x", page=other.pk))
        page.unpublish()
        other.delete()
        assert changes(email) == ["The page “Spring tea” is no longer published", "The page “Scones” was deleted"]

    def test_new_title_is_a_change_also_without_a_version(self) -> None:
        page = make_page(title="Spring tea")
        email = approve(raw_block("page", page=page.pk))
        type(page).objects.filter(pk=page.pk).update(title="Summer tea")
        assert changes(email) == ["“Spring tea” is called “Summer tea” now"]

    def test_alias_changes_with_its_source(self) -> None:
        page = make_page(title="Spring tea")
        alias = page.create_alias(update_slug="again")
        email = approve(raw_block("page", page=alias.pk))
        page.title = "Summer tea"
        page.save_revision().publish()
        assert any("Summer tea" in sentence or "published again" in sentence for sentence in changes(email))


class TestSavedBlocks:
    def test_words_that_changed_are_a_change(self) -> None:
        saved = make_saved_block(raw_block("heading", title="Spring"), name="Season")
        email = approve(raw_block("saved_block", saved_block=saved.pk))
        saved.body = [("heading", {"title": "Summer"})]
        saved.save_revision().publish()
        assert changes(email) == ["The saved block “Season” says something else now"]

    def test_publishing_it_unchanged_is_none(self) -> None:
        saved = make_saved_block(raw_block("heading", title="Spring"), name="Season")
        email = approve(raw_block("saved_block", saved_block=saved.pk))
        type(saved).objects.get(pk=saved.pk).save_revision().publish()
        assert changes(email) == []

    def test_product_inside_it_is_pinned_too(self) -> None:
        product = make_product(name="Teapot", price="38")
        saved = make_saved_block(raw_block("product", product=product.pk))
        email = approve(raw_block("saved_block", saved_block=saved.pk))
        Product.objects.update(price="42")
        assert changes(email) == ["Teapot: price £38.00 → £42.00"]

    def test_deleted_and_unpublished_ones_are_changes(self) -> None:
        saved, other = make_saved_block(name="Season"), make_saved_block(name="Shop")
        email = approve(raw_block("saved_block", saved_block=saved.pk), raw_block("saved_block", saved_block=other.pk))
        saved.unpublish()
        other.delete()
        assert changes(email) == [
            "The saved block “Season” is no longer published",
            "The saved block “Shop” was deleted",
        ]


PICTURE = "https://cdn.example.com/tea.jpg"


def listed(selection: str = "newest", **overrides: Any) -> dict[str, Any]:
    return raw_block("product_list", **{"selection": selection, "count": 2, "heading": "New in", **overrides})


def tea(name: str, **overrides: Any) -> Product:
    return make_product(**{"name": name, "price": "8", "image_url": PICTURE, **overrides})


class TestLists:
    def test_what_an_automatic_list_showed_to_nobody_in_particular_is_kept(self) -> None:
        assam = tea("Assam")
        block = listed()
        kept = ApprovedContent.objects.get(email=approve(block)).facts["listed"]
        assert kept["lists"][block["id"]]["items"] == {f"product:{assam.pk}": "Assam"}
        assert kept["products"][str(assam.pk)]["price"] == "8"

    def test_list_that_shows_others_is_a_hint_and_no_change(self) -> None:
        tea("Assam")
        tea("Earl")
        email = approve(listed())
        tea("Mint")
        (hint,) = pins.changes_since(ApprovedContent.objects.get(email=email))
        assert hint.is_hint
        assert not hint.is_price
        assert str(hint) == "The list “New in” shows “Mint” now, and no longer “Assam”"

    def test_longer_and_shorter_lists_say_so(self) -> None:
        assam = tea("Assam")
        email = approve(listed(count=3))
        tea("Earl")
        assert changes(email) == ["The list “New in” shows “Earl”, too"]
        Product.objects.filter(name="Earl").delete()
        Product.objects.filter(pk=assam.pk).update(stock_count=0)
        assert changes(email) == ["The list “New in” no longer shows “Assam”"]

    def test_another_order_is_nothing_to_say(self) -> None:
        assam = tea("Assam")
        tea("Earl")
        email = approve(listed())
        Product.objects.filter(pk=assam.pk).update(published_at=timezone.now() + timedelta(days=1))
        assert changes(email) == []

    def test_price_of_what_is_still_shown_is_a_change(self) -> None:
        assam = tea("Assam")
        email = approve(listed())
        Product.objects.filter(pk=assam.pk).update(price="9")
        (change,) = pins.changes_since(ApprovedContent.objects.get(email=email))
        assert change.is_price
        assert str(change) == "Assam: price £8.00 → £9.00"

    def test_price_of_what_is_no_longer_shown_is_none(self) -> None:
        assam = tea("Assam")
        email = approve(listed(count=1))
        Product.objects.filter(pk=assam.pk).update(price="9")
        tea("Earl")
        assert [change.is_price for change in pins.changes_since(ApprovedContent.objects.get(email=email))] == [False]

    def test_product_in_a_card_and_in_a_list_is_named_once(self) -> None:
        assam, _earl = tea("Assam"), tea("Earl")
        email = approve(listed("picked", products=[assam.pk]), listed())
        Product.objects.filter(pk=assam.pk).update(price="9")
        assert changes(email) == ["Assam: price £8.00 → £9.00"]

    @pytest.mark.parametrize("selection", ["related", "favorites", "buy_again", "new_in_categories"])
    def test_what_each_reader_gets_is_not_kept(self, selection: str) -> None:
        tea("Assam")
        assert "listed" not in ApprovedContent.objects.get(email=approve(listed(selection))).facts

    def test_page_list_names_new_pages(self) -> None:
        make_page(title="Spring tea", first_published_at=THEN)
        pages = raw_block("page_list", selection="newest", count=1, layout="compact", columns="1")
        email = approve(pages)
        make_page(title="Summer tea", first_published_at=THEN + timedelta(days=30))
        assert changes(email) == ["The list “Page list” shows “Summer tea” now, and no longer “Spring tea”"]

    def test_list_in_a_column_of_a_saved_block_is_found(self) -> None:
        tea("Assam")
        saved = make_saved_block(raw_block("columns", columns=[raw_block("item", content=[listed()])]))
        email = approve(raw_block("saved_block", saved_block=saved.pk))
        tea("Earl")
        assert changes(email) == ["The list “New in” shows “Earl”, too"]

    def test_reading_it_again_costs_the_same_for_few_and_many(self) -> None:
        def queries(number: int) -> int:
            for _ in range(number):
                tea("Tea")
            email = approve(listed(count=12))
            tea("Mug")
            approval = ApprovedContent.objects.get(email=email)
            with CaptureQueriesContext(connection) as asked:
                pins.changes_since(approval)
            return len(asked)

        assert queries(1) == queries(10)


def test_email_that_was_approved_before_there_were_pins_has_no_changes() -> None:
    email = make_email()
    assert pins.changes_since(pins.approval_of(email, revision_id=email.live_revision_id)) == []
    assert pins.changes_since(None) == []


def test_origins_are_kept_apart_and_forgotten_apart() -> None:
    email, product = product_email()
    product.update(price="42")
    at, revision_id = timezone.now(), email.live_revision_id
    pins.pin(email, email.body, revision_id=revision_id, at=at, origin_kind="campaign", origin_id=7)
    of_campaign = pins.approval_of(email, revision_id=revision_id, origin_kind="campaign", origin_id=7)
    assert pins.changes_since(of_campaign) == []
    assert changes(email) == ["Stoneware teapot: price £38.00 → £42.00"]
    pins.forget(origin_kind="campaign", origin_id=7)
    assert ApprovedContent.objects.count() == 1


def test_facts_and_changes_cost_a_constant_number_of_queries(django_assert_num_queries: Any) -> None:
    saved = make_saved_block()
    for number in (1, 12):
        email = make_email(
            raw_block("saved_block", saved_block=saved.pk),
            *[raw_block("page", page=make_page().pk) for _ in range(number)],
            *[raw_block("product", product=make_product().pk) for _ in range(number)],
        )
        body = Email.objects.get(pk=email.pk).body
        with django_assert_num_queries(4):  # what is in saved blocks, pages, products, saved blocks
            facts = pins.facts_of(body)
        with django_assert_num_queries(3):
            pins.changes_since(ApprovedContent(facts=facts))
