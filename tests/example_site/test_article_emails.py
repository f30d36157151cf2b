"""Every article of the magazine becomes an email that can go out as it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from example_site.magazine.models import ArticlePage, FlexPage
from wagtail_precise_mail.emails.bridge.making import email_from_page
from wagtail_precise_mail.emails.checks import check_email
from wagtail_precise_mail.emails.sites import default_site

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("demo")]
ROOT = Path(__file__).resolve().parents[2]


def test_article_becomes_an_email_with_nothing_left_out_and_nothing_wrong() -> None:
    site = default_site()
    pages = [*ArticlePage.objects.all(), *FlexPage.objects.all()]
    assert len(pages) > 10
    for page in pages:
        made = email_from_page(page, by=None)
        assert made.left_out == [], page
        assert [one for one in check_email(made.email, site) if one.is_error] == [], page


def test_steps_tips_and_products_of_an_article_are_in_its_email() -> None:
    email = email_from_page(ArticlePage.objects.get(slug="a-proper-pot-of-tea"), by=None).email
    kinds = [child.block_type for child in email.body]
    assert kinds[:3] == ["heading", "image", "rich_text"]
    assert kinds[-2:] == ["columns", "button"]
    titles = [child.value["title"] for child in email.body if child.block_type == "heading"]
    assert titles == ["A proper pot of tea", "The order of things", "Hard water?", "From the shop"]
    texts = [child.value["content"].source for child in email.body if child.block_type == "rich_text"]
    assert [text.count("<li>") for text in texts if text.startswith("<ol>")] == [5]
    columns = next(child for child in email.body if child.block_type == "columns").value["columns"]
    assert [column["content"][0].value["product"].sku for column in columns] == [
        "TEA-BREAKFAST",
        "POT-BROWN",
        "CUP-CLASSIC",
    ]


def test_how_to_shows_the_code_that_runs() -> None:
    code = (ROOT / "example_site" / "magazine" / "emails.py").read_text()
    shown = code[code.index("from collections") :].strip()
    assert shown in (ROOT / "docs" / "how-to" / "pages-in-emails.md").read_text()
