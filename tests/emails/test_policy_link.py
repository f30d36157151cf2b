"""The privacy policy in the footer of every mail: the version in force, once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from bs4 import BeautifulSoup

from tests.emails.conftest import fill
from tests.emails.test_frame import link, stored, text_block
from tests.factories.contacts import make_policy
from tests.factories.emails import COMPILED_AT, default_site, make_brand, make_email, raw_block
from tests.factories.pages import make_page
from wagtail_precise_mail.emails.composition import compose
from wagtail_precise_mail.emails.models import Email

pytestmark = pytest.mark.django_db


def links(email: Email) -> list[tuple[str, str]]:
    footer = BeautifulSoup(fill(email).html, "html.parser").find(class_="wpm-footer")
    assert footer is not None
    return [(one.get_text(), str(one["href"])) for one in footer.find_all("a")]


def policies(email: Email) -> list[tuple[str, str]]:
    return [(words, href) for words, href in links(email) if "rivacy" in words]


def mail(*blocks: Any) -> Email:
    return make_email(body=[text_block(), *blocks])


@pytest.fixture
def policy() -> Any:
    return make_policy("2026-02", published_at=COMPILED_AT)


def test_the_footer_leads_to_the_policy_with_its_version(policy: Any) -> None:
    make_brand()
    email = mail()
    assert policies(email) == [("Privacy policy, version 2026-02", "https://shop.example.com/2026-02/")]
    assert "Privacy policy, version 2026-02: https://shop.example.com/2026-02/" in fill(email).text


def test_a_new_version_takes_its_place_when_it_is_in_force(policy: Any) -> None:
    make_brand()
    make_policy("2026-03", published_at=COMPILED_AT + timedelta(days=1))
    assert policies(mail())[0][0] == "Privacy policy, version 2026-02"
    make_policy("2026-02b", published_at=COMPILED_AT)
    assert policies(mail())[0][0] == "Privacy policy, version 2026-02b"


def test_without_a_policy_nothing_is_added() -> None:
    make_brand()
    assert policies(mail()) == []


@pytest.mark.parametrize("url", ["https://shop.example.com/2026-02/", "https://shop.example.com/2026-02#top"])
def test_who_links_it_in_the_brand_has_it_once(policy: Any, url: str) -> None:
    make_brand(footer_links=stored(link("Privacy", url), link("Imprint", "https://shop.example.com/imprint/")))
    assert policies(mail()) == [("Privacy", url)]


def test_a_page_of_the_site_is_the_same_as_its_link() -> None:
    page = make_page(title="Privacy")
    policy = make_policy("2026-02", url="", page=page, published_at=COMPILED_AT)
    make_brand()
    ((words, href),) = policies(mail())
    assert words == f"Privacy policy, version {policy.version}"
    assert href.startswith("https://shop.example.com")
    make_brand(footer_links=stored(link("Our privacy", page=page.pk)))
    assert [words for words, _href in policies(mail())] == ["Our privacy"]


def test_a_footer_block_has_it_even_without_the_links_of_the_brand(policy: Any) -> None:
    make_brand(footer_links=stored(link("Privacy", "https://shop.example.com/2026-02/")))
    block = raw_block("footer", reason="", unsubscribe_label="", show_links=False, show_accounts=False)
    assert [words for words, _href in policies(mail(block))] == ["Privacy policy, version 2026-02"]


def test_landing_pages_have_none(policy: Any) -> None:
    make_brand()
    source = compose(
        mail(), site=default_site(), base_url="https://shop.example.com", at=COMPILED_AT, is_draft=True, is_page=True
    )
    assert "Privacy policy" not in source.mjml
