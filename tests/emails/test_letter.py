"""Salutation and signature, in the language of the email."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from wagtail.models import Locale

from tests.emails.conftest import body_of, soup, text_of
from tests.factories.emails import make_brand, make_email, make_identity, make_image, raw_block
from wagtail_precise_mail.emails.days import moment_of, weekday_and_day
from wagtail_precise_mail.emails.letters import MANNERS, manners_of

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("code", "tone", "known", "unknown"),
    [
        ("en", "informal", "Dear Ada,", "Hello,"),
        ("en", "formal", "Dear Ada Moss,", "Dear Sir or Madam,"),
        ("de", "formal", "Guten Tag Ada Moss,", "Sehr geehrte Damen und Herren,"),
        ("zh-hans", "informal", "Ada，您好：", "您好："),
        ("ja", "formal", "Moss 様", "お客様各位"),
        ("ar", "informal", "مرحبًا Ada،", "مرحبًا،"),
    ],
)
def test_salutation_follows_the_language_and_what_is_known(
    settings: Any, code: str, tone: str, known: str, unknown: str
) -> None:
    settings.WAGTAIL_CONTENT_LANGUAGES = [("en", "English"), (code, code)]
    locale = Locale.objects.get_or_create(language_code=code)[0]
    email = make_email(raw_block("salutation", tone=tone), locale=locale)
    names = {"first_name": "Ada", "last_name": "Moss", "full_name": "Ada Moss"}
    assert text_of(email, **names) == known
    assert text_of(email) == unknown
    assert body_of(soup(email, **names)).get_text(strip=True) == known


def test_name_in_a_salutation_is_no_markup() -> None:
    panel = body_of(soup(make_email(raw_block("salutation")), first_name="<b>Ada</b> # #"))
    assert not panel.find_all("b")
    assert panel.get_text(strip=True) == "Dear <b>Ada</b> # #,"


@pytest.mark.parametrize("code", list(MANNERS))
def test_every_language_greets_with_and_without_a_name(code: str) -> None:
    manners = MANNERS[code]
    assert "#" in manners.informal
    assert "#" not in manners.informal_unknown + manners.formal_unknown + manners.closing + manners.formal_closing
    assert all([manners.informal_unknown, manners.formal_unknown, manners.closing, manners.formal_closing])


def test_languages_that_the_table_lacks_are_greeted_in_english() -> None:
    assert manners_of("tlh") == MANNERS["en"]
    assert manners_of("de-AT") == MANNERS["de"]
    assert manners_of("zh-Hant") == MANNERS["zh-hant"]


def test_signature_is_of_the_block() -> None:
    text = text_of(make_email(raw_block("signature", tone="formal", name="Ruth", job="Potter", show_company=False)))
    assert text == "Kind regards,\n\nRuth\nPotter"


def test_signature_without_a_name_is_the_brands() -> None:
    make_brand(sender=make_identity(name="Ruth from Fern & Kettle", reply_to="ruth@example.com"))
    text = text_of(make_email(raw_block("signature", tone="none")))
    assert text == "Ruth from Fern & Kettle\nFern & Kettle\nruth@example.com"


def test_signature_shows_photo_and_handwriting() -> None:
    photo, signature = make_image("Ruth"), make_image("Her hand", name="hand.png")
    panel = body_of(soup(make_email(raw_block("signature", name="Ruth", photo=photo.pk, signature=signature.pk))))
    sources = [str(image["src"]) for image in panel.find_all("img")]
    assert [source.endswith(ending) for source, ending in zip(sources, (".png", ".jpg"), strict=True)] == [True, True]


def test_letter_is_a_plain_mail() -> None:
    email = make_email(
        raw_block("salutation"),
        raw_block("rich_text", content="<p>the kettle is on.</p>"),
        raw_block("signature", name="Ruth", show_company=False),
    )
    assert text_of(email, first_name="Ada") == "Dear Ada,\n\nthe kettle is on.\n\nWarm wishes,\n\nRuth"


@pytest.mark.parametrize(
    ("code", "written"),
    [
        ("en", "Sunday, June 14"),
        ("en-gb", "Sunday 14 June"),
        ("de", "Sonntag, 14. Juni"),
        ("fr", "dimanche 14 juin"),
        ("zh-hans", "6月14日星期日"),
        ("ja", "6月14日日曜日"),
    ],
)
def test_days_have_their_weekday_and_no_year(code: str, written: str) -> None:
    assert weekday_and_day(datetime(2026, 6, 14, 12), code) == written  # noqa: DTZ001


def test_time_is_said_unless_it_is_the_end_of_the_day() -> None:
    assert moment_of(datetime(2026, 6, 14, 23, 59), "en-gb") == "Sunday 14 June"  # noqa: DTZ001
    assert moment_of(datetime(2026, 6, 14, 18), "en-gb") == "Sunday 14 June, 18:00"  # noqa: DTZ001
