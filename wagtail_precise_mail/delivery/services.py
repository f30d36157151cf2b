"""Writes of the outbox: start a send, freeze its audience, deliver, pause, resume, cancel, sweep."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from wagtail_precise_mail.background import enqueue
from wagtail_precise_mail.contacts.addresses import address_hash, normalize_address
from wagtail_precise_mail.contacts.legal_settings import LegalSettings
from wagtail_precise_mail.contacts.models import Contact, Suppression, SuppressionReason, Topic
from wagtail_precise_mail.delivery.crew import DELIVER_SEND
from wagtail_precise_mail.delivery.freezing import freeze
from wagtail_precise_mail.delivery.models import OutboxMessage, Send
from wagtail_precise_mail.delivery.moves import cancel, pause, resend_unknown, resume
from wagtail_precise_mail.delivery.sending import deliver
from wagtail_precise_mail.delivery.sweeping import Swept, sweep
from wagtail_precise_mail.delivery.versions import keep_versions
from wagtail_precise_mail.emails.models import CompiledEmail
from wagtail_precise_mail.exceptions import SendRefused

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser, User
    from wagtail.models import Site

__all__ = [
    "Swept",
    "cancel",
    "deliver",
    "freeze",
    "pause",
    "resend_unknown",
    "resume",
    "send_test",
    "start_send",
    "sweep",
]


def start_send(
    *,
    origin_kind: str,
    origin_id: int | None,
    compiled: CompiledEmail,
    topic: Topic | None,
    from_address: str,
    base_url: str,
    translations: Mapping[str, CompiledEmail] | None = None,
    from_name: str = "",
    reply_to: str = "",
    send_before: datetime | None = None,
    asks_permission: bool = False,
    written_by: User | None = None,
    priority: int = 10,
    digest_site: Site | None = None,
    audience: Mapping[str, Any] | None = None,
    at: datetime | None = None,
) -> Send:
    """Make a send that has no audience yet; ``freeze`` gives it one and lets it run.

    Args:
        origin_kind: who asks, such as "campaign", with its id in ``origin_id``.
        topic: the topic that contacts must have agreed to; None only for mail that needs no consent.
        base_url: scheme and host of the links, such as "https://shop.example.com".
        translations: the same email in other languages, by their codes; each contact gets theirs.
        send_before: messages that have not left by then are skipped.
        asks_permission: it goes to those only who heard nothing for so long that other mail skips them.
        written_by: who writes to one person; the worker asks whether they still may.
        priority: lower numbers leave first.
        digest_site: whose digests collect it for contacts who want mail less often; None lets them miss it.
        audience: who it is meant for, as JSON, to be shown when its rules have changed.

    Raises:
        RenderError: a segment that the email asks for no longer exists.
    """
    send = Send.objects.create(
        origin_kind=origin_kind,
        origin_id=origin_id,
        compiled=compiled,
        topic=topic,
        from_name=from_name,
        from_address=from_address,
        reply_to=reply_to,
        base_url=base_url.rstrip("/"),
        send_before=send_before,
        permission_months=_permission_months(compiled) if topic else 0,
        asks_permission=asks_permission,
        written_by=written_by,
        priority=priority,
        digest_site=digest_site,
        audience=dict(audience or {}),
    )
    keep_versions(send, translations or {}, at=at or timezone.now())
    return send


def _permission_months(compiled: CompiledEmail) -> int:
    """The choice of the site that an email was compiled for, else the default."""
    settings = LegalSettings.objects.filter(site=compiled.payload.get("site")).first()
    return (settings or LegalSettings()).permission_months


def send_test(
    compiled: CompiledEmail,
    address: str,
    *,
    from_address: str,
    base_url: str,
    from_name: str = "",
    reply_to: str = "",
    contact: Contact | None = None,
    by: AbstractBaseUser | None = None,
    at: datetime | None = None,
) -> OutboxMessage:
    """Send an email to one address by the way that all mail takes, with "[Test]" before its subject.

    It needs no consent, is not tracked, and its unsubscribe link unsubscribes nobody.

    Args:
        contact: whose values it shows; None shows the fallbacks.
        by: who asks; kept as the origin of the send.

    Raises:
        InvalidAddress: no mail could be sent there.
        SendRefused: the address does not exist, as an earlier mail found out.
    """
    at = at or timezone.now()
    normalized = normalize_address(address)
    key = address_hash(normalized)
    if Suppression.objects.in_force(at).filter(address_hash=key, reason=SuppressionReason.HARD_BOUNCE).exists():
        raise SendRefused(
            OutboxMessage.SkipReason.SUPPRESSED,
            _("%(address)s does not exist, says its mail server.") % {"address": address},
        )
    with transaction.atomic():
        send = Send.objects.create(
            origin_kind="test",
            origin_id=by.pk if by else None,
            state=Send.State.RUNNING,
            compiled=compiled,
            topic=None,
            is_test=True,
            priority=0,
            from_name=from_name,
            from_address=from_address,
            reply_to=reply_to,
            base_url=base_url.rstrip("/"),
            frozen_at=at,
        )
        message = send.messages.create(
            contact=contact, address=normalized, recipient_key=key, priority=0, created_at=at
        )
        enqueue(DELIVER_SEND, send.pk)
    return message
