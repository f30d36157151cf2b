"""The pixel and the links of tracked mails. A request asks the database nothing: it leaves a hit; a worker counts."""

from __future__ import annotations

import time
from base64 import b64decode

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.encoding import iri_to_uri
from django.views.decorators.http import require_safe

from wagtail_precise_mail.conf import options
from wagtail_precise_mail.contacts.public import make_private, public_context
from wagtail_precise_mail.exceptions import InvalidToken
from wagtail_precise_mail.tracking.hit_pages import hit_buffer
from wagtail_precise_mail.tracking.hits import Hit
from wagtail_precise_mail.tracking.machines import agent_of, is_machine_place, is_prefetch
from wagtail_precise_mail.tracking.models import MessageEvent
from wagtail_precise_mail.tracking.tokens import ClickToken, read_click_token, read_message_token
from wagtail_precise_mail.tracking.visits import as_visit

_OPEN, _CLICK, _SCAN = (
    kind.value for kind in (MessageEvent.Kind.OPEN, MessageEvent.Kind.CLICK, MessageEvent.Kind.SCAN)
)

PIXEL = b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
"""A transparent GIF, one pixel wide and high."""


# Not inside ATOMIC_REQUESTS: with the database away, even opening that transaction would cost the reader the page.
@transaction.non_atomic_requests
@require_safe
def open_pixel(request: HttpRequest, token: str) -> HttpResponseBase:
    """Answer with a transparent pixel, and leave word of the open."""
    try:
        _send_id, message_id = read_message_token(token)
    except InvalidToken as error:
        return make_private(HttpResponse(f"{error}\n", status=400, content_type="text/plain; charset=utf-8"))
    if _is_counted(request):
        agent = agent_of(request)
        hit_buffer.add(Hit(_OPEN, message_id, time.time(), agent[:250], _is_machine(request, agent)))
    # No page, so none of the other headers of private ones: each costs a pixel a hundredth of its time.
    return HttpResponse(PIXEL, content_type="image/gif", headers={"Cache-Control": "no-store"})


@transaction.non_atomic_requests
@require_safe
def click(request: HttpRequest, token: str) -> HttpResponseBase:
    """Redirect to the address in the token, and leave word of the click."""
    try:
        link = read_click_token(token)
    except InvalidToken:
        page = render(request, "wagtail_precise_mail/tracking/bad_link.html", public_context(request), status=400)
        return make_private(page)
    target = link.url
    if _is_counted(request):
        hit_buffer.add(_click_hit(request, link))
        # Whether the reader may be known is asked where the cookie would be set, not here.
        target = as_visit(link.url, link.message_id) if link.is_own_page else link.url
    # Found, not permanent: a browser that remembered it would never ask, and so never count, again.
    # HttpResponseRedirect would take the address apart once more, to see what reading the token has seen.
    return make_private(HttpResponse(status=302, headers={"Location": iri_to_uri(target)}))


def _is_counted(request: HttpRequest) -> bool:
    # Scanners look with HEAD; nobody saw anything.
    return request.method == "GET" and options().is_tracking_enabled


def _click_hit(request: HttpRequest, link: ClickToken) -> Hit:
    agent = agent_of(request)
    if link.is_trap:
        return Hit(_SCAN, link.message_id, time.time(), agent[:250], is_machine=True)
    is_machine = _is_machine(request, agent)
    return Hit(_CLICK, link.message_id, time.time(), agent[:250], is_machine, link.link_index, link.url, link.block_id)


def _is_machine(request: HttpRequest, agent: str) -> bool:
    return is_prefetch(request) or is_machine_place(request, agent)
