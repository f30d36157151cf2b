"""The admin of consent and signing up: wordings, policies, sources, adding by telephone, and the proof."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import segno
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse
from PIL import Image

from tests.commerce.test_coupons import make_pool
from tests.contacts.test_admin import client_with, is_refused, page
from tests.factories.contacts import make_contact, make_policy, make_topic
from wagtail_precise_mail.commerce.models import CouponPool
from wagtail_precise_mail.commerce.welcome import Incentive, WelcomeCoupon
from wagtail_precise_mail.contacts.joining import confirm_sign_up, sign_up
from wagtail_precise_mail.contacts.models import Contact, Topic
from wagtail_precise_mail.contacts.proofs import Shown
from wagtail_precise_mail.contacts.services import subscribe
from wagtail_precise_mail.contacts.sign_ups import SignUp, SignUpSource
from wagtail_precise_mail.contacts.wordings import ConsentWording, PrivacyPolicy, add_wording, topic_words

pytestmark = pytest.mark.django_db

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def boss(admin_user: Any) -> Client:
    client = Client()
    client.force_login(admin_user)
    return client


class TestWordings:
    NAME = "precise-mail-wordings"

    def post(self, client: Client, url: str, **given: Any) -> Any:
        return client.post(url, {"name": "sign-up", "language": "en", "text": "Yes, please.", **given})

    def test_a_wording_is_written(self, boss, admin_user):
        topic = make_topic()
        self.post(boss, reverse(f"{self.NAME}:add"), topics=[topic.pk])
        row = ConsentWording.objects.get()
        assert (row.version, row.text, row.created_by) == (1, "Yes, please.", admin_user)
        assert list(row.topics.all()) == [topic]

    def test_editing_writes_the_next_version(self, boss):
        topic = make_topic()
        first = add_wording("Yes.", topics=[topic], language="en")
        url = reverse(f"{self.NAME}:edit", args=[first.pk])
        self.post(boss, url, text="Yes, twice a month.", topics=[topic.pk], name="else", language="de")
        texts = [(row.name, row.language, row.version, row.text) for row in ConsentWording.objects.order_by("version")]
        assert texts == [("sign-up", "en", 1, "Yes."), ("sign-up", "en", 2, "Yes, twice a month.")]

    def test_the_listing_says_which_version_is_in_use(self, boss):
        topic = make_topic()
        add_wording("Yes.", topics=[topic], language="en")
        add_wording("Yes, twice a month.", topics=[topic], language="en")
        html = page(boss, reverse(f"{self.NAME}:index"))
        assert "Yes, twice a month." in html
        assert (html.count("w-text-positive-100"), html.count("w-text-text-error")) == (1, 1)

    def test_there_is_no_way_to_delete_one(self, boss):
        row = add_wording("Yes.", topics=[make_topic()], language="en")
        assert "delete" not in page(boss, reverse(f"{self.NAME}:edit", args=[row.pk])).lower()
        assert boss.post(f"/admin/{self.NAME}/delete/{row.pk}/").status_code == 404


class TestPolicies:
    def test_asking_again_shows_the_number_first(self, boss):
        contact, topic = make_contact(), make_topic()
        subscribe(contact, topic, source="form", at=AT - timedelta(days=1))
        url = reverse("precise_mail_ask_again", args=[make_policy(asks_again=True).pk])
        assert "1 consent is older" in page(boss, url)
        assert contact.consents.get().status == "granted"
        boss.post(url)
        assert contact.consents.get().status == "pending"
        assert "nobody to ask" in page(boss, url)

    def test_a_policy_that_does_not_ask_again_says_so(self, boss):
        url = reverse("precise_mail_ask_again", args=[make_policy().pk])
        assert "does not ask again" in page(boss, url)
        assert boss.post(url).status_code == 302

    def test_only_who_may_change_policies_can_ask_again(self):
        client = client_with("view_privacypolicy", "change_contact")
        url = reverse("precise_mail_ask_again", args=[make_policy(asks_again=True).pk])
        assert is_refused(client.get(url))
        assert is_refused(client.post(url))

    def test_what_people_agreed_with_cannot_be_rewritten(self, boss):
        policy = make_policy()
        subscribe(make_contact(), make_topic(), source="form", shown=Shown(policy=policy))
        given = {"site": policy.site_id, "version": "2026-01", "published_at": "2026-03-01 12:00"}
        url = reverse("precise-mail-policies:edit", args=[policy.pk])
        response = boss.post(url, {**given, "url": "https://shop.example.com/another/"})
        assert "write a new one" in response.content.decode()
        assert PrivacyPolicy.objects.get().url == "https://shop.example.com/2026-01/"
        boss.post(url, {**given, "url": policy.url, "asks_again": "on"})
        assert PrivacyPolicy.objects.get().asks_again is True


class TestSources:
    def test_the_listing_counts_and_shows_the_address_to_share(self, boss):
        SignUpSource.objects.create(name="X", slug="social-x", campaign="Spring")
        topic = make_topic()
        for name in ("ada", "bob"):
            row = sign_up(f"{name}@example.com", [topic], source="social-x", at=AT)
        confirm_sign_up(row, at=AT)
        html = page(boss, reverse("precise-mail-sources:index"))
        assert "https://shop.example.com/mail/join/?source=social-x" in html
        assert "Spring" in html

    def test_the_number_of_queries_does_not_grow(self, boss, django_assert_num_queries, django_assert_max_num_queries):
        url = reverse("precise-mail-sources:index")
        SignUpSource.objects.create(name="X", slug="social-x")
        page(boss, url)
        with django_assert_max_num_queries(20) as few:
            page(boss, url)
        for number in range(10):
            SignUpSource.objects.create(name=f"S{number}", slug=f"s{number}")
        with django_assert_num_queries(len(few)):
            page(boss, url)

    def test_the_form_shows_the_address_to_share(self, boss):
        source = SignUpSource.objects.create(name="X", slug="social-x")
        assert "?source=social-x" in page(boss, reverse("precise-mail-sources:edit", args=[source.pk]))


class TestQuickAdd:
    URL = property(lambda self: reverse("precise_mail_quick_add"))

    def post(self, client: Client, topic: Topic, **given: Any) -> Any:
        data = {"email": "ada@example.com", "again": "ada@example.com", "topics": [topic.pk], "language": "en", **given}
        return client.post(self.URL, data)

    def test_the_contact_is_pending_and_asked_at_once(self, boss, admin_user):
        topic = make_topic(name="News", opt_in="single")
        response = self.post(boss, topic, first_name="Ada")
        row = SignUp.objects.get()
        entry = row.contact.consent_changes.get()
        assert response["Location"] == reverse("precise-mail-contacts:inspect", args=[row.contact_id])
        assert (entry.status, entry.source, entry.actor, entry.changed_by) == (
            "pending", "phone", "colleague", admin_user,
        )  # fmt: skip
        assert (entry.wording.name, "News" in entry.wording.text) == ("phone", True)
        assert (row.mail_count, row.answers) == (1, {"first_name": "Ada"})
        assert any("was asked by mail" in str(message) for message in get_messages(response.wsgi_request))

    def test_two_addresses_that_differ_are_refused(self, boss):
        response = self.post(boss, make_topic(), again="adda@example.com")
        assert "The two addresses differ" in response.content.decode()
        assert not Contact.objects.exists()

    def test_capitals_make_no_difference(self, boss):
        self.post(boss, make_topic(), again="Ada@Example.com")
        assert Contact.objects.exists()

    def test_a_typo_is_pointed_out_before_anything_is_written(self, boss):
        typo = {"email": "ada@gmial.com", "again": "ada@gmial.com"}
        html = self.post(boss, make_topic(), **typo).content.decode()
        assert "Did you mean ada@gmail.com?" in html
        assert "Take ada@gmail.com" in html
        assert not Contact.objects.exists()

    @pytest.mark.parametrize(("use", "email"), [("suggested", "ada@gmail.com"), ("written", "ada@gmial.com")])
    def test_the_colleague_decides_about_the_typo(self, boss, use, email):
        self.post(boss, make_topic(), email="ada@gmial.com", again="ada@gmial.com", use=use)
        assert Contact.objects.get().email == email

    def test_differing_addresses_are_refused_whatever_was_suggested(self, boss):
        self.post(boss, make_topic(), email="ada@gmial.com", again="bob@gmial.com", use="suggested")
        assert not Contact.objects.exists()

    def test_an_address_that_was_mailed_enough_today_says_so(self, boss):
        topic = make_topic()
        for _number in range(3):
            self.post(boss, topic)
        assert "Try again tomorrow" in self.post(boss, topic).content.decode()

    @pytest.mark.parametrize("codenames", [["view_contact"], ["add_contact"], []])
    def test_it_needs_the_right_to_see_and_to_add(self, codenames):
        client = client_with(*codenames)
        assert is_refused(client.get(self.URL))
        assert is_refused(self.post(client, make_topic()))
        assert not Contact.objects.exists()

    def test_the_listing_leads_there(self, boss):
        assert self.URL in page(boss, reverse("precise-mail-contacts:index"))
        assert self.URL not in page(client_with("view_contact"), reverse("precise-mail-contacts:index"))


class TestProof:
    def url(self, contact: Contact) -> str:
        return reverse("precise_mail_proof", args=[contact.pk])

    def test_it_is_downloaded_from_the_profile(self, boss):
        contact, topic = make_contact(), make_topic()
        wording = add_wording("Yes, send me this.", topics=[topic], language="en")
        subscribe(contact, topic, source="form", shown=Shown(wording))
        assert self.url(contact) in page(boss, reverse("precise-mail-contacts:inspect", args=[contact.pk]))
        response = boss.get(self.url(contact))
        assert response["Content-Disposition"] == f'attachment; filename="consent-{contact.pk}.json"'
        assert response.json()["ledger"][0]["shown"]["text"] == "Yes, send me this."

    @pytest.mark.parametrize(
        "codenames", [["view_contact", "export_contact"], ["view_contact_address", "export_contact"]]
    )
    def test_it_needs_the_right_to_see_and_to_export(self, codenames):
        assert is_refused(client_with(*codenames).get(self.url(make_contact())))


def test_a_topic_is_called_in_another_language_in_its_form(boss):
    topic = make_topic(name="News", slug="news")
    form = {
        "name": "News", "slug": "news", "description": "", "opt_in": "double", "minimum_basis": "", "sort_order": "1",
        "is_public": "on", "translations-TOTAL_FORMS": "1", "translations-INITIAL_FORMS": "0",
        "translations-0-language": "de", "translations-0-name": "Neues", "translations-0-description": "",
    }  # fmt: skip
    boss.post(reverse("precise-mail-topics:edit", args=[topic.pk]), form)
    assert topic_words(Topic.objects.get(), "de-at") == ("Neues", "")
    assert topic_words(Topic.objects.get(), "en") == ("News", "")


class TestQrCodes:
    def url(self, source: SignUpSource, kind: str) -> str:
        return reverse("precise-mail-sources:qr", args=[source.pk, kind])

    @pytest.fixture
    def poster(self) -> SignUpSource:
        return SignUpSource.objects.create(name="Poster", slug="poster")

    def test_it_is_shown_beside_the_address(self, boss, poster):
        html = page(boss, reverse("precise-mail-sources:edit", args=[poster.pk]))
        assert "source=poster" in html
        assert "<svg" in html[html.index("wpm-share") :]
        assert self.url(poster, "svg") in html
        assert self.url(poster, "png") in html

    def test_the_vector_graphic_leads_to_the_address_of_the_source(self, boss, poster):
        other = SignUpSource.objects.create(name="Other", slug="other")
        answer = boss.get(self.url(poster, "svg"))
        assert answer["Content-Type"] == "image/svg+xml"
        assert answer["Content-Disposition"] == 'attachment; filename="qr-poster.svg"'
        expected = io.BytesIO()
        segno.make("https://shop.example.com/mail/join/?source=poster", error="q", micro=False).save(
            expected, kind="svg", border=4, scale=8, light="#ffffff"
        )
        assert answer.content == expected.getvalue()
        assert boss.get(self.url(other, "svg")).content != answer.content

    def test_the_picture_is_large_enough_for_paper(self, boss, poster):
        answer = boss.get(self.url(poster, "png"))
        picture = Image.open(io.BytesIO(answer.content))
        assert answer["Content-Type"] == "image/png"
        assert picture.width == picture.height >= 1200

    def test_other_kinds_and_sources_are_not_there(self, boss, poster):
        assert boss.get(self.url(poster, "svg").replace("svg", "exe")).status_code == 404
        assert boss.get(self.url(poster, "svg").replace(str(poster.pk), "999")).status_code == 404

    def test_who_may_not_see_sources_gets_no_file(self, poster):
        for kind in ("svg", "png"):
            assert is_refused(client_with("view_contact").get(self.url(poster, kind)))
            assert client_with("change_signupsource").get(self.url(poster, kind)).status_code == 200


class TestWelcomeCoupons:
    def form(self, **more: Any) -> dict[str, Any]:
        return {
            "name": "Poster",
            "slug": "poster",
            "campaign": "",
            "incentives-TOTAL_FORMS": "0",
            "incentives-INITIAL_FORMS": "0",
            **more,
        }

    def test_it_is_chosen_where_the_source_is_edited(self, boss):
        pool = make_pool(2)
        chosen = {
            "incentives-TOTAL_FORMS": "1",
            "incentives-0-title": "10% off",
            "incentives-0-pool": str(pool.pk),
            "incentives-0-is_mailed": "on",
        }
        answer = boss.post(reverse("precise-mail-sources:add"), self.form(**chosen))
        assert answer.status_code == 302, answer.content.decode()
        incentive = SignUpSource.objects.get().incentives.get()
        assert (incentive.title, incentive.pool, incentive.is_mailed) == ("10% off", pool, True)

    def test_a_source_needs_none(self, boss):
        assert boss.post(reverse("precise-mail-sources:add"), self.form()).status_code == 302
        assert not SignUpSource.objects.get().incentives.exists()

    def test_the_source_and_the_pool_say_how_many_wait(self, boss):
        pool = make_pool(1)
        source = SignUpSource.objects.create(name="Poster", slug="poster")
        incentive = Incentive.objects.create(source=source, pool=pool, title="10% off")
        url = reverse("precise-mail-sources:edit", args=[source.pk])
        assert "1 code is left." in page(boss, url)
        pool.codes.all().delete()
        for _number in range(2):
            contact = make_contact()
            WelcomeCoupon.objects.create(
                contact=contact,
                address_hash=contact.address_hash,
                incentive=incentive,
                promised_at=AT,
                **incentive.words(),
            )
        html = page(boss, url)
        assert "2 people wait for a code" in html
        assert reverse("precise-mail-coupon-pools:edit", args=[pool.pk]) in html
        listed = boss.get(reverse("precise-mail-coupon-pools:index")).context["object_list"]
        assert [row.waiting_count for row in listed] == [2]

    def test_who_may_not_fill_the_pool_gets_no_link_to_it(self):
        source = SignUpSource.objects.create(name="Poster", slug="poster")
        pool = make_pool()
        Incentive.objects.create(source=source, pool=pool, title="10% off")
        html = page(client_with("change_signupsource"), reverse("precise-mail-sources:edit", args=[source.pk]))
        assert "is running out" in html
        assert "Add codes" not in html

    def test_a_pool_that_a_source_gives_cannot_be_deleted(self, boss):
        pool = make_pool()
        source = SignUpSource.objects.create(name="Poster", slug="poster")
        Incentive.objects.create(source=source, pool=pool, title="10% off")
        answer = boss.post(reverse("precise-mail-coupon-pools:delete", args=[pool.pk]), follow=True)
        assert "so it stays" in answer.content.decode()
        assert CouponPool.objects.filter(pk=pool.pk).exists()
