"""Leaving people in peace who no longer read: found, asked once more, suppressed and never deleted."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Count, Exists, F, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext as _

from wagtail_precise_mail.campaigns.sunset import Sunset, SunsetMember
from wagtail_precise_mail.commerce.models import Order
from wagtail_precise_mail.conf import options
from wagtail_precise_mail.contacts.models import Consent, ConsentStatus, Contact, Suppression, SuppressionReason
from wagtail_precise_mail.contacts.queries import ContactQuerySet
from wagtail_precise_mail.contacts.suppressing import suppress_in_bulk
from wagtail_precise_mail.delivery import services as delivery
from wagtail_precise_mail.delivery.models import OutboxMessage, Send
from wagtail_precise_mail.emails.models import BrandSettings
from wagtail_precise_mail.emails.senders import sender_problem
from wagtail_precise_mail.emails.services import compile_email
from wagtail_precise_mail.emails.sites import base_url_of
from wagtail_precise_mail.exceptions import InvalidTransition, NotReady
from wagtail_precise_mail.segments.queries import members
from wagtail_precise_mail.tracking.models import MessageEvent

if TYPE_CHECKING:
    from django.contrib.auth.models import User

ORIGIN_KIND = "sunset"
CHUNK = 2000
_REACTIONS = [MessageEvent.Kind.OPEN, MessageEvent.Kind.CLICK, MessageEvent.Kind.CONVERSION]

State = Sunset.State


def inactive(sunset: Sunset, *, at: datetime) -> ContactQuerySet:
    """Return who got enough mails in the last days and showed no sign of life in them; one query.

    A sign is an open or click by a person, or an order. Who is suppressed, agreed to nothing or is spared is not in it,
    nor who may not be tracked: of them nobody knows.

    Raises:
        InvalidRules: the segment that is spared cannot be evaluated: then nobody is found rather than too many.
    """
    since = at - timedelta(days=sunset.days)
    mails = (
        OutboxMessage.objects.filter(
            contact=OuterRef("pk"), state=OutboxMessage.State.ACCEPTED, send__is_test=False, created_at__gte=since
        )
        .order_by()
        .values("contact")
        .annotate(count=Count("pk"))
        .values("count")
    )
    agreed = Consent.objects.filter(contact=OuterRef("pk"), status=ConsentStatus.GRANTED)
    found = (
        Contact.objects.not_suppressed()
        .annotate(wpm_mails=Coalesce(Subquery(mails), 0))
        .filter(~_has_reacted(since), Exists(agreed), is_tracking_allowed=True, wpm_mails__gte=sunset.mails)
    )
    if sunset.exempt:
        found = found.exclude(pk__in=members(sunset.exempt, at=at).values("pk"))
    return found


def _has_reacted(since: datetime) -> Q:
    events = MessageEvent.objects.filter(
        contact=OuterRef("pk"), kind__in=_REACTIONS, is_machine=False, happened_at__gte=since
    )
    orders = Order.objects.filter(contact=OuterRef("pk"), placed_at__gte=since)
    return Q(Exists(events)) | Q(Exists(orders))


def problems(sunset: Sunset) -> list[str]:
    """Return why a run cannot begin, each a sentence that says what to do."""
    if sunset.email is None:
        return []
    found = []
    if sunset.topic is None:
        found.append(_("Choose the topic of the last-chance email: only who agreed to it may get it."))
    if not sunset.email.live:
        found.append(_("Publish the last-chance email first."))
    if problem := sender_problem(BrandSettings.for_site(sunset.site).sender):
        found.append(str(problem))
    return found


def begin_sunset(sunset: Sunset, *, by: User | None = None, at: datetime | None = None) -> Sunset:
    """Begin a run: keep who is meant, and send the last-chance email, or suppress them at once without one.

    Args:
        sunset: not saved yet, with the policy in it.

    Raises:
        NotReady: the last-chance email cannot be sent.
        InvalidRules: the segment that is spared cannot be evaluated.
        RenderError: the email cannot be rendered; nothing has begun.
    """
    if missing := problems(sunset):
        raise NotReady(missing)
    at = at or timezone.now()
    with transaction.atomic():
        sunset.created_by, sunset.created_at = by, at
        sunset.due_at = at + timedelta(days=sunset.wait_days if sunset.email else 0)
        sunset.save()
        pks = inactive(sunset, at=at).order_by("pk").values_list("pk", flat=True).iterator(chunk_size=CHUNK)
        for some in _chunks(pks):
            SunsetMember.objects.bulk_create([SunsetMember(sunset=sunset, contact_id=pk) for pk in some])
            sunset.member_count += len(some)
        if sunset.email:
            sunset.send = _open_send(sunset, by, at)
        sunset.save()
    if sunset.email is None:
        _finish(sunset, at)
    sunset.refresh_from_db()
    return sunset


def _chunks(pks: Iterator[int]) -> Iterator[list[int]]:
    return iter(lambda: list(islice(pks, CHUNK)), [])


def _open_send(sunset: Sunset, by: User | None, at: datetime) -> Send:
    email, sender = sunset.email, BrandSettings.for_site(sunset.site).sender
    assert email is not None and sender is not None  # noqa: PT018, S101 - the caller looked
    base_url = base_url_of(sunset.site)
    published = email.live_revision.as_object() if email.live_revision else email
    return delivery.start_send(
        origin_kind=ORIGIN_KIND,
        origin_id=sunset.pk,
        compiled=compile_email(published, site=sunset.site, base_url=base_url, at=at, by=by),
        topic=sunset.topic,
        from_name=sender.name,
        from_address=sender.address,
        reply_to=sender.reply_to,
        base_url=base_url,
        at=at,
    )


def finish_due_sunsets(*, at: datetime) -> None:
    """Gather audiences that are not complete, and suppress whoever showed no sign in time; runs every minute."""
    for sunset in Sunset.objects.filter(state=State.ASKING).select_related("send").order_by("pk"):
        if sunset.send and sunset.send.state == Send.State.FREEZING:
            delivery.freeze(sunset.send, _members(sunset), at=sunset.created_at, seconds=options().task_seconds)
        if sunset.due_at and sunset.due_at <= at:
            _finish(sunset, at)


def _members(sunset: Sunset) -> ContactQuerySet:
    return Contact.objects.filter(sunset_members__sunset=sunset)


def _finish(sunset: Sunset, at: datetime) -> None:
    silent = _members(sunset).not_suppressed()
    if sunset.send:
        silent = silent.exclude(_has_reacted(sunset.created_at))
    hashes = silent.order_by("pk").values_list("address_hash", flat=True)
    with transaction.atomic():
        if not Sunset.objects.filter(pk=sunset.pk, state=State.ASKING).update(state=State.FINISHED):
            return
        keys = list(hashes)
        suppress_in_bulk(
            [
                Suppression(
                    address_hash=key,
                    reason=SuppressionReason.SUNSET,
                    detail=_("%(mails)d mails or more in %(days)d days") % {"mails": sunset.mails, "days": sunset.days},
                    origin_kind=ORIGIN_KIND,
                    origin_id=sunset.pk,
                    created_at=at,
                )
                for key in keys
            ],
            at=at,
        )
        Sunset.objects.filter(pk=sunset.pk).update(suppressed_count=F("suppressed_count") + len(keys))


@transaction.atomic
def undo_sunset(sunset: Sunset) -> int:
    """Lift what a run suppressed, and end it; return how many may be written to again.

    Raises:
        InvalidTransition: it was undone before.
    """
    open_states = [State.ASKING, State.FINISHED]
    if not Sunset.objects.filter(pk=sunset.pk, state__in=open_states).update(state=State.UNDONE):
        raise InvalidTransition(_("This run was undone before."))
    count, _by_model = Suppression.objects.filter(origin_kind=ORIGIN_KIND, origin_id=sunset.pk).delete()
    sunset.refresh_from_db()
    if sunset.send and sunset.send.state in (Send.State.FREEZING, Send.State.RUNNING, Send.State.PAUSED):
        delivery.cancel(sunset.send)
    return count
