"""The one Django app of the package: composition only."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

from django.apps import AppConfig, apps
from django.utils.translation import gettext_lazy as _

# Modules that register something when they are imported, from the lowest room to the highest.
CONTRIBUTIONS = [
    "contacts.timeline",
    "contacts.changes",
    "contacts.jurisdictions",
    "contacts.personal_data",
    "contacts.retention",
    "contacts.conditions",
    "contacts.log_labels",
    "segments.conditions",
    "segments.field_usage",
    "segments.profile_panel",
    "commerce.sources",
    "commerce.conditions",
    "commerce.timeline",
    "commerce.personal_data",
    "commerce.retention",
    "commerce.listeners",
    "emails.blocks",
    "emails.checks",
    "emails.merge_fields",
    "emails.listeners",
    "emails.field_usage",
    "emails.public_look",
    "emails.merge_orders",
    "emails.merge_digests",
    "delivery.channels",
    "delivery.confirmation",
    "delivery.personal_links",
    "delivery.digests.source",
    "delivery.timeline",
    "delivery.letters",
    "delivery.personal_data",
    "delivery.retention",
    "tracking.processors",
    "tracking.listeners",
    "tracking.survey_tokens",
    "tracking.timeline",
    "tracking.personal_data",
    "tracking.retention",
    "campaigns.listeners",
    "campaigns.personal_data",
    "checks",
]

# What another app of the site needs, by its name.
COMPANIONS = {"wagtail_localize": "emails.localize.fields"}


class PreciseMailConfig(AppConfig):
    """Label ``wagtail_precise_mail``."""

    name = "wagtail_precise_mail"
    verbose_name = _("Precise mail")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        for module in CONTRIBUTIONS:
            if find_spec(f"{self.name}.{module}"):
                import_module(f"{self.name}.{module}")
        for app, module in COMPANIONS.items():
            if apps.is_installed(app):
                import_module(f"{self.name}.{module}")
