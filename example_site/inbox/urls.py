"""URLs of the inbox."""

from __future__ import annotations

from django.urls import path

from example_site.inbox import views

app_name = "inbox"

urlpatterns = [
    path("", views.index, name="index"),
    path("clear/", views.clear, name="clear"),
    path("<int:mail_id>/", views.mail, name="mail"),
    path("<int:mail_id>/html/", views.html, name="html"),
    path("<int:mail_id>/source/", views.source, name="source"),
]
