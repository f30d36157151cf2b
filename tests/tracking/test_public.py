"""The pixel and the redirect, as the outside world meets them."""

from __future__ import annotations

import logging

import pytest
from django.db import OperationalError, connection
from django.test import Client
from django.urls import reverse

from tests.factories.contacts import make_contact
from tests.factories.tracking import make_message
from tests.tracking.hits import count_now
from wagtail_precise_mail.delivery.processors import message_processors
from wagtail_precise_mail.emails.personalize import LinkInfo
from wagtail_precise_mail.tracking.hit_pages import hit_buffer
from wagtail_precise_mail.tracking.models import MessageEvent
from wagtail_precise_mail.tracking.tokens import make_click_token, make_message_token

BROWSER = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"}
URL = "https://shop.example.com/teapot/?a=1&b=2"
BASE = "https://mail.example.com"


@pytest.fixture
def visitor():
    return Client(headers=BROWSER, enforce_csrf_checks=True)


def click_url(message_id, url=URL):
    token = make_click_token(1, message_id, link_index=2, block_id="b1", url=url)
    return reverse("wagtail_precise_mail:click", args=[token])


def plain(url):
    """An address without who comes; tests/tracking/test_visitors.py is about that."""
    return url.partition("&wpm=")[0]


def open_url(message_id):
    return reverse("wagtail_precise_mail:open", args=[make_message_token(1, message_id)])


@pytest.mark.django_db
class TestClick:
    def test_it_redirects_and_is_counted(self, visitor):
        message = make_message()
        response = visitor.get(click_url(message.pk))
        assert (response.status_code, plain(response["Location"])) == (302, URL)
        assert count_now() == 1
        event = MessageEvent.objects.get()
        assert (event.message, event.url, event.link_index, event.block_id) == (message, URL, 2, "b1")
        assert not event.is_machine

    def test_it_is_not_cached_and_sets_no_cookie(self, visitor):
        response = visitor.get(click_url(make_message().pk))
        assert response["Cache-Control"] == "no-store"
        assert not response.cookies

    def test_a_message_that_is_gone_still_redirects(self, visitor):
        assert visitor.get(click_url(999_999))["Location"] == URL
        assert count_now() == 1
        assert not MessageEvent.objects.exists()

    def test_head_redirects_and_is_not_counted(self, visitor):
        assert visitor.head(click_url(make_message().pk))["Location"] == URL
        assert count_now() == 0
        assert not MessageEvent.objects.exists()

    @pytest.mark.parametrize("method", ["post", "put", "delete", "patch"])
    def test_other_methods_are_refused(self, visitor, method):
        assert getattr(visitor, method)(click_url(make_message().pk)).status_code in (403, 405)
        assert count_now() == 0
        assert not MessageEvent.objects.exists()

    def test_a_prefetch_is_a_machine(self, visitor):
        visitor.get(click_url(make_message().pk), headers={"Sec-Purpose": "prefetch;prerender"})
        count_now()
        assert MessageEvent.objects.get().is_machine

    def test_a_request_without_user_agent_is_a_machine(self):
        Client().get(click_url(make_message().pk))
        count_now()
        assert MessageEvent.objects.get().is_machine

    @pytest.mark.parametrize(
        "token", ["x", "x.y", "https://evil.example", "https:%2F%2Fevil.example", make_message_token(1, 1)]
    )
    def test_a_foreign_token_is_a_readable_400(self, visitor, token):
        response = visitor.get(f"/mail/c/{token}")
        assert response.status_code in (400, 404)
        assert "Location" not in response

    def test_a_tampered_token_is_a_readable_400(self, visitor):
        url = click_url(make_message().pk)
        response = visitor.get(url[:-1] + ("A" if url[-1] != "A" else "Q"))
        assert response.status_code == 400
        assert "This link does not work" in response.content.decode()

    def test_what_is_appended_does_not_change_the_target(self, visitor):
        assert plain(visitor.get(click_url(make_message().pk) + "?next=https://evil.example")["Location"]) == URL

    @pytest.mark.parametrize("is_known", [True, False])
    def test_it_asks_the_database_nothing(self, visitor, django_assert_num_queries, is_known):
        url = click_url(make_message().pk if is_known else 999_999)
        with django_assert_num_queries(0):
            visitor.get(url)


@pytest.mark.django_db
class TestOpen:
    def test_it_is_a_pixel_and_is_counted(self, visitor):
        response = visitor.get(open_url(make_message().pk))
        assert (response.status_code, response["Content-Type"]) == (200, "image/gif")
        assert response.content.startswith(b"GIF89a")
        assert response["Cache-Control"] == "no-store"
        count_now()
        assert MessageEvent.objects.get().kind == "open"

    def test_head_is_not_counted(self, visitor):
        assert visitor.head(open_url(make_message().pk)).status_code == 200
        assert count_now() == 0
        assert not MessageEvent.objects.exists()

    def test_it_asks_the_database_nothing(self, visitor, django_assert_num_queries):
        url = open_url(make_message().pk)
        with django_assert_num_queries(0):
            visitor.get(url)

    def test_a_site_that_counts_nothing_keeps_nothing(self, visitor, settings):
        settings.WAGTAIL_PRECISE_MAIL = {"is_tracking_enabled": False}
        assert visitor.get(open_url(7)).status_code == 200
        assert len(hit_buffer) == 0

    def test_a_message_that_is_gone_still_gets_the_pixel(self, visitor):
        assert visitor.get(open_url(999_999)).status_code == 200

    def test_a_tampered_token_is_a_400(self, visitor):
        assert visitor.get(open_url(1).replace(".gif", "x.gif")).status_code == 400


class TestWithTheDatabaseAway:
    @pytest.fixture(autouse=True)
    def database_away(self, db):
        def refuse(*args):
            raise OperationalError("the database is away")

        with connection.execute_wrapper(refuse):
            yield

    @pytest.mark.parametrize("is_atomic", [True, False])
    def test_a_click_still_redirects_and_is_counted_later(self, visitor, monkeypatch, is_atomic):
        monkeypatch.setitem(connection.settings_dict, "ATOMIC_REQUESTS", is_atomic)
        assert visitor.get(click_url(7))["Location"] == URL
        assert len(hit_buffer) == 1

    def test_a_click_that_is_written_at_once_still_redirects_and_the_error_is_logged(self, visitor, caplog, settings):
        settings.WAGTAIL_PRECISE_MAIL = {"hit_buffer_seconds": 0}
        with caplog.at_level(logging.ERROR):
            assert visitor.get(click_url(7))["Location"] == URL
        assert "Could not write opens and clicks; 1 wait." in caplog.text

    def test_an_open_still_gets_its_pixel(self, visitor):
        assert visitor.get(open_url(7)).status_code == 200


class TestProcessor:
    LINK = LinkInfo(index=2, url=URL, block_id="b1", label="Buy")

    @pytest.fixture
    def processor(self):
        return message_processors.get("tracking")()

    @pytest.mark.django_db
    def test_a_rewritten_link_leads_to_the_same_place(self, processor, visitor):
        message = make_message()
        url = processor.rewrite_link(message, message.contact, self.LINK, BASE)
        assert url.startswith(f"{BASE}/mail/c/")
        assert plain(visitor.get(url.removeprefix(BASE))["Location"]) == URL

    @pytest.mark.django_db
    @pytest.mark.parametrize("url", [URL, "mailto:ann@example.com"])
    def test_what_is_common_to_all_messages_and_its_ending_is_what_each_gets(self, processor, url):
        message, link = make_message(), LinkInfo(index=2, url=url, block_id="b1", label="Buy")
        common = processor.common_link(message.send, link, BASE)
        whole = common.url + (processor.link_ending(message) if common.has_ending else "")
        assert whole == processor.rewrite_link(message, message.contact, link, BASE)

    @pytest.mark.django_db
    def test_the_pixel_belongs_to_the_message(self, processor, visitor):
        message = make_message()
        tail = processor.html_tail(message, message.contact, BASE + "/")
        path = tail.split(f'src="{BASE}')[1].split('"')[0]
        visitor.get(path)
        count_now()
        assert MessageEvent.objects.get().message == message

    @pytest.mark.django_db
    def test_a_contact_who_is_not_tracked_gets_plain_links_and_no_pixel(self, processor):
        message = make_message(contact=make_contact(is_tracking_allowed=False))
        assert processor.rewrite_link(message, message.contact, self.LINK, BASE) == URL
        assert processor.html_tail(message, message.contact, BASE) == ""

    @pytest.mark.django_db
    def test_a_site_can_be_without_tracking(self, processor, settings):
        settings.WAGTAIL_PRECISE_MAIL = {"is_tracking_enabled": False}
        message = make_message()
        assert processor.rewrite_link(message, message.contact, self.LINK, BASE) == URL
        assert processor.html_tail(message, message.contact, BASE) == ""

    @pytest.mark.django_db
    @pytest.mark.parametrize(
        "url", ["mailto:ann@example.com", "tel:+4412345", "#top", "https://x.example/" + "a" * 3000]
    )
    def test_what_is_no_web_address_is_left_alone(self, processor, url):
        message = make_message()
        link = LinkInfo(index=0, url=url, block_id="", label="")
        assert processor.rewrite_link(message, message.contact, link, BASE) == url

    @pytest.mark.django_db
    def test_processing_a_message_asks_the_database_nothing(self, processor, django_assert_num_queries):
        message = make_message()
        contact = message.contact
        processor.rewrite_link(message, contact, self.LINK, BASE)  # asks for the sites, once in a batch
        with django_assert_num_queries(0):
            processor.rewrite_link(message, contact, self.LINK, BASE)
            processor.html_tail(message, contact, BASE)
