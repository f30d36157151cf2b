"""Who visits: contacts who came by a link in a mail, what they look at, and what they reach. For pages of the site.

Nobody is known without the middleware, and nobody who is not tracked.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass

from django.db import DatabaseError, transaction
from django.http import HttpRequest
from django.utils import timezone

from wagtail_precise_mail.commerce.models import Product
from wagtail_precise_mail.commerce.viewed import keep_view
from wagtail_precise_mail.conf import options
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.delivery.models import OutboxMessage
from wagtail_precise_mail.exceptions import InvalidToken
from wagtail_precise_mail.tracking.machines import agent_of, is_machine_agent, is_prefetch
from wagtail_precise_mail.tracking.models import MessageEvent
from wagtail_precise_mail.tracking.services import record_reached_goal
from wagtail_precise_mail.tracking.tokens import read_visitor_token

logger = logging.getLogger(__name__)

COOKIE = "wpm_visitor"

_DAY = 24 * 60 * 60
_KNOWN = "_wpm_visitor"


@dataclass(frozen=True)
class Visitor:
    """Somebody who came by a link in a mail.

    Attributes:
        message: the outbox message of the mail.
        contact: None once the contact was erased, or is not tracked any more: then they are a stranger.
    """

    message: OutboxMessage
    contact: Contact | None

    @property
    def message_id(self) -> int:
        """The id of the outbox message."""
        return self.message.pk


def visitor_of(request: HttpRequest) -> Visitor | None:
    """Return who visits, as far as a mail led them here; None for everybody else. One query for each request."""
    if not hasattr(request, _KNOWN):
        setattr(request, _KNOWN, _find(request.COOKIES.get(COOKIE, "")))
    found: Visitor | None = getattr(request, _KNOWN)
    return found


def is_watched_message(message_id: int) -> bool:
    """Whether the contact of a message may be known as a visitor: tracked, not erased, and not of a test."""
    return OutboxMessage.objects.filter(pk=message_id, send__is_test=False, contact__is_tracking_allowed=True).exists()


def record_goal(request: HttpRequest, *, name: str = "", url: str = "", block_id: str = "") -> MessageEvent | None:
    """Keep that whoever visits reached the goal of the mail that led them here, once per mail.

    Call it where something is done, such as behind a form: scanners follow links, and post nothing.

    Args:
        name: what was reached, for the timeline: "Signed up for the tasting".
        url: the page where it was reached; "" takes the address of the request.

    Returns:
        None for strangers, and for contacts who are not tracked.
    """
    visitor = visitor_of(request)
    if visitor is None or visitor.contact is None:
        return None
    url = url or request.build_absolute_uri(request.path)
    return record_reached_goal(visitor.message_id, name=name, url=url, block_id=block_id)


def record_product_view(request: HttpRequest, product: Product) -> bool:
    """Keep that whoever visits looked at a product. For the view of a product's page; a GET of a person counts.

    Like an open it is an event that a look leaves behind: one row per contact and product, written anew each time.
    Whatever goes wrong is logged, and the page is shown all the same.

    Returns:
        Whether it was kept: not for strangers, contacts who are not tracked, machines, and pages that are loaded ahead.
    """
    user_agent = agent_of(request)
    if request.method != "GET" or is_prefetch(request) or is_machine_agent(user_agent):
        return False
    try:
        visitor = visitor_of(request)
        if visitor is None or visitor.contact is None:
            return False
        with transaction.atomic():
            keep_view(visitor.contact, product, at=timezone.now())
    except DatabaseError:
        logger.exception("Could not keep that product %s was looked at.", product.pk)
        return False
    return True


def _find(token: str) -> Visitor | None:
    if not token:
        return None
    # A cookie without a date ends with the browser; one that was copied ends with the day.
    seconds = max(options().visitor_cookie_days, 1) * _DAY
    try:
        message_id = read_visitor_token(token, at=timezone.now(), seconds=seconds)
    except InvalidToken:
        return None
    messages = OutboxMessage.objects.filter(pk=message_id, send__is_test=False).select_related("contact", "send")
    message = messages.first()
    if message is None:
        return None
    contact = message.contact
    is_known = contact is not None and contact.is_tracking_allowed and options().is_tracking_enabled
    return Visitor(message, contact if is_known else None)
