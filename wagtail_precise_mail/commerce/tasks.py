"""Doors for the background."""

from __future__ import annotations

import logging

from django.utils import timezone

from wagtail_precise_mail.background import enqueue
from wagtail_precise_mail.commerce import evaluation, learning, pair_learning, viewed, welcoming
from wagtail_precise_mail.commerce.figuring import refreshing
from wagtail_precise_mail.commerce.forecasting import is_available
from wagtail_precise_mail.conf import options

logger = logging.getLogger(__name__)


def learn_from_orders() -> None:
    """Learn what sells, what is bought together and what is used up when; runs every day."""
    learning.learn_popularity()
    learning.learn_cycles()
    pair_learning.begin(timezone.now(), days=learning.DAYS, support=learning.SUPPORT)
    go_on_learning()


def go_on_learning() -> None:
    """Learn more of what is bought together; each piece wakes the next, and every 5 minutes one that was cut off."""
    if not pair_learning.go_on(seconds=options().task_seconds):
        enqueue(go_on_learning)


def learn_from_views() -> None:
    """Learn what is looked at together; runs every day."""
    learning.learn_viewed_pairs()


def evaluate_recommendations() -> None:
    """Hold what would have been recommended against what was bought; runs every day."""
    evaluation.evaluate()


def forget_product_views() -> None:
    """Delete what contacts looked at too long ago; runs every day."""
    viewed.forget_views()


def mail_welcome_coupon(coupon_id: int) -> None:
    """Write to somebody which code they got."""
    welcoming.mail_code(coupon_id)


def give_welcome_coupons() -> None:
    """Give what was promised and could not be given yet; runs every five minutes, and when a pool is filled."""
    welcoming.catch_up()


def forecast() -> None:
    """Forecast what contacts and categories will do; runs every day, and goes on with what was interrupted."""
    if not is_available():
        logger.info("No forecasts: the extra wagtail-precise-mail[predict] is not installed.")
        return
    # Only here: these need the extra.
    from wagtail_precise_mail.commerce.forecasting import demand, running

    running.resume_or_update()
    demand.forecast_categories()


def find_clusters(run_id: int) -> None:
    """Search for clusters, as a person asked for."""
    from wagtail_precise_mail.commerce.clustering import running

    running.search(run_id)


def refresh_figures() -> None:
    """Work out the figures of contacts whose orders changed, or go on with the nightly run; runs every minute, too."""
    seconds = options().task_seconds
    if refreshing.is_running():
        refreshing.refresh_everybody(seconds=seconds)
    else:
        refreshing.refresh_due(seconds=seconds)


def refresh_all_figures() -> None:
    """Begin to work out the figures of everybody; runs every day."""
    refreshing.refresh_everybody(seconds=options().task_seconds)
