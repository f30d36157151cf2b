"""Gathering digests: whose period is over gets one message with all that waits, in restartable chunks.

An issue that was given to a digest belongs to no other. The messages then leave by the way of all mail: claimed, looked
at by the gate, handed over, and counted.
"""

from __future__ import annotations

import logging
import time
from collections import defaultdict
from datetime import datetime
from typing import TYPE_CHECKING

from django.db import connection, transaction
from django.db.models import CharField, Min, Q, QuerySet, Value
from django.utils import timezone
from wagtail.log_actions import log
from wagtail.models import Site

from wagtail_precise_mail.conf import options
from wagtail_precise_mail.contacts.legal_settings import LegalSettings
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.contacts.zones import zone_of
from wagtail_precise_mail.delivery.digests.emailing import compile_digest
from wagtail_precise_mail.delivery.digests.models import DigestIssue
from wagtail_precise_mail.delivery.digests.periods import may_leave, over_since
from wagtail_precise_mail.delivery.freezing import insert_messages, start_running
from wagtail_precise_mail.delivery.models import OutboxMessage, Send
from wagtail_precise_mail.delivery.moves import resume
from wagtail_precise_mail.delivery.services import start_send
from wagtail_precise_mail.emails.models import BrandSettings
from wagtail_precise_mail.emails.senders import sender_problem
from wagtail_precise_mail.emails.sites import base_url_of
from wagtail_precise_mail.exceptions import PreciseMailError

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser

logger = logging.getLogger(__name__)


def send_due_digests(at: datetime | None = None, *, seconds: float | None = None) -> list[Send]:
    """Send the digests that are due on any site. Any number of copies may run, and any may die at any line.

    Args:
        seconds: stop gathering after so long; the next call goes on. None takes the option ``task_seconds``.

    Returns:
        The sends that this call gathered messages for.
    """
    at = at or timezone.now()
    deadline = time.monotonic() + (options().task_seconds if seconds is None else seconds)
    waiting = DigestIssue.objects.filter(digest=None).order_by().values("site").distinct()
    open_sends = Send.objects.filter(origin_kind=Send.DIGEST, state=Send.State.FREEZING)
    site_ids = open_sends.values_list("origin_id", flat=True)
    gathered = []
    for site in Site.objects.filter(Q(pk__in=waiting) | Q(pk__in=list(site_ids))).order_by("pk"):
        try:
            if send := _gather(site, at, deadline):
                gathered.append(send)
        except PreciseMailError as error:
            # What waits goes on waiting; the digests of the other sites leave.
            logger.error("No digest of %s can leave: %s", site, error)
    return gathered


@transaction.atomic
def resume_digests(send: Send, *, by: AbstractBaseUser | None) -> None:
    """Let digests that were stopped, such as by a mail server that refused everything, go on where they stopped.

    Raises:
        InvalidTransition: they are not paused.
    """
    resume(send)
    log(instance=send, action="wagtail_precise_mail.resume_digests", user=by)


def due_issues(site: Site, *, at: datetime) -> QuerySet[DigestIssue]:
    """Return the issues that wait for a digest whose time has come.

    Nothing about time is stored with an issue, so a new pace, time zone or pause counts at once. The contact's city is
    not looked at: of countries with several clocks, those of most people count.
    """
    waiting = DigestIssue.objects.filter(site=site, digest=None)
    # A pause keeps what waits; it comes when the pause is over.
    waiting = waiting.exclude(contact__paused_until__gt=at)
    is_due = _is_due(waiting, LegalSettings.of(site), at)
    return waiting.filter(is_due) if is_due else waiting.none()


def _is_due(waiting: QuerySet[DigestIssue], legal: LegalSettings, at: datetime) -> Q | None:
    """Return the condition by pace and by the end of a period, of which few zones on earth make different moments."""
    hour, own = options().digest_hour, legal.quiet_hours
    places: dict[tuple[str, datetime], dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    rows = waiting.order_by().values_list("contact__cadence", "contact__time_zone", "contact__country")
    for cadence, zone_name, country, oldest in rows.annotate(Min("kept_at")):
        zone = zone_of(Contact(time_zone=zone_name, country=country)).zone
        ends_at = over_since(cadence, zone, at=at, hour=hour)
        quiet = [hours for hours in (own, legal.profile_for(country).quiet_hours) if hours]
        if oldest < ends_at and may_leave(zone, at=at, hour=hour, quiet=quiet):
            places[cadence, ends_at][zone_name].append(country)
    found = None
    for (cadence, ends_at), by_zone in places.items():
        for zone_name, countries in by_zone.items():
            one = Q(
                contact__cadence=cadence,
                contact__time_zone=zone_name,
                contact__country__in=countries,
                kept_at__lt=ends_at,
            )
            found = one if found is None else found | one
    return found


def _gather(site: Site, at: datetime, deadline: float) -> Send | None:
    """Go on with the digests of a site, or begin with them when some are due."""
    of_site = Send.objects.filter(origin_kind=Send.DIGEST, origin_id=site.pk)
    if of_site.filter(state=Send.State.PAUSED, state_before_pause=Send.State.FREEZING).exists():
        return None  # somebody stopped the gathering: it goes on when they resume it
    send = of_site.filter(state=Send.State.FREEZING).first()
    due = due_issues(site, at=at)
    if send is None and (not due.exists() or (send := _open_send(site, at)) is None):
        return None
    while (last := _last_of_chunk(due, cursor := _cursor(send))) is not None:
        if not _give_chunk(send, due, cursor, last, at):
            return send
        if time.monotonic() >= deadline:
            return send
    start_running(send, at)
    return send


def _open_send(site: Site, at: datetime) -> Send | None:
    sender = BrandSettings.for_site(site).sender
    if problem := sender_problem(sender):
        logger.error("No digest of %s can leave: %s", site, problem)
        return None
    assert sender is not None  # noqa: S101 - for types
    compiled, translations = compile_digest(site, at=at)
    with transaction.atomic():
        return start_send(
            origin_kind=Send.DIGEST,
            origin_id=site.pk,
            compiled=compiled,
            translations=translations,
            topic=None,
            from_name=sender.name,
            from_address=sender.address,
            reply_to=sender.reply_to,
            base_url=base_url_of(site),
            at=at,
        )


def _cursor(send: Send) -> int:
    return Send.objects.values_list("freeze_cursor", flat=True).get(pk=send.pk)


def _last_of_chunk(due: QuerySet[DigestIssue], cursor: int) -> int | None:
    contacts = due.filter(contact__gt=cursor).order_by("contact_id").values_list("contact_id", flat=True).distinct()
    size = options().freeze_chunk_size
    last = contacts[size - 1 : size].first()
    return last if last is not None else contacts.last()


def _give_chunk(send: Send, due: QuerySet[DigestIssue], cursor: int, last: int, at: datetime) -> bool:
    """Write one message per contact and give it their issues, with the place after them; or nothing of it."""
    chunk = due.filter(contact__gt=cursor, contact__lte=last)
    with transaction.atomic():
        # First, because it locks the send: another worker waits, and finds that this chunk is done.
        moved = Send.objects.filter(pk=send.pk, state=Send.State.FREEZING, freeze_cursor=cursor)
        if not moved.update(freeze_cursor=last):
            return False
        contacts = Contact.objects.filter(pk__in=chunk.values("contact"))
        insert_messages(send, contacts.annotate(wpm_reason=Value("", output_field=CharField())), at)
        _give(send, chunk, after=cursor, until=last)
        written = OutboxMessage.objects.filter(send=send, contact__gt=cursor, contact__lte=last)
        written.filter(digest_issues=None).delete()
    return True


# A join, and no look-up for each issue: with statistics from before the send, PostgreSQL would read all of its messages
# for every one of them. The condition on the issue is looked at again on a row that somebody else has just given away.
_GIVE = """
    UPDATE {issues} SET digest_id = message.id
    FROM {messages} AS message
    WHERE message.send_id = %s AND message.contact_id > %s AND message.contact_id <= %s
        AND message.contact_id = {issues}.contact_id AND {issues}.digest_id IS NULL AND {issues}.id IN ({chunk})
"""


def _give(send: Send, chunk: QuerySet[DigestIssue], *, after: int, until: int) -> None:
    """Write into the issues of a chunk which message of the send they are in, where they are in none."""
    sql, parameters = chunk.values("pk").query.get_compiler(connection=connection).as_sql()
    quote = connection.ops.quote_name
    statement = _GIVE.format(
        issues=quote(DigestIssue._meta.db_table), messages=quote(OutboxMessage._meta.db_table), chunk=sql
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [send.pk, after, until, *parameters])
