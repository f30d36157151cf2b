"""Public URLs of this room."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from wagtail_precise_mail.emails.live.views import live_price
from wagtail_precise_mail.emails.views import VerifySenderView

urlpatterns: list[URLPattern | URLResolver] = [
    path("sender/<token>/", VerifySenderView.as_view(), name="verify_sender"),
    path("p/<token>.png", live_price, name="live_price"),
]
