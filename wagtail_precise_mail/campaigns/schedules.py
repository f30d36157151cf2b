"""The recurring tasks of the package, by name."""

from __future__ import annotations

from wagtail_precise_mail.background import Recurring

RECURRING = [
    Recurring("pump", "wagtail_precise_mail.campaigns.tasks.pump", minutes=1),
    Recurring("send_digests", "wagtail_precise_mail.delivery.tasks.send_digests", minutes=5),
    Recurring("learn_from_orders", "wagtail_precise_mail.commerce.tasks.learn_from_orders", minutes=24 * 60),
    Recurring("forget_product_views", "wagtail_precise_mail.commerce.tasks.forget_product_views", minutes=24 * 60),
    Recurring("give_welcome_coupons", "wagtail_precise_mail.commerce.tasks.give_welcome_coupons", minutes=5),
    Recurring("wake_imports", "wagtail_precise_mail.contacts.tasks.wake_imports", minutes=1),
    Recurring("forget_imports", "wagtail_precise_mail.contacts.tasks.forget_imports", minutes=24 * 60),
    Recurring("find_duplicates", "wagtail_precise_mail.contacts.tasks.find_duplicates", minutes=24 * 60),
    Recurring("apply_retention", "wagtail_precise_mail.contacts.tasks.apply_retention", minutes=60),
]
