"""The public pages of signing up: what they ask and why, and that they tell nobody who is known."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from bs4 import BeautifulSoup
from django.http import HttpResponse
from django.template import Context, Template
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from wagtail.fields import StreamField

from tests.factories.contacts import grant, make_contact, make_policy, make_topic
from tests.factories.emails import default_site
from wagtail_precise_mail.contacts.blocks import SignUpBlock
from wagtail_precise_mail.contacts.captchas import Captcha, captchas
from wagtail_precise_mail.contacts.confirmations import make_sign_up_token
from wagtail_precise_mail.contacts.models import Contact, Topic
from wagtail_precise_mail.contacts.services import suppress, unsubscribe
from wagtail_precise_mail.contacts.sign_ups import SignUp
from wagtail_precise_mail.contacts.wordings import TopicTranslation, add_wording

pytestmark = pytest.mark.django_db

JOIN = "/mail/join/"
AT = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def news() -> Topic:
    return make_topic(name="News", slug="news", description="Twice a month.")


@pytest.fixture
def clock() -> Any:
    with time_machine.travel(AT, tick=False) as traveller:
        yield traveller


def soup_of(response: HttpResponse) -> BeautifulSoup:
    return BeautifulSoup(response.content, "html.parser")


def filled(client: Client, path: str = JOIN, **given: Any) -> dict[str, Any]:
    """Fill in the form as a person does who agrees to everything."""
    form = soup_of(client.get(path)).find("form")
    return {"form": form.find("input", {"name": "form"})["value"], "email": "ada@example.com", "agree": "on", **given}


def join(client: Client, clock: Any, path: str = JOIN, **given: Any) -> Any:
    data = filled(client, path, **given)
    clock.shift(10)
    return client.post(JOIN, data)


class TestForm:
    def test_every_field_says_whether_it_is_needed_and_why(self, client):
        make_topic(name="Offers", slug="offers")
        form = soup_of(client.get(JOIN)).find("form")
        for name in ("email", "first_name", "topics", "agree"):
            field = form.find("input", {"name": name})
            around = field if field.get("aria-describedby") else field.find_parent("fieldset")
            reason = form.find(id=around["aria-describedby"].split()[0])
            assert len(reason.get_text(strip=True)) > 20, name
            block = field.find_parent(["div", "fieldset"])
            assert re.search("required|optional", block.get_text()), name

    def test_nothing_is_ticked_beforehand(self, client):
        make_topic(name="Offers", slug="offers")
        form = soup_of(client.get(JOIN)).find("form")
        assert [box for box in form.find_all("input", type="checkbox") if box.has_attr("checked")] == []

    def test_labels_lead_to_their_fields(self, client):
        form = soup_of(client.get(JOIN)).find("form")
        for label in form.find_all("label", attrs={"for": True}):
            assert form.find(id=label["for"]) is not None

    def test_only_public_topics_are_offered(self, client):
        make_topic(name="For staff", slug="staff", is_public=False)
        make_topic(name="Offers", slug="offers")
        page = client.get(f"{JOIN}?topic=staff").content.decode()
        assert "For staff" not in page
        assert "Offers" in page

    def test_an_address_can_offer_one_topic_only(self, client):
        make_topic(name="Offers", slug="offers")
        page = client.get(f"{JOIN}?topic=offers").content.decode()
        assert "Yes, send me “Offers” by email." in page

    def test_topics_are_called_as_the_reader_calls_them(self, client, news):
        TopicTranslation.objects.create(topic=news, language="zh-hans", name="新闻", description="每月两次")
        page = client.get(JOIN, headers={"accept-language": "zh-hans"}).content.decode()
        assert "新闻" in page

    def test_the_policy_stands_below_with_its_version(self, client):
        make_policy("2026-03", url="https://a.b/privacy/")
        link = soup_of(client.get(JOIN)).find("a", href="https://a.b/privacy/")
        assert "2026-03" in link.get_text()

    def test_a_site_without_topics_says_so(self, client, news):
        news.delete()
        assert "nothing to sign up for" in client.get(JOIN).content.decode()

    def test_looking_changes_nothing(self, client, django_assert_max_num_queries):
        client.get(JOIN)
        with django_assert_max_num_queries(8):
            client.get(f"{JOIN}?source=social-x")
        assert not SignUp.objects.exists()


class TestJoining:
    def test_a_person_signs_up(self, client, clock):
        response = join(client, clock, f"{JOIN}?source=social-x", first_name="Ada")
        row = SignUp.objects.get()
        assert (response.status_code, response["Location"]) == (303, "/mail/join/sent/")
        assert (row.source, row.answers, row.site) == ("social-x", {"first_name": "Ada"}, default_site())
        assert row.page_url == "http://testserver/mail/join/"
        assert row.wording.text.startswith("Yes, send me “News” by email.")
        assert "Look into your inbox" in client.get(response["Location"]).content.decode()

    def test_it_needs_neither_cookie_nor_csrf_token(self, clock):
        client = Client(enforce_csrf_checks=True)
        data = filled(client)
        clock.shift(10)
        assert Client(enforce_csrf_checks=True).post(JOIN, data).status_code == 303

    def test_every_address_gets_the_same_answer(self, client, clock, news):
        grant(make_contact(email="known@example.com"), news)
        unsubscribe(make_contact(email="left@example.com"))
        make_contact(email="bounced@example.com")
        suppress("bounced@example.com", reason="hard_bounce")
        names = ["new", "known", "left", "bounced", "new", "new", "new", "new"]
        answers = {
            (response.status_code, response["Location"], response.content)
            for response in (join(client, clock, email=f"{name}@example.com") for name in names)
        }
        assert len(answers) == 1

    def test_the_wording_that_was_shown_counts_even_if_it_changed_meanwhile(self, client, clock, news):
        shown = add_wording("Yes, as it was.", topics=[news], language="en")
        data = filled(client)
        add_wording("Yes, as it is by now.", topics=[news], language="en")
        clock.shift(10)
        client.post(JOIN, data)
        assert SignUp.objects.get().wording == shown

    @pytest.mark.parametrize(
        ("given", "words"),
        [
            ({"email": "nobody"}, "valid email"),
            ({"email": ""}, "required"),
            ({"agree": ""}, "we may not write to you"),
            ({"email": "x" * 300 + "@example.com"}, "at most 254"),
            ({"email": "a\r\nBcc: b@example.com"}, "valid email"),
        ],
    )
    def test_what_is_wrong_is_said_beside_the_field(self, client, clock, given, words):
        response = join(client, clock, **given)
        assert response.status_code == 400
        assert words in response.content.decode()
        assert not Contact.objects.exists()

    def test_what_was_typed_is_kept(self, client, clock):
        page = join(client, clock, email="nobody", first_name='Ada "L"').content.decode()
        assert 'value="nobody"' in page
        assert 'value="Ada &quot;L&quot;"' in page

    def test_of_several_topics_at_least_one_is_chosen(self, client, clock, news):
        offers = make_topic(name="Offers", slug="offers")
        assert "Choose at least one." in join(client, clock).content.decode()
        join(client, clock, topics=[str(offers.pk)])
        assert list(SignUp.objects.get().topics.all()) == [offers]

    def test_a_topic_that_was_not_offered_cannot_be_chosen(self, client, clock):
        hidden = make_topic(is_public=False)
        make_topic()
        assert join(client, clock, topics=[str(hidden.pk)]).status_code == 400
        assert not SignUp.objects.exists()

    def test_a_typo_is_pointed_out_and_corrected_by_a_button(self, client, clock):
        response = join(client, clock, email="ada@gmial.com")
        assert "Did you mean ada@gmail.com?" in response.content.decode()
        assert not Contact.objects.exists()
        join(client, clock, email="ada@gmial.com", use="suggested")
        assert Contact.objects.get().email == "ada@gmail.com"

    def test_what_looks_like_a_typo_may_be_right(self, client, clock):
        join(client, clock, email="ada@gmial.com", use="written")
        assert Contact.objects.get().email == "ada@gmial.com"

    def test_a_machine_that_fills_in_everything_is_thanked_and_ignored(self, client, clock):
        honest = join(client, clock, email="new@example.com")
        caught = join(client, clock, homepage="https://spam.example/")
        assert (caught.status_code, caught["Location"]) == (honest.status_code, honest["Location"])
        assert not Contact.objects.with_address("ada@example.com").exists()

    def test_a_form_that_comes_back_at_once_has_to_come_again(self, client, clock):
        data = filled(client)
        assert "press the button once more" in client.post(JOIN, data).content.decode()
        assert not Contact.objects.exists()
        clock.shift(3)
        assert client.post(JOIN, data).status_code == 303

    @pytest.mark.parametrize("token", ["", "x", "x.y", "e30.AAAAAAAAAAAAAAAAAAAAAA"])
    def test_a_form_that_is_not_ours_is_shown_anew(self, client, token):
        response = client.post(JOIN, {"form": token, "email": "ada@example.com", "agree": "on"})
        assert response.status_code == 400
        assert 'value="ada@example.com"' in response.content.decode()
        assert not Contact.objects.exists()

    def test_a_form_that_is_a_week_old_is_shown_anew(self, client, clock):
        data = filled(client)
        clock.shift(timedelta(days=8))
        assert "once more" in client.post(JOIN, data).content.decode()
        assert not Contact.objects.exists()

    def test_too_many_from_one_network_are_told_to_wait(self, client, clock, settings):
        settings.WAGTAIL_PRECISE_MAIL = {**settings.WAGTAIL_PRECISE_MAIL, "sign_ups_per_ip_and_hour": 1}
        join(client, clock, email="one@example.com")
        response = join(client, clock, email="two@example.com")
        assert response.status_code == 429
        assert "in an hour" in response.content.decode()

    @pytest.mark.parametrize("source", ["<script>", "a" * 200, "Ünï", "a b"])
    def test_a_source_that_is_no_slug_is_left_out(self, client, clock, source):
        join(client, clock, f"{JOIN}?source={source}")
        assert SignUp.objects.get().source == "site"

    def test_a_captcha_can_be_put_between(self, client, clock, settings):
        class Sum(Captcha):
            def field(self) -> SafeString:
                return mark_safe('<label>2 + 3 = <input name="sum"></label>')

            def is_solved(self, data: Mapping[str, str], *, ip_address: str) -> bool:
                return data.get("sum") == "5" and ip_address == "127.0.0.1"

        settings.WAGTAIL_PRECISE_MAIL = {**settings.WAGTAIL_PRECISE_MAIL, "sign_up_captcha": "sum"}
        with captchas.temporarily("sum", Sum):
            assert 'name="sum"' in client.get(JOIN).content.decode()
            assert join(client, clock, sum="4").status_code == 400
            assert not Contact.objects.exists()
            assert join(client, clock, sum="5").status_code == 303

    def test_behind_a_proxy_the_header_it_writes_counts(self, client, clock, settings):
        settings.WAGTAIL_PRECISE_MAIL = {
            **settings.WAGTAIL_PRECISE_MAIL,
            "client_ip_header": "HTTP_X_FORWARDED_FOR",
            "records_ip": True,
        }
        data = filled(client)
        clock.shift(10)
        client.post(JOIN, data, headers={"x-forwarded-for": "203.0.113.1, 192.0.2.7"})
        assert SignUp.objects.get().ip_address == "192.0.2.7"


class TestConfirming:
    @pytest.fixture
    def row(self, client: Client, clock: Any) -> SignUp:
        join(client, clock)
        return SignUp.objects.get()

    def path(self, row: SignUp) -> str:
        return reverse("wagtail_precise_mail:sign_up_confirm", args=[make_sign_up_token(row.pk)])

    @pytest.mark.parametrize("method", ["get", "head"])
    def test_looking_confirms_nothing(self, client, row, method):
        assert getattr(client, method)(self.path(row)).status_code == 200
        assert row.contact.consents.get().status == "pending"

    def test_the_page_asks_for_one_press_and_shows_no_whole_address(self, client, row):
        page = client.get(self.path(row))
        soup = soup_of(page)
        assert [button.get_text() for button in soup.find_all("button")] == ["Yes, write to me"]
        assert "ada@example.com" not in page.content.decode()
        assert (page["Referrer-Policy"], page["Cache-Control"]) == ("no-referrer", "no-store")

    def test_pressing_confirms(self, client, row, news):
        page = client.post(self.path(row)).content.decode()
        assert "You are in" in page
        assert Contact.objects.with_consent(news.pk).get() == row.contact

    def test_a_replayed_link_says_that_it_is_done(self, client, row):
        client.post(self.path(row))
        unsubscribe(row.contact)
        for method in (client.get, client.post):
            assert "You are in" in method(self.path(row)).content.decode()
        assert row.contact.consents.get().status == "withdrawn"

    @pytest.mark.parametrize("method", ["get", "post"])
    def test_an_old_link_ends_politely(self, client, row, clock, method):
        clock.shift(timedelta(days=4))
        response = getattr(client, method)(self.path(row))
        assert response.status_code == 410
        assert soup_of(response).find("a", href=JOIN) is not None
        assert row.contact.consents.get().status == "pending"

    @pytest.mark.parametrize("method", ["get", "post"])
    def test_the_link_of_an_erased_contact_ends_politely(self, client, row, method):
        path = self.path(row)
        row.contact.delete()
        response = getattr(client, method)(path)
        assert (response.status_code, "nothing to confirm" in response.content.decode()) == (410, True)

    def test_a_damaged_link_is_refused(self, client, row):
        assert client.post(self.path(row)[:-3] + "/").status_code == 400
        assert row.contact.consents.get().status == "pending"

    def test_a_topic_may_lead_to_a_page_of_the_site(self, client, row, news):
        news.thanks_page = default_site().root_page
        news.save()
        response = client.post(self.path(row))
        assert (response.status_code, response["Location"]) == (302, "/")

    def test_the_page_speaks_the_language_of_the_sign_up(self, client, row):
        SignUp.objects.update(language="zh-hans")
        assert 'lang="zh-hans"' in client.get(self.path(row)).content.decode()


class TestElsewhere:
    def test_the_block_signs_up_with_the_id_of_its_page(self, client, clock, news):
        page = default_site().root_page
        block = SignUpBlock()
        value = block.to_python(
            {
                "title": "News from the garden",
                "topics": ["news"],
                "asked": [{"name": "city", "is_required": True, "reason": "For our open days."}],
            }
        )
        request = RequestFactory().get("/")
        html = str(block.render(value, {"page": page, "request": request}))
        soup = BeautifulSoup(html, "html.parser")
        assert soup.find("h2").get_text() == "News from the garden"
        assert "For our open days." in html
        token = soup.find("input", {"name": "form"})["value"]
        clock.shift(10)
        client.post(JOIN, {"form": token, "email": "ada@example.com", "city": "Bath", "agree": "on"})
        row = SignUp.objects.get()
        assert (row.source_page_id, row.source, row.answers) == (page.pk, f"page-{page.pk}", {"city": "Bath"})
        assert row.contact.consent_changes.get().source_page_id == page.pk

    def test_migrations_of_sites_name_the_block_and_nothing_of_its_inside(self):
        field = StreamField([("sign_up", SignUpBlock(required=False))])
        _name, _path, args, kwargs = field.deconstruct()
        lookup = kwargs["block_lookup"]
        assert list(lookup.values()) == [("wagtail_precise_mail.contacts.blocks.SignUpBlock", [], {"required": False})]
        again = StreamField(*args, **kwargs).stream_block.child_blocks["sign_up"]
        assert isinstance(again, SignUpBlock)

    def test_a_required_field_of_the_block_is_required(self, client, clock):
        value = SignUpBlock().to_python({"asked": [{"name": "city", "is_required": True}]})
        html = str(SignUpBlock().render(value, {"request": RequestFactory().get("/")}))
        token = BeautifulSoup(html, "html.parser").find("input", {"name": "form"})["value"]
        clock.shift(10)
        assert client.post(JOIN, {"form": token, "email": "ada@example.com", "agree": "on"}).status_code == 400

    def test_two_forms_on_one_page_share_no_id(self):
        request = RequestFactory().get("/")
        html = "".join(str(SignUpBlock().render(SignUpBlock().to_python({}), {"request": request})) for _ in range(2))
        ids = [tag["id"] for tag in BeautifulSoup(html, "html.parser").find_all(id=True)]
        assert len(ids) == len(set(ids)) > 0

    def test_the_template_tag_renders_the_form(self):
        template = Template('{% load precise_mail_sign_up %}{% sign_up_form source="footer" title="Join" %}')
        html = template.render(Context({"request": RequestFactory().get("/")}))
        assert "<h2" in html
        assert 'action="/mail/join/"' in html
