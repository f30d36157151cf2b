"""The middleware that makes a visitor known: a click leaves a cookie, and a clean address."""

from __future__ import annotations

import logging
from collections.abc import Callable

from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.utils.http import escape_leading_slashes

from wagtail_precise_mail.conf import options
from wagtail_precise_mail.exceptions import InvalidToken
from wagtail_precise_mail.tracking.tokens import make_visitor_token, read_visit_token
from wagtail_precise_mail.tracking.visitors import COOKIE, is_watched_message
from wagtail_precise_mail.tracking.visits import VISIT_SECONDS, take_off

logger = logging.getLogger(__name__)

_DAY = 24 * 60 * 60


class VisitorMiddleware:
    """Takes our parameter off every address, so that one which is passed on or kept names nobody.

    Writes nothing but the cookie, and that only for contacts who are tracked, which it asks by one query: the click
    that led here asked none. A parameter that is too old or not ours is taken off, too, and leaves whoever comes as
    they were.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        query, token = take_off(request.META.get("QUERY_STRING", ""))
        # The body of a POST would be lost on the way.
        if token is None or request.method not in ("GET", "HEAD"):
            return self.get_response(request)
        # Two slashes in front would be the address of another host.
        path = escape_leading_slashes(request.get_full_path().partition("?")[0])
        response = HttpResponseRedirect(f"{path}?{query}" if query else path)
        response["Cache-Control"] = "private, no-store"
        response["Referrer-Policy"] = "no-referrer"
        if request.method == "GET" and options().is_tracking_enabled:
            _remember(response, token)
        return response


def _remember(response: HttpResponse, token: str) -> None:
    at = timezone.now()
    try:
        message_id = read_visit_token(token, at=at, seconds=VISIT_SECONDS)
        if not is_watched_message(message_id):
            return
    except InvalidToken:
        return
    except DatabaseError:  # the reader gets the page all the same
        logger.exception("Could not tell whether the reader of message %s may be known.", message_id)
        return
    days = options().visitor_cookie_days
    response.set_cookie(
        COOKIE,
        make_visitor_token(message_id, at),
        max_age=days * _DAY if days else None,
        path=settings.SESSION_COOKIE_PATH,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
