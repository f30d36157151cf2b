"""Whether the marketing mail of a sender is stopped, and the sentence that says why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.formats import number_format
from django.utils.translation import gettext_lazy as _

from wagtail_precise_mail.charts import as_count, as_percent
from wagtail_precise_mail.delivery.pacing.models import Alarm

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

Kind, Level = Alarm.Kind, Alarm.Level

_WHAT: dict[str, StrPromise] = {
    Kind.COMPLAINTS: _(
        "%(events)s of %(base)s contacts called mail from %(domain)s spam: %(percent)s, and %(limit)s is the limit"
    ),
    Kind.BOUNCES: _(
        "%(events)s of %(base)s messages from %(domain)s went to addresses that do not exist: %(percent)s, and "
        "%(limit)s is the limit"
    ),
    Kind.BLOCKS: _(
        "%(events)s of %(base)s messages from %(domain)s were blocked by receivers: %(percent)s, and %(limit)s is "
        "the limit"
    ),
    Kind.VOLUME: _(
        "%(events)s messages from %(domain)s leave within a day, and the most in the last 30 days was %(limit)s"
    ),
}

ADVICE: dict[str, StrPromise] = {
    Kind.COMPLAINTS: _(
        "Look at whom the last mail went to and how they came on the list, and write to those first who read our mail. "
        "Providers refuse everything from a sender whom too many people complain about."
    ),
    Kind.BOUNCES: _(
        "Look at where these addresses come from: an old or bought list, or a form without confirmation. Clean the "
        "list before you go on."
    ),
    Kind.BLOCKS: _(
        "Look at the answers of the servers and at the report Deliverability: a blocklist, a missing SPF or DKIM "
        "record, or too much mail at once."
    ),
    Kind.VOLUME: _("Look at whether the segment is the one that was meant. If it is, let the sender go on."),
}


def stop_of(domain: str) -> Alarm | None:
    """Return what stops the marketing mail of a sender domain, or None."""
    return Alarm.objects.filter(domain=domain, level=Level.STOP, ended_at=None).order_by("raised_at").first()


def sentence(alarm: Alarm) -> str:
    """Return what was too much, as a sentence without its full stop."""
    share = 100 * alarm.event_count / alarm.base_count if alarm.base_count else 0
    is_number = alarm.kind == Kind.VOLUME
    return str(_WHAT[alarm.kind]) % {
        "events": number_format(alarm.event_count, force_grouping=True),
        "base": number_format(alarm.base_count, force_grouping=True),
        "domain": alarm.domain,
        "percent": as_percent(share, None),
        "limit": as_count(alarm.limit) if is_number else as_percent(alarm.limit, None),
    }
