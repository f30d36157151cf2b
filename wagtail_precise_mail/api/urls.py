"""Public URLs of this room."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from wagtail_precise_mail.api.sign_up import SignUpApiView
from wagtail_precise_mail.api.views import OrdersView

urlpatterns: list[URLPattern | URLResolver] = [
    path("api/orders/", OrdersView.as_view(), name="api_orders"),
    path("api/sign-up/", SignUpApiView.as_view(), name="api_sign_up"),
]
