"""What tracking hears from the rooms below."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.dispatch import receiver

from wagtail_precise_mail.commerce.models import Order
from wagtail_precise_mail.commerce.signals import order_recorded
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.contacts.signals import resubscribed, unsubscribed
from wagtail_precise_mail.delivery.models import OutboxMessage
from wagtail_precise_mail.delivery.sharing import NETWORKS
from wagtail_precise_mail.delivery.signals import passed_on
from wagtail_precise_mail.tracking.models import MessageEvent
from wagtail_precise_mail.tracking.services import (
    attribute_order,
    forget_unsubscribe,
    record_passed_on,
    record_unsubscribe,
)

_MESSAGE = "outbox_message"


@receiver(unsubscribed, dispatch_uid="wagtail_precise_mail.tracking")
def keep_unsubscribe(
    contact: Contact, origin_kind: str, origin_id: int | None, reason: str, at: datetime, **kwargs: Any
) -> None:
    """A contact left by the link in a mail."""
    if origin_kind == _MESSAGE and origin_id:
        record_unsubscribe(origin_id, contact, reason=reason, at=at)


@receiver(resubscribed, dispatch_uid="wagtail_precise_mail.tracking")
def forget_mistake(origin_kind: str, origin_id: int | None, **kwargs: Any) -> None:
    """A contact took it back."""
    if origin_kind == _MESSAGE and origin_id:
        forget_unsubscribe(origin_id)


@receiver(order_recorded, dispatch_uid="wagtail_precise_mail.tracking")
def credit_order(order: Order, **kwargs: Any) -> None:
    """A contact bought something."""
    attribute_order(order)


@receiver(passed_on, dispatch_uid="wagtail_precise_mail.tracking")
def keep_passed_on(message: OutboxMessage, via: str, at: datetime, **kwargs: Any) -> None:
    """A contact showed a mail to others: to one by mail or link, or to many in a network."""
    is_share = via in NETWORKS
    record_passed_on(
        message.pk, kind=MessageEvent.Kind.SHARE if is_share else MessageEvent.Kind.FORWARD, via=via, at=at
    )
