"""Pages as cards."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from wagtail.models import Page

from tests.factories.emails import default_site, make_image
from tests.testapp.models import SelfMadeCardPage, StoryPage, StreamPage
from wagtail_precise_mail.emails.cards import Card, card_of, page_cards, register_page_card, shorten
from wagtail_precise_mail.exceptions import RegistrationError

pytestmark = pytest.mark.django_db


def card(page: Page) -> Card:
    default_site().root_page.add_child(instance=page)
    return card_of(page, base_url="https://shop.example.com", site_id=default_site().pk)


def test_search_description_is_the_first_choice_of_a_summary() -> None:
    made = card(StoryPage(title="Ferns", search_description="For searchers", intro="For readers"))
    assert made == Card("Ferns", "For searchers", None, "", "https://shop.example.com/ferns/")


def test_introduction_is_the_second() -> None:
    assert card(StoryPage(title="Ferns", intro="For readers")).summary == "For readers"


def test_rich_text_is_the_third_without_its_markup() -> None:
    assert card(StoryPage(title="Ferns", body="<h2>One</h2><p>two &amp; <b>three</b></p>")).summary == "One two & three"


def test_first_words_of_a_stream_are_the_last() -> None:
    content = [("title", "A title"), ("words", "<p>More words</p>")]
    assert card(StreamPage(title="Ferns", content=content)).summary == "A title"


def test_first_image_of_a_page_is_its_picture() -> None:
    image = make_image()
    assert card(StoryPage(title="Ferns", hero_image=image)).image == image


def test_page_without_anything_is_a_card_with_a_title() -> None:
    assert card(Page(title="Bare")).title == "Bare"


def test_page_can_say_itself_what_is_shown() -> None:
    made = card(SelfMadeCardPage(title="Scones"))
    assert (made.title, made.url) == ("Recipe: Scones", "https://recipes.example.org/1")


@pytest.fixture
def _adapter() -> Iterator[None]:
    register_page_card(StoryPage)(lambda page: Card(title=page.title.upper()))
    yield
    del page_cards[StoryPage]


@pytest.mark.usefixtures("_adapter")
def test_adapter_speaks_for_a_page_that_cannot_be_changed() -> None:
    assert card(StoryPage(title="Ferns")).title == "FERNS"


@pytest.mark.usefixtures("_adapter")
def test_second_adapter_for_a_page_type_is_refused() -> None:
    with pytest.raises(RegistrationError):
        register_page_card(StoryPage)(lambda page: Card(title=""))


@pytest.mark.parametrize(
    ("text", "limit", "expected"),
    [
        ("short", 10, "short"),
        ("exactly ten", 11, "exactly ten"),
        ("one two three", 9, "one two…"),
        ("one two, three", 10, "one two…"),
        ("one two three", 8, "one two…"),
        ("abcdefghijkl", 5, "abcd…"),
        ("没有空格的语言也要缩短", 6, "没有空格的…"),
        ("anything", 0, ""),
        ("a  b\n c", 10, "a b c"),
    ],
)
def test_text_is_cut_between_words(text: str, limit: int, expected: str) -> None:
    assert shorten(text, limit) == expected
    assert len(shorten(text, limit)) <= max(limit, 0)
