"""Wagtail's "Copy" of emails and saved blocks: in the same language, with what was written last, and unsent."""

from __future__ import annotations

from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from wagtail.models import Locale

from tests.emails.test_admin import form
from tests.factories.campaigns import make_campaign
from tests.factories.emails import make_email, make_saved_block, raw_block
from wagtail_precise_mail.campaigns.models import Campaign
from wagtail_precise_mail.emails.models import Email, SavedBlock

pytestmark = pytest.mark.django_db


@pytest.fixture
def editor(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("root"))
    return client


def in_german(thing: Any) -> Any:
    german = thing.copy_for_translation(Locale.objects.get_or_create(language_code="de")[0])
    german.name = "Auf Deutsch"
    german.save()
    return german


def copy_form(editor: Client, thing: Any) -> tuple[Any, str]:
    """The form of a copy, and where it is posted."""
    path = reverse(f"wagtailsnippets_wagtail_precise_mail_{thing._meta.model_name}:copy", args=[thing.pk])
    response = editor.get(path)
    page = BeautifulSoup(response.content.decode(), "html.parser")
    action = page.find("form", attrs={"data-edit-form": True})
    assert action is not None
    return response.context["form"], str(action["action"])


@pytest.mark.parametrize("make", [make_email, make_saved_block])
def test_copy_of_a_translation_is_in_its_language_and_a_translation_of_nothing(editor: Client, make: Any) -> None:
    original = make(raw_block("heading", title="Hello", level="2"))
    german = in_german(original)
    german.save_revision().publish()
    type(german).objects.filter(pk=german.pk).update(**({"locked": True} if isinstance(german, Email) else {}))
    if isinstance(german, Email):
        make_campaign(email=german)
    shown, action = copy_form(editor, german)
    assert shown["name"].value() == "Auf Deutsch"
    response = editor.post(action, form(name="Kopie"))
    copy = type(german).objects.get(name="Kopie")
    assert response.status_code == 302
    assert copy.locale.language_code == "de"
    assert copy.translation_key not in (original.translation_key, german.translation_key)
    assert (copy.live, copy.live_revision, copy.first_published_at) == (False, None, None)
    if isinstance(copy, Email):
        assert (copy.locked, Campaign.objects.filter(email=copy).exists()) == (False, False)
    assert german.get_translations().get() == original


def test_copy_has_what_was_written_last(editor: Client) -> None:
    email = make_email(live=False)
    email.subject = "Written since"
    email.save_revision()
    Email.objects.filter(pk=email.pk).update(subject="Written first")
    shown, _action = copy_form(editor, email)
    assert shown["subject"].value() == "Written since"


def test_copy_of_an_original_stays_in_its_language(editor: Client) -> None:
    email = make_email()
    in_german(email)
    _shown, action = copy_form(editor, email)
    editor.post(action, form(name="Copy"))
    assert Email.objects.get(name="Copy").locale == email.locale
    assert SavedBlock.objects.count() == 0
