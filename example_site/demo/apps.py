"""The demo's app: the command ``demo``."""

from django.apps import AppConfig


class DemoConfig(AppConfig):
    """Label ``demo``."""

    name = "example_site.demo"
    verbose_name = "Demo"
