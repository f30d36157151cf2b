"""What tests of emails share."""

from __future__ import annotations

from typing import Any

import pytest
from bs4 import BeautifulSoup, Tag
from django.core.cache import cache

from tests.factories.emails import compiled, make_brand
from wagtail_precise_mail.emails.models import Email
from wagtail_precise_mail.emails.personalize import FilledEmail, Personalizer


@pytest.fixture(autouse=True)
def _brand(request: pytest.FixtureRequest) -> None:
    """Every email has the brand of the default site, where the test has a database."""
    if "django_db" in request.keywords or "db" in request.fixturenames:
        request.getfixturevalue("db")
        make_brand()


@pytest.fixture(autouse=True)
def _media(settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path
    cache.clear()  # Wagtail remembers renditions by the number of their image, and numbers come again in every test


def fill(email: Email, /, **values: str) -> FilledEmail:
    """The email for a contact with these values; links stay as they are. ``first_name`` means contact.first_name."""
    return Personalizer(compiled(email)).fill(
        {f"contact.{name}": value for name, value in values.items()},
        rewrite_link=lambda link: link.url,
        system={"unsubscribe_url": "https://shop.example.com/leave", "html_tail": '<img src="pixel.gif" alt="">'},
        personal_link=lambda name, block_id, argument: f"https://shop.example.com/mail/{name}",
    )


def soup(email: Email, /, **values: str) -> BeautifulSoup:
    """The HTML of the email for a contact with these values."""
    return BeautifulSoup(fill(email, **values).html, "html.parser")


def body_of(html: BeautifulSoup) -> Tag:
    """The panel between header and footer."""
    found = html.find(class_="wpm-panel")
    assert isinstance(found, Tag)
    return found


def text_of(email: Email, /, **values: str) -> str:
    """The text part without the footer."""
    return fill(email, **values).text.split("-" * 40)[0].strip()


def image_value(image: Any, **overrides: Any) -> dict[str, Any]:
    """An image with its description, as a block stores it."""
    return {"image": image.pk, "alt_text": "A fern", "decorative": False, **overrides}
