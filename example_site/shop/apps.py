"""The shop's app."""

from django.apps import AppConfig


class ShopConfig(AppConfig):
    """Label ``shop``."""

    name = "example_site.shop"
    verbose_name = "Shop"

    def ready(self) -> None:
        from importlib.util import find_spec

        if find_spec("wagtail_precise_mail.commerce.sources"):
            from example_site.shop import sources  # noqa: F401
