"""What people do with campaigns. Each verb checks the state, writes once, logs, and wakes the worker.

Who may do it is the caller's question; that the starter still may is asked again when the time has come.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from wagtail_precise_mail import background
from wagtail_precise_mail.campaigns import preflight
from wagtail_precise_mail.campaigns.models import Campaign
from wagtail_precise_mail.campaigns.moves import move, record
from wagtail_precise_mail.campaigns.starting import (
    ORIGIN_KIND,
    START_TASK,
    approve_content,
    pinned_email,
    start_due,
)
from wagtail_precise_mail.campaigns.translations import pinned_translations, published_translations
from wagtail_precise_mail.delivery import services as delivery
from wagtail_precise_mail.emails import pins
from wagtail_precise_mail.emails.periods import sendable_from, sendable_until
from wagtail_precise_mail.exceptions import InvalidTransition, NotReady

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser

__all__ = ["cancel", "evaluate", "pause", "reschedule", "resume", "schedule", "start_due", "unschedule"]

State = Campaign.State


def schedule(
    campaign: Campaign,
    *,
    scheduled_at: datetime,
    by: AbstractBaseUser,
    time_zone: str | None = None,
    at: datetime | None = None,
) -> Campaign:
    """Pin the approved version of the email, and of its translations, and send it at a time.

    Later edits of the email do not reach this campaign. The email is compiled now, so that its errors show now; the
    send takes the same compiled email unless a page or product has changed by then.

    Args:
        scheduled_at: when to send (aware); ``at`` itself means now.
        by: whose permission is asked for again when the time has come.
        time_zone: in which the time was chosen, such as "Europe/Berlin"; None keeps the campaign's.

    Raises:
        InvalidTransition: it is not a draft.
        NotReady: something is missing; ``.problems`` says what, and what to do.
    """
    at = at or timezone.now()
    campaign.refresh_from_db()
    if campaign.state != State.DRAFT:
        raise InvalidTransition(_("Only a draft can be scheduled."))
    _refuse_the_past(scheduled_at, at)
    campaign.time_zone = time_zone or campaign.time_zone  # quiet hours are those of its clocks
    preflight.require_ready(campaign, at=at, send_at=scheduled_at, by=by)
    with transaction.atomic():
        move(
            campaign,
            State.SCHEDULED,
            verb="schedule",
            by=by,
            data={
                "scheduled_at": scheduled_at.astimezone(UTC).isoformat(),
                "revision": campaign.email.live_revision_id,
            },
            scheduled_at=scheduled_at,
            time_zone=time_zone or campaign.time_zone,
            scheduled_by=by,
            email_revision_id=campaign.email.live_revision_id,
            translation_revisions={
                language: email.live_revision_id for language, email in published_translations(campaign.email).items()
            },
            pause_reason="",
        )
        approve_content(campaign, at=at)
        _wake(campaign, at)
    return campaign


def reschedule(
    campaign: Campaign,
    *,
    scheduled_at: datetime,
    by: AbstractBaseUser,
    time_zone: str | None = None,
    at: datetime | None = None,
) -> Campaign:
    """Choose another time for a campaign that has not started; what it sends and to whom stays.

    Raises:
        InvalidTransition: it is neither scheduled nor paused before its start.
        NotReady: the time is past or within quiet hours, or a check says that what was approved must not go out then:
            an offer or the license of an image has ended, in whatever language.
    """
    at = at or timezone.now()
    _refuse_the_past(scheduled_at, at)
    if campaign.email_revision_id is not None:
        _refuse_other_times_than_its_offers(campaign, scheduled_at)
        preflight.require_approved_ready(campaign, send_at=scheduled_at)
    preflight.require_no_quiet_hours(campaign, at=at, send_at=scheduled_at, time_zone=time_zone or campaign.time_zone)
    with transaction.atomic():
        waiting = Campaign.objects.filter(
            pk=campaign.pk, state__in=[State.SCHEDULED, State.PAUSED], send=None, started_at=None
        )
        zone = {"time_zone": time_zone} if time_zone else {}
        if not waiting.update(scheduled_at=scheduled_at, scheduled_by=by, **zone):
            raise InvalidTransition(_("Only a campaign that has not started can get another time."))
        campaign.refresh_from_db()
        record(campaign, "reschedule", by=by, data={"scheduled_at": scheduled_at.astimezone(UTC).isoformat()})
        if campaign.state == State.SCHEDULED:
            _wake(campaign, at)
    return campaign


def unschedule(campaign: Campaign, *, by: AbstractBaseUser) -> Campaign:
    """Make a campaign a draft again, as long as nobody was written to.

    Raises:
        InvalidTransition: it has started, or is over.
    """
    campaign.refresh_from_db()
    if campaign.has_frozen_audience:
        raise InvalidTransition(_("Its audience is frozen already: cancel it instead."))
    with transaction.atomic():
        move(
            campaign,
            State.DRAFT,
            verb="unschedule",
            by=by,
            scheduled_by=None,
            email_revision_id=None,
            translation_revisions={},
            started_at=None,
            pause_reason="",
        )
        background.forget_wake(START_TASK, campaign.pk)
        pins.forget(origin_kind=ORIGIN_KIND, origin_id=campaign.pk)
    return campaign


def pause(campaign: Campaign, *, reason: str, by: AbstractBaseUser | None) -> Campaign:
    """Hold a campaign; one that is sending stops within the batch that is under way.

    Args:
        by: None when the machine does it.

    Raises:
        InvalidTransition: it is neither scheduled nor sending.
    """
    campaign.refresh_from_db()
    with transaction.atomic():
        move(campaign, State.PAUSED, verb="pause", by=by, data={"reason": reason}, pause_reason=reason)
        if campaign.send:
            delivery.pause(campaign.send, reason=reason)
        background.forget_wake(START_TASK, campaign.pk)
    return campaign


def resume(campaign: Campaign, *, by: AbstractBaseUser, at: datetime | None = None) -> Campaign:
    """Go on from where a pause held the campaign; one whose time has passed by now starts at once.

    Whoever resumes it before its start approves the prices, pages and saved blocks as they are now.

    Raises:
        InvalidTransition: it is not paused.
        NotReady: the approved version of the email was deleted.
    """
    at = at or timezone.now()
    campaign.refresh_from_db()
    if campaign.state != State.PAUSED:
        raise InvalidTransition(_("Only a paused campaign can be resumed."))
    goes_on = State.SENDING if campaign.send else State.SCHEDULED
    with transaction.atomic():
        # Who resumes answers for it from now on: the one who scheduled it may have left.
        move(campaign, goes_on, verb="resume", by=by, pause_reason="", scheduled_by=by)
        if campaign.send:
            delivery.resume(campaign.send)
        else:
            approve_content(campaign, at=at)
        _wake(campaign, at)
    return campaign


def cancel(campaign: Campaign, *, by: AbstractBaseUser) -> Campaign:
    """End a campaign for good; messages that have not left stay here.

    Raises:
        InvalidTransition: it is a draft, or over.
    """
    campaign.refresh_from_db()
    with transaction.atomic():
        move(campaign, State.CANCELLED, verb="cancel", by=by, pause_reason="")
        if campaign.send:
            delivery.cancel(campaign.send)
        background.forget_wake(START_TASK, campaign.pk)
    return campaign


def evaluate(campaign: Campaign, *, note: str, by: AbstractBaseUser) -> Campaign:
    """Keep what was learned from a campaign, and close it.

    Raises:
        InvalidTransition: it was not sent.
    """
    campaign.refresh_from_db()
    return move(campaign, State.EVALUATED, verb="evaluate", by=by, evaluation=note)


def _refuse_the_past(scheduled_at: datetime, at: datetime) -> None:
    if scheduled_at < at:
        raise NotReady([_("The time to send is past. Choose a later one.")])


def _refuse_other_times_than_its_offers(campaign: Campaign, scheduled_at: datetime) -> None:
    for email in [pinned_email(campaign), *pinned_translations(campaign).values()]:
        starts_at, ends_at = sendable_from(email.body), sendable_until(email.body)
        if starts_at and scheduled_at < starts_at:
            moment = date_format(timezone.localtime(starts_at), "j F Y, H:i")
            raise NotReady([_("An offer in the email starts on %(moment)s: choose a later time.") % {"moment": moment}])
        if ends_at and scheduled_at >= ends_at:
            moment = date_format(timezone.localtime(ends_at), "j F Y, H:i")
            raise NotReady(
                [_("An offer in the email ends on %(moment)s: choose an earlier time.") % {"moment": moment}]
            )


def _wake(campaign: Campaign, at: datetime) -> None:
    if campaign.state == State.SENDING or (campaign.scheduled_at and campaign.scheduled_at <= at):
        background.forget_wake(START_TASK, campaign.pk)
        background.enqueue(START_TASK, campaign.pk)
    elif campaign.scheduled_at:
        background.wake_at(campaign.scheduled_at, START_TASK, campaign.pk)
