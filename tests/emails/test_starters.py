"""Starter emails: each is finished, in the brand of the site, and begins as a draft."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from tests.emails.test_admin import login
from tests.factories.commerce import make_product
from tests.factories.emails import default_site, make_image
from tests.testapp.models import StoryPage
from wagtail_precise_mail.emails.checks import check_email
from wagtail_precise_mail.emails.models import Email
from wagtail_precise_mail.emails.preview import email_preview
from wagtail_precise_mail.emails.starters import Material, starters
from wagtail_precise_mail.emails.starters.making import draft_of

pytestmark = pytest.mark.django_db

GALLERY = "precise_mail_starters"


@pytest.fixture
def editor(client: Client) -> Client:
    login(client, "add_email", "change_email", "publish_email")
    return client


@pytest.mark.parametrize("key", list(starters))
def test_starter_uses_blocks_that_exist_and_fields_that_they_have(key: str) -> None:
    email = draft_of(starters.get(key), default_site())
    raw = starters.get(key).blocks(Material(default_site()))
    assert [block["type"] for block in raw] == [child.block_type for child in email.body]
    for child, block in zip(email.body, raw, strict=True):
        assert set(block["value"]) <= set(child.block.child_blocks)


@pytest.mark.parametrize("key", list(starters))
@pytest.mark.parametrize("mode", ["contact", "text", "inbox", "dark"])
def test_starter_is_shown_on_a_site_without_any_material(key: str, mode: str) -> None:
    page = email_preview(draft_of(starters.get(key), default_site()), mode).content.decode()
    assert "cannot be shown" not in page


@pytest.mark.slow
@pytest.mark.parametrize("key", list(starters))
def test_starter_has_nothing_to_correct_on_a_site_with_material(key: str) -> None:
    site, picture = default_site(), make_image("Fern")
    for number in range(3):
        make_product(f"TEA-{number}", image=make_image(f"Tea {number}"), price=8)
        page = StoryPage(title=f"Story {number}", slug=f"story-{number}", intro="Moss, mostly.", hero_image=picture)
        site.root_page.add_child(instance=page)
    email = draft_of(starters.get(key), site)
    errors = [finding.message for finding in check_email(email, site) if finding.is_error]
    assert errors == []


def test_gallery_shows_every_starter_with_its_preview(editor: Client) -> None:
    page = editor.get(reverse(GALLERY)).content.decode()
    for key in starters:
        preview = reverse("precise_mail_starter_preview", args=[key])
        assert preview in page
        response = editor.get(preview)
        assert response.status_code == 200
        assert response["X-Frame-Options"] == "SAMEORIGIN"
        assert response["Content-Security-Policy"] == "sandbox allow-same-origin"


def test_looking_makes_no_email(editor: Client) -> None:
    editor.get(reverse(GALLERY))
    editor.get(reverse("precise_mail_starter_preview", args=["story"]))
    assert not Email.objects.exists()


def test_using_a_starter_makes_a_draft_and_opens_it(editor: Client) -> None:
    response = editor.post(reverse(GALLERY), {"starter": "story"})
    email = Email.objects.get()
    assert not email.live
    assert email.latest_revision is not None
    assert response["Location"].endswith(f"/email/edit/{email.pk}/")
    assert [child.block_type for child in email.body] == [
        child.block_type for child in draft_of(starters.get("story"), default_site()).body
    ]


def test_two_emails_from_one_starter_have_blocks_of_their_own(editor: Client) -> None:
    for _number in range(2):
        editor.post(reverse(GALLERY), {"starter": "story"})
    one, other = Email.objects.all()
    assert {child.id for child in one.body}.isdisjoint(child.id for child in other.body)


@pytest.mark.parametrize("starter", ["", "nonsense", "../story"])
def test_unknown_starter_is_not_found(editor: Client, starter: str) -> None:
    assert editor.post(reverse(GALLERY), {"starter": starter}).status_code == 404
    assert not Email.objects.exists()


def test_gallery_is_closed_without_the_permission_to_add_emails(client: Client) -> None:
    login(client, "change_email")
    assert client.post(reverse(GALLERY), {"starter": "story"}).status_code == 302
    assert client.get(reverse(GALLERY)).status_code == 302
    assert not Email.objects.exists()


def test_new_email_begins_in_the_gallery(editor: Client) -> None:
    page = editor.get(reverse("wagtailsnippets_wagtail_precise_mail_email:list")).content.decode()
    assert f'href="{reverse(GALLERY)}"' in page
