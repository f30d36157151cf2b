"""Links that lead nowhere, as far as that shows without asking the net."""

from __future__ import annotations

import pytest

from tests.emails.checks import button, columns, found, text
from tests.emails.checks.blocks import found_in
from tests.factories.emails import default_site, raw_block
from tests.testapp.models import StoryPage

pytestmark = pytest.mark.django_db


def add_page(*, live: bool) -> StoryPage:
    return default_site().root_page.add_child(instance=StoryPage(title="Ferns", live=live))


@pytest.mark.parametrize("href", ["/shop/", "shop.html", "../x"])
def test_relative_link_is_an_error(href: str) -> None:
    (finding,) = found_in("links_relative", raw_block("own_markup", html=f'<a href="{href}">shop</a>'))
    assert finding.is_error
    assert href in finding.message


@pytest.mark.parametrize("href", ["https://example.org/", "mailto:a@example.org", "tel:+44", "#top"])
def test_whole_link_is_none(href: str) -> None:
    assert found_in("links_relative", raw_block("own_markup", html=f'<a href="{href}">shop</a>')) == []


@pytest.mark.parametrize("link", ['<a href="">x</a>', '<a href="#">x</a>', '<a href="https://example.org/"></a>'])
def test_empty_link_is_a_warning(link: str) -> None:
    assert found_in("links_empty", raw_block("own_markup", html=link))


def test_picture_and_target_are_no_empty_links() -> None:
    html = '<a name="top"></a><a href="https://example.org/"><img src="https://example.org/a.png" alt="Shop" /></a>'
    assert found_in("links_empty", raw_block("own_markup", html=html)) == []


@pytest.mark.parametrize("kind", ["text", "button"])
def test_link_to_a_draft_page_is_an_error_at_its_block(kind: str) -> None:
    page = add_page(live=False)
    raw = (
        text(f'<p>See <a linktype="page" id="{page.pk}">it</a>.</p>')
        if kind == "text"
        else button(url="", page=page.pk)
    )
    (finding,) = found("links_to_drafts", button(), raw)
    assert finding.is_error
    assert finding.block_id == raw["id"]
    assert "Ferns" in finding.message


def test_link_to_a_published_page_is_none() -> None:
    page = add_page(live=True)
    raw = text(f'<p>See <a linktype="page" id="{page.pk}">it</a>.</p>')
    assert found("links_to_drafts", raw, button(url="", page=page.pk)) == []


def test_link_to_a_deleted_page_is_an_error() -> None:
    (finding,) = found("links_to_drafts", text('<p>See <a linktype="page" id="98765">it</a>.</p>'))
    assert "deleted" in finding.message


def test_draft_page_in_a_column_is_said_once() -> None:
    page = add_page(live=False)
    column = [button(url="", page=page.pk)]
    (finding,) = found("links_to_drafts", columns(column))
    assert finding.place == "Columns, block 1 › Button, block 1"


def test_card_of_a_draft_page_says_it_itself() -> None:
    card = raw_block("page", page=add_page(live=False).pk)
    assert found("links_to_drafts", card, button()) == []
    assert found("rendering", card, button())
