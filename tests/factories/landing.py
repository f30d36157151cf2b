"""The least that is valid of landing pages, and of people who come to them."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import count
from typing import Any

from django.test import Client

from tests.factories.campaigns import make_campaign
from tests.factories.contacts import make_contact
from tests.factories.delivery import make_message
from tests.factories.emails import BASE_URL, compiled, default_site, raw_block
from wagtail_precise_mail.campaigns.landing.models import LandingPage
from wagtail_precise_mail.campaigns.models import Campaign
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.delivery import services
from wagtail_precise_mail.delivery.models import OutboxMessage, Send
from wagtail_precise_mail.emails.models import Email
from wagtail_precise_mail.tracking.tokens import make_visitor_token
from wagtail_precise_mail.tracking.visitors import COOKIE

_numbers = count(1)
BROWSER = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"}


def goal_block(**value: Any) -> dict[str, Any]:
    """A goal button that leads into the shop."""
    return raw_block("goal", **{"label": "Save me a place", "page": None, "url": "/shop/", **value})


def make_landing_page(*blocks: dict[str, Any], publish: bool = True, **overrides: Any) -> LandingPage:
    """A published landing page below the start page: a greeting and a goal button, unless blocks are given."""
    greeting = raw_block("rich_text", content='<p>Dear {{ contact.first_name | default: "friend" }}.</p>')
    page = LandingPage(**{"title": f"Landing {next(_numbers)}", "live": False, **overrides})
    page.body = page._meta.get_field("body").stream_block.to_python(list(blocks) or [greeting, goal_block()])
    default_site().root_page.add_child(instance=page)
    revision = page.save_revision()
    if publish:
        revision.publish()
    return LandingPage.objects.get(pk=page.pk)


def send_mail(campaign: Campaign, email: Email, *contacts: Contact, base_url: str = BASE_URL) -> list[OutboxMessage]:
    """Send an email of a campaign for real; the channel must be a harmless one."""
    send = services.start_send(
        origin_kind="campaign",
        origin_id=campaign.pk,
        compiled=compiled(email, site=default_site(), base_url=base_url, at=datetime.now(UTC)),
        topic=None,
        from_address="shop@example.com",
        base_url=base_url,
    )
    Campaign.objects.filter(pk=campaign.pk).update(send=send, state=Campaign.State.SENDING)
    Send.objects.filter(pk=send.pk).update(state=Send.State.RUNNING)
    made = [make_message(send, contact) for contact in contacts]
    services.deliver(send.pk)
    campaign.refresh_from_db()
    return list(OutboxMessage.objects.filter(pk__in=[one.pk for one in made]).order_by("pk"))


def make_visit(email: Email, **contact: Any) -> tuple[Client, OutboxMessage]:
    """Somebody who got an email and comes by a link in it."""
    campaign = make_campaign(email=email)
    message = send_mail(campaign, email, make_contact(**{"first_name": "Ada", **contact}))[0]
    return client_of(message), message


def client_of(message: OutboxMessage) -> Client:
    """A browser that the site knows by a message."""
    client = Client(headers=BROWSER)
    client.cookies[COOKIE] = make_visitor_token(message.pk, datetime.now(UTC))
    return client
