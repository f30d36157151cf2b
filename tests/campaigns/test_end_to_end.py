"""The main job as the worker sees it: due, frozen, sent, opened, clicked, bought, left; and the figures of it."""

from __future__ import annotations

import email
import re
from datetime import timedelta
from decimal import Decimal
from email.policy import default
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from tests.factories.campaigns import DUE_AT, NOW, make_campaign, make_readers, make_sender
from tests.tracking.hits import count_now
from wagtail_precise_mail.campaigns import services, tasks
from wagtail_precise_mail.campaigns.models import Campaign
from wagtail_precise_mail.campaigns.queries import report_for
from wagtail_precise_mail.commerce.services import OrderLineData, record_order
from wagtail_precise_mail.delivery import tasks as delivery_tasks
from wagtail_precise_mail.delivery.channels import MemoryChannel

pytestmark = pytest.mark.django_db
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


def test_from_a_time_on_the_calendar_to_figures_on_the_page(
    client: Client, django_capture_on_commit_callbacks: Any
) -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        sender = make_sender()
        campaign = make_campaign()
        readers = make_readers(campaign.topic, 4)
        client.force_login(sender)
        data = {"send_on": "2026-03-02T10:00", "time_zone": "UTC"}
        client.post(reverse("precise-mail-campaigns:schedule", args=[campaign.pk]), data)

        clock.move_to(DUE_AT)
        with django_capture_on_commit_callbacks(execute=True):
            tasks.pump()
        campaign = Campaign.objects.get(pk=campaign.pk)
        assert campaign.send is not None
        with django_capture_on_commit_callbacks(execute=True):
            delivery_tasks.deliver_send(campaign.send.pk)
        campaign.refresh_from_db()
        assert campaign.state == Campaign.State.SENT
        assert {envelope.recipient for envelope in MemoryChannel.outbox} == {reader.email for reader in readers}

        clock.move_to(DUE_AT + timedelta(minutes=30))
        public = Client(headers={"user-agent": BROWSER})
        first = read(MemoryChannel.outbox[0].content)
        with django_capture_on_commit_callbacks(execute=True):
            assert public.get(first["pixel"]).status_code == 200
            assert public.get(first["link"]).headers["Location"].startswith("https://shop.example.com/new/")
        count_now()
        buyer = next(reader for reader in readers if reader.email == MemoryChannel.outbox[0].recipient)
        clock.move_to(DUE_AT + timedelta(days=1))
        with django_capture_on_commit_callbacks(execute=True):
            record_order(
                source="shop",
                number="1001",
                contact=buyer,
                placed_at=DUE_AT + timedelta(days=1),
                currency="GBP",
                lines=[OrderLineData("MUG", 2, Decimal("9.50"))],
            )
            second = read(MemoryChannel.outbox[1].content)
            left = public.post(second["unsubscribe"], {"List-Unsubscribe": "One-Click"})
        assert left.status_code == 200

        report = report_for(campaign.send)
        counts = (report.accepted, report.opened, report.clicked, report.converted, report.unsubscribed)
        assert [share.count for share in counts] == [4, 1, 1, 1, 1]
        assert report.revenue_lines == ["£19.00"]
        page = client.get(reverse("precise-mail-campaigns:inspect", args=[campaign.pk]))
        assert "£19.00" in page.content.decode()


def test_who_left_gets_no_further_campaign(client: Client, django_capture_on_commit_callbacks: Any) -> None:
    with time_machine.travel(NOW, tick=False), django_capture_on_commit_callbacks(execute=True):
        campaign = make_campaign()
        make_readers(campaign.topic, 2)
        services.schedule(campaign, scheduled_at=NOW, by=make_sender(), at=NOW)
        tasks.pump()
        campaign.refresh_from_db()
        delivery_tasks.deliver_send(campaign.send_id or 0)
        gone = MemoryChannel.outbox[0]
        client.post(read(gone.content)["unsubscribe"], {"List-Unsubscribe": "One-Click"})
        MemoryChannel.outbox.clear()

        again = make_campaign(topic=campaign.topic, email=campaign.email)
        services.schedule(again, scheduled_at=NOW, by=make_sender(), at=NOW)
        tasks.pump()
        again.refresh_from_db()
        delivery_tasks.deliver_send(again.send_id or 0)

        assert gone.recipient not in [envelope.recipient for envelope in MemoryChannel.outbox]
        assert len(MemoryChannel.outbox) == 1


def read(content: bytes) -> dict[str, str]:
    """What a mail program finds in a mail: addresses of the pixel, of the shop's link and of the one click."""
    message = email.message_from_bytes(content, policy=default)
    html = message.get_body(("html",)).get_content()
    link = re.search(r'<a[^>]+href="([^"]+)"[^>]*>\s*To the shop', html)
    pixel = re.search(r'<img[^>]+src="([^"]+\.gif)"', html)
    assert link is not None
    assert pixel is not None
    unsubscribe = str(message["List-Unsubscribe"]).strip("<>")
    found = {"link": link[1], "pixel": pixel[1], "unsubscribe": unsubscribe}
    return {name: url.partition("shop.example.com")[2].replace("&amp;", "&") for name, url in found.items()}
