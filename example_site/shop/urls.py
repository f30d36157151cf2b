"""URLs of the shop."""

from __future__ import annotations

from django.urls import path

from example_site.shop import views

app_name = "shop"

urlpatterns = [
    path("", views.index, name="index"),
    path("basket/", views.basket, name="basket"),
    path("checkout/", views.checkout, name="checkout"),
    path("thanks/<slug:number>/", views.thanks, name="thanks"),
    path("category/<slug:category_slug>/", views.index, name="category"),
    path("<slug:slug>/", views.product, name="product"),
    path("<slug:slug>/put/", views.put, name="put"),
]
