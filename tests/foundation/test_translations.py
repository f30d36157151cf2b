"""The catalogs we ship: complete, with the placeholders of the original, compiled, and used on the public pages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po
from django.test import Client
from django.urls import reverse

import wagtail_precise_mail
from tests.factories.contacts import make_contact
from wagtail_precise_mail.contacts.services import unsubscribe
from wagtail_precise_mail.contacts.tokens import make_unsubscribe_token

LOCALES = Path(wagtail_precise_mail.__file__).parent / "locale"
CATALOGS = sorted(LOCALES.glob("*/LC_MESSAGES/*.po"))

# Braces of merge fields, named placeholders such as %(count)s, an escaped percent sign, and tags of HTML.
_FIXED = re.compile(r"\{\{|\}\}|%\(\w+\)[a-z]|%%|</?\w+[^>]*>")


def _read(path: Path) -> Catalog:
    with path.open("rb") as file:
        return read_po(file, locale=path.parts[-3], abort_invalid=True)


def _forms(value: object) -> list[str]:
    return list(value) if isinstance(value, list | tuple) else [str(value)]


def _messages(path: Path) -> list[Message]:
    return [message for message in _read(path) if message.id]


@pytest.fixture(params=CATALOGS, ids=lambda path: path.parts[-3])
def catalog(request: pytest.FixtureRequest) -> Path:
    return request.param


def test_simplified_chinese_is_shipped() -> None:
    assert "zh_Hans" in [path.parts[-3] for path in CATALOGS]


def test_every_message_is_translated(catalog: Path) -> None:
    untranslated = [message.id for message in _messages(catalog) if not all(_forms(message.string))]
    assert untranslated == []


def test_no_translation_waits_for_a_review(catalog: Path) -> None:
    assert [message.id for message in _messages(catalog) if message.fuzzy] == []


def test_translations_keep_placeholders_and_tags(catalog: Path) -> None:
    differing = []
    for message in _messages(catalog):
        # The singular may leave the count out; what the plural holds is what the code passes.
        expected = sorted(_FIXED.findall(_forms(message.id)[-1]))
        differing += [form for form in _forms(message.string) if sorted(_FIXED.findall(form)) != expected]
    assert differing == []


def test_translations_keep_the_blanks_at_their_ends(catalog: Path) -> None:
    # A line break at an end is refused by msgfmt; in between, " or " joins words and needs both of its blanks.
    joints = [message for message in _messages(catalog) if message.id in (" or ", " and ")]
    assert [m.id for m in joints if not (m.string.startswith(" ") and m.string.endswith(" "))] == []


def test_the_compiled_catalog_is_in_step(catalog: Path) -> None:
    with catalog.with_suffix(".mo").open("rb") as file:
        compiled = {(m.context, _forms(m.id)[0]): _forms(m.string) for m in read_mo(file) if m.id}
    assert compiled == {(m.context, _forms(m.id)[0]): _forms(m.string) for m in _messages(catalog)}


@pytest.mark.django_db
def test_a_chinese_contact_reads_the_unsubscribe_page_in_chinese(client: Client) -> None:
    html = client.get(_unsubscribe_url(make_contact(locale="zh-hans").pk)).content.decode()
    assert '<html lang="zh-hans">' in html
    assert "确定要退订我们的邮件吗？" in html
    assert "收到的邮件太多" in html
    assert "Unsubscribe" not in html


@pytest.mark.django_db
def test_a_chinese_contact_is_told_in_chinese_that_the_mail_stops(client: Client) -> None:
    contact = make_contact(locale="zh-hans")
    unsubscribe(contact)
    assert "您已成功退订" in client.get(_unsubscribe_url(contact.pk)).content.decode()


@pytest.mark.django_db
def test_other_contacts_read_it_in_the_language_of_the_site(client: Client) -> None:
    assert "Leave our mailing list?" in client.get(_unsubscribe_url(make_contact().pk)).content.decode()


def _unsubscribe_url(contact_id: int) -> str:
    return reverse("wagtail_precise_mail:unsubscribe", args=[make_unsubscribe_token(contact_id, 7)])
