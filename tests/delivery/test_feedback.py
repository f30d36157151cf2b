"""Headers by which providers tell our mails apart."""

from __future__ import annotations

from typing import Any

import pytest

from tests.factories.contacts import make_topic
from tests.factories.delivery import make_send
from wagtail_precise_mail.delivery.feedback import feedback_id, telling_headers
from wagtail_precise_mail.delivery.models import Send

pytestmark = pytest.mark.django_db


def test_a_campaign_says_campaign_topic_kind_and_sender() -> None:
    topic = make_topic()
    send = make_send(origin_kind="campaign", origin_id=12, topic=topic, from_address="tea@news.fern-kettle.com")
    assert feedback_id(send) == f"campaign-12:topic-{topic.pk}:campaign:wsfernkettlecom"


@pytest.mark.parametrize("origin_kind", [Send.TO_ONE, Send.SIGN_UP, "letter"])
def test_mail_to_one_person_names_nobody(origin_kind: str) -> None:
    send = make_send(origin_kind=origin_kind, origin_id=98_765, topic=None)
    assert "98765" not in feedback_id(send)
    assert feedback_id(send).split(":")[2] == origin_kind


@pytest.mark.parametrize(
    ("address", "sender"),
    [("a@b.co", "bcoxx"), ("a@shop.example.com", "shopexamplecom"), ("a@mail.a-long-name.example", "alongnameexample")],
)
def test_the_sender_has_five_to_fifteen_plain_characters(address: str, sender: str) -> None:
    found = feedback_id(make_send(from_address=address)).rpartition(":")[2]
    assert found == sender[-15:]
    assert 5 <= len(found) <= 15


def test_only_transactional_mail_names_a_matter_of_its_own() -> None:
    marketing = telling_headers(make_send(topic=make_topic()), "m1", "c:t:k:shop")
    transactional = telling_headers(make_send(topic=None, origin_kind="letter"), "m1", "c:t:k:shop")
    assert set(marketing) == {"Feedback-ID"}
    assert transactional["X-Entity-Ref-ID"] == "m1"


def test_tests_have_none(settings: Any) -> None:
    assert telling_headers(make_send(is_test=True), "m1", "c:t:k:shop") == {}
