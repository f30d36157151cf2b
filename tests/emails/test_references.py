"""What an email refers to, at any depth."""

from __future__ import annotations

from typing import Any

import pytest
from wagtail.blocks import CharBlock, ListBlock, PageChooserBlock, StructBlock

from tests.factories.commerce import make_product
from tests.factories.emails import make_email, make_image, make_saved_block, raw_block
from tests.factories.pages import make_page
from wagtail_precise_mail.emails.blocks import EmailBlock
from wagtail_precise_mail.emails.body import email_blocks, make_body_block
from wagtail_precise_mail.emails.models import Email
from wagtail_precise_mail.emails.references import references_of

pytestmark = pytest.mark.django_db


def columns(*blocks: dict[str, Any]) -> dict[str, Any]:
    """Raw blocks, each in a column."""
    return raw_block(
        "columns",
        columns=[{"type": "item", "value": {"content": [block]}, "id": f"c{block['id']}"} for block in blocks],
    )


def body(*blocks: dict[str, Any]) -> Any:
    return Email.objects.get(pk=make_email(*blocks).pk).body


def test_everything_is_found_in_its_place() -> None:
    page, product, image = make_page(), make_product(), make_image()
    found = references_of(
        body(
            raw_block("page", page=page.pk),
            columns(raw_block("product", product=product.pk), raw_block("button", label="x", page=page.pk)),
            raw_block("image", image={"image": image.pk, "alt_text": "x", "decorative": False}),
            raw_block("rich_text", content=f'<p><a linktype="page" id="{page.pk}">x</a></p>'),
        )
    )
    assert [one.place for one in found.pages[page.pk]] == ["Page, block 1", "Button, block 1", "Text, block 4"]
    assert [one.is_required for one in found.pages[page.pk]] == [True, False, False]
    assert [one.place for one in found.products[product.pk]] == ["Product, block 1"]
    assert [one.place for one in found.images[image.pk]] == ["Image, block 3"]


def test_what_was_deleted_is_still_a_reference() -> None:
    product = make_product()
    pk = product.pk
    stored = body(raw_block("product", product=pk))
    product.delete()
    assert list(references_of(stored).products) == [pk]


def test_saved_blocks_are_read_when_they_are_published() -> None:
    page, other = make_page(), make_page()
    saved = make_saved_block(raw_block("page", page=page.pk), name="Season")
    draft = make_saved_block(raw_block("page", page=other.pk), live=False)
    found = references_of(
        body(raw_block("saved_block", saved_block=saved.pk), raw_block("saved_block", saved_block=draft.pk))
    )
    assert list(found.saved_blocks) == [saved.pk, draft.pk]
    assert [one.place for one in found.pages[page.pk]] == ["Page, block 1 of the saved block “Season”"]
    assert other.pk not in found.pages


def test_choosers_in_blocks_of_a_site_are_found_at_any_depth() -> None:
    class CornerBlock(EmailBlock):
        corners = ListBlock(StructBlock([("title", CharBlock()), ("goes_to", PageChooserBlock(required=False))]))

    with email_blocks.temporarily("corner", CornerBlock):
        raw = [raw_block("corner", corners=[{"title": "x", "goes_to": 7}])]
        found = references_of(make_body_block().to_python(raw))
    assert list(found.pages) == [7]


@pytest.mark.parametrize(
    "raw",
    [
        {"type": "removed_block", "value": {"page": 3}, "id": "a"},
        {"type": "heading", "value": "an old value", "id": "a"},
        {"type": "columns", "value": {"columns": None}, "id": "a"},
        {"type": "page", "value": {}, "id": "a"},
        {"type": "page", "value": {"page": "seven"}, "id": "a"},
        {"type": "image", "value": {"image": "an old value"}, "id": "a"},
    ],
)
def test_damaged_blocks_are_passed_over(raw: dict[str, Any]) -> None:
    found = references_of(body(raw))
    assert (found.pages, found.products) == ({}, {})


def test_walk_asks_the_database_for_saved_blocks_only(django_assert_num_queries: Any) -> None:
    page, product = make_page(), make_product()
    many = [
        *[raw_block("page", page=page.pk) for _ in range(20)],
        *[columns(raw_block("product", product=product.pk)) for _ in range(20)],
    ]
    without = body(*many)
    with django_assert_num_queries(0):
        references_of(without)
    saved = [make_saved_block(*many) for _ in range(3)]
    with_saved = body(*many, *[raw_block("saved_block", saved_block=one.pk) for one in saved])
    with django_assert_num_queries(1):
        references_of(with_saved)
