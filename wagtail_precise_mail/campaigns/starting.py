"""What happens when a campaign's time has come: claim it, pin its email, freeze its audience.

Any number of workers may try at once, and any of them may die at any line. The claim is one conditional update, the
send is attached by another, the freeze keeps its place; so the next minute's pump goes on from wherever it stopped.
"""

from __future__ import annotations

import logging
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast

from django.db import DatabaseError, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from wagtail.models import Revision

from wagtail_precise_mail.background import enqueue
from wagtail_precise_mail.campaigns.frozen import describe, frozen_of
from wagtail_precise_mail.campaigns.models import Campaign
from wagtail_precise_mail.campaigns.moves import move, record
from wagtail_precise_mail.campaigns.senders import require_sender
from wagtail_precise_mail.campaigns.translations import pinned_translations
from wagtail_precise_mail.conf import options
from wagtail_precise_mail.delivery import services as delivery
from wagtail_precise_mail.delivery.models import Send
from wagtail_precise_mail.emails import pins
from wagtail_precise_mail.emails.models import Email
from wagtail_precise_mail.emails.periods import sendable_until
from wagtail_precise_mail.emails.services import compile_email
from wagtail_precise_mail.emails.sites import base_url_of
from wagtail_precise_mail.exceptions import InvalidRules, InvalidTransition, NotReady, PreciseMailError, RenderError
from wagtail_precise_mail.segments.queries import members

if TYPE_CHECKING:
    from wagtail_precise_mail.emails.models import CompiledEmail
    from wagtail_precise_mail.emails.pins import Change

logger = logging.getLogger(__name__)

# By its path: tasks stand above services.
START_TASK = "wagtail_precise_mail.campaigns.tasks.start_campaign"
# As ``Send.origin_kind``.
ORIGIN_KIND = "campaign"
PERMISSION = "wagtail_precise_mail.send_campaign"

# Changes that a reason to pause and the log name.
_NAMED_CHANGES = 5

State = Campaign.State
_VERBS = {State.SENT: "finish", State.PAUSED: "pause", State.SENDING: "resume", State.CANCELLED: "cancel"}


def start_due(at: datetime | None = None) -> list[int]:
    """Start every campaign whose time has come, and go on with those that were interrupted.

    Returns:
        The ids of the campaigns that this call started; another worker may have started others.
    """
    at = at or timezone.now()
    follow_sends()
    due = Campaign.objects.filter(state=State.SCHEDULED, scheduled_at__lte=at).order_by("scheduled_at", "pk")
    interrupted = Campaign.objects.filter(state=State.SENDING).filter(Q(send=None) | Q(send__state=Send.State.FREEZING))
    interrupted_ids = list(interrupted.values_list("pk", flat=True))
    started = [pk for pk in list(due.values_list("pk", flat=True)) if start(pk, at=at)]
    for pk in interrupted_ids:
        gather(pk, at=at)
    return started


def start(campaign_id: int, *, at: datetime) -> bool:
    """Start one campaign if it is due and nobody else did.

    Returns:
        Whether this call claimed it.
    """
    due = Campaign.objects.filter(pk=campaign_id, state=State.SCHEDULED, scheduled_at__lte=at)
    if not due.update(state=State.SENDING, started_at=at):
        return False
    gather(campaign_id, at=at)
    return True


def gather(campaign_id: int, *, at: datetime) -> None:
    """Freeze the audience of a claimed campaign into outbox messages; pause it when that cannot work.

    Harmless to repeat: also while another worker does the same.
    """
    campaign = (
        Campaign.objects.select_related("email", "segment", "topic", "site", "sender", "scheduled_by", "send")
        .filter(pk=campaign_id, state=State.SENDING)
        .first()
    )
    if campaign is None:
        return
    try:
        _gather(campaign, at)
    except PreciseMailError as error:
        _hold(campaign, _reason(campaign, error))
    except DatabaseError:
        # A lock or a lost connection passes; the pump comes back within a minute.
        logger.exception("Campaign %s could not start; the pump will try again.", campaign_id)
    except Exception as error:  # an extension of the site may raise anything; one campaign must not stop the others
        logger.exception("Campaign %s could not start.", campaign_id)
        _hold(campaign, _("Unexpected error, see the log of the server: %(error)s") % {"error": repr(error)[:300]})


def follow_sends() -> None:
    """Bring campaigns in line with their sends, in case a signal was lost with its worker."""
    for was, send_state, becomes in [
        (State.SENDING, Send.State.FINISHED, State.SENT),
        (State.PAUSED, Send.State.FINISHED, State.SENT),
        (State.SENDING, Send.State.PAUSED, State.PAUSED),
        (State.PAUSED, Send.State.RUNNING, State.SENDING),
        (State.PAUSED, Send.State.FREEZING, State.SENDING),
        (State.SENDING, Send.State.CANCELLED, State.CANCELLED),
        (State.PAUSED, Send.State.CANCELLED, State.CANCELLED),
    ]:
        for campaign in Campaign.objects.filter(state=was, send__state=send_state).select_related("send"):
            follow(campaign, becomes)


def follow(campaign: Campaign, state: Campaign.State) -> None:
    """Take over the state of a campaign's send; somebody who was faster is right."""
    send = cast("Send", campaign.send)
    verb = _VERBS[state]
    reason = send.pause_reason if state == State.PAUSED else ""
    try:
        move(campaign, state, verb=verb, by=None, data={"reason": reason} if reason else None, pause_reason=reason)
    except InvalidTransition:
        logger.info("Campaign %s has moved on by itself.", campaign.pk)


def pinned_email(campaign: Campaign) -> Email:
    """Return the email as it was approved when the campaign was scheduled.

    Raises:
        NotReady: that version was deleted.
    """
    revision = Revision.objects.filter(pk=campaign.email_revision_id).first()
    if revision is None:
        raise NotReady([_("The approved version of the email no longer exists. Unschedule, then schedule again.")])
    return cast("Email", revision.as_object())


def approve_content(campaign: Campaign, *, at: datetime) -> None:
    """Keep what the campaign's versions of the email show now: whoever schedules or resumes it has approved that."""
    for email, revision_id in _approved(campaign):
        pins.pin(
            email,
            email.body,
            revision_id=revision_id,
            at=at,
            origin_kind=ORIGIN_KIND,
            origin_id=campaign.pk,
            site=campaign.site,
        )


def changes_since_scheduled(campaign: Campaign) -> list[Change]:
    """Return what is different now from what the campaign's email showed when it was scheduled or resumed last.

    What is different in several languages is named once. Hints about lists, which choose anew, are among them.
    """
    found: dict[str, Change] = {}
    pinned: list[tuple[Email, int | None]] = [(campaign.email, campaign.email_revision_id)]
    pinned += [(email, campaign.translation_revisions[code]) for code, email in pinned_translations(campaign).items()]
    for email, revision_id in pinned:
        approval = pins.approval_of(email, revision_id=revision_id, origin_kind=ORIGIN_KIND, origin_id=campaign.pk)
        for change in pins.changes_since(approval):
            found.setdefault(str(change), change)
    return list(found.values())


def _approved(campaign: Campaign) -> list[tuple[Email, int]]:
    """The pinned versions in every language, with the id of their revision."""
    original = (pinned_email(campaign), cast("int", campaign.email_revision_id))
    others = pinned_translations(campaign).items()
    return [original, *((email, campaign.translation_revisions[language]) for language, email in others)]


def in_words(changes: list[Change]) -> str:
    """Return the first changes in one line, and the number of the others."""
    words = "; ".join(str(change) for change in changes[:_NAMED_CHANGES])
    more = len(changes) - _NAMED_CHANGES
    return _("%(changes)s; and %(count)s more") % {"changes": words, "count": more} if more > 0 else words


def compile_for(campaign: Campaign, email: Email, *, revision_id: int | None, at: datetime, by: Any) -> CompiledEmail:
    """Compile a version of the campaign's email for its site; the same version again costs no MJML.

    Raises:
        RenderError: a block cannot be rendered.
    """
    where = {"site": campaign.site, "base_url": base_url_of(campaign.site)}
    return compile_email(email, **where, revision_id=revision_id, at=at, by=by)


def _gather(campaign: Campaign, at: datetime) -> None:
    _require_starter(campaign)
    as_of = campaign.started_at or at
    send = campaign.send or _open_send(campaign, at)
    if send is None or send.state != Send.State.FREEZING:
        return
    frozen = frozen_of(send) or describe(campaign)
    contacts = members(frozen.rules, at=as_of)
    excluded = [members(rules, at=as_of) for rules in frozen.excluded]
    # In slices below the cluster's timeout: a million contacts take longer than one task may.
    complete = delivery.freeze(send, contacts, excluded=excluded, at=at, seconds=options().task_seconds)
    if not complete and send.state == Send.State.FREEZING:
        enqueue(START_TASK, campaign.pk)


def _require_starter(campaign: Campaign) -> None:
    user = campaign.scheduled_by
    if user is None:
        raise NotReady([_("The person who scheduled it no longer has an account. Somebody else may resume it.")])
    if not user.is_active or not user.has_perm(PERMISSION):
        raise NotReady(
            [_("%(person)s may no longer send campaigns. Somebody else may resume it.") % {"person": str(user)}]
        )


def _open_send(campaign: Campaign, at: datetime) -> Send | None:
    audience = describe(campaign)
    sender = require_sender(campaign)
    email = pinned_email(campaign)
    compiled = compile_for(
        campaign,
        email,
        revision_id=campaign.email_revision_id,
        at=at,
        by=campaign.scheduled_by,
    )
    approved = pinned_translations(campaign)
    translations = {
        language: compile_for(
            campaign,
            translation,
            revision_id=campaign.translation_revisions[language],
            at=at,
            by=campaign.scheduled_by,
        )
        for language, translation in approved.items()
    }
    changes = [change for change in changes_since_scheduled(campaign) if not change.is_hint]
    _require_approved_prices(changes)
    with transaction.atomic():
        send = delivery.start_send(
            origin_kind=ORIGIN_KIND,
            origin_id=campaign.pk,
            compiled=compiled,
            translations=translations,
            topic=campaign.topic,
            asks_permission=campaign.asks_permission,
            from_name=sender.name,
            from_address=sender.address,
            reply_to=sender.reply_to,
            base_url=base_url_of(campaign.site),
            # However long the send takes or rests: what an offer promised must still hold when it is read.
            send_before=min(
                filter(None, (sendable_until(one.body) for one in (email, *approved.values()))), default=None
            ),
            digest_site=campaign.site if campaign.topic.has_digests else None,
            audience=audience.to_json(),
            at=at,
        )
        claimed = Campaign.objects.filter(pk=campaign.pk, state=State.SENDING, send=None)
        if not claimed.update(send=send):
            # Paused or cancelled in this very moment, or another worker was faster: it has the send.
            transaction.set_rollback(True)
            return None
        campaign.send = send
        record(campaign, "start", by=None, data={"send": send.pk, "revision": campaign.email_revision_id})
        if changes:
            record(campaign, "differ", by=None, data={"changes": in_words(changes)})
    return send


def _require_approved_prices(changes: list[Change]) -> None:
    prices = [change for change in changes if change.is_price]
    if prices and options().price_change == "stop":
        message = _("Prices are not those that were approved: %(changes)s. Look at the email; resuming approves them.")
        raise NotReady([message % {"changes": in_words(prices)}])


def _reason(campaign: Campaign, error: PreciseMailError) -> str:
    if isinstance(error, InvalidRules):
        return _("The audience “%(segment)s” cannot be evaluated: %(error)s") % {
            "segment": campaign.segment,
            "error": error,
        }
    if isinstance(error, RenderError):
        return _("The email “%(email)s” cannot be rendered: %(error)s") % {"email": campaign.email, "error": error}
    return str(error)


def _hold(campaign: Campaign, reason: str) -> None:
    campaign.refresh_from_db(fields=["state", "send"])
    try:
        with transaction.atomic():
            move(campaign, State.PAUSED, verb="pause", by=None, data={"reason": reason}, pause_reason=reason)
            if campaign.send:
                delivery.pause(campaign.send, reason=reason)
    except InvalidTransition:
        logger.info("Campaign %s was moved by somebody else while it failed to start.", campaign.pk)
