"""Public URLs of this room."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from wagtail_precise_mail.contacts.preference_views import (
    AskAgainView,
    DetailsView,
    LinkRequestView,
    OwnDataView,
    PreferencesView,
)
from wagtail_precise_mail.contacts.sign_up_views import ConfirmView, JoinView, sign_up_sent
from wagtail_precise_mail.contacts.views import UnsubscribeView

urlpatterns: list[URLPattern | URLResolver] = [
    path("join/", JoinView.as_view(), name="sign_up"),
    path("join/sent/", sign_up_sent, name="sign_up_sent"),
    path("join/confirm/<token>/", ConfirmView.as_view(), name="sign_up_confirm"),
    path("unsubscribe/<token>/", UnsubscribeView.as_view(), name="unsubscribe"),
    # Short, because it stands in every mail.
    path("p/<token>/", PreferencesView.as_view(), name="preferences"),
    path("p/<token>/again/", AskAgainView.as_view(), name="ask_again"),
    path("p/<token>/details/", DetailsView.as_view(), name="details"),
    path("p/<token>/data/", OwnDataView.as_view(), name="own_data"),
    path("preferences/", LinkRequestView.as_view(), name="preference_link"),
]
