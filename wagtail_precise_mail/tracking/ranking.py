"""How engaged contacts are, as a rank: whoever clicked lately leaves first while a new sender is warmed up."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Case, Expression, IntegerField, Value, When

from wagtail_precise_mail.delivery.pacing.ranking import rankings
from wagtail_precise_mail.tracking.engagement import EngagementStage

_DAYS = (7, 30, 90)


@rankings.register("engagement")
def engagement_rank(at: datetime) -> Expression:
    """Return 0 for a click within a week up to 9 for contacts who are lost."""
    signs = [(field, days) for field in ("last_click_at", "last_open_at") for days in _DAYS]
    whens = [
        When(**{f"engagement__{field}__gte": at - timedelta(days=days)}, then=Value(rank))
        for rank, (field, days) in enumerate(signs)
    ]
    # Who was never written to is better than who does not react.
    silent = (EngagementStage.COOLING, EngagementStage.DORMANT, EngagementStage.LOST)
    whens += [When(engagement__stage=stage, then=Value(7 + number)) for number, stage in enumerate(silent)]
    return Case(*whens, default=Value(6), output_field=IntegerField())
