"""What tracking hears from the rooms below."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.dispatch import receiver

from wagtail_precise_mail.commerce.models import Order
from wagtail_precise_mail.commerce.signals import order_changed, order_deleted, order_recorded, refund_recorded
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.contacts.signals import resubscribed, unsubscribed
from wagtail_precise_mail.delivery.models import OutboxMessage
from wagtail_precise_mail.delivery.sharing import NETWORKS
from wagtail_precise_mail.delivery.signals import clicked, opened, passed_on
from wagtail_precise_mail.tracking.models import MessageEvent
from wagtail_precise_mail.tracking.services import (
    attribute_order,
    correct_conversion,
    forget_unsubscribe,
    record_click,
    record_open,
    record_passed_on,
    record_unsubscribe,
)

_MESSAGE = "outbox_message"
# A provider that watches links as well tells a little later what our own redirect has seen.
_SAME_CLICK = timedelta(minutes=1)


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


@receiver(order_changed, dispatch_uid="wagtail_precise_mail.tracking")
def correct_order(order: Order, refund_of_id: int | None = None, **kwargs: Any) -> None:
    """An order is another one now. One that is deleted takes its conversion along."""
    correct_conversion(order)
    _correct_sales(order.refund_of_id, refund_of_id)


@receiver(refund_recorded, dispatch_uid="wagtail_precise_mail.tracking")
def take_back(order: Order, **kwargs: Any) -> None:
    """Something of a sale came back."""
    _correct_sales(order.refund_of_id)


@receiver(order_deleted, dispatch_uid="wagtail_precise_mail.tracking")
def give_back(refund_of_id: int | None = None, **kwargs: Any) -> None:
    """A refund was none."""
    _correct_sales(refund_of_id)


def _correct_sales(*sale_ids: int | None) -> None:
    for sale in Order.objects.filter(pk__in={pk for pk in sale_ids if pk}).select_related("contact"):
        correct_conversion(sale)


@receiver(passed_on, dispatch_uid="wagtail_precise_mail.tracking")
def keep_passed_on(message: OutboxMessage, via: str, at: datetime, **kwargs: Any) -> None:
    """A contact showed a mail to others: to one by mail or link, or to many in a network."""
    is_share = via in NETWORKS
    record_passed_on(
        message.pk, kind=MessageEvent.Kind.SHARE if is_share else MessageEvent.Kind.FORWARD, via=via, at=at
    )


@receiver(opened, dispatch_uid="wagtail_precise_mail.tracking")
def keep_open(message: OutboxMessage, at: datetime, user_agent: str, **kwargs: Any) -> None:
    """A provider saw an open; within a minute of one of ours it is the same one."""
    record_open(message.pk, at=at, user_agent=user_agent)


@receiver(clicked, dispatch_uid="wagtail_precise_mail.tracking")
def keep_click(message: OutboxMessage, at: datetime, url: str, user_agent: str, **kwargs: Any) -> None:
    """A provider saw a click; one that we saw ourselves at that time is the same one."""
    clicks = MessageEvent.objects.filter(message=message.pk, kind=MessageEvent.Kind.CLICK)
    if not clicks.filter(happened_at__range=(at - _SAME_CLICK, at + _SAME_CLICK)).exists():
        record_click(message.pk, link_index=None, url=url, at=at, user_agent=user_agent)
