"""How customers are spread over RFM and value, as of the last nightly run."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import Count, Max, Sum

from wagtail_precise_mail.commerce.models import ContactStanding
from wagtail_precise_mail.reports.sql import money


@dataclass(frozen=True)
class Share:
    """Some customers, and what they brought in all, in the base currency."""

    count: int
    revenue: Decimal


def standings_as_of() -> datetime | None:
    """Return when standings were last worked out; None before the first run."""
    latest: datetime | None = ContactStanding.objects.aggregate(latest=Max("computed_at"))["latest"]
    return latest


def rfm_grid() -> dict[tuple[int, int], Share]:
    """Return the customers by their scores of recency and frequency, in one query."""
    scored = ContactStanding.objects.filter(recency_score__isnull=False, frequency_score__isnull=False)
    rows = scored.order_by().values_list("recency_score", "frequency_score")
    counted = rows.annotate(count=Count("pk"), revenue=Sum("contact__figures__net_revenue"))
    return {(recency, frequency): Share(count, money(total)) for recency, frequency, count, total in counted}


def value_tiers() -> dict[str, Share]:
    """Return the customers by their value tier, in one query."""
    rows = ContactStanding.objects.exclude(value_tier="").order_by().values_list("value_tier")
    counted = rows.annotate(count=Count("pk"), revenue=Sum("contact__figures__net_revenue"))
    return {tier: Share(count, money(total)) for tier, count, total in counted}
