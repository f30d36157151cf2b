"""Emails in wagtail-localize: what translators get, what comes back, and what they cannot break.

Runs where the app is installed: ``PRECISE_MAIL_LOCALIZE=1 pytest tests/emails/test_localize.py``, as `make test` does.
"""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.apps import apps
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from wagtail.models import Locale

from tests.emails.conftest import fill, image_value
from tests.factories.blocks import sample_of
from tests.factories.contacts import make_contact
from tests.factories.emails import compiled, make_email, make_image, make_saved_block, raw_block
from tests.factories.segments import make_segment
from wagtail_precise_mail.checks import check_translations
from wagtail_precise_mail.emails.body import RAW_MJML, email_blocks
from wagtail_precise_mail.emails.models import Email, SavedBlock

pytest.importorskip("wagtail_localize", reason="wagtail-localize is not installed")
if not apps.is_installed("wagtail_localize"):
    pytest.skip("wagtail_localize is no app of this run: set PRECISE_MAIL_LOCALIZE=1", allow_module_level=True)

from wagtail_localize.models import StringTranslation, Translation, TranslationSource
from wagtail_localize.segments import StringSegmentValue
from wagtail_localize.segments.extract import extract_segments

pytestmark = pytest.mark.django_db

NAME = '{{ contact.first_name | default: "friend" }}'
CHIP = f'<span data-wpm-merge="">{NAME}</span>'


@pytest.fixture
def german() -> Locale:
    return Locale.objects.get_or_create(language_code="de")[0]


@pytest.fixture
def editor(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("root"))
    return client


def translate(thing: Any, german: Locale) -> Translation:
    """What the button "Translate" does."""
    source, _created = TranslationSource.update_or_create_from_instance(thing)
    translation, _created = Translation.objects.get_or_create(source=source, target_locale=german)
    translation.save_target(publish=False)
    return translation


def strings(translation: Translation) -> dict[str, str]:
    """What a translator reads, by its place."""
    segments = translation.source.stringsegment_set.select_related("context", "string").order_by("order")
    return {f"{segment.context.path}#{segment.order}": segment.string.data for segment in segments}


def write(translation: Translation, **words: str) -> None:
    """Write translations: those given, by the source, and "DE …" for all others."""
    for segment in translation.source.stringsegment_set.select_related("string"):
        source = segment.string.data
        StringTranslation.objects.update_or_create(
            translation_of=segment.string,
            locale=translation.target_locale,
            context=segment.context,
            defaults={"data": words.get(source, f"DE {source}"), "has_error": False, "field_error": ""},
        )


def result(translation: Translation, *, publish: bool = True) -> Any:
    translation.save_target(publish=publish)
    return translation.get_target_instance()


def in_german(thing: Any, german: Locale, **words: str) -> Any:
    translation = translate(thing, german)
    write(translation, **words)
    return result(translation)


def stored(email: Email, *, without: str = "") -> Any:
    """The body as it is stored, merge tags of rich text as the editor writes them."""
    body = json.dumps(Email.objects.get(pk=email.pk).body.get_prep_value(), ensure_ascii=False)
    body = re.sub(r"(\\n) +", r"\1", body.replace("+00:00", "Z"))  # blanks between elements of MJML mean nothing
    return json.loads(body.replace(without, "") if without else body)


def differences(before: Any, after: Any, path: str = "") -> list[str]:
    """Where something stored is no longer the same; defaults may have been added."""
    if isinstance(before, dict) and isinstance(after, dict):
        return [one for name in before for one in differences(before[name], after.get(name), f"{path}.{name}")]
    if isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        pairs = zip(before, after, strict=True)
        return [one for number, pair in enumerate(pairs) for one in differences(*pair, f"{path}.{number}")]
    return [] if before == after else [f"{path}: {before!r} is {after!r}"]


@pytest.mark.parametrize("kind", list(email_blocks))
def test_every_block_is_translated_and_compiles(kind: str, german: Locale) -> None:
    block = sample_of(kind)
    email = make_email(block)
    translation = translate(email, german)
    write(translation)
    found = result(translation)
    assert [(child.block_type, child.id) for child in found.body] == [(kind, email.body[0].id)]
    assert found.locale == german
    words = [one for one in extract_segments(found) if isinstance(one, StringSegmentValue)]
    assert [one for one in words if not one.render_text().startswith("DE ")] == []
    assert differences(stored(email), stored(found, without="DE ")) == []
    assert fill(found).subject == "DE News from the garden"
    again = translate(Email.objects.get(pk=email.pk), german)
    assert strings(again) == strings(translation), "places stay the same when it is submitted again"


def test_translators_get_words_and_nothing_else(german: Locale) -> None:
    segment = make_segment()
    button = raw_block("button", "b1", label="Shop", url="https://example.org/sale", style="filled")
    button["value"]["audience"] = {"show": "only", "segments": [segment.pk]}
    coupon = raw_block("coupon", "b2", title="Ten off", code="MOSS10", terms="Until May")
    email = make_email(button, coupon, preheader="", web_title="On the web", sample_contact=make_contact())
    assert list(strings(translate(email, german)).values()) == [
        "News from the garden",
        "Shop",
        "Ten off",
        "Until May",
        "On the web",
    ]


def test_translation_starts_as_a_draft_that_keeps_its_own_schedule(german: Locale) -> None:
    email = make_email(sample_contact=make_contact())
    email.save_revision().publish()
    found = translate(email, german).get_target_instance()
    assert (found.live, found.name, found.sample_contact) == (False, email.name, email.sample_contact)
    other = make_contact(email="other@example.com")
    Email.objects.filter(pk=found.pk).update(sample_contact=other)
    assert in_german(email, german).sample_contact == other


def test_sentence_with_a_merge_tag_stays_one_and_gets_its_chip_back(german: Locale) -> None:
    email = make_email(raw_block("rich_text", content=f"<p>Dear {CHIP}, the <b>kettle</b> is on.</p>"))
    sentence = f"Dear {NAME}, the <b>kettle</b> is on."
    assert sentence in strings(translate(email, german)).values()
    found = in_german(email, german, **{sentence: f"Der <b>Kessel</b> ist an, {NAME}!"})
    assert found.body[0].value["content"].source == f"<p>Der <b>Kessel</b> ist an, {CHIP}!</p>"
    assert "Der Kessel ist an, Ada!" in fill(found, first_name="Ada").text


@pytest.mark.parametrize("broken", ["{{ contact.vorname }}", "Hallo {{ contact.first_name", "{{ <b>x</b> }}"])
@pytest.mark.parametrize("place", ["subject", "body"])
def test_broken_merge_tag_is_an_error_at_its_place_and_never_used(place: str, broken: str, german: Locale) -> None:
    email = make_email(raw_block("heading", "b1", title="Hello", level="1"), subject="Hi")
    source = {"subject": "Hi", "body": "Hello"}[place]
    translation = translate(email, german)
    write(translation, **{source: broken})
    wrong = StringTranslation.objects.get(data=broken)
    assert wrong.has_error
    assert wrong.get_error()
    found = result(translation)
    assert {"subject": found.subject, "body": found.body[0].value["title"]}[place] == source
    assert {"subject": found.body[0].value["title"], "body": found.subject}[place].startswith("DE ")


def test_error_reaches_the_translator_at_once_and_goes_when_repaired(editor: Client, german: Locale) -> None:
    translation = translate(make_email(subject="Hi"), german)
    segment = translation.source.stringsegment_set.get(string__data="Hi")
    path = reverse("wagtail_localize:edit_string_translation", args=[translation.pk, segment.pk])
    body = {"content_type": "application/x-www-form-urlencoded"}
    answer = editor.put(path, "value=Hallo {{ contact.first_nam }}", **body).json()
    assert "Did you mean contact.first_name" in answer["error"]
    answer = editor.put(path, f"value=Hallo {NAME}", **body).json()
    assert answer["error"] is None
    assert result(translation).subject == f"Hallo {NAME}"


def test_words_that_a_field_has_no_room_for_are_an_error(german: Locale) -> None:
    translation = translate(make_email(raw_block("button", label="Shop", url="https://example.org/")), german)
    write(translation, Shop="ä" * 81)
    assert "80" in StringTranslation.objects.get(data="ä" * 81).get_error()


def test_po_file_goes_out_and_comes_back(editor: Client, german: Locale) -> None:
    translation = translate(make_email(raw_block("rich_text", content=f"<p>Dear {CHIP}, hello.</p>")), german)
    path = reverse("wagtail_localize:download_pofile", args=[translation.pk])
    lines = editor.get(path).content.decode()
    assert f"Dear {NAME}, hello." in lines.replace('\\"', '"')
    source = f"Dear {NAME}, hello.".replace('"', '\\"')
    target = f"Liebe {NAME}, hallo.".replace('"', '\\"')
    lines = lines.replace(f'msgid "{source}"\nmsgstr ""', f'msgid "{source}"\nmsgstr "{target}"')
    upload = SimpleUploadedFile("de.po", lines.encode(), content_type="text/x-gettext-translation")
    editor.post(reverse("wagtail_localize:upload_pofile", args=[translation.pk]), {"file": upload})
    assert "Liebe Ada, hallo." in fill(result(translation), first_name="Ada").text


def test_words_in_raw_mjml_are_translated_and_its_markup_is_out_of_reach(german: Locale) -> None:
    mjml = (
        '<mj-section><mj-column><!-- note --><mj-style>.a { color: red }</mj-style><mj-text align="center">'
        f'<p style="margin:0">Good <b style="color:#123456">day</b>, <a href="https://example.org/?a=1&amp;b=2">{NAME}'
        '</a></p></mj-text><mj-button href="https://example.org/">Go</mj-button></mj-column></mj-section>'
    )
    email = make_email(raw_block(RAW_MJML, mjml=mjml))
    translation = translate(email, german)
    write(translation)
    assert not [one for one in strings(translation).values() if "color" in one or "note" in one]
    written = result(translation).body[0].value["mjml"]
    plain = written.replace("DE ", "")
    assert BeautifulSoup(plain, "html.parser") == BeautifulSoup(mjml, "html.parser")
    assert "DE Go" in written
    write(translation, Go='<mj-raw onclick="x">Los</mj-raw>')
    assert ">Go<" in result(translation).body[0].value["mjml"]


def test_answers_in_another_language_are_stored_as_the_same(german: Locale) -> None:
    choices = [{"label": "Tea", "value": ""}, {"label": "Plants", "value": "green"}]
    survey = {"type": "survey", "id": "b1", "value": {"question": "What?", "kind": "choice", "choices": choices}}
    found = in_german(make_email(survey), german, Tea="Tee", Plants="Pflanzen").body[0].value["choices"]
    assert [(one["label"], one["value"]) for one in found] == [("Tee", "Tea"), ("Pflanzen", "green")]


def test_blocks_in_blocks_without_ids_keep_their_places(german: Locale) -> None:
    column = {"content": [{"type": "heading", "value": {"title": "Hello", "level": "2"}}]}
    email = make_email(raw_block("columns", "c1", columns=[column, column]))
    first = strings(translate(email, german))
    assert list(first.values()).count("Hello") == 2
    assert strings(translate(Email.objects.get(pk=email.pk), german)) == first
    assert in_german(email, german).body[0].value["columns"][1]["content"][0].value["title"] == "DE Hello"


def test_picture_may_be_another_and_keeps_its_words(german: Locale) -> None:
    first, second = make_image("First"), make_image("Zweites", name="zwei.jpg")
    translation = translate(make_email(raw_block("image", "b1", image=image_value(first))), german)
    segment = translation.source.overridablesegment_set.get(context__path="body.b1.image.image")
    segment.context.overrides.create(locale=german, data_json=str(second.pk))
    write(translation, **{"A fern": "Ein Farn"})
    picture = result(translation).body[0].value["image"]
    assert (picture.pk, picture.contextual_alt_text, picture.decorative) == (second.pk, "Ein Farn", False)


def test_saved_block_is_translated_by_itself_and_found_by_the_email(german: Locale) -> None:
    saved = make_saved_block(raw_block("rich_text", content="<p>Free delivery.</p>"))
    email = make_email(raw_block("saved_block", saved_block=saved.pk))
    found = in_german(email, german)
    assert "Free delivery." in fill(found).text
    in_german(saved, german, **{"Free delivery.": "Versand frei."})
    assert SavedBlock.objects.count() == 2
    assert "Versand frei." in fill(Email.objects.get(pk=found.pk)).text


def test_whole_way_through_the_admin(editor: Client, german: Locale) -> None:
    email = make_email(*(sample_of(kind) for kind in email_blocks), subject="Hi")
    path = reverse("wagtail_localize:submit_snippet_translation", args=["wagtail_precise_mail", "email", email.pk])
    assert editor.post(path, {"locales": [german.pk]}).status_code == 302
    found = email.get_translation(german)
    assert not found.live
    edit = reverse("wagtailsnippets_wagtail_precise_mail_email:edit", args=[found.pk])
    assert "translation-editor" in editor.get(edit).content.decode()
    write(Translation.objects.get(), Hi="Hallo")
    editor.post(edit, {"action": "publish"})
    found.refresh_from_db()
    assert (found.live, found.subject) == (True, "Hallo")
    assert compiled(found).payload["language"] == "de"


def test_original_that_is_translated_at_once_is_reported(settings: Any) -> None:
    assert check_translations(None) == []
    settings.WAGTAILLOCALIZE_SYNC_LIVE_STATUS_ON_TRANSLATE = True
    assert [message.id for message in check_translations(None)] == ["wagtail_precise_mail.W011"]
