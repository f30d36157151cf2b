"""Public URLs of this room: short, because they stand in every mail many times."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from wagtail_precise_mail.tracking.site_view_views import site_view, visit_consent
from wagtail_precise_mail.tracking.survey_views import SurveyView
from wagtail_precise_mail.tracking.views import click, open_pixel

urlpatterns: list[URLPattern | URLResolver] = [
    path("o/<token>.gif", open_pixel, name="open"),
    path("c/<token>", click, name="click"),
    path("q/<token>/", SurveyView.as_view(), name="survey"),
    path("v/", site_view, name="site_view"),
    path("v/consent/", visit_consent, name="visit_consent"),
]
