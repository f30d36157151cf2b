"""The public pages: GET asks, POST does, one click is enough, and a bad link is told so."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse
from wagtail.models import Site

from tests.factories.contacts import grant, make_contact, make_topic
from wagtail_precise_mail.contacts.models import Contact, Suppression
from wagtail_precise_mail.contacts.services import suppress, unsubscribe
from wagtail_precise_mail.contacts.tokens import make_unsubscribe_token, read_unsubscribe_token
from wagtail_precise_mail.exceptions import InvalidToken
from wagtail_precise_mail.signing import sign

ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.fixture
def strict_client():
    """A client that is refused where a CSRF token is asked for, as mail programs would be."""
    return Client(enforce_csrf_checks=True)


@pytest.fixture
def contact(db):
    made = make_contact(email="ann.smith@example.com")
    grant(made, make_topic(name="Newsletter"))
    return made


def url_of(contact_id, message_id=7):
    token = make_unsubscribe_token(contact_id, message_id)
    return reverse("wagtail_precise_mail:unsubscribe", args=[token])


def is_reachable(contact):
    return Contact.objects.not_suppressed().filter(pk=contact.pk).exists()


def test_a_token_holds_both_ids():
    assert read_unsubscribe_token(make_unsubscribe_token(12, 2**40)) == (12, 2**40)


@pytest.mark.parametrize("token", ["", "a", "a.b", "ümlaut.x", sign("unsubscribe", b"short"), sign("open", b"0" * 16)])
def test_a_foreign_token_is_refused(token):
    with pytest.raises(InvalidToken):
        read_unsubscribe_token(token)


@pytest.mark.parametrize("method", ["get", "head", "options"])
def test_reading_the_link_changes_nothing(contact, strict_client, method):
    response = getattr(strict_client, method)(url_of(contact.pk), headers={"Purpose": "prefetch"})
    assert response.status_code == 200
    assert is_reachable(contact)
    assert not Suppression.objects.exists()


def test_the_page_asks_and_names_the_masked_address(contact, strict_client):
    html = strict_client.get(url_of(contact.pk)).content.decode()
    assert "a•••@example.com" in html
    assert "ann.smith" not in html
    assert '<form method="post">' in html


def test_one_click_unsubscribes_without_cookies_and_answers_200(contact, strict_client):
    response = strict_client.post(url_of(contact.pk), ONE_CLICK)
    assert (response.status_code, response.content) == (200, b"Unsubscribed.\n")
    assert not response.cookies
    assert not is_reachable(contact)
    assert Suppression.objects.get().origin_id == 7


def test_one_click_may_come_as_a_urlencoded_body(contact, strict_client):
    strict_client.post(
        url_of(contact.pk), "List-Unsubscribe=One-Click", content_type="application/x-www-form-urlencoded"
    )
    assert not is_reachable(contact)


def test_a_post_with_no_known_field_unsubscribes_too(contact, strict_client):
    assert strict_client.post(url_of(contact.pk)).status_code == 200
    assert not is_reachable(contact)


def test_the_form_unsubscribes_with_the_reason(contact, strict_client):
    response = strict_client.post(url_of(contact.pk), {"action": "unsubscribe", "reason": "too_many"})
    assert "You are unsubscribed" in response.content.decode()
    assert Suppression.objects.get().detail == "too_many"


def test_no_reason_is_needed(contact, strict_client):
    strict_client.post(url_of(contact.pk), {"action": "unsubscribe"})
    assert Suppression.objects.get().detail == ""


def test_a_made_up_reason_is_ignored_and_the_person_still_leaves(contact, strict_client):
    strict_client.post(url_of(contact.pk), {"action": "unsubscribe", "reason": "<script>"})
    assert Suppression.objects.get().detail == ""


def test_the_reason_may_be_given_after_the_one_click(contact, strict_client):
    strict_client.post(url_of(contact.pk), ONE_CLICK)
    assert 'name="reason"' in strict_client.get(url_of(contact.pk)).content.decode()
    html = strict_client.post(url_of(contact.pk), {"action": "unsubscribe", "reason": "other"}).content.decode()
    assert Suppression.objects.get().detail == "other"
    assert 'name="reason"' not in html


def test_whoever_has_left_reads_so_on_the_next_visit(contact, strict_client):
    unsubscribe(contact)
    assert "You are unsubscribed" in strict_client.get(url_of(contact.pk)).content.decode()


def test_subscribing_again_restores_everything(contact, strict_client):
    strict_client.post(url_of(contact.pk), ONE_CLICK)
    response = strict_client.post(url_of(contact.pk), {"action": "subscribe"})
    assert "You are subscribed again" in response.content.decode()
    assert is_reachable(contact)
    assert contact.consents.get().status == "granted"


def test_a_complaint_is_not_lifted_by_the_page(contact, strict_client):
    suppress(contact.email, reason="complaint")
    html = strict_client.post(url_of(contact.pk), {"action": "subscribe"}).content.decode()
    assert "You are unsubscribed" in html
    assert "Subscribe again" not in html
    assert not is_reachable(contact)


@pytest.mark.django_db
@pytest.mark.parametrize("body", [ONE_CLICK, {"action": "unsubscribe"}, {"action": "subscribe"}])
def test_an_erased_contact_is_answered_politely(strict_client, body):
    asked = strict_client.get(url_of(999_999))
    assert asked.status_code == 200
    assert "You are unsubscribed" not in asked.content.decode()
    assert strict_client.post(url_of(999_999), body).status_code == 200


@pytest.mark.django_db
def test_the_link_in_a_test_mail_works_and_unsubscribes_nobody(strict_client):
    make_contact()
    assert "Unsubscribe" in strict_client.get(url_of(0)).content.decode()
    assert "You are unsubscribed" in strict_client.post(url_of(0), {"action": "unsubscribe"}).content.decode()
    assert not Suppression.objects.exists()


def test_a_link_without_a_message_works(contact, strict_client):
    strict_client.post(url_of(contact.pk, 0), ONE_CLICK)
    assert Suppression.objects.get().origin_kind == ""


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_tampered_link_is_a_readable_400(contact, strict_client, method):
    url = url_of(contact.pk).rstrip("/")
    last = "A" if url[-2] != "A" else "B"
    response = getattr(strict_client, method)(f"{url[:-2]}{last}{url[-1]}/")
    assert response.status_code == 400
    assert "This link does not work" in response.content.decode()
    assert is_reachable(contact)


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_other_methods_are_refused(contact, strict_client, method):
    assert getattr(strict_client, method)(url_of(contact.pk)).status_code == 405
    assert is_reachable(contact)


@pytest.mark.parametrize("url", ["good", "/mail/unsubscribe/nonsense/"])
def test_the_pages_are_private(contact, strict_client, url):
    response = strict_client.get(url_of(contact.pk) if url == "good" else url)
    assert response["Referrer-Policy"] == "no-referrer"
    assert response["Cache-Control"] == "no-store"
    assert response["X-Frame-Options"] == "DENY"
    assert "noindex" in response["X-Robots-Tag"]
    assert not response.cookies


@pytest.mark.parametrize("locale", ["zh-Hans", "zh-CN", "zh_SG", "zh-hans-cn"])
def test_the_page_speaks_the_language_of_the_contact(contact, strict_client, locale):
    Contact.objects.filter(pk=contact.pk).update(locale=locale)
    assert '<html lang="zh-hans">' in strict_client.get(url_of(contact.pk)).content.decode()


@pytest.mark.parametrize("locale", ["xx", ""])
def test_a_language_that_the_site_does_not_speak_falls_back(contact, strict_client, locale):
    Contact.objects.filter(pk=contact.pk).update(locale=locale)
    assert '<html lang="en">' in strict_client.get(url_of(contact.pk)).content.decode()


def test_the_name_of_the_site_is_escaped(contact, strict_client):
    Site.objects.update(site_name="<b>Fern</b> & Kettle")
    html = strict_client.get(url_of(contact.pk)).content.decode()
    assert "&lt;b&gt;Fern&lt;/b&gt; &amp; Kettle" in html


def test_a_site_without_a_wagtail_site_still_lets_people_leave(contact, strict_client):
    Site.objects.all().delete()
    assert strict_client.get(url_of(contact.pk)).status_code == 200
    strict_client.post(url_of(contact.pk), ONE_CLICK)
    assert not is_reachable(contact)
