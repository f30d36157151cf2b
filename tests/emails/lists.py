"""What tests of lists share: an email read by contacts, as it would be handed over."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from bs4 import BeautifulSoup
from django.utils import timezone

from tests.factories.emails import BASE_URL, compiled
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.emails.models import Email
from wagtail_precise_mail.emails.personalize import FilledEmail, Personalizer
from wagtail_precise_mail.emails.readers import Reader, ReaderLoader


def load(
    email: Email, *contacts: Contact, at: datetime | None = None, messages: Mapping[int, int] | None = None
) -> dict[int, Reader]:
    """The readers of an email by their contact's id."""
    loader = ReaderLoader(compiled(email, at=at or timezone.now()).payload)
    return loader.load(contacts, at=at or timezone.now(), base_url=BASE_URL, messages=messages)


def read(email: Email, contact: Contact, **when: Any) -> FilledEmail:
    """The email as one contact gets it."""
    return fill(email, load(email, contact, **when)[contact.pk or 0], at=when.get("at"))


def fill(email: Email, reader: Reader, *, at: datetime | None = None) -> FilledEmail:
    """The email for one reader."""
    return Personalizer(compiled(email, at=at or timezone.now())).fill(
        reader, rewrite_link=lambda link: link.url, system={"unsubscribe_url": f"{BASE_URL}/leave"}
    )


def body(filled: FilledEmail) -> BeautifulSoup:
    """The HTML, parsed."""
    return BeautifulSoup(filled.html, "html.parser")


def titles(filled: FilledEmail) -> list[str]:
    """The names of what the lists show."""
    return [tag.get_text() for tag in body(filled).find_all("h3")]


def text_of(filled: FilledEmail) -> str:
    """The text part without the footer."""
    return filled.text.split("-" * 40 + "\n\nFern")[0].strip()
