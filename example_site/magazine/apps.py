"""The magazine's app."""

from django.apps import AppConfig


class MagazineConfig(AppConfig):
    """Label ``magazine``."""

    name = "example_site.magazine"
    verbose_name = "Magazine"

    def ready(self) -> None:
        from example_site.magazine import email_blocks  # noqa: F401  registers what it defines
