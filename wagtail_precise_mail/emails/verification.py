"""Verifying senders: a mail with a link goes to the address, and whoever reads it there presses a button."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.core.mail import EmailMessage
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from wagtail.log_actions import log

from wagtail_precise_mail.emails.sender_tokens import make_sender_token, read_sender_token
from wagtail_precise_mail.emails.senders import LINK_LIFETIME, SenderIdentity
from wagtail_precise_mail.emails.sites import base_url_of, default_site
from wagtail_precise_mail.exceptions import ConfirmationNotSent, ConfirmationOver

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser

logger = logging.getLogger(__name__)

LOG_PREFIX = "precise_mail.sender."
PAUSE = timedelta(minutes=1)
"""Between two confirmations to one sender."""

DAILY_LIMIT = 10
"""Confirmations to one sender on one day (UTC)."""

_REQUEST = ("requested_at", "requested_address", "request_count")


def send_confirmation(sender: SenderIdentity, *, by: AbstractBaseUser, at: datetime | None = None) -> None:
    """Mail the link that verifies a sender to its own address, by Django's own mail.

    Raises:
        ConfirmationNotSent: there is nothing to verify, it is too early for another one, or the mail server failed.
    """
    at = at or timezone.now()
    sender.refresh_from_db()
    before = {name: getattr(sender, name) for name in _REQUEST}
    _claim(sender, at)
    try:
        _mail(sender, by, at).send()
    except Exception as error:  # smtplib raises OSErrors, the backend of a provider may raise anything
        logger.warning("The confirmation to sender %s did not leave: %s", sender.pk, error)
        # The failed attempt must not keep anybody waiting, nor look like a mail that is on its way.
        _rewrite(sender, at, before)
        raise ConfirmationNotSent(
            _("The mail server did not take the confirmation (%(error)s). Nothing has changed: try again later.")
            % {"error": _plain(error)}
        ) from error
    log(sender, f"{LOG_PREFIX}ask", user=by, data={"address": sender.address})


def sender_of_token(token: str, *, at: datetime | None = None) -> SenderIdentity:
    """Return the sender that a link of a confirmation is for.

    Raises:
        InvalidToken: damaged, changed, or not ours.
        ConfirmationOver: it was good once; the message says what happened.
    """
    said = read_sender_token(token)
    sender = SenderIdentity.objects.filter(pk=said.sender_id).first()
    if sender is None:
        raise ConfirmationOver(_("The sender that it was for was deleted."))
    if not said.is_for(sender.address):
        raise ConfirmationOver(_("The sender that it was for has another address now."))
    if (at or timezone.now()) >= said.sent_at + LINK_LIFETIME:
        raise ConfirmationOver(_("It was good for %(days)s days, and these are over.") % {"days": LINK_LIFETIME.days})
    return sender


def verify(
    sender: SenderIdentity,
    *,
    means: SenderIdentity.Means,
    by: AbstractBaseUser | None = None,
    at: datetime | None = None,
) -> None:
    """Let mail come from the address that a sender has now; harmless to repeat.

    Args:
        by: None when whoever reads the mail of the address did it.

    Raises:
        ConfirmationOver: its address was changed meanwhile, or it was deleted.
    """
    changes = {"verified_at": at or timezone.now(), "verified_address": sender.address, "verified_by": means}
    with transaction.atomic():
        current = SenderIdentity.objects.select_for_update().filter(pk=sender.pk, address=sender.address).first()
        if current is None:
            raise ConfirmationOver(_("The sender was changed meanwhile."))
        if current.state == SenderIdentity.State.VERIFIED:
            return
        SenderIdentity.objects.filter(pk=sender.pk).update(**changes)
        log(sender, f"{LOG_PREFIX}verify", user=by, data={"address": sender.address, "means": str(means)})
    for name, value in changes.items():
        setattr(sender, name, value)


def _claim(sender: SenderIdentity, at: datetime) -> None:
    """Take the right to send one confirmation: of two who press at once, one sends."""
    if sender.is_usable:
        raise ConfirmationNotSent(_("%(sender)s is verified already.") % {"sender": sender})
    last = sender.requested_at
    if last and at < last + PAUSE:
        raise ConfirmationNotSent(
            _("A confirmation left less than a minute ago. Look into the mailbox, and among its spam, before the next.")
        )
    today = sender.request_count if last and last.astimezone(UTC).date() == at.astimezone(UTC).date() else 0
    if today >= DAILY_LIMIT:
        raise ConfirmationNotSent(
            _("%(count)s confirmations were sent today, and none was followed. Try again tomorrow.")
            % {"count": DAILY_LIMIT}
        )
    changes = {"requested_at": at, "requested_address": sender.address, "request_count": today + 1}
    if not _rewrite(sender, last, changes):
        raise ConfirmationNotSent(_("Somebody else is sending it at this moment."))


def _rewrite(sender: SenderIdentity, requested_at: datetime | None, changes: dict[str, Any]) -> int:
    """Change what is known of the last confirmation, unless somebody has sent another one."""
    found = SenderIdentity.objects.filter(pk=sender.pk, requested_at=requested_at, address=sender.address)
    count = found.update(**changes)
    if count:
        for name, value in changes.items():
            setattr(sender, name, value)
    return count


def _mail(sender: SenderIdentity, by: AbstractBaseUser, at: datetime) -> EmailMessage:
    site = default_site()
    token = make_sender_token(sender.pk, sender.address, sent_at=at)
    path = reverse("wagtail_precise_mail:verify_sender", args=[token])
    context = {
        "sender": sender,
        "asked_by": getattr(by, "get_full_name", str)() or by.get_username(),
        "site_name": site.site_name or site.hostname,
        "url": f"{base_url_of(site)}{path}",
        "days": LINK_LIFETIME.days,
    }
    body = render_to_string("wagtail_precise_mail/emails/sender/confirmation.txt", context)
    subject = _("Confirm that mail may come from %(address)s") % {"address": sender.address}
    # From Django's own address: mail cannot come from this one yet.
    return EmailMessage(subject, body, to=[sender.address])


def _plain(error: Exception) -> str:
    reply = getattr(error, "smtp_error", b"")
    words = reply.decode(errors="replace") if isinstance(reply, bytes) else str(reply)
    return " ".join((words or str(error) or type(error).__name__).split())[:200]
