"""Reading markup: words alone are markup, too, and nobody warns of them."""

from __future__ import annotations

import warnings

import pytest
from django.utils import timezone
from wagtail.rich_text import RichText

from tests.factories.emails import default_site
from wagtail_precise_mail.emails.composition import make_context
from wagtail_precise_mail.emails.mjml import normalize
from wagtail_precise_mail.emails.richtext import mail_text
from wagtail_precise_mail.emails.soup import read_markup

LIKE_A_FILE = ["https://shop.example.com/", "page.html", "../teapot.txt", "C:\\teapots.csv"]


@pytest.mark.parametrize("words", LIKE_A_FILE)
def test_words_that_look_like_the_name_of_a_file_are_read_without_a_warning(words: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert read_markup(words).get_text() == words
        assert normalize(words)


@pytest.mark.django_db
@pytest.mark.parametrize("words", LIKE_A_FILE)
def test_rich_text_of_nothing_else_raises_no_warning(words: str) -> None:

    context = make_context(site=default_site(), base_url="https://shop.example.com", at=timezone.now())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert mail_text(RichText(words), context)


def test_line_ends_stay_as_they_are() -> None:
    assert read_markup("a\r\nb").get_text() == "a\r\nb"
