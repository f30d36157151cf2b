"""The inbox's app."""

from django.apps import AppConfig


class InboxConfig(AppConfig):
    """Label ``inbox``."""

    name = "example_site.inbox"
    verbose_name = "Inbox"
