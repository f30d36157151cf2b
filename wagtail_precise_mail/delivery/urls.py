"""Public URLs of this room: those in mails are short, because they stand in every one."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from wagtail_precise_mail.delivery.operations.views import health, metrics
from wagtail_precise_mail.delivery.views import ForwardView, join, public_version, shared_copy, web_version

urlpatterns: list[URLPattern | URLResolver] = [
    path("w/<token>/", web_version, name="web_version"),
    path("s/<token>/", shared_copy, name="shared_copy"),
    path("f/<token>/", ForwardView.as_view(), name="forward"),
    path("j/<token>/", join, name="join"),
    path("metrics/", metrics, name="metrics"),
    path("health/", health, name="health"),
    path("email/<int:send_id>/", public_version, name="public_original"),
    path("email/<int:send_id>/<slug:language>/", public_version, name="public_version"),
]
