"""What follows from a complaint beside the suppression: somebody is told."""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver

from wagtail_precise_mail.background import enqueue
from wagtail_precise_mail.delivery.bounces.models import Bounce
from wagtail_precise_mail.delivery.signals import complained

# Tasks lie above services, so the door is named by its path.
_TELL = "wagtail_precise_mail.delivery.tasks.tell_of_complaint"


@receiver(complained, dispatch_uid="wagtail_precise_mail.complaints")
def open_case(bounce: Bounce, **kwargs: Any) -> None:
    """Write to those who handle complaints, once the worker comes to it."""
    enqueue(_TELL, bounce.pk)
