"""The recurring tasks of the package, by name."""

from __future__ import annotations

from wagtail_precise_mail.background import Recurring

RECURRING = [
    Recurring("pump", "wagtail_precise_mail.campaigns.tasks.pump", minutes=1),
    Recurring("beat", "wagtail_precise_mail.delivery.tasks.beat", minutes=1),
    Recurring("process_bounces", "wagtail_precise_mail.delivery.tasks.process_bounces", minutes=5),
    Recurring("check_circuits", "wagtail_precise_mail.delivery.tasks.check_circuits", minutes=2),
    Recurring("check_arrivals", "wagtail_precise_mail.delivery.tasks.check_arrivals", minutes=5),
    Recurring("send_digests", "wagtail_precise_mail.delivery.tasks.send_digests", minutes=5),
    Recurring("check_domains", "wagtail_precise_mail.delivery.tasks.check_domains", minutes=24 * 60),
    Recurring("tally_domains", "wagtail_precise_mail.delivery.tasks.tally_domains", minutes=60),
    Recurring("learn_from_orders", "wagtail_precise_mail.commerce.tasks.learn_from_orders", minutes=24 * 60),
    Recurring("go_on_learning", "wagtail_precise_mail.commerce.tasks.go_on_learning", minutes=5),
    Recurring("forecast", "wagtail_precise_mail.commerce.tasks.forecast", minutes=24 * 60),
    Recurring("learn_from_views", "wagtail_precise_mail.commerce.tasks.learn_from_views", minutes=24 * 60),
    Recurring(
        "evaluate_recommendations", "wagtail_precise_mail.commerce.tasks.evaluate_recommendations", minutes=24 * 60
    ),
    Recurring("refresh_figures", "wagtail_precise_mail.commerce.tasks.refresh_figures", minutes=1),
    Recurring("refresh_all_figures", "wagtail_precise_mail.commerce.tasks.refresh_all_figures", minutes=24 * 60),
    Recurring("count_days", "wagtail_precise_mail.reports.tasks.count_days", minutes=5),
    Recurring("forget_product_views", "wagtail_precise_mail.commerce.tasks.forget_product_views", minutes=24 * 60),
    Recurring("correct_conversions", "wagtail_precise_mail.tracking.tasks.correct_conversions", minutes=24 * 60),
    Recurring("count_hits", "wagtail_precise_mail.tracking.tasks.count_hits", minutes=1),
    Recurring("engage", "wagtail_precise_mail.tracking.tasks.engage", minutes=24 * 60),
    Recurring("give_welcome_coupons", "wagtail_precise_mail.commerce.tasks.give_welcome_coupons", minutes=5),
    Recurring("announce_movements", "wagtail_precise_mail.segments.tasks.announce_movements", minutes=1),
    Recurring("rank_prospects", "wagtail_precise_mail.reports.tasks.rank_prospects", minutes=24 * 60),
    Recurring("measure_segments", "wagtail_precise_mail.segments.tasks.measure_sizes", minutes=24 * 60),
    Recurring("wake_imports", "wagtail_precise_mail.contacts.tasks.wake_imports", minutes=1),
    Recurring("forget_imports", "wagtail_precise_mail.contacts.tasks.forget_imports", minutes=24 * 60),
    Recurring("find_duplicates", "wagtail_precise_mail.contacts.tasks.find_duplicates", minutes=24 * 60),
    Recurring("apply_retention", "wagtail_precise_mail.contacts.tasks.apply_retention", minutes=60),
]
