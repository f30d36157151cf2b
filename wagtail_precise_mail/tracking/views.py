"""The pixel and the links of tracked mails. Whatever goes wrong in counting, the reader gets what they asked for."""

from __future__ import annotations

import logging
from base64 import b64decode
from collections.abc import Callable
from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from wagtail_precise_mail.contacts.public import make_private, public_context
from wagtail_precise_mail.exceptions import InvalidToken
from wagtail_precise_mail.tracking.machines import NO_USER_AGENT, is_prefetch
from wagtail_precise_mail.tracking.models import MessageEvent
from wagtail_precise_mail.tracking.services import record_click, record_open
from wagtail_precise_mail.tracking.tokens import read_click_token, read_open_token
from wagtail_precise_mail.tracking.visits import as_visit

logger = logging.getLogger(__name__)

# One transparent pixel.
_GIF = b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")


# Not inside ATOMIC_REQUESTS: with the database away, even opening that transaction would cost the reader the page.
@transaction.non_atomic_requests
@require_safe
def open_pixel(request: HttpRequest, token: str) -> HttpResponseBase:
    """Answer with a transparent pixel, and count the open."""
    try:
        message_id = read_open_token(token)
    except InvalidToken as error:
        return make_private(HttpResponse(f"{error}\n", status=400, content_type="text/plain; charset=utf-8"))
    _count(request, record_open, message_id)
    return make_private(HttpResponse(_GIF, content_type="image/gif"))


@transaction.non_atomic_requests
@require_safe
def click(request: HttpRequest, token: str) -> HttpResponseBase:
    """Redirect to the address in the token, and count the click."""
    try:
        link = read_click_token(token)
    except InvalidToken:
        page = render(request, "wagtail_precise_mail/tracking/bad_link.html", public_context(request), status=400)
        return make_private(page)
    event = _count(
        request, record_click, link.message_id, link_index=link.link_index, url=link.url, block_id=link.block_id
    )
    # What was counted is of a contact who is tracked, and of no test: the page may know who comes.
    target = as_visit(link.url, link.message_id) if event else link.url
    # Found, not permanent: a browser that remembered it would never ask, and so never count, again.
    return make_private(HttpResponseRedirect(target))


def _count(request: HttpRequest, record: Callable[..., Any], message_id: int, **what: Any) -> MessageEvent | None:
    if request.method != "GET":  # scanners look with HEAD; nobody saw anything
        return None
    user_agent = request.headers.get("User-Agent", "").strip() or NO_USER_AGENT
    try:
        event: MessageEvent | None = record(
            message_id, user_agent=user_agent, is_prefetch=is_prefetch(request.headers), **what
        )
    except Exception:  # a database that is away, or a bug of ours, is no reason to lose a customer
        logger.exception("Could not count a %s of message %s.", record.__name__, message_id)
        return None
    return event
