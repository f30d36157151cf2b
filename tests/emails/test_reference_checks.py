"""Pages, products and images that are gone, hidden, or elsewhere."""

from __future__ import annotations

from typing import Any

import pytest
from wagtail.models import Page, PageViewRestriction, Site

from tests.factories.commerce import make_product
from tests.factories.emails import default_site, make_email, make_image, raw_block
from tests.factories.pages import make_page
from wagtail_precise_mail.emails.checks import check_email
from wagtail_precise_mail.emails.models import Email
from wagtail_precise_mail.emails.reference_checks import check_references

pytestmark = pytest.mark.django_db


def findings(email: Email) -> list[tuple[str, str, str]]:
    email = Email.objects.get(pk=email.pk)
    return [(one.level, one.message, one.place) for one in check_references(email.body, default_site())]


def picture(**value: Any) -> dict[str, Any]:
    return raw_block("image", image={"image": make_image().pk, "alt_text": "A fern", "decorative": False}, **value)


def test_well_linked_email_has_no_findings() -> None:
    page = make_page()
    assert findings(make_email(raw_block("page", page=page.pk), picture(page=page.pk))) == []


def test_deleted_page_behind_a_picture_is_a_warning_that_names_the_block() -> None:
    page = make_page()
    email = make_email(raw_block("divider", style="line"), picture(page=page.pk))
    page.delete()
    assert findings(email) == [("warning", "The page that this block leads to was deleted.", "Image, block 2")]


def test_deleted_replacement_is_a_warning() -> None:
    product, replacement = make_product(), make_product()
    email = make_email(raw_block("product", product=product.pk, replacement=replacement.pk))
    replacement.delete()
    assert findings(email) == [("warning", "A product of this block was deleted.", "Product, block 1")]


@pytest.mark.parametrize("kind", ["page", "product", "image", "saved_block"])
def test_what_a_block_cannot_do_without_is_an_error_of_the_block(kind: str) -> None:
    value = {"image": {"image": 999}} if kind == "image" else {kind: 999}
    email = make_email(raw_block("divider", style="line"), raw_block(kind, **value))
    assert findings(email) == []
    errors = [one for one in check_email(email, default_site()) if one.is_error]
    assert [one.place.split(",")[1] for one in errors] == [" block 2"]
    assert "deleted" in errors[0].message


@pytest.mark.parametrize("kind", ["button", "image", "rich_text"])
def test_link_to_an_unpublished_page_is_an_error(kind: str) -> None:
    page = make_page(title="Not yet", live=False)
    block = {
        "button": lambda: raw_block("button", label="Read", page=page.pk),
        "image": lambda: picture(page=page.pk),
        "rich_text": lambda: raw_block("rich_text", content=f'<p><a linktype="page" id="{page.pk}">x</a></p>'),
    }[kind]()
    [(level, message, place)] = findings(make_email(block))
    assert (level, place.split(",")[1]) == ("error", " block 1")
    assert message == "The page “Not yet” is not published: readers would find nothing."


def test_private_page_is_a_warning() -> None:
    page = make_page(title="Members")
    child = page.add_child(instance=Page(title="Their list"))
    PageViewRestriction.objects.create(page=page, restriction_type=PageViewRestriction.LOGIN)
    [(level, message, _place)] = findings(make_email(raw_block("page", page=child.pk)))
    assert (level, message) == ("warning", "The page “Their list” is private: readers may not see it.")


def test_alias_of_a_private_page_is_private() -> None:
    page = make_page(title="Members")
    PageViewRestriction.objects.create(page=page, restriction_type=PageViewRestriction.LOGIN)
    alias = page.create_alias(update_slug="also-members")
    assert [message for _level, message, _place in findings(make_email(raw_block("page", page=alias.pk)))] == [
        "The page “Members” is private: readers may not see it."
    ]


def test_alias_of_an_open_page_is_no_finding() -> None:
    alias = make_page().create_alias(update_slug="again")
    assert findings(make_email(raw_block("page", page=alias.pk))) == []


def test_page_of_another_site_is_a_warning() -> None:
    home = Page.get_first_root_node().add_child(instance=Page(title="Wholesale", slug="wholesale"))
    Site.objects.create(root_page=home, hostname="trade.example.com", site_name="Trade")
    page = home.add_child(instance=Page(title="Prices"))
    [(level, message, _place)] = findings(make_email(raw_block("page", page=page.pk)))
    assert (level, message) == (
        "warning",
        "The page “Prices” belongs to the site “Trade”: its links lead there.",
    )


def test_checks_cost_the_same_for_one_page_as_for_twenty(django_assert_num_queries: Any) -> None:
    pages = [make_page() for _ in range(20)]
    few = make_email(raw_block("page", page=pages[0].pk), raw_block("product", product=make_product().pk))
    many = make_email(
        *[raw_block("page", page=page.pk) for page in pages],
        *[raw_block("product", product=make_product().pk) for _ in range(5)],
    )
    site = default_site()
    for email in (few, many):
        body = Email.objects.get(pk=email.pk).body
        Site.get_site_root_paths()
        with django_assert_num_queries(4):  # pages, products, restrictions, sites
            check_references(body, site)
