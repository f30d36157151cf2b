"""From a click to a page that knows who comes, at an address that names nobody."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
import time_machine
from django.db import OperationalError, connection
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from wagtail.models import Site

from tests.factories.commerce import make_product
from tests.factories.contacts import make_contact
from tests.factories.tracking import make_message, make_send
from wagtail_precise_mail.commerce.viewed import ProductView
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.delivery.models import OutboxMessage
from wagtail_precise_mail.tracking.middleware import VisitorMiddleware
from wagtail_precise_mail.tracking.models import MessageEvent
from wagtail_precise_mail.tracking.tokens import make_click_token, make_visit_token, make_visitor_token
from wagtail_precise_mail.tracking.visitors import COOKIE, record_goal, record_product_view, visitor_of
from wagtail_precise_mail.tracking.visits import MIDDLEWARE, OwnPages, take_off, with_parameter

BROWSER = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"}
OURS = "https://shop.example.com/tea/?a=1&b=%20x"
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)

pytestmark = pytest.mark.django_db


def click(message_id: int, url: str = OURS, **headers: str) -> Any:
    token = make_click_token(1, message_id, link_index=0, block_id="b1", url=url, is_own_page=url in OwnPages())
    return Client(headers={**BROWSER, **headers}).get(reverse("wagtail_precise_mail:click", args=[token]))


def pass_through(path: str, method: str = "get", **extra: Any) -> HttpResponse:
    request = getattr(RequestFactory(), method)(path, **extra)
    return VisitorMiddleware(lambda request: HttpResponse("the page"))(request)


def request_of(message: OutboxMessage | None, *, at: datetime | None = None, **headers: str) -> HttpRequest:
    request = RequestFactory(headers={**BROWSER, **headers}).get("/tea/")
    if message:
        request.COOKIES[COOKIE] = make_visitor_token(message.pk, at or datetime.now(UTC))
    return request


class TestClick:
    def test_a_page_of_ours_learns_who_comes(self) -> None:
        location = click(make_message().pk)["Location"]
        assert location.startswith(f"{OURS}&wpm=")
        assert take_off(urlsplit(location).query)[0] == urlsplit(OURS).query

    @pytest.mark.parametrize(
        "url",
        [
            "https://elsewhere.example/tea/",
            "https://shop.example.com:8443/tea/",
            "https://shop.example.com.evil.example/",
        ],
    )
    def test_others_learn_nothing(self, url: str) -> None:
        assert click(make_message().pk, url)["Location"] == url

    def test_every_site_of_ours_is_ours(self) -> None:
        Site.objects.create(hostname="tea.example.com", port=443, root_page=Site.objects.get().root_page)
        assert "wpm=" in click(make_message().pk, "https://tea.example.com/")["Location"]

    def test_without_the_middleware_links_stay_as_they_are(self, settings: Any) -> None:
        settings.MIDDLEWARE = [one for one in settings.MIDDLEWARE if one != MIDDLEWARE]
        assert click(make_message().pk)["Location"] == OURS

    def test_contacts_who_are_not_tracked_and_tests_get_no_cookie(self) -> None:
        silent = make_message(contact=make_contact(is_tracking_allowed=False))
        trial, known = make_message(make_send(is_test=True)), make_message()
        locations = [urlsplit(click(one.pk)["Location"]) for one in (silent, trial, known)]
        answers = [pass_through(f"{one.path}?{one.query}") for one in locations]
        assert [COOKIE in answer.cookies for answer in answers] == [False, False, True]

    def test_who_says_no_after_the_click_gets_no_cookie_either(self) -> None:
        message = make_message()
        location = urlsplit(click(message.pk)["Location"])
        Contact.objects.update(is_tracking_allowed=False)
        assert COOKIE not in pass_through(f"{location.path}?{location.query}").cookies

    def test_looking_ahead_with_head_says_nothing(self) -> None:
        token = make_click_token(1, make_message().pk, link_index=0, block_id="b1", url=OURS, is_own_page=True)
        assert Client(headers=BROWSER).head(reverse("wagtail_precise_mail:click", args=[token]))["Location"] == OURS

    def test_it_asks_no_table(self, django_assert_num_queries: Any) -> None:
        token = make_click_token(1, make_message().pk, link_index=0, block_id="b1", url=OURS, is_own_page=True)
        with django_assert_num_queries(0):
            response = Client(headers=BROWSER).get(reverse("wagtail_precise_mail:click", args=[token]))
        assert "wpm=" in response["Location"]

    def test_a_batch_of_mails_asks_for_the_sites_once(self) -> None:
        pages = OwnPages()
        with CaptureQueriesContext(connection) as first:
            assert OURS in pages
        assert len(first) > 0
        with CaptureQueriesContext(connection) as second:
            assert [url in pages for url in (OURS, "https://elsewhere.example/")] == [True, False]
        assert len(second) == 0


class TestParameter:
    @pytest.mark.parametrize("url", ["/tea/", "/tea/?", "/tea/?a=1&&b=%2B+", "/tea/?b#part", "/tea/?wpmx=1"])
    def test_what_is_put_on_comes_off_and_the_rest_stays(self, url: str) -> None:
        with_it = with_parameter(url, "TOKEN")
        query, token = take_off(urlsplit(with_it).query)
        assert token == "TOKEN"
        assert query == urlsplit(url).query
        assert urlsplit(with_it).fragment == urlsplit(url).fragment

    def test_one_in_the_link_itself_is_replaced(self) -> None:
        assert with_parameter("/tea/?wpm=old&a=1", "NEW") == "/tea/?a=1&wpm=NEW"


class TestMiddleware:
    def test_it_leaves_a_cookie_and_a_clean_address(self, settings: Any) -> None:
        settings.SESSION_COOKIE_SECURE = True
        token = make_visit_token(make_message().pk, datetime.now(UTC))
        response = pass_through(f"/tea/?a=%20x&wpm={token}&b")
        assert (response.status_code, response["Location"]) == (302, "/tea/?a=%20x&b")
        assert response["Cache-Control"] == "private, no-store"
        cookie = response.cookies[COOKIE]
        assert (cookie["httponly"], cookie["samesite"], cookie["secure"], cookie["max-age"]) == (True, "Lax", True, "")
        assert pass_through(f"/tea/?wpm={token}")["Location"] == "/tea/"

    def test_the_cookie_lasts_as_the_option_says(self, settings: Any) -> None:
        settings.WAGTAIL_PRECISE_MAIL = settings.WAGTAIL_PRECISE_MAIL | {"visitor_cookie_days": 30}
        token = make_visit_token(make_message().pk, datetime.now(UTC))
        assert pass_through(f"/?wpm={token}").cookies[COOKIE]["max-age"] == 30 * 24 * 60 * 60

    def test_old_changed_and_foreign_tokens_are_just_taken_off(self) -> None:
        old = make_visit_token(7, datetime.now(UTC) - timedelta(minutes=11))
        fresh = make_visit_token(7, datetime.now(UTC))
        cookie = make_visitor_token(7, datetime.now(UTC))
        for token in (old, f"{fresh}x", cookie, "", "%00", "ü", "a.b.c"):
            response = pass_through(f"/tea/?wpm={token}")
            assert (response.status_code, response["Location"]) == (302, "/tea/"), token
            assert COOKIE not in response.cookies, token

    def test_a_known_visitor_stays_known_with_a_bad_token(self) -> None:
        assert "Set-Cookie" not in pass_through("/tea/?wpm=nonsense").headers

    def test_posts_and_other_addresses_pass(self) -> None:
        token = make_visit_token(7, datetime.now(UTC))
        assert pass_through("/tea/?wpmx=1&q=wpm=2").content == b"the page"
        assert pass_through(f"/tea/?wpm={token}", "post").content == b"the page"
        assert COOKIE not in pass_through(f"/tea/?wpm={token}", "head").cookies

    def test_it_leads_to_no_other_host(self) -> None:
        request = RequestFactory().get("/")
        request.path = request.path_info = "//evil.example/"
        request.META["QUERY_STRING"] = "wpm=x"
        location = VisitorMiddleware(lambda request: HttpResponse())(request)["Location"]
        assert location == "/%2Fevil.example/"

    def test_it_asks_once_after_a_click_and_nothing_else(self, django_assert_num_queries: Any) -> None:
        with django_assert_num_queries(1):
            pass_through(f"/tea/?wpm={make_visit_token(7, datetime.now(UTC))}")
        with django_assert_num_queries(0):
            pass_through("/tea/")
            pass_through("/tea/?wpm=nonsense")

    def test_a_database_that_is_away_costs_the_cookie_and_not_the_page(self) -> None:
        def refuse(*args: Any) -> None:
            raise OperationalError

        with connection.execute_wrapper(refuse):
            response = pass_through(f"/tea/?wpm={make_visit_token(7, datetime.now(UTC))}")
        assert (response["Location"], COOKIE in response.cookies) == ("/tea/", False)

    def test_no_cookie_where_nobody_is_tracked(self, settings: Any) -> None:
        settings.WAGTAIL_PRECISE_MAIL = settings.WAGTAIL_PRECISE_MAIL | {"is_tracking_enabled": False}
        assert COOKIE not in pass_through(f"/?wpm={make_visit_token(7, datetime.now(UTC))}").cookies


class TestVisitor:
    def test_contact_is_known_by_one_query(self, django_assert_num_queries: Any) -> None:
        message = make_message()
        request = request_of(message)
        with django_assert_num_queries(1):
            visitor, again = visitor_of(request), visitor_of(request)
        assert visitor
        assert visitor is again
        assert (visitor.message_id, visitor.contact) == (message.pk, message.contact)

    def test_strangers_cost_no_query(self, django_assert_num_queries: Any) -> None:
        with django_assert_num_queries(0):
            assert visitor_of(request_of(None)) is None
        request = request_of(None)
        request.COOKIES[COOKIE] = make_visit_token(1, datetime.now(UTC))
        assert visitor_of(request) is None, "another purpose"

    def test_whoever_says_no_later_is_a_stranger_from_then_on(self, settings: Any) -> None:
        message = make_message()
        message.contact.is_tracking_allowed = False
        message.contact.save()
        visitor = visitor_of(request_of(message))
        assert visitor
        assert visitor.contact is None
        message.contact.is_tracking_allowed = True
        message.contact.save()
        settings.WAGTAIL_PRECISE_MAIL = settings.WAGTAIL_PRECISE_MAIL | {"is_tracking_enabled": False}
        visitor = visitor_of(request_of(message))
        assert visitor
        assert visitor.contact is None

    def test_erased_contacts_are_strangers(self) -> None:
        message = make_message()
        message.contact.delete()
        visitor = visitor_of(request_of(message))
        assert visitor
        assert visitor.contact is None
        message.delete()
        request = request_of(None)
        request.COOKIES[COOKIE] = make_visitor_token(999_999, datetime.now(UTC))
        assert visitor_of(request) is None

    def test_a_copied_cookie_ends_with_the_day(self, settings: Any) -> None:
        message = make_message()
        with time_machine.travel(NOW, tick=False):
            assert visitor_of(request_of(message, at=NOW - timedelta(hours=23)))
            assert visitor_of(request_of(message, at=NOW - timedelta(hours=25))) is None
            settings.WAGTAIL_PRECISE_MAIL = settings.WAGTAIL_PRECISE_MAIL | {"visitor_cookie_days": 30}
            assert visitor_of(request_of(message, at=NOW - timedelta(days=29)))
            assert visitor_of(request_of(message, at=NOW - timedelta(days=31))) is None


class TestGoal:
    def test_it_counts_once_per_mail(self) -> None:
        message = make_message()
        first = record_goal(request_of(message), name="Signed up")
        second = record_goal(request_of(message), name="Again")
        assert first == second
        event = MessageEvent.objects.get()
        assert (event.kind, event.message, event.contact, event.detail) == (
            "goal",
            message,
            message.contact,
            "Signed up",
        )
        assert event.url == "http://testserver/tea/"

    def test_strangers_and_the_untracked_reach_nothing(self) -> None:
        silent = make_message(contact=make_contact(is_tracking_allowed=False))
        assert record_goal(request_of(None)) is None
        assert record_goal(request_of(silent)) is None
        assert not MessageEvent.objects.exists()


class TestProductView:
    def test_a_look_is_kept_once_with_its_last_time(self) -> None:
        message, product = make_message(), make_product()
        with time_machine.travel(NOW, tick=False) as clock:
            assert record_product_view(request_of(message, at=NOW), product)
            clock.shift(timedelta(hours=1))
            assert record_product_view(request_of(message, at=NOW), product)
        view = ProductView.objects.get()
        assert (view.contact, view.product, view.viewed_at) == (message.contact, product, NOW + timedelta(hours=1))

    def test_it_costs_two_queries_in_a_savepoint(self, django_assert_num_queries: Any) -> None:
        request, product = request_of(make_message()), make_product()
        with django_assert_num_queries(4):
            record_product_view(request, product)

    def test_nobody_else_is_kept(self, settings: Any) -> None:
        message, product = make_message(), make_product()
        silent = make_message(contact=make_contact(is_tracking_allowed=False))
        ahead = request_of(message, **{"Sec-Purpose": "prefetch"})
        machine = request_of(message, **{"User-Agent": "Googlebot/2.1"})
        for request in (request_of(None), request_of(silent), ahead, machine):
            assert not record_product_view(request, product)
        settings.WAGTAIL_PRECISE_MAIL = settings.WAGTAIL_PRECISE_MAIL | {"is_tracking_enabled": False}
        assert not record_product_view(request_of(message), product)
        assert not ProductView.objects.exists()

    def test_a_database_that_is_away_costs_no_page(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def away(*args: Any, **kwargs: Any) -> None:
            raise OperationalError

        monkeypatch.setattr("wagtail_precise_mail.tracking.visitors.keep_view", away)
        assert not record_product_view(request_of(make_message()), make_product())
        assert not ProductView.objects.exists()
