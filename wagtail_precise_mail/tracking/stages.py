"""The borders between stages of engagement: stated defaults, or taken from how often the shop itself writes.

A stage needs both: so many days of silence, and so many mails into it. Ten days without a click say nothing where one
mail a month is sent, and ten mails within a week say little about somebody on holiday.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _

from wagtail_precise_mail.conf import options
from wagtail_precise_mail.delivery.models import OutboxMessage, Send
from wagtail_precise_mail.tracking.engagement import EngagementStage

DEFAULT_MAILS = (5, 12, 25)
"""Where data are thin: mails of about one a week into 30, 90 and 180 days."""
LEAST_MAILS = (3, 6, 10)
"""However seldom a shop writes: fewer mails than these prove nothing."""
RHYTHM_DAYS = 90
"""How far back the rhythm is measured."""
LEAST_CONTACTS = 50
"""From so many contacts on, that got anything within these days, the shop's own rhythm counts."""

_SILENT_STAGES = (EngagementStage.COOLING, EngagementStage.DORMANT, EngagementStage.LOST)


@dataclass(frozen=True)
class Borders:
    """From how many days and how many mails without a reaction on somebody is cooling, dormant and lost.

    Attributes:
        mails_per_month: of the shop itself, where the mails were calibrated by it; else None.
    """

    days: tuple[int, int, int]
    mails: tuple[int, int, int]
    mails_per_month: float | None = None

    def stage(self, *, silent_days: float, unanswered_count: int) -> EngagementStage:
        """Return the stage of somebody; the nightly run says the same in SQL."""
        found = EngagementStage.ENGAGED
        for stage, days, mails in zip(_SILENT_STAGES, self.days, self.mails, strict=True):
            if silent_days >= days and unanswered_count >= mails:
                found = stage
        return found

    def rows(self) -> list[tuple[EngagementStage, int, int]]:
        """Return the stages after the first with their days and mails."""
        return list(zip(_SILENT_STAGES, self.days, self.mails, strict=True))

    def in_words(self) -> str:
        """Return where the borders come from."""
        if self.mails_per_month is None:
            return _("Mails as set, or the defaults: too few data for a rhythm of the shop's own.")
        return _("Mails by the shop's own rhythm: %(count).1f a month for each contact.") % {
            "count": self.mails_per_month
        }


def borders(*, at: datetime) -> Borders:
    """Return the borders as of a moment: by the options ``engagement_days`` and ``engagement_mails``.

    Without ``engagement_mails`` they are as many as the shop sends a contact in these days, but never below
    :data:`LEAST_MAILS`; with too few data, :data:`DEFAULT_MAILS`.
    """
    days, mails = options().engagement_days, options().engagement_mails
    if mails:
        return Borders(_three(days), _three(mails))
    per_day = _mails_per_day(at)
    if per_day is None:
        return Borders(_three(days), DEFAULT_MAILS)
    expected = [max(least, round(per_day * wait)) for least, wait in zip(LEAST_MAILS, days, strict=True)]
    return Borders(_three(days), _three(tuple(expected)), mails_per_month=per_day * 30)


def asking_mails(at: datetime) -> QuerySet[OutboxMessage]:
    """Return the mails up to a moment that ask for a reaction: accepted, about topics, no tests.

    An order confirmation asks nothing: who does not open it is not tired of anything.
    """
    is_marketing = Q(send__topic__isnull=False) | Q(send__origin_kind=Send.DIGEST)
    return OutboxMessage.objects.order_by().filter(
        is_marketing,
        state=OutboxMessage.State.ACCEPTED,
        send__is_test=False,
        contact__isnull=False,
        handed_off_at__lte=at,
    )


def _mails_per_day(at: datetime) -> float | None:
    since = at - timedelta(days=RHYTHM_DAYS)
    mails = asking_mails(at).filter(handed_off_at__gte=since)
    found = mails.aggregate(mails=Count("pk"), contacts=Count("contact", distinct=True))
    if found["contacts"] < LEAST_CONTACTS:
        return None
    return float(found["mails"] / found["contacts"] / RHYTHM_DAYS)


def _three(values: tuple[int, ...]) -> tuple[int, int, int]:
    return values[0], values[1], values[2]
