"""What every endpoint for other systems shares: the token at the door, and how it says what is wrong."""

from __future__ import annotations

from http import HTTPStatus

from django.http import HttpRequest, JsonResponse
from django.utils.crypto import constant_time_compare

from wagtail_precise_mail.conf import options


def is_known(request: HttpRequest) -> bool:
    """Whether a request carries one of the site's tokens."""
    scheme, _space, token = request.headers.get("Authorization", "").partition(" ")
    # Every token is compared, so that the time tells nothing.
    matches = [constant_time_compare(token.strip(), known) for known in options().api_tokens if known]
    return scheme.lower() == "bearer" and any(matches)


def problem(status: HTTPStatus, errors: dict[str, str], headers: dict[str, str] | None = None) -> JsonResponse:
    """Return what is wrong, by place."""
    return JsonResponse({"errors": errors}, status=status, headers=headers)
