"""What the pages of the site tell us: a look at a page, how long it took, and whether somebody agreed to be watched."""

from __future__ import annotations

from http import HTTPStatus
from urllib.parse import urlsplit

from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from wagtail_precise_mail.commerce.models import Product, normalize_sku
from wagtail_precise_mail.exceptions import InvalidToken
from wagtail_precise_mail.tracking.viewing import (
    CONSENT_COOKIE,
    CONSENT_DAYS,
    has_consented,
    make_view_token,
    record_seconds,
    record_view,
    watched_contact,
)

_NOTHING = HTTPStatus.NO_CONTENT


# Exempt: a beacon brings no CSRF token. Our cookies are SameSite=Lax, so that a form of another site brings none of
# them with it, and whoever sends no cookie is a stranger of whom nothing is kept.
@csrf_exempt
@never_cache
@require_POST
@transaction.atomic
def site_view(request: HttpRequest) -> HttpResponse:
    """Keep a look at a page: 201 with a token to add the seconds later, or 204 when nothing is kept."""
    if not _is_own(request):
        return HttpResponse(status=_NOTHING)
    if token := request.POST.get("view", ""):
        return _add_seconds(request, token)
    contact = watched_contact(request)
    if contact is None:
        return HttpResponse(status=_NOTHING)
    sku = normalize_sku(request.POST.get("product", "")[:100])
    view = record_view(
        contact,
        path=request.POST.get("path", ""),
        product=Product.objects.filter(sku=sku).first() if sku else None,
        words=request.POST.get("search", "")[:200],
    )
    if view is None:
        return HttpResponse(status=_NOTHING)
    return JsonResponse({"view": make_view_token(view)}, status=HTTPStatus.CREATED)


def _is_own(request: HttpRequest) -> bool:
    origin = request.headers.get("Origin")
    return origin is None or urlsplit(origin).netloc == request.get_host()


def _add_seconds(request: HttpRequest, token: str) -> HttpResponse:
    seconds = request.POST.get("seconds", "")
    if has_consented(request) and seconds.isascii() and seconds.isdigit() and len(seconds) < 9:
        try:
            record_seconds(token, int(seconds))
        except InvalidToken:
            return HttpResponse(status=HTTPStatus.BAD_REQUEST)
    return HttpResponse(status=_NOTHING)


@never_cache
@require_POST
def visit_consent(request: HttpRequest) -> HttpResponse:
    """Keep the answer of our own form in a cookie, and lead back to where it was asked."""
    back = request.POST.get("next", "/")
    if not url_has_allowed_host_and_scheme(back, {request.get_host()}, require_https=request.is_secure()):
        back = "/"
    response = HttpResponseRedirect(back)
    response.set_cookie(
        CONSENT_COOKIE,
        "yes" if request.POST.get("answer") == "yes" else "no",
        max_age=CONSENT_DAYS * 24 * 60 * 60,
        secure=request.is_secure(),
        httponly=True,
        samesite="Lax",
    )
    return response
