"""The addresses of ``bench_endpoints``: those of the example site, and some of views that do nothing."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import include, path

from wagtail_precise_mail.tracking.views import PIXEL


def empty(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


def bare_pixel(request: HttpRequest) -> HttpResponse:
    """Answer as the pixel does, and look at nothing."""
    return HttpResponse(PIXEL, content_type="image/gif", headers={"Cache-Control": "no-store"})


urlpatterns = [path("empty/", empty), path("pixel/", bare_pixel), path("", include("example_site.urls"))]
