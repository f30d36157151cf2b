"""Public URLs of this room."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from wagtail_precise_mail.api.sign_up import SignUpApiView
from wagtail_precise_mail.api.site_views import SiteViewsView
from wagtail_precise_mail.api.views import (
    CartsView,
    CartView,
    OrdersInBulkView,
    OrdersView,
    OrderView,
    ProductsView,
    RefundsView,
)

urlpatterns: list[URLPattern | URLResolver] = [
    path("api/orders/", OrdersView.as_view(), name="api_orders"),
    path("api/orders/bulk/", OrdersInBulkView.as_view(), name="api_orders_bulk"),
    path("api/orders/<str:source>/<path:number>/", OrderView.as_view(), name="api_order"),
    path("api/refunds/", RefundsView.as_view(), name="api_refunds"),
    path("api/carts/", CartsView.as_view(), name="api_carts"),
    path("api/carts/<str:source>/<path:key>/", CartView.as_view(), name="api_cart"),
    path("api/products/", ProductsView.as_view(), name="api_products"),
    path("api/site-views/", SiteViewsView.as_view(), name="api_site_views"),
    path("api/sign-up/", SignUpApiView.as_view(), name="api_sign_up"),
]
