"""Names of places on the axes, and sentences that several pictures say."""

from __future__ import annotations

from datetime import date

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from wagtail_precise_mail.commerce.figuring.rfm import RfmGroup
from wagtail_precise_mail.commerce.models import BuyingStage
from wagtail_precise_mail.tracking.engagement import EngagementStage

RFM_GROUPS = {group.value: group.label for group in RfmGroup}
BUYING_STAGES = {stage.value: stage.label for stage in BuyingStage if stage != BuyingStage.PROSPECT}
ENGAGEMENT_STAGES = {stage.value: stage.label for stage in EngagementStage}


def day(value: date) -> str:
    """Return a day as people write it."""
    return str(date_format(value, "DATE_FORMAT"))


def too_few_customers(count: int, least: int) -> str:
    """Say that there are too few customers, or "" when there are enough."""
    if count >= least:
        return ""
    text = ngettext(
        "Too few to show: %(count)s customer so far. The picture appears from %(least)s on.",
        "Too few to show: %(count)s customers so far. The picture appears from %(least)s on.",
        count,
    )
    return text % {"count": count, "least": least}


def nothing_counted_yet() -> str:
    """Say that the nightly run has to come first."""
    return _("Nothing to show yet: the nightly run works out where customers stand, and it has not come by so far.")
