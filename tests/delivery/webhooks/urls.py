"""The addresses of a site that lets providers in."""

from django.urls import include, path

from example_site.urls import urlpatterns as site

urlpatterns = [path("anymail/", include("anymail.urls")), *site]
