"""Labels in subjects: for the contacts whose law asks for them, and for nobody else."""

from __future__ import annotations

from email import message_from_bytes, policy
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.factories.contacts import make_contact
from tests.factories.delivery import make_compiled, make_message, make_reader, make_send
from tests.factories.emails import default_site
from wagtail_precise_mail.contacts.legal_settings import LegalSettings
from wagtail_precise_mail.delivery import services
from wagtail_precise_mail.delivery.channels import MemoryChannel
from wagtail_precise_mail.delivery.models import Send

pytestmark = pytest.mark.django_db


def subjects_of(send: Send) -> dict[str, str]:
    """Deliver, and return the subjects by address."""
    services.deliver(send.pk)
    mails = [message_from_bytes(one.content, policy=policy.default) for one in MemoryChannel.outbox]
    return {str(mail["To"]): str(mail["Subject"]) for mail in mails}


def a_send(subject: str = "New tea", *, language: str = "en", **overrides: Any) -> Send:
    payload = {"subject": [subject], "language": language, "site": default_site().pk}
    return make_send(compiled=make_compiled(**payload), **overrides)


def test_contacts_in_china_see_the_label_and_others_do_not() -> None:
    send = a_send()
    china, germany, nowhere = (make_reader(send, country=country) for country in ("CN", "DE", ""))
    for reader in (china, germany, nowhere):
        make_message(send, reader)
    assert subjects_of(send) == {china.email: "[AD] New tea", germany.email: "New tea", nowhere.email: "New tea"}


def test_the_label_is_chinese_in_a_chinese_mail() -> None:
    send = a_send("新茶上市", language="zh-hans")
    reader = make_reader(send, country="CN")
    make_message(send, reader)
    assert subjects_of(send) == {reader.email: "【广告】新茶上市"}


def test_a_label_that_an_editor_wrote_is_not_doubled() -> None:
    send = a_send("【广告】新茶上市", language="zh-hans")
    reader = make_reader(send, country="CN")
    make_message(send, reader)
    assert subjects_of(send) == {reader.email: "【广告】新茶上市"}


def test_mail_about_an_order_is_no_advertisement() -> None:
    send = a_send("Your order", topic=None)
    reader = make_contact(country="CN")
    make_message(send, reader)
    assert subjects_of(send) == {reader.email: "Your order"}


def test_a_test_shows_what_its_contact_would_see() -> None:
    send = a_send(topic=None, is_test=True)
    reader = make_contact(country="CN")
    make_message(send, reader)
    assert subjects_of(send) == {reader.email: "[Test] [AD] New tea"}


def test_the_law_of_the_site_holds_for_contacts_of_no_known_country() -> None:
    LegalSettings.objects.create(site=default_site(), jurisdiction="pipl")
    send = a_send()
    reader = make_reader(send)
    make_message(send, reader)
    assert subjects_of(send) == {reader.email: "[AD] New tea"}


def test_a_site_may_write_labels_itself() -> None:
    LegalSettings.objects.create(site=default_site(), adds_labels=False)
    send = a_send()
    reader = make_reader(send, country="CN")
    make_message(send, reader)
    assert subjects_of(send) == {reader.email: "New tea"}


def test_labels_cost_no_query_for_each_message() -> None:
    def queries(count: int) -> int:
        send = a_send()
        for _number in range(count):
            make_message(send, make_reader(send, country="CN"))
        with CaptureQueriesContext(connection) as captured:
            services.deliver(send.pk)
        return len(captured)

    queries(1)  # sites are remembered from the first one on
    assert queries(2) == queries(9)
