"""Public URLs of this room."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from wagtail_precise_mail.contacts.views import UnsubscribeView

urlpatterns: list[URLPattern | URLResolver] = [
    path("unsubscribe/<token>/", UnsubscribeView.as_view(), name="unsubscribe"),
]
