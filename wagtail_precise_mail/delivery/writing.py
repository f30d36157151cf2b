"""Mail to one person, by the way and through the gates of any other."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, cast

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from wagtail_precise_mail.contacts.models import Contact, Topic
from wagtail_precise_mail.delivery.models import OutboxMessage, Send
from wagtail_precise_mail.delivery.services import freeze, start_send
from wagtail_precise_mail.delivery.writers import may_write
from wagtail_precise_mail.emails.models import BrandSettings, Email
from wagtail_precise_mail.emails.periods import sendable_from, sendable_until
from wagtail_precise_mail.emails.senders import sender_problem
from wagtail_precise_mail.emails.services import compile_email
from wagtail_precise_mail.emails.sites import base_url_of, site_of
from wagtail_precise_mail.exceptions import NotReady

if TYPE_CHECKING:
    from django.contrib.auth.models import User

# A second click, or a second colleague, within this time is a mistake.
_TWICE = timedelta(minutes=10)


@transaction.atomic
def write_to(contact: Contact, email: Email, topic: Topic, *, by: User, at: datetime | None = None) -> OutboxMessage:
    """Send the approved version of an email to one contact; consent, suppression and every later gate decide as ever.

    Args:
        topic: what the contact must have agreed to.

    Returns:
        The message: waiting, or skipped with the reason.

    Raises:
        PermissionDenied: ``by`` may not write to contacts.
        NotReady: the email is not approved, out of its time, or left a moment ago; or the site has no sender.
        RenderError: a block of the email cannot be rendered.
    """
    if not may_write(by):
        raise PermissionDenied(_("You may not write to contacts."))
    at = at or timezone.now()
    # Two clicks at once wait for each other here, and the second one finds the first.
    Contact.objects.select_for_update().get(pk=contact.pk)
    approved = _approved(email, at)
    _refuse_twice(contact, email, at)
    site = site_of(approved)
    sender = BrandSettings.for_site(site).sender
    if problem := sender_problem(sender):
        raise NotReady([str(problem)])
    assert sender is not None  # noqa: S101 - for types
    compiled = compile_email(
        approved, site=site, base_url=base_url_of(site), revision_id=email.live_revision_id, at=at, by=by
    )
    send = start_send(
        origin_kind=Send.TO_ONE,
        origin_id=contact.pk,
        written_by=by,
        compiled=compiled,
        topic=topic,
        from_name=sender.name,
        from_address=sender.address,
        reply_to=sender.reply_to,
        base_url=base_url_of(site),
        send_before=sendable_until(approved.body),
        # A person waits for it.
        priority=1,
        at=at,
    )
    freeze(send, Contact.objects.filter(pk=contact.pk), at=at)
    return send.messages.select_related("send").get()


def _approved(email: Email, at: datetime) -> Email:
    revision = email.live_revision if email.live else None
    if revision is None:
        raise NotReady([_("“%(email)s” has no approved version. Publish it first.") % {"email": email}])
    approved = cast("Email", revision.as_object())
    begins, ends = sendable_from(approved.body), sendable_until(approved.body)
    if (begins and begins > at) or (ends and ends <= at):
        raise NotReady([_("“%(email)s” shows an offer that is not valid today.") % {"email": email}])
    return approved


def _refuse_twice(contact: Contact, email: Email, at: datetime) -> None:
    before = Send.objects.filter(origin_kind=Send.TO_ONE, origin_id=contact.pk, compiled__email=email)
    if before.filter(created_at__gt=at - _TWICE).exclude(messages__state=OutboxMessage.State.SKIPPED).exists():
        raise NotReady([_("“%(email)s” was sent to this person a moment ago.") % {"email": email}])
