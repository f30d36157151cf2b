"""Which language a reader gets, and an email that is written in it: direction, dates, pages and saved blocks."""

from __future__ import annotations

from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings
from wagtail.models import Locale

from tests.emails.conftest import fill
from tests.factories.emails import COMPILED_AT, compiled, default_site, make_email, make_saved_block, raw_block
from tests.testapp.models import StoryPage
from wagtail_precise_mail.emails.composition import make_context
from wagtail_precise_mail.emails.languages import choose_language, direction
from wagtail_precise_mail.emails.models import Email, SavedBlock

CHINESE = {"zh-hant": ["zh-hans", "en"]}


@pytest.mark.parametrize(
    ("wanted", "available", "gets"),
    [
        ("de", ["en", "de"], "de"),
        ("de-AT", ["en", "de"], "de"),
        ("de_AT", ["en", "de", "de-at"], "de-at"),
        ("zh-hans-cn", ["en", "zh-hans", "zh"], "zh-hans"),
        ("zh-hans-cn", ["en", "zh"], "zh"),
        ("zh-cn", ["en", "zh-hans", "zh-hant"], "zh-hans"),
        ("zh-tw", ["en", "zh-hans", "zh-hant"], "zh-hant"),
        ("zh-hant", ["en", "de", "zh-hans"], "zh-hans"),
        ("zh-hk", ["de", "zh-hans"], "zh-hans"),
        ("zh-hant", ["fr", "en"], "en"),
        ("zh", ["en", "zh-hans"], "zh-hans"),
        ("pt-br", ["en", "pt-pt"], "pt-pt"),
        ("fr", ["en", "de"], "en"),
        ("", ["en", "de"], "en"),
        ("  ", ["en", "de"], "en"),
        ("EN", ["en", "de"], "en"),
    ],
)
def test_reader_gets_the_language_they_know_best(
    settings: Settings, wanted: str, available: list[str], gets: str
) -> None:
    settings.WAGTAIL_PRECISE_MAIL = {"language_fallbacks": CHINESE}
    original = "en" if "en" in available else available[0]
    if wanted == "zh-hant" and "fr" in available:
        original = "fr"
    assert choose_language(wanted, available, default=original) == gets


def test_configured_fallback_comes_before_another_form_of_the_language(settings: Settings) -> None:
    settings.WAGTAIL_PRECISE_MAIL = {"language_fallbacks": {"pt-br": ["es"]}}
    assert choose_language("pt-br", ["en", "es", "pt-pt"], default="en") == "es"


@given(st.text(max_size=30))
def test_any_word_gives_one_of_the_languages(wanted: str) -> None:
    assert choose_language(wanted, ["en", "zh-hans", "ar"], default="en") in ("en", "zh-hans", "ar")


@pytest.mark.parametrize("code", ["ar", "he", "fa-ir", "ur"])
def test_some_languages_are_written_from_the_right(code: str) -> None:
    assert direction(code) == "rtl"
    assert direction("en") == direction("nonsense") == "ltr"


def locale(code: str) -> Locale:
    return Locale.objects.get_or_create(language_code=code)[0]


def translate(email: Email, code: str, *blocks: dict[str, Any], **fields: Any) -> Email:
    copy = email.copy_for_translation(locale(code))
    copy.live = True
    for name, value in fields.items():
        setattr(copy, name, value)
    if blocks:
        copy.body = list(blocks)
    copy.save()
    return Email.objects.get(pk=copy.pk)


@pytest.mark.django_db
def test_email_is_written_in_its_own_language_and_not_in_the_sites() -> None:
    german = translate(make_email(subject="Hello"), "de", subject="Hallo")
    payload = compiled(german).payload
    assert payload["language"] == "de"
    assert default_site().root_page.locale.language_code == "en"
    assert BeautifulSoup(fill(german).html, "html.parser").html["lang"] == "de"


@pytest.mark.django_db
def test_right_to_left_starts_at_the_right() -> None:
    paragraphs = "<ul><li>واحد</li></ul><blockquote>قول</blockquote>"
    blocks = [
        raw_block("heading", title="مرحبا", level="1"),
        raw_block("rich_text", content=paragraphs),
        raw_block("button", label="تسوق", url="https://example.org/"),
        raw_block("columns", columns=[{"content": [raw_block("rich_text", content="<p>أ</p>")]}] * 2),
    ]
    arabic = translate(make_email(*blocks), "ar")
    soup = BeautifulSoup(fill(arabic).html, "html.parser")
    panel = soup.find(class_="wpm-panel")
    assert soup.html["dir"] == "rtl"
    assert "text-align:right" in str(panel.find("h1").parent["style"])
    assert "padding:0 22px 0 0" in str(panel.find("ul")["style"])
    assert "text-align:left" not in {str(tag.get("style")) for tag in panel.find_all("div") if tag.get_text(strip=True)}
    assert panel.find("a", string="تسوق").find_parent("table").parent["align"] == "right"
    columns = panel.find(class_="wpm-columns").find("td")
    assert "direction:rtl" in str(columns["style"])


@pytest.mark.django_db
def test_left_to_right_stays_as_it_was() -> None:
    soup = BeautifulSoup(fill(make_email(raw_block("heading", title="Hi", level="1"))).html, "html.parser")
    assert "text-align:left" in str(soup.find("h1").parent["style"])
    assert "rtl" not in str(soup)


@pytest.mark.django_db
def test_translated_email_shows_translated_pages() -> None:
    story = default_site().root_page.add_child(instance=StoryPage(title="Ferns", intro="Dark."))
    default_site().root_page.copy_for_translation(locale("de"))
    german = story.copy_for_translation(locale("de"))
    german.title, german.slug = "Farne", "farne"
    german.save()
    link = raw_block("button", label="x", page=story.pk)
    email = translate(make_email(), "de", raw_block("page", page=story.pk, layout="none"), link)
    assert "Farne" not in fill(email).text, "a draft is nobody's business"
    german.save_revision().publish()
    filled = fill(email)
    assert "Farne" in filled.text
    assert "Ferns" not in filled.text
    assert filled.text.count("/farne/") == 2
    assert f"page:{german.pk}" in compiled(email).shown
    assert "Ferns" in fill(make_email(raw_block("page", page=story.pk, layout="none"))).text


@pytest.mark.django_db
def test_translated_email_shows_translated_saved_blocks() -> None:
    saved = make_saved_block(raw_block("rich_text", content="<p>Free delivery.</p>"))
    email = translate(make_email(), "de", raw_block("saved_block", saved_block=saved.pk))
    german = saved.copy_for_translation(locale("de"))
    german.body = [raw_block("rich_text", content="<p>Versand frei.</p>")]
    german.save()
    assert "Free delivery." in fill(email).text
    SavedBlock.objects.filter(pk=german.pk).update(live=True)
    assert "Versand frei." in fill(email).text


@pytest.mark.django_db
def test_what_has_no_translation_is_itself() -> None:
    context = make_context(site=default_site(), base_url="https://x.example", at=COMPILED_AT, language="de")
    saved = make_saved_block()
    assert context.localized(saved) == saved
    assert context.localized(None) is None


@pytest.mark.django_db
def test_pages_in_the_language_of_the_email_cost_one_look(django_assert_num_queries: Any) -> None:
    context = make_context(site=default_site(), base_url="https://x.example", at=COMPILED_AT, language="en")
    saved = [make_saved_block() for _number in range(5)]
    with django_assert_num_queries(1):
        for one in saved:
            context.localized(one)


@pytest.mark.django_db
def test_words_of_ours_follow_the_email(settings: Settings) -> None:
    email = make_email()
    chinese = translate(email, "zh-hans")
    assert "Unsubscribe" in fill(email).text
    assert "退订" in fill(chinese).text


@pytest.mark.django_db
def test_lines_that_lead_to_the_web_follow_the_email() -> None:
    email = make_email()
    english, chinese = fill(email), fill(translate(email, "zh-hans"))
    for words, theirs in [("View in browser", "在浏览器中查看"), ("Got this from a friend?", "是朋友转发给您的吗？")]:
        assert words in english.html
        assert words in english.text
        assert theirs in chinese.html
        assert theirs in chinese.text


@pytest.mark.django_db
def test_copy_for_translation_starts_as_a_draft_with_the_same_blocks(client: Client) -> None:
    """By Wagtail's own simple_translation."""
    email = make_email(raw_block("heading", "b1", title="Hello", level="1"), subject="Hello")
    email.save_revision().publish()
    Email.objects.filter(pk=email.pk).update(locked=True)
    german = locale("de")
    client.force_login(User.objects.create_superuser("root"))
    path = reverse("simple_translation:submit_snippet_translation", args=["wagtail_precise_mail", "email", email.pk])
    response = client.post(path, {"locales": [german.pk]})
    copy = email.get_translation(german)
    assert response.status_code == 302
    assert response["Location"].endswith(f"/edit/{copy.pk}/")
    assert [(child.block_type, child.id) for child in copy.body] == [("heading", "b1")]
    assert (copy.subject, copy.live, copy.live_revision, copy.latest_revision, copy.locked) == (
        "Hello",
        False,
        None,
        None,
        False,
    )
    assert copy.first_published_at is None
    assert client.get(response["Location"]).status_code == 200


@pytest.mark.django_db
def test_listing_shows_and_filters_languages(client: Client) -> None:
    client.force_login(User.objects.create_superuser("root"))
    translate(make_email(name="Original"), "zh-hans", name="Übersetzung")
    page = client.get("/admin/snippets/wagtail_precise_mail/email/").content.decode()
    assert "Original" in page
    assert "Übersetzung" in page
    chinese = client.get("/admin/snippets/wagtail_precise_mail/email/?locale=zh-hans").content.decode()
    assert "Übersetzung" in chinese
    assert "Original" not in chinese
