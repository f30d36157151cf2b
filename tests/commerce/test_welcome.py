"""Welcome coupons: one code for each person who confirmed, however often and by however many workers."""

from __future__ import annotations

import email
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from datetime import timedelta
from email.policy import default
from threading import Barrier
from typing import Any

import pytest
from django.db import connection
from django.db.models import ProtectedError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests.commerce.test_coupons import make_pool
from tests.factories.contacts import grant, make_contact, make_topic
from tests.factories.emails import compiled, default_site, make_brand, make_email, raw_block
from tests.factories.pages import make_page
from wagtail_precise_mail.background import sync_schedules
from wagtail_precise_mail.campaigns.schedules import RECURRING
from wagtail_precise_mail.commerce import welcoming
from wagtail_precise_mail.commerce.coupons import add_codes, free_count, take_codes
from wagtail_precise_mail.commerce.models import CouponCode, CouponPool
from wagtail_precise_mail.commerce.tasks import give_welcome_coupons, mail_welcome_coupon
from wagtail_precise_mail.commerce.welcome import Incentive, WelcomeCoupon
from wagtail_precise_mail.contacts.confirmations import make_sign_up_token
from wagtail_precise_mail.contacts.erasing import erase
from wagtail_precise_mail.contacts.joining import confirm_sign_up, sign_up
from wagtail_precise_mail.contacts.merging import merge_contacts, undo_merge
from wagtail_precise_mail.contacts.models import Contact, Topic
from wagtail_precise_mail.contacts.personal_data import collect_everything
from wagtail_precise_mail.contacts.services import lift_suppression, suppress, unsubscribe
from wagtail_precise_mail.contacts.sign_ups import SignUp, SignUpSource
from wagtail_precise_mail.delivery.channels import MemoryChannel
from wagtail_precise_mail.delivery.models import OutboxMessage, Send
from wagtail_precise_mail.delivery.services import deliver
from wagtail_precise_mail.exceptions import ConfigurationError

pytestmark = pytest.mark.django_db

Commit = Callable[[], AbstractContextManager[Any]]


@pytest.fixture(autouse=True)
def brand() -> Any:
    return make_brand()


@pytest.fixture(autouse=True)
def memory(settings: Any) -> None:
    settings.WAGTAIL_PRECISE_MAIL = {**settings.WAGTAIL_PRECISE_MAIL, "channel": "memory"}
    MemoryChannel.outbox.clear()


@pytest.fixture
def news() -> Topic:
    return make_topic(name="News", slug="news")


@pytest.fixture
def commit(django_capture_on_commit_callbacks: Any) -> Commit:
    return lambda: django_capture_on_commit_callbacks(execute=True)


def make_incentive(pool: CouponPool | None = None, slug: str = "social-x", **overrides: Any) -> Incentive:
    """What a source gives, since an hour."""
    source = SignUpSource.objects.get_or_create(slug=slug, defaults={"name": slug})[0]
    values = {"title": "A tenth off your first order", "terms": "From £30.", "url": "https://shop.example.com/teas/"}
    made = Incentive.objects.create(source=source, pool=pool or make_pool(3), **{**values, **overrides})
    Incentive.objects.filter(pk=made.pk).update(created_at=timezone.now() - timedelta(hours=1))
    return made


@pytest.fixture
def join(news: Topic, commit: Commit) -> Callable[..., SignUp]:
    def do(address: str = "ada@example.com", source: str = "social-x") -> SignUp:
        with commit():
            row = sign_up(address, [news], source=source)
        assert row is not None
        with commit():
            confirm_sign_up(row)
        return row

    return do


def codes() -> list[str]:
    return sorted(CouponCode.objects.filter(taken_at__isnull=False).values_list("code", flat=True))


def letters() -> list[str]:
    """The text of the letters that left, once the workers have done what was put into their queue."""
    for pk in WelcomeCoupon.objects.values_list("pk", flat=True):
        mail_welcome_coupon(pk)
    for send in Send.objects.filter(origin_kind="letter", state=Send.State.RUNNING):
        deliver(send.pk)
    mails = [email.message_from_bytes(one.content, policy=default) for one in MemoryChannel.outbox]
    bodies = [(mail["Subject"], mail.get_body(("plain",)).get_content()) for mail in mails]
    return [text for subject, text in bodies if subject == "Your welcome coupon"]


class TestGiving:
    def test_nothing_is_given_before_the_confirmation(self, news, commit):
        make_incentive()
        with commit():
            sign_up("ada@example.com", [news], source="social-x")
        assert not WelcomeCoupon.objects.exists()
        assert codes() == []

    def test_confirming_brings_the_code_on_the_page_and_by_mail(self, news, commit, client: Client):
        make_incentive()
        with commit():
            row = sign_up("ada@example.com", [news], source="social-x")
        with commit():
            html = client.post(reverse("wagtail_precise_mail:sign_up_confirm", args=[make_sign_up_token(row.pk)]))
        coupon = WelcomeCoupon.objects.select_related("code", "contact").get()
        assert coupon.contact.email == "ada@example.com"
        assert coupon.code.contact == coupon.contact
        # The page was made before the transaction of this test was over; a visitor comes back to the same link.
        html = client.get(reverse("wagtail_precise_mail:sign_up_confirm", args=[make_sign_up_token(row.pk)]))
        shown = html.content.decode()
        for words in (coupon.code.code, "A tenth off your first order", "From £30.", "https://shop.example.com/teas/"):
            assert words in shown
        (letter,) = letters()
        assert f"Your code: {coupon.code.code}" in letter
        assert "A tenth off your first order" in letter
        assert "From £30." in letter

    def test_replaying_the_confirmation_and_the_announcement_gives_nothing_more(self, join, commit, client: Client):
        make_incentive()
        row = join()
        url = reverse("wagtail_precise_mail:sign_up_confirm", args=[make_sign_up_token(row.pk)])
        for _attempt in range(3):
            with commit():
                client.post(url)
                welcoming.welcome(row)
                give_welcome_coupons()
                mail_welcome_coupon(WelcomeCoupon.objects.get().pk)
        assert len(codes()) == 1
        assert len(letters()) == 1

    def test_who_left_and_comes_back_gets_no_second_one(self, join, client: Client):
        make_incentive()
        make_incentive(slug="poster")
        join()
        unsubscribe(Contact.objects.get())
        again = join()
        elsewhere = join(source="poster")
        assert (len(codes()), len(letters())) == (1, 1)
        for row in (again, elsewhere):
            url = reverse("wagtail_precise_mail:sign_up_confirm", args=[make_sign_up_token(row.pk)])
            assert codes()[0] not in client.get(url).content.decode()

    def test_two_people_get_two_codes_and_a_source_without_one_gives_none(self, join):
        make_incentive()
        join("ada@example.com")
        join("bob@example.com")
        join("cleo@example.com", source="site")
        assert len(codes()) == 2
        assert not WelcomeCoupon.objects.filter(contact__in=Contact.objects.with_address("cleo@example.com")).exists()

    def test_without_a_mail_that_asks_there_is_no_code(self, commit):
        make_incentive()
        with commit():
            row = sign_up("ada@example.com", [make_topic(opt_in="single")], source="social-x")
        assert row.confirmed_at
        assert codes() == []

    def test_who_signed_up_before_there_was_one_gets_none(self, join):
        row = join()
        incentive = make_incentive()
        Incentive.objects.filter(pk=incentive.pk).update(created_at=timezone.now() + timedelta(seconds=1))
        assert welcoming.welcome(row) is None
        give_welcome_coupons()
        assert codes() == []

    def test_a_thanks_page_of_the_site_waits_behind_our_own(self, news, commit, client: Client):
        news.thanks_page = make_page(title="Thanks")
        news.save()
        make_incentive()
        with commit():
            row = sign_up("ada@example.com", [news], source="social-x")
        url = reverse("wagtail_precise_mail:sign_up_confirm", args=[make_sign_up_token(row.pk)])
        with commit():
            client.post(url)
        html = client.get(url).content.decode()
        assert codes()[0] in html
        assert news.thanks_page.get_url() in html

    def test_no_mail_where_the_source_says_so(self, join):
        make_incentive(is_mailed=False)
        join()
        give_welcome_coupons()
        assert len(codes()) == 1
        assert letters() == []


class TestPeople:
    def test_merged_people_had_one_and_get_no_other(self, join):
        make_incentive()
        join("ada@example.com")
        join("bob@example.com")
        ada, bob = Contact.objects.order_by("pk")
        merge = merge_contacts(ada, [bob], by=None)
        join("bob@example.com")
        assert WelcomeCoupon.objects.get().contact == ada
        assert len(codes()) == 2
        undo_merge(merge, by=None)
        join("bob@example.com")
        assert WelcomeCoupon.objects.count() == 2
        assert WelcomeCoupon.objects.get(contact__in=Contact.objects.with_address("bob@example.com")).code is not None
        assert len(codes()) == 2

    def test_merging_brings_the_coupon_along(self, join):
        make_incentive()
        join("bob@example.com")
        ada, bob = make_contact(email="ada@example.com"), Contact.objects.with_address("bob@example.com").get()
        merge_contacts(ada, [bob], by=None)
        join("ada@example.com")
        assert WelcomeCoupon.objects.get().contact == ada
        assert len(codes()) == 1

    def test_being_erased_brings_no_second_one(self, join):
        make_incentive()
        join()
        erase(Contact.objects.get())
        lift_suppression("ada@example.com")
        join()
        assert len(codes()) == 1
        assert WelcomeCoupon.objects.get().contact is None

    def test_it_is_part_of_what_we_know_about_a_person(self, join):
        make_incentive()
        join()
        (row,) = collect_everything(Contact.objects.get())["welcome_coupon"]
        assert (row["title"], row["code__code"]) == ("A tenth off your first order", codes()[0])


class TestEmptyPool:
    def test_they_are_told_and_get_it_when_codes_come(self, join, commit, client: Client):
        pool = make_pool()
        make_incentive(pool, is_mailed=False)
        row = join()
        url = reverse("wagtail_precise_mail:sign_up_confirm", args=[make_sign_up_token(row.pk)])
        assert "comes by mail" in client.get(url).content.decode()
        assert letters() == []
        with commit():
            add_codes(pool, [(1, "LATE-1"), (2, "LATE-2")])
        give_welcome_coupons()
        assert codes() == ["LATE-1"]
        (letter,) = letters()
        assert "LATE-1" in letter
        assert "LATE-1" in client.get(url).content.decode()

    def test_first_come_first_served(self, join):
        pool = make_pool()
        make_incentive(pool)
        for name in ("ada", "bob", "cleo"):
            join(f"{name}@example.com")
        add_codes(pool, [(1, "ONE-1"), (2, "TWO-2")])
        give_welcome_coupons()
        given = WelcomeCoupon.objects.filter(code__isnull=False).order_by("pk")
        assert [coupon.contact.email for coupon in given] == ["ada@example.com", "bob@example.com"]
        assert free_count(pool) == 0

    def test_who_left_meanwhile_gets_nothing_and_holds_nobody_up(self, join):
        pool = make_pool()
        make_incentive(pool)
        join("ada@example.com")
        join("bob@example.com")
        unsubscribe(Contact.objects.with_address("ada@example.com").get())
        add_codes(pool, [(1, "ONE-1")])
        give_welcome_coupons()
        assert WelcomeCoupon.objects.get(code__isnull=False).contact.email == "bob@example.com"
        assert len(letters()) == 1

    def test_another_pool_serves_those_who_wait(self, join):
        incentive = make_incentive(make_pool())
        join()
        incentive.pool, incentive.title = make_pool(1), "Free postage"
        incentive.save()
        give_welcome_coupons()
        coupon = WelcomeCoupon.objects.get()
        assert (coupon.pool, coupon.title) == (incentive.pool, "Free postage")
        assert coupon.code is not None

    def test_codes_of_an_expired_pool_are_not_given(self, join):
        pool = make_pool(2, expires_at=timezone.now() - timedelta(days=1))
        make_incentive(pool)
        join()
        give_welcome_coupons()
        assert codes() == []
        pool.expires_at = None
        pool.save()
        give_welcome_coupons()
        assert len(codes()) == 1

    def test_a_lost_announcement_is_made_up_for(self, news, commit):
        make_incentive()
        with commit():
            row = sign_up("ada@example.com", [news], source="social-x")
        confirm_sign_up(row)  # and the process dies before anybody is told
        assert codes() == []
        give_welcome_coupons()
        assert len(codes()) == 1
        assert len(letters()) == 1

    def test_without_a_sender_the_mail_waits(self, join, brand):
        sender, brand.sender = brand.sender, None
        brand.save()
        make_incentive()
        row = SignUp.objects.create(
            contact=make_contact(),
            source="social-x",
            site=default_site(),
            created_at=timezone.now(),
            confirmed_at=timezone.now(),
            mail_count=1,
        )
        topic = make_topic()
        grant(row.contact, topic)
        coupon = welcoming.welcome(row)
        with pytest.raises(ConfigurationError):
            welcoming.mail_code(coupon.pk)
        give_welcome_coupons()
        assert WelcomeCoupon.objects.get().mailed_at is None
        brand.sender = sender
        brand.save()
        give_welcome_coupons()
        assert len(letters()) == 1

    def test_a_pool_that_people_wait_for_stays(self, join):
        pool = make_pool()
        make_incentive(pool)
        join()
        with pytest.raises(ProtectedError):
            pool.delete()

    def test_a_worker_looks_every_five_minutes(self):
        sync_schedules(RECURRING)
        paths = {item.path: item.minutes for item in RECURRING}
        assert paths["wagtail_precise_mail.commerce.tasks.give_welcome_coupons"] == 5


class TestGates:
    def test_who_must_not_be_written_to_gets_no_mail(self, news, commit):
        make_incentive()
        with commit():
            row = sign_up("ada@example.com", [news], source="social-x")
        confirm_sign_up(row)
        welcoming.welcome(row)
        suppress("ada@example.com", reason="complaint")
        give_welcome_coupons()
        assert WelcomeCoupon.objects.get().mailed_at is None
        assert not Send.objects.filter(origin_kind="letter").exists()

    def test_codes_for_people_and_for_messages_come_out_of_one_pool(self, join):
        pool = make_pool(2)
        make_incentive(pool)
        join()
        contact = Contact.objects.get()
        taken = take_codes(pool, {contact.pk: 7}, at=timezone.now())
        assert sorted([taken[7], WelcomeCoupon.objects.get().code.code]) == codes()
        assert free_count(pool) == 0


class TestBlock:
    def test_a_welcome_mail_shows_the_code_of_its_reader(self, join):
        make_incentive()
        join()
        ada, bob = Contact.objects.get(), make_contact()
        email_ = make_email(body=[raw_block("rich_text", content="<p>Hello</p>"), raw_block("welcome_coupon")])
        compiled_email = compiled(email_)
        send = Send.objects.create(
            origin_kind="test-welcome",
            state=Send.State.RUNNING,
            compiled=compiled_email,
            priority=0,
            from_name="Fern",
            from_address="hello@shop.example.com",
            base_url="https://shop.example.com",
            frozen_at=timezone.now(),
        )
        for contact in (ada, bob):
            OutboxMessage.objects.create(
                send=send,
                contact=contact,
                address=contact.email,
                recipient_key=contact.address_hash,
                created_at=timezone.now(),
            )
        MemoryChannel.outbox.clear()
        deliver(send.pk)
        texts = {
            one.recipient: email.message_from_bytes(one.content, policy=default).get_body(("plain",)).get_content()
            for one in MemoryChannel.outbox
            if one.send_id == send.pk  # one worker serves all sends
        }
        assert codes()[0] in texts[ada.email]
        assert "Your code" not in texts[bob.email]


@pytest.mark.django_db(transaction=True)
def test_confirmations_and_workers_at_once_give_one_code() -> None:
    default_site()
    make_brand()
    pool = make_pool(10)
    make_incentive(pool)
    row = sign_up("ada@example.com", [make_topic()], source="social-x")
    confirm_sign_up(row)
    WelcomeCoupon.objects.all().delete()
    CouponCode.objects.update(taken_at=None, contact=None)
    start = Barrier(4)

    def work(number: int) -> None:
        try:
            start.wait()
            for _attempt in range(3):
                welcoming.welcome(SignUp.objects.get(pk=row.pk)) if number % 2 else welcoming.catch_up()
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as workers:
        list(workers.map(work, range(4)))
    assert len(codes()) == 1
    assert WelcomeCoupon.objects.get().code.code == codes()[0]
    assert Send.objects.filter(origin_kind="letter").count() == 1
