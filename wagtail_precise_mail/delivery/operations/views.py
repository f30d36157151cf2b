"""What monitoring reads: the metrics, and whether all is well."""

from __future__ import annotations

from http import HTTPStatus

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from wagtail_precise_mail.conf import options
from wagtail_precise_mail.delivery.operations.health import Level, examine, worst
from wagtail_precise_mail.delivery.operations.metrics import CONTENT_TYPE, collect, render

PERMISSION = "wagtail_precise_mail.view_workerbeat"


@require_safe
@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    """The metrics, for monitoring with a token and for people with the permission."""
    if not _may_look(request):
        return _closed()
    return HttpResponse(render(collect()), content_type=CONTENT_TYPE)


@require_safe
@never_cache
def health(request: HttpRequest) -> HttpResponse:
    """Whether anything is critical, as 200 or 503: to everybody in one word, in sentences to those who may look."""
    findings = examine()
    level = worst(findings)
    status = HTTPStatus.SERVICE_UNAVAILABLE if level == Level.CRITICAL else HTTPStatus.OK
    body: dict[str, object] = {"level": level.name.lower()}
    if _may_look(request):
        body["findings"] = [
            {"check": one.check, "level": one.level.name.lower(), "sentence": one.sentence} for one in findings
        ]
    return JsonResponse(body, status=status)


def _may_look(request: HttpRequest) -> bool:
    scheme, _space, token = request.headers.get("Authorization", "").partition(" ")
    # Every token is compared, so that the time tells nothing.
    matches = [constant_time_compare(token.strip(), known) for known in options().metrics_tokens]
    if scheme.lower() == "bearer":
        return any(matches)
    user = getattr(request, "user", None)
    try:
        return bool(user and user.is_active and user.has_perms(["wagtailadmin.access_admin", PERMISSION]))
    except DatabaseError:  # sessions are in the database whose health is asked for
        return False


def _closed() -> HttpResponse:
    response = HttpResponse(
        "Send one of metrics_tokens as a bearer token, or log in as somebody with the permission “Can view cluster”.\n",
        content_type="text/plain; charset=utf-8",
        status=HTTPStatus.UNAUTHORIZED,
    )
    response["WWW-Authenticate"] = 'Bearer realm="precise mail metrics"'
    return response
