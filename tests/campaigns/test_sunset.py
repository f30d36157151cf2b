"""The sunset policy: who is meant, who is spared, the last chance, and the way back."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests.factories.commerce import make_order
from tests.factories.contacts import grant, make_contact, make_topic
from tests.factories.delivery import make_message, make_send
from tests.factories.emails import make_brand, make_email
from tests.factories.segments import make_segment
from tests.factories.sunsets import new_sunset
from wagtail_precise_mail.campaigns import sunsetting
from wagtail_precise_mail.contacts.models import SuppressionScope
from wagtail_precise_mail.delivery.gate import judge
from wagtail_precise_mail.exceptions import NotReady
from wagtail_precise_mail.models import Contact, MessageEvent, Sunset, Suppression, Topic

pytestmark = pytest.mark.django_db

AT = timezone.now().replace(microsecond=0)


def mailed(count: int = 3, *, at: datetime = AT - timedelta(days=10), topic: Topic | None = None, **of: Any) -> Contact:
    """A contact who agreed and got so many mails."""
    contact = make_contact(**of)
    grant(contact, topic or make_topic(), at=AT - timedelta(days=1000))
    for _number in range(count):
        make_message(make_send(), contact, state="accepted", created_at=at)
    return contact


def react(
    contact: Contact, kind: str = "open", *, at: datetime = AT - timedelta(days=5), is_machine: bool = False
) -> None:
    message = contact.outbox_messages.latest("pk")
    MessageEvent.objects.create(
        message=message, send=message.send, contact=contact, kind=kind, happened_at=at, is_machine=is_machine
    )


def found(**policy: Any) -> set[int]:
    return set(sunsetting.inactive(new_sunset(**policy), at=AT).values_list("pk", flat=True))


class TestWho:
    def test_who_got_enough_mails_and_showed_no_sign_is_meant(self) -> None:
        contact = mailed()

        assert found() == {contact.pk}

    def test_a_click_of_a_machine_is_no_sign(self) -> None:
        contact = mailed()
        react(contact, "click", is_machine=True)

        assert found() == {contact.pk}

    @pytest.mark.parametrize("kind", ["open", "click"])
    def test_an_open_or_click_spares(self, kind: str) -> None:
        react(mailed(), kind)

        assert found() == set()

    def test_a_sign_of_long_ago_does_not(self) -> None:
        contact = mailed()
        react(contact, at=AT - timedelta(days=91))

        assert found() == {contact.pk}

    def test_an_order_spares(self) -> None:
        make_order(contact=mailed(), lines=[("KETTLE", 1, "20")], placed_at=AT - timedelta(days=3))

        assert found() == set()

    def test_too_few_mails_in_the_time_spare(self) -> None:
        mailed(2)
        mailed(3, at=AT - timedelta(days=91))

        assert found() == set()

    def test_who_may_not_be_tracked_is_spared_for_nobody_knows(self) -> None:
        mailed(is_tracking_allowed=False)

        assert found() == set()

    def test_the_best_buyers_can_be_exempt(self) -> None:
        ordinary, vip = mailed(country="SE"), mailed(country="GB")
        segment = make_segment({"country": {"countries": ["GB"]}})

        assert vip.pk not in found(exempt=segment)
        assert found(exempt=segment) == {ordinary.pk}


class TestRun:
    def test_as_many_are_suppressed_as_were_counted_and_nobody_is_deleted(self) -> None:
        for _number in range(4):
            mailed()
        react(mailed())
        count = sunsetting.inactive(new_sunset(), at=AT).count()

        sunset = sunsetting.begin_sunset(new_sunset(), at=AT)

        assert (count, sunset.member_count, sunset.suppressed_count) == (4, 4, 4)
        assert set(Suppression.objects.values_list("reason", "origin_kind")) == {("sunset", "sunset")}
        assert Contact.objects.count() == 5

    def test_mail_about_an_order_still_leaves(self) -> None:
        contact = mailed()
        sunsetting.begin_sunset(new_sunset(), at=AT)
        assert Suppression.objects.get().scope == SuppressionScope.MARKETING
        order_mail, news = make_send(topic=None), make_send(topic=make_topic())
        grant(contact, news.topic)
        reasons = [judge(one, [make_message(one, contact)], at=AT)[0].reason for one in (order_mail, news)]
        assert reasons == ["", "suppressed"]

    def test_undoing_lets_them_be_written_to_again(self) -> None:
        mailed()
        sunset = sunsetting.begin_sunset(new_sunset(), at=AT)

        assert sunsetting.undo_sunset(sunset) == 1
        assert not Suppression.objects.exists()

    def test_the_last_chance_comes_first_and_who_takes_it_stays(self, django_capture_on_commit_callbacks: Any) -> None:
        make_brand()
        topic = make_topic()
        silent, awake = mailed(topic=topic), mailed(topic=topic)
        email = make_email()
        email.save_revision().publish()
        policy = new_sunset(email=email, topic=topic, wait_days=14)

        sunset = sunsetting.begin_sunset(policy, at=AT)
        sunsetting.finish_due_sunsets(at=AT + timedelta(minutes=1))

        assert not Suppression.objects.exists()
        assert sunset.send is not None
        assert set(sunset.send.messages.values_list("contact", "state")) == {
            (silent.pk, "pending"),
            (awake.pk, "pending"),
        }
        react(awake, "click", at=AT + timedelta(days=1))
        sunsetting.finish_due_sunsets(at=AT + timedelta(days=13))
        assert not Suppression.objects.exists()
        sunsetting.finish_due_sunsets(at=AT + timedelta(days=14))

        assert list(Suppression.objects.values_list("address_hash", flat=True)) == [silent.address_hash]
        sunset.refresh_from_db()
        assert (sunset.state, sunset.suppressed_count) == (Sunset.State.FINISHED, 1)

    def test_a_last_chance_without_a_topic_is_refused(self) -> None:
        make_brand()
        mailed()

        with pytest.raises(NotReady, match="Choose the topic"):
            sunsetting.begin_sunset(new_sunset(email=make_email()), at=AT)

        assert not Sunset.objects.exists()

    def test_the_form_counts_before_it_runs(self) -> None:
        mailed()
        client = Client()
        client.force_login(User.objects.create_superuser("root"))
        url = reverse("precise-mail-sunsets:add")
        policy = {"mails": 3, "days": 90, "wait_days": 14, "site": new_sunset().site_id}

        counted = client.post(url, {**policy, "count": "1"}).content.decode()
        assert "<strong>1</strong> contact" in counted
        assert not Sunset.objects.exists()
        client.post(url, {**policy, "run": "1"})

        assert Sunset.objects.get().suppressed_count == 1
