"""The magazine's app."""

from django.apps import AppConfig


class MagazineConfig(AppConfig):
    """Label ``magazine``."""

    name = "example_site.magazine"
    verbose_name = "Magazine"
