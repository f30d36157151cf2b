"""What django-anymail hears, where it is installed; the site includes its URLs."""

from __future__ import annotations

import logging
from importlib.util import find_spec
from typing import Any

from django.core.exceptions import SuspiciousOperation

from wagtail_precise_mail.delivery.bounces.services import process_mail
from wagtail_precise_mail.delivery.webhooks.events import told_by
from wagtail_precise_mail.delivery.webhooks.security import is_secured
from wagtail_precise_mail.delivery.webhooks.services import record_event

logger = logging.getLogger(__name__)


def keep_event(event: Any, esp_name: str, **kwargs: Any) -> None:
    """A provider told what became of a message."""
    _require_signature(esp_name)
    if told := told_by(event, esp_name):
        record_event(told)


def keep_inbound(event: Any, esp_name: str, **kwargs: Any) -> None:
    """A provider passed a mail on: an answer, a bounce, a complaint, or an unsubscription."""
    _require_signature(esp_name)
    if event.event_type == "inbound" and event.message is not None:
        process_mail(event.message.as_bytes(), source=esp_name.lower()[:30])


def _require_signature(provider: str) -> None:
    if not is_secured(provider):
        logger.error("A webhook of %s was refused: Anymail does not check who sends it.", provider)
        raise SuspiciousOperation(f"Webhooks of {provider} are not signed. Set ANYMAIL['WEBHOOK_SECRET'].")


if find_spec("anymail"):
    from anymail.signals import inbound, tracking

    tracking.connect(keep_event, dispatch_uid="wagtail_precise_mail.webhooks")
    inbound.connect(keep_inbound, dispatch_uid="wagtail_precise_mail.webhooks")
