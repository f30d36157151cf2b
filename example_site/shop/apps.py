"""The shop's app."""

from django.apps import AppConfig


class ShopConfig(AppConfig):
    """Label ``shop``."""

    name = "example_site.shop"
    verbose_name = "Shop"

    def ready(self) -> None:
        from example_site.shop import email_blocks, email_checks, look, sources  # noqa: F401  register what they define
