"""The one Django app of the package: composition only."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

from django.apps import AppConfig, apps
from django.utils.translation import gettext_lazy as _

from wagtail_precise_mail.logs import protect_loggers

# Modules that register something when they are imported, from the lowest room to the highest.
CONTRIBUTIONS = [
    "contacts.timeline",
    "contacts.changes",
    "contacts.jurisdictions",
    "contacts.personal_data",
    "contacts.retention",
    "contacts.portrait",
    "contacts.conditions",
    "contacts.log_labels",
    "segments.conditions",
    "segments.templates",
    "segments.field_usage",
    "segments.profile_panel",
    "segments.measuring",
    "commerce.sources",
    "commerce.axes",
    "commerce.conditions",
    "commerce.segment_templates",
    "commerce.timeline",
    "commerce.personal_data",
    "commerce.retention",
    "commerce.portrait",
    "commerce.figuring.refreshing",
    "commerce.pair_learning",
    "commerce.forecasting.freshness",
    "commerce.listeners",
    "commerce.following",
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
    "delivery.bounces.timeline",
    "delivery.bounces.personal_data",
    "delivery.bounces.retention",
    "delivery.bounces.listeners",
    "delivery.inbound.timeline",
    "delivery.inbound.personal_data",
    "delivery.inbound.retention",
    "delivery.webhooks.listeners",
    "delivery.webhooks.retention",
    "delivery.personal_data",
    "delivery.retention",
    "delivery.domains.cycles",
    "delivery.operations.beats",
    "tracking.segment_templates",
    "tracking.utm",
    "tracking.processors",
    "tracking.listeners",
    "tracking.exits",
    "tracking.survey_tokens",
    "tracking.timeline",
    "tracking.conditions",
    "tracking.profile_panel",
    "tracking.segment_panel",
    "tracking.portrait",
    "tracking.personal_data",
    "tracking.retention",
    "tracking.engaging",
    "tracking.ranking",
    "campaigns.conditions",
    "campaigns.listeners",
    "campaigns.personal_data",
    "reports.day_counting",
    "reports.personal_data",
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
        protect_loggers()
        for module in CONTRIBUTIONS:
            if find_spec(f"{self.name}.{module}"):
                import_module(f"{self.name}.{module}")
        for app, module in COMPANIONS.items():
            if apps.is_installed(app):
                import_module(f"{self.name}.{module}")
