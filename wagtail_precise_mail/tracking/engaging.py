"""The nightly run over engagement: who reacted when, how many mails went unanswered, and the stage that follows.

Set by set in SQL, one range of contacts per transaction: memory stays flat, and a run that was cut off, or that runs
twice, leaves nothing wrong behind.
"""

from __future__ import annotations

import logging
import time
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Case, CharField, Count, F, Max, Q, QuerySet, Value, When
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from wagtail_precise_mail.commerce.models import Order
from wagtail_precise_mail.commerce.viewed import ProductView
from wagtail_precise_mail.contacts.freshness import Cycle, cycles, note_success
from wagtail_precise_mail.contacts.models import Consent, ConsentStatus, Contact
from wagtail_precise_mail.segments.movements import Movement
from wagtail_precise_mail.tracking.engagement import ContactEngagement, EngagementStage, Sign
from wagtail_precise_mail.tracking.models import MessageEvent, SurveyAnswer
from wagtail_precise_mail.tracking.send_hours import learn_hours
from wagtail_precise_mail.tracking.site_views import SiteView
from wagtail_precise_mail.tracking.stages import Borders, asking_mails, borders

logger = logging.getLogger(__name__)

AXIS = "engagement"
CHUNK = 20_000
"""Contacts whose engagement is worked out in one transaction."""
DAYS = 90
"""How far back clicks and mails are counted."""

cycles.register(AXIS)(Cycle(_("Engagement of contacts"), timedelta(days=1), lambda at: asking_mails(at).exists()))


def engage(*, at: datetime | None = None, after: int = 0, seconds: float | None = None) -> int | None:
    """Work out the engagement of every contact as of a moment, in the order of their ids.

    Args:
        after: the id behind which to go on.
        seconds: stop after so long.

    Returns:
        None when all are done, else the id to go on behind.
    """
    at = at or timezone.now()
    deadline = None if seconds is None else time.monotonic() + seconds
    limits = borders(at=at)
    while (last := _last_of_chunk(after)) is not None:
        _engage_range(Q(contact__gt=after, contact__lte=last), limits, at)
        after = last
        if deadline is not None and time.monotonic() >= deadline:
            return after
    note_success(AXIS, at)
    return None


def engage_contacts(contact_ids: list[int], *, at: datetime | None = None) -> None:
    """Work out the engagement of a few contacts, such as those a campaign just asked about."""
    at = at or timezone.now()
    limits = borders(at=at)
    for start in range(0, len(contact_ids), 500):
        _engage_range(Q(contact__in=contact_ids[start : start + 500]), limits, at)


def _last_of_chunk(after: int) -> int | None:
    ordered = Contact.objects.filter(pk__gt=after).order_by("pk").values_list("pk", flat=True)
    last = ordered[CHUNK - 1 : CHUNK].first()
    return last if last is not None else ordered.last()


@transaction.atomic
def _engage_range(chosen: Q, limits: Borders, at: datetime) -> None:
    _write_facts(chosen, at)
    _let_go(chosen, at)
    learn_hours(chosen, at=at)
    _move(chosen, limits, at)


# COUNT with a filter and not with CASE: both databases know it. Without MATERIALIZED PostgreSQL would read the signs
# once for each use of them.
_WRITE = """
    INSERT INTO {table} (contact_id, stage, last_open_at, last_click_at, clicks_90_days, mails_90_days,
        unanswered_count, silent_since, last_sign, hour_evidence_count, computed_at)
    WITH sign (contact_id, kind, happened_at, recent) AS ({signs}),
    heard AS MATERIALIZED (
        SELECT contact_id, MAX(happened_at) AS happened_at,
            {by_kind},
            COALESCE(SUM(CASE WHEN kind = 'click' THEN recent END), 0) AS clicks
        FROM sign GROUP BY contact_id
    ),
    mail (contact_id, handed_off_at) AS ({mails}),
    counted AS (
        SELECT mail.contact_id, MIN(mail.handed_off_at) AS first_at,
            COUNT(CASE WHEN mail.handed_off_at >= {moment} THEN 1 END) AS recent,
            COUNT(CASE WHEN heard.happened_at IS NULL OR mail.handed_off_at > heard.happened_at THEN 1 END)
                AS unanswered
        FROM mail LEFT JOIN heard ON heard.contact_id = mail.contact_id
        GROUP BY mail.contact_id
    )
    SELECT counted.contact_id, '', heard.open_at, heard.click_at, COALESCE(heard.clicks, 0), counted.recent,
        counted.unanswered, COALESCE(heard.happened_at, counted.first_at), {last_sign}, 0, {moment}
    FROM counted LEFT JOIN heard ON heard.contact_id = counted.contact_id
    WHERE true
    ON CONFLICT (contact_id) DO UPDATE SET {updates}
"""
_UPDATED = [
    "last_open_at",
    "last_click_at",
    "clicks_90_days",
    "mails_90_days",
    "unanswered_count",
    "silent_since",
    "last_sign",
    "computed_at",
]


def _write_facts(chosen: Q, at: datetime) -> None:
    """Write what is counted, of everybody in a range who got a mail and may be tracked: one statement."""
    signs, sign_parameters = _union(_signs(chosen, at))
    mails = asking_mails(at).filter(chosen, contact__is_tracking_allowed=True)
    mail_sql, mail_parameters = _compiled(mails.values_list("contact_id", "handed_off_at"))
    by_kind = ", ".join(f"MAX(CASE WHEN kind = '{kind}' THEN happened_at END) AS {kind}_at" for kind in Sign.values)
    whens = " ".join(f"WHEN heard.{kind}_at = heard.happened_at THEN '{kind}'" for kind in Sign.values)
    sql = _WRITE.format(
        table=connection.ops.quote_name(ContactEngagement._meta.db_table),
        signs=signs,
        by_kind=by_kind,
        mails=mail_sql,
        last_sign=f"CASE {whens} ELSE '' END",
        moment="%s::timestamptz" if connection.vendor == "postgresql" else "%s",
        updates=", ".join(f"{name} = excluded.{name}" for name in _UPDATED),
    )
    since = at - timedelta(days=DAYS)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL jit TO off")  # compiling each statement anew takes longer than it saves
        cursor.execute(sql, [*sign_parameters, *mail_parameters, _stored(since), _stored(at)])


def _signs(chosen: Q, at: datetime) -> list[QuerySet[Any]]:
    """Return every kind of sign of life with the last moment of each contact, and how often within 90 days."""
    recent = Q(happened_at__gte=at - timedelta(days=DAYS))
    events = MessageEvent.objects.filter(
        chosen, kind__in=[Sign.OPEN, Sign.CLICK], is_machine=False, happened_at__lte=at
    )
    reactions = events.order_by().values_list("contact_id", "kind")
    return [
        reactions.annotate(wpm_last=Max("happened_at"), wpm_recent=Count("pk", filter=recent)),
        _latest(Order.objects.filter(chosen, kind=Order.Kind.SALE), Sign.ORDER, "placed_at", at),
        _latest(SurveyAnswer.objects.filter(chosen), Sign.ANSWER, "answered_at", at),
        _latest(SiteView.objects.filter(chosen), Sign.VISIT, "happened_at", at),
        _latest(ProductView.objects.filter(chosen), Sign.VISIT, "viewed_at", at),
        _latest(Consent.objects.filter(chosen, status=ConsentStatus.GRANTED), Sign.SIGN_UP, "changed_at", at),
    ]


def _latest(rows: QuerySet[Any], sign: Sign, moment: str, at: datetime) -> QuerySet[Any]:
    grouped = rows.filter(**{f"{moment}__lte": at}).order_by().values("contact_id")
    return grouped.annotate(wpm_sign=Value(sign.value), wpm_last=Max(moment), wpm_recent=Value(0)).values_list(
        "contact_id", "wpm_sign", "wpm_last", "wpm_recent"
    )


def _union(queries: list[QuerySet[Any]]) -> tuple[str, list[Any]]:
    # Not QuerySet.union: SQLite wants no brackets around the parts, and Django adds some.
    parts = [_compiled(query) for query in queries]
    return " UNION ALL ".join(sql for sql, _parameters in parts), [one for _sql, some in parts for one in some]


def _compiled(query: QuerySet[Any]) -> tuple[str, list[Any]]:
    sql, parameters = query.query.get_compiler(connection=connection).as_sql()
    return sql, list(parameters)


def _stored(moment: datetime) -> Any:
    return ContactEngagement._meta.get_field("computed_at").get_db_prep_value(moment, connection)


def _let_go(chosen: Q, at: datetime) -> None:
    """Delete the rows of whom nothing can be said any more, with a last movement to nowhere."""
    stale = ContactEngagement.objects.filter(chosen).exclude(computed_at=at)
    Movement.objects.bulk_create(
        [
            Movement(contact_id=pk, axis=AXIS, before=stage, after="", moved_at=at)
            for pk, stage in stale.exclude(stage="").values_list("pk", "stage")
        ],
        batch_size=1000,
    )
    stale.delete()


def _move(chosen: Q, limits: Borders, at: datetime) -> None:
    """Give everybody their stage, and keep who moved."""
    moved = (
        ContactEngagement.objects.filter(chosen).annotate(wpm_stage=_stage(limits, at)).exclude(stage=F("wpm_stage"))
    )
    rows = moved.order_by("pk").values_list("pk", "stage", "wpm_stage")
    Movement.objects.bulk_create(
        [Movement(contact_id=pk, axis=AXIS, before=old, after=new, moved_at=at) for pk, old, new in rows],
        batch_size=1000,
    )
    moved.update(stage=_stage(limits, at), stage_since=at)


def _stage(limits: Borders, at: datetime) -> Case:
    # The last stage first: CASE takes the first that holds.
    whens = [
        When(silent_since__lte=at - timedelta(days=days), unanswered_count__gte=mails, then=Value(stage.value))
        for stage, days, mails in reversed(limits.rows())
    ]
    return Case(*whens, default=Value(EngagementStage.ENGAGED.value), output_field=CharField())
