"""Pages, products and images that are gone, hidden, or elsewhere, and what is not as it was approved."""

from __future__ import annotations

from typing import Any

import pytest
from wagtail.models import Page, PageViewRestriction, Site

from tests.emails.checks import found
from tests.factories.commerce import make_product
from tests.factories.emails import default_site, make_email, make_image, raw_block
from tests.factories.pages import make_page
from wagtail_precise_mail.emails.checks import EmailFacts, Finding, check_email
from wagtail_precise_mail.emails.checks.base import email_checks
from wagtail_precise_mail.emails.models import Email

pytestmark = pytest.mark.django_db
KEYS = ("reference_gone", "page_private", "page_elsewhere", "changed_since_approval")


def findings(email: Email) -> list[tuple[str, str, str]]:
    """What these checks find in an email as it is stored."""
    all_found = check_email(Email.objects.get(pk=email.pk), default_site())
    return [(one.level, one.message, one.place) for one in all_found if one.key in KEYS]


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


def test_text_that_links_to_a_deleted_page_is_left_to_the_checks_of_links() -> None:
    block = raw_block("rich_text", content='<p>See <a linktype="page" id="98765">it</a>.</p>')
    assert findings(make_email(block)) == []


def test_finding_leads_to_its_block_also_inside_a_column() -> None:
    page = make_page()
    button = raw_block("button", label="Read", url="https://example.org/", page=page.pk)
    item = {"type": "item", "value": {"content": [button]}, "id": "1"}
    page.delete()
    [finding] = found("reference_gone", raw_block("columns", columns=[item]))
    assert finding.block_id == button["id"]
    assert "Button" in finding.place


def test_change_since_the_approval_is_a_warning() -> None:
    product = make_product(name="Teapot", price="38")
    email = make_email(raw_block("product", product=product.pk))
    email.save_revision().publish()
    assert findings(email) == []
    type(product).objects.update(price="42")
    assert findings(email) == [("warning", "Teapot: price £38.00 → £42.00", "")]


@pytest.mark.slow
@pytest.mark.parametrize("key", KEYS)
def test_each_costs_the_same_for_one_block_as_for_twenty(key: str, django_assert_max_num_queries: Any) -> None:
    def run(count: int, allowed: int) -> list[Finding]:
        pages = [make_page() for _ in range(count)]
        email = make_email(
            *[raw_block("page", page=page.pk) for page in pages],
            *[raw_block("product", product=make_product().pk) for _ in range(count)],
        )
        email.save_revision().publish()
        facts = EmailFacts(Email.objects.get(pk=email.pk), default_site())
        Site.get_site_root_paths()
        with django_assert_max_num_queries(allowed):
            return list(email_checks.get(key)(key, "warning").run(facts))

    most = 5 if key == "changed_since_approval" else 3
    assert run(1, most) == run(20, most) == []
