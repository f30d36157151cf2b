"""What the worker would have worked out in the nights before: figures, groups, stages, forecasts, recommendations.

The last months are gone through one by one, so that the pictures of movements and sizes have a past to show.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from wagtail_precise_mail.commerce import evaluation, learning
from wagtail_precise_mail.commerce.figuring.refreshing import refresh_everybody
from wagtail_precise_mail.commerce.forecasting import is_available
from wagtail_precise_mail.commerce.models import ContactStanding
from wagtail_precise_mail.delivery.domains import services as domain_checks
from wagtail_precise_mail.delivery.domains.models import DomainReport
from wagtail_precise_mail.reports.ranking import rank_prospects
from wagtail_precise_mail.segments.measuring import measure_sizes
from wagtail_precise_mail.tracking.engaging import engage

MONTHS = 6


def look_at_domains(*, at: datetime) -> None:
    """Check the domain of the senders, once."""
    if domain_checks.is_available() and not DomainReport.objects.exists():
        domain_checks.check_domains(at=at)


def work_through_the_nights(*, at: datetime) -> None:
    """Work everything out, month by month up to ``at``; where it was done before, nothing is left to do."""
    if ContactStanding.objects.exists():
        return
    for month in range(MONTHS, -1, -1):
        night = at - timedelta(days=30 * month)
        refresh_everybody(at=night)
        engage(at=night)
        measure_sizes(at=night)
    learning.learn_popularity(at=at)
    learning.learn_pairs(at=at)
    learning.learn_cycles(at=at)
    learning.learn_viewed_pairs(at=at)
    evaluation.evaluate(at=at)
    rank_prospects(at=at)
    if is_available():
        # Only here: these need the extra.
        from wagtail_precise_mail.commerce.forecasting import demand, running

        running.update_forecasts(at=at)
        demand.forecast_categories(at=at)
