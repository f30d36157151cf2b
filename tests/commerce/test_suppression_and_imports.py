"""A suppression survives the contact: importing orders brings the person back, and no mail about topics."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.commerce.files import make_mapping, row, write_orders
from tests.factories.contacts import make_topic
from tests.factories.delivery import make_send
from wagtail_precise_mail.commerce.importing import import_orders
from wagtail_precise_mail.commerce.models import Order
from wagtail_precise_mail.contacts.erasing import erase
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.contacts.services import grant_in_bulk, suppress, unsubscribe
from wagtail_precise_mail.delivery.freezing import freeze
from wagtail_precise_mail.delivery.models import Send

pytestmark = pytest.mark.django_db

AT = datetime(2026, 6, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("leave", "expected"),
    [
        (lambda contact: unsubscribe(contact), "unsubscribed"),
        (lambda contact: suppress(contact.email, reason="hard_bounce"), "suppressed"),
        (lambda contact: suppress(contact.email, reason="sunset"), "suppressed"),
        (lambda contact: erase(contact), "suppressed"),
    ],
    ids=["unsubscribed", "bounced", "sunset", "erased"],
)
def test_an_import_after_a_deletion_brings_no_mail(leave, expected: str, tmp_path: Path) -> None:
    path = write_orders(tmp_path / "orders.csv", row())
    import_orders(path, make_mapping(), at=AT)
    leave(Contact.objects.get())
    Contact.objects.all().delete()
    Order.objects.all().delete()

    import_orders(path, make_mapping(), at=AT)
    again = Contact.objects.get()
    topic = make_topic()
    grant_in_bulk([again.pk], topic, source="import", at=AT)
    send = make_send(topic=topic, state=Send.State.FREEZING, frozen_at=None)
    freeze(send, Contact.objects.all(), at=AT)

    assert Order.objects.get().contact == again
    assert send.messages.get().skip_reason == expected
