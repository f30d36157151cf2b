"""The best time of the audience, which the campaign page proposes when it is asked, with the reason."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from django.db import DatabaseError
from django.utils.translation import gettext as _

from wagtail_precise_mail.campaigns.models import Campaign
from wagtail_precise_mail.exceptions import InvalidRules
from wagtail_precise_mail.segments.budgets import OutOfTime, at_most
from wagtail_precise_mail.segments.counting import PATIENT_SECONDS
from wagtail_precise_mail.segments.queries import read_rules
from wagtail_precise_mail.tracking.timing import best_time

ASKED = "best_time"
"""The word in the query of the page."""


@dataclass(frozen=True)
class Proposal:
    """What stands in the form of the time, and the sentence below it.

    Attributes:
        typed: values of the form by field; nothing where no time was found.
    """

    why: str
    typed: dict[str, str] = field(default_factory=dict)


def propose_time(campaign: Campaign, *, at: datetime) -> Proposal:
    """Return the next best time of the audience, on the clock of the campaign."""
    try:
        with at_most(PATIENT_SECONDS):
            best = best_time(campaign.segment, read_rules(campaign.segment), at=at)
    except InvalidRules as error:
        return Proposal(error.message)
    except (OutOfTime, DatabaseError):
        return Proposal(_("The database did not answer in time."))
    wall = best.next_after(at).astimezone(ZoneInfo(campaign.time_zone))
    return Proposal(best.why, {"send_on": f"{wall:%Y-%m-%dT%H:%M}", "time_zone": campaign.time_zone})
