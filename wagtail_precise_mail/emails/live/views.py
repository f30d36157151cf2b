"""The pictures themselves: read by mail programs and their proxies, many times over."""

from __future__ import annotations

import hashlib

from django.core.cache import cache
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.http.response import HttpResponseBase
from django.utils.http import parse_etags
from django.views.decorators.http import require_safe

from wagtail_precise_mail.commerce.models import Product
from wagtail_precise_mail.conf import options
from wagtail_precise_mail.emails.live.drawing import VERSION, LiveWords, draw_nothing, draw_price
from wagtail_precise_mail.emails.live.tokens import LivePrice, read_live_token
from wagtail_precise_mail.emails.live.words import live_words
from wagtail_precise_mail.exceptions import InvalidToken

_KEPT_SECONDS = 24 * 3600


# Nothing is written, and nobody is counted: who opens the mail is in no address.
@transaction.non_atomic_requests
@require_safe
def live_price(request: HttpRequest, token: str) -> HttpResponseBase:
    """Answer with the price of a product as it is now; a product that is gone leaves an empty picture."""
    try:
        picture = read_live_token(token)
    except InvalidToken as error:
        return HttpResponse(f"{error}\n", status=400, content_type="text/plain; charset=utf-8")
    # One query, by the primary key.
    product = Product.objects.defer("description", "attributes").filter(pk=picture.product_id).first()
    words = live_words(product, picture.language) if product else None
    tag = _tag(picture, words)
    known = parse_etags(request.headers.get("If-None-Match", ""))
    response = HttpResponseNotModified() if tag in known else HttpResponse(_file(tag, picture, words))
    return _headed(response, tag)


def _tag(picture: LivePrice, words: LiveWords | None) -> str:
    """The name of a picture by all that it looks like: the same facts are drawn once."""
    look = repr((VERSION, options().live_font, picture, words))
    return f'"{hashlib.sha256(look.encode()).hexdigest()[:32]}"'


def _file(tag: str, picture: LivePrice, words: LiveWords | None) -> bytes:
    if words is None:
        return draw_nothing()
    key = f"wpm-live-price-{tag[1:-1]}"
    file: bytes | None = cache.get(key)
    if file is None:
        file = draw_price(picture, words)
        cache.set(key, file, _KEPT_SECONDS)
    return file


def _headed(response: HttpResponse, tag: str) -> HttpResponse:
    if response.status_code == 200:
        response["Content-Type"] = "image/png"
    response["ETag"] = tag
    # Proxies of mail programs may answer for us for so long, and ask again with the tag.
    response["Cache-Control"] = f"public, max-age={options().live_seconds}"
    response["Cross-Origin-Resource-Policy"] = "cross-origin"  # web mail shows it on pages of its own
    response["X-Robots-Tag"] = "noindex"
    return response
