"""What tracking adds to the portrait of a contact: how they react to mail, and when."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.translation import gettext, ngettext

from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.contacts.portrait import PortraitFact, PortraitSource, portrait_sources
from wagtail_precise_mail.tracking.engagement import ContactEngagement
from wagtail_precise_mail.tracking.send_hours import LEAST_EVIDENCE, weekday_name

NEWS = timedelta(days=30)
"""How long another stage is flagged."""


@portrait_sources.register("engagement")
class EngagementPortrait(PortraitSource):
    """Stage, clicks and habits of a reader, from one row; who was never written to, or may not be tracked, has none."""

    def facts(self, contact: Contact) -> list[PortraitFact]:
        found: ContactEngagement | None = getattr(contact, "engagement", None)  # kept for the other panels
        return list(_facts(found)) if found and contact.is_tracking_allowed else []


def _facts(found: ContactEngagement) -> Iterator[PortraitFact]:
    at = found.computed_at
    if found.stage:
        yield PortraitFact(gettext("Engagement"), str(found.get_stage_display()), _silence(found), at, _is_news(found))
    if found.mails_90_days:
        mails = ngettext("of %(count)s mail", "of %(count)s mails", found.mails_90_days) % {
            "count": found.mails_90_days
        }
        yield PortraitFact(gettext("Clicks in 90 days"), str(found.clicks_90_days), mails, at)
    if found.preferred_hour is not None and found.hour_evidence_count >= LEAST_EVIDENCE:
        yield _reads(found)


def _silence(found: ContactEngagement) -> str:
    words = ngettext("%(count)s mail without a reaction", "%(count)s mails without a reaction", found.unanswered_count)
    count = words % {"count": found.unanswered_count}
    if not (found.last_sign and found.silent_since):
        return count
    sign = {"sign": capfirst(str(found.get_last_sign_display())), "date": _date(found.silent_since), "count": count}
    return gettext("%(sign)s on %(date)s; %(count)s since") % sign


def _is_news(found: ContactEngagement) -> bool:
    return bool(found.stage_since and found.stage_since >= timezone.now() - NEWS)


def _reads(found: ContactEngagement) -> PortraitFact:
    hour = f"{found.preferred_hour or 0:02}:00"
    weekday = weekday_name(found.preferred_weekday)
    value = gettext("%(hour)s, mostly on a %(weekday)s") % {"hour": hour, "weekday": weekday} if weekday else hour
    count = found.hour_evidence_count
    words = ngettext("By %(count)s click or order", "By %(count)s clicks and orders", count)
    return PortraitFact(gettext("Reads and buys at"), value, words % {"count": count}, found.computed_at)


def _date(moment: datetime) -> str:
    return date_format(timezone.localtime(moment), "DATE_FORMAT")
