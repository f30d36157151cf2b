"""The recurring tasks of the package, by name."""

from __future__ import annotations

from wagtail_precise_mail.background import Recurring

RECURRING = [
    Recurring("pump", "wagtail_precise_mail.campaigns.tasks.pump", minutes=1),
    Recurring("learn_from_orders", "wagtail_precise_mail.commerce.tasks.learn_from_orders", minutes=24 * 60),
    Recurring("apply_retention", "wagtail_precise_mail.contacts.tasks.apply_retention", minutes=60),
]
