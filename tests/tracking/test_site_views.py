"""What contacts look at on the site: only with their yes, linked by a click or a login, and gone with them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.http import HttpRequest
from django.template import Context, Template
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone

from tests.factories.commerce import make_category, make_product
from tests.factories.contacts import make_contact
from tests.factories.segments import make_rules
from tests.factories.tracking import make_message
from wagtail_precise_mail.commerce.viewed import ProductView
from wagtail_precise_mail.contacts.erasing import erase
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.contacts.personal_data import personal_data
from wagtail_precise_mail.contacts.retention import apply_rules
from wagtail_precise_mail.contacts.timeline import timeline_sources
from wagtail_precise_mail.segments.queries import members
from wagtail_precise_mail.tracking.site_views import SiteView
from wagtail_precise_mail.tracking.tokens import make_visitor_token
from wagtail_precise_mail.tracking.viewing import (
    CONSENT_COOKIE,
    MOST_SECONDS,
    make_view_token,
    record_view,
    record_visit,
    watched_contact,
)
from wagtail_precise_mail.tracking.visitors import COOKIE

pytestmark = pytest.mark.django_db

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
BROWSER = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"}


def consented(request: HttpRequest) -> bool:
    return request.COOKIES.get("site_says") == "fine"


@pytest.fixture
def url() -> str:
    return reverse("wagtail_precise_mail:site_view")


def browser_of(contact: Contact | None, answer: str = "yes", **headers: str) -> Client:
    client = Client(headers={**BROWSER, **headers})
    if contact:
        client.cookies[COOKIE] = make_visitor_token(make_message(contact=contact).pk, timezone.now())
    if answer:
        client.cookies[CONSENT_COOKIE] = answer
    return client


class TestConsent:
    @pytest.mark.parametrize("answer", ["", "no"])
    def test_without_consent_no_view_is_stored(self, url: str, answer: str) -> None:
        assert browser_of(make_contact(), answer).post(url, {"path": "/tea/"}).status_code == 204
        assert not SiteView.objects.exists()

    def test_with_consent_it_is(self, url: str) -> None:
        contact = make_contact()
        assert browser_of(contact).post(url, {"path": "/tea/?secret=1"}).status_code == 201
        view = SiteView.objects.get()
        assert (view.contact, view.kind, view.path, view.source) == (contact, "page", "/tea/", "site")

    def test_strangers_leave_nothing(self, url: str) -> None:
        assert browser_of(None).post(url, {"path": "/tea/"}).status_code == 204
        assert not SiteView.objects.exists()

    def test_who_refused_tracking_leaves_nothing(self, url: str) -> None:
        assert browser_of(make_contact(is_tracking_allowed=False)).post(url, {"path": "/"}).status_code == 204
        assert not SiteView.objects.exists()

    def test_machines_and_pages_that_are_loaded_ahead_leave_nothing(self, url: str) -> None:
        contact = make_contact()
        for headers in ({"User-Agent": "Googlebot/2.1"}, {"Sec-Purpose": "prefetch"}):
            browser_of(contact, **headers).post(url, {"path": "/"})
        assert not SiteView.objects.exists()

    def test_a_site_that_counts_nothing_keeps_nothing(self, url: str, settings: Any) -> None:
        client = browser_of(make_contact())
        settings.WAGTAIL_PRECISE_MAIL = {**settings.WAGTAIL_PRECISE_MAIL, "is_tracking_enabled": False}
        assert client.post(url, {"path": "/"}).status_code == 204

    def test_another_site_cannot_write(self, url: str) -> None:
        client = browser_of(make_contact(), Origin="https://evil.example")
        assert client.post(url, {"path": "/"}).status_code == 204
        assert not SiteView.objects.exists()

    def test_a_get_is_refused(self, url: str) -> None:
        assert browser_of(make_contact()).get(url).status_code == 405

    def test_the_answer_of_the_site_counts_where_it_asks_itself(self, url: str, settings: Any) -> None:
        path = f"{consented.__module__}.consented"
        settings.WAGTAIL_PRECISE_MAIL = {**settings.WAGTAIL_PRECISE_MAIL, "visit_consent": path}
        client = browser_of(make_contact(), "yes")
        assert client.post(url, {"path": "/"}).status_code == 204
        client.cookies["site_says"] = "fine"
        assert client.post(url, {"path": "/"}).status_code == 201

    def test_our_form_keeps_the_answer_and_leads_back(self) -> None:
        client = Client()
        response = client.post(reverse("wagtail_precise_mail:visit_consent"), {"answer": "yes", "next": "/tea/"})
        assert (response.status_code, response["Location"]) == (302, "/tea/")
        assert client.cookies[CONSENT_COOKIE].value == "yes"
        assert client.cookies[CONSENT_COOKIE]["samesite"] == "Lax"
        client.post(reverse("wagtail_precise_mail:visit_consent"), {"answer": "no"})
        assert client.cookies[CONSENT_COOKIE].value == "no"

    def test_our_form_leads_to_no_other_site(self) -> None:
        address = reverse("wagtail_precise_mail:visit_consent")
        assert Client().post(address, {"answer": "no", "next": "https://evil.example/"})["Location"] == "/"


class TestLinking:
    def test_a_login_makes_known(self, url: str) -> None:
        user = User.objects.create_user("ann")
        contact = make_contact(user=user)
        client = browser_of(None)
        client.force_login(user)
        assert client.post(url, {"path": "/tea/"}).status_code == 201
        assert SiteView.objects.get().contact == contact

    def test_the_login_counts_more_than_the_click(self) -> None:
        user = User.objects.create_user("ann")
        contact = make_contact(user=user)
        request = RequestFactory(headers=BROWSER).get("/")
        request.user = user
        request.COOKIES = {
            CONSENT_COOKIE: "yes",
            COOKIE: make_visitor_token(make_message().pk, timezone.now()),
        }
        assert watched_contact(request) == contact

    def test_a_view_without_script_records_the_request(self) -> None:
        contact = make_contact()
        request = RequestFactory(headers=BROWSER).get("/mugs/?page=2")
        request.COOKIES = {
            CONSENT_COOKIE: "yes",
            COOKIE: make_visitor_token(make_message(contact=contact).pk, timezone.now()),
        }
        view = record_visit(request, words="Red  Mugs")
        assert view is not None
        assert (view.contact, view.kind, view.path, view.words) == (contact, "search", "/mugs/", "red mugs")


class TestWhatIsKept:
    def test_a_product_and_a_search(self, url: str) -> None:
        product, client = make_product("MUG"), browser_of(make_contact())
        client.post(url, {"path": "/mug/", "product": "mug"})
        client.post(url, {"path": "/search/", "search": " Red   MUGS\x00 "})
        kinds = SiteView.objects.order_by("pk").values_list("kind", "product", "words")
        assert list(kinds) == [("product", product.pk, ""), ("search", None, "red mugs")]
        assert ProductView.objects.get().product == product

    def test_an_unknown_product_is_a_page(self, url: str) -> None:
        browser_of(make_contact()).post(url, {"path": "/gone/", "product": "GONE"})
        assert SiteView.objects.get().kind == "page"

    def test_reloading_is_the_same_look(self) -> None:
        contact = make_contact()
        for seconds in (0, 10, 29, 31):
            record_view(contact, path="/tea/", at=AT + timedelta(seconds=seconds))
        assert SiteView.objects.count() == 2

    def test_a_day_has_an_end(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("wagtail_precise_mail.tracking.viewing.MOST_VIEWS_PER_DAY", 3)
        contact = make_contact()
        for number in range(5):
            record_view(contact, path=f"/{number}/", at=AT)
        assert SiteView.objects.count() == 3

    def test_the_time_on_a_page_is_told_later_and_only_grows(self, url: str) -> None:
        client = browser_of(make_contact())
        token = client.post(url, {"path": "/tea/"}).json()["view"]
        for seconds in ("40", "12", "x", "-5"):
            assert client.post(url, {"view": token, "seconds": seconds}).status_code == 204
        assert SiteView.objects.get().seconds == 40
        client.post(url, {"view": token, "seconds": "999999"})
        assert SiteView.objects.get().seconds == MOST_SECONDS

    def test_a_made_up_token_is_refused(self, url: str) -> None:
        client = browser_of(make_contact())
        assert client.post(url, {"view": "AAAA.BBBB", "seconds": "4"}).status_code == 400

    def test_whoever_takes_the_yes_back_adds_no_seconds(self, url: str) -> None:
        contact = make_contact()
        view = record_view(contact, path="/")
        assert view is not None
        browser_of(contact, "no").post(url, {"view": make_view_token(view), "seconds": "9"})
        assert SiteView.objects.get().seconds == 0

    def test_it_stands_on_the_timeline(self) -> None:
        contact = make_contact()
        record_view(contact, path="/tea/", seconds=75, at=AT)
        record_view(contact, path="/s/", words="tea", at=AT)
        entries = timeline_sources.get("site_view")().entries(contact, limit=5)
        assert [(one.title, one.detail) for one in entries] == [
            ("Searched for “tea”", ""),
            ("Visited /tea/", "1 min 15 s"),
        ]

    def test_it_is_handed_out_and_goes_with_the_contact(self) -> None:
        contact = make_contact()
        record_view(contact, path="/tea/", at=AT)
        assert personal_data.get("site_views")().collect(contact)["site_views"][0]["path"] == "/tea/"
        erase(contact)
        assert not SiteView.objects.exists()

    def test_it_is_deleted_after_a_year(self) -> None:
        contact = make_contact()
        record_view(contact, path="/old/", at=AT - timedelta(days=366))
        record_view(contact, path="/new/", at=AT - timedelta(days=364))
        assert apply_rules(["site_views"], at=AT) == {"site_views": 1}
        assert SiteView.objects.get().path == "/new/"


class TestTags:
    def render(self, template: str, **cookies: str) -> str:
        request = RequestFactory().get("/tea/?a=1")
        request.COOKIES = cookies
        return Template("{% load precise_mail_visits %}" + template).render(
            Context({"request": request, "product": "MUG", "words": "a&b"})
        )

    def test_the_script_stands_in_pages_of_those_who_agreed(self, url: str) -> None:
        html = self.render("{% visit_script product=product search=words %}", wpm_visits="yes")
        assert f'data-url="{url}"' in html
        assert 'data-product="MUG"' in html
        assert 'data-search="a&amp;b"' in html
        assert self.render("{% visit_script %}").strip() == ""

    def test_the_question_is_asked_and_can_be_taken_back(self) -> None:
        asked = self.render("{% visit_consent_form %}")
        assert "Yes, you may" in asked
        assert 'value="/tea/?a=1"' in asked
        agreed = self.render("{% visit_consent_form %}", wpm_visits="yes")
        assert "No longer" in agreed
        assert "Yes, you may" not in agreed


class TestApi:
    def post(self, body: Any, token: str = "secret") -> Any:
        headers = {"Authorization": f"Bearer {token}"}
        address = reverse("wagtail_precise_mail:api_site_views")
        return Client(headers=headers).post(address, body, content_type="application/json")

    @pytest.fixture(autouse=True)
    def _token(self, settings: Any) -> None:
        settings.WAGTAIL_PRECISE_MAIL = {**settings.WAGTAIL_PRECISE_MAIL, "api_tokens": ["secret"]}

    def test_a_view_puts_the_contact_into_the_segment_at_once(self) -> None:
        category = make_category(name="Footwear")
        make_product("BOOT", category=category)
        contact = make_contact(email="ann@example.com")
        rules = make_rules({"viewed_product": {"categories": ["footwear"], "days": 7}})
        assert not members(rules).exists()
        response = self.post({"email": "Ann@Example.com", "has_consent": True, "sku": "boot", "seconds": 12})
        assert (response.status_code, response.json()) == (201, {"kept": True})
        assert list(members(rules)) == [contact]
        assert SiteView.objects.get().source == "api"

    def test_a_category_holds_all_below_it_however_deep(self) -> None:
        top = below = make_category(name="Footwear")
        for depth in range(7):
            below = make_category(name=f"Level {depth}", parent=below)
        top.parent = below
        top.save()  # and a loop
        deep, aside = make_product(category=below), make_product()
        aside.further_categories.add(below)
        contacts = [make_contact(), make_contact(), make_contact()]
        for contact, product in zip(contacts, (deep, aside, make_product()), strict=True):
            SiteView.objects.create(contact=contact, kind="product", product=product, path="/", happened_at=AT)
        rules = make_rules({"viewed_product": {"categories": ["footwear"]}})
        assert set(members(rules)) == set(contacts[:2])

    def test_without_consent_nothing_is_kept(self) -> None:
        make_contact(email="ann@example.com")
        response = self.post({"email": "ann@example.com", "has_consent": False, "path": "/"})
        assert (response.status_code, response.json()) == (200, {"kept": False})
        assert not SiteView.objects.exists()

    def test_strangers_are_not_made_contacts(self) -> None:
        assert self.post({"email": "new@example.com", "has_consent": True}).json() == {"kept": False}
        assert not Contact.objects.exists()

    def test_everything_wrong_is_told_at_once(self) -> None:
        response = self.post(
            {"email": "x", "seconds": -1, "path": 3, "happened_at": "2099-01-01T00:00:00Z", "color": "red"}
        )
        assert response.status_code == 400
        assert set(response.json()["errors"]) == {"email", "has_consent", "seconds", "path", "happened_at", "color"}

    def test_a_wrong_token_is_refused(self) -> None:
        assert self.post({}, token="wrong").status_code == 401

    def test_what_is_no_json_is_refused(self) -> None:
        assert self.post("[").status_code == 400
        assert self.post("[1]").status_code == 400
