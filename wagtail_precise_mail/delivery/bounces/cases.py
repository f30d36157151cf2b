"""Complaints as cases: each is open until somebody says that they looked at it."""

from __future__ import annotations

import logging
from datetime import timedelta
from smtplib import SMTPException
from typing import TYPE_CHECKING

from django.contrib.auth import get_user_model
from django.core.mail import send_mail
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from wagtail.log_actions import log

from wagtail_precise_mail.delivery.bounces.kinds import Kind
from wagtail_precise_mail.delivery.bounces.models import Bounce
from wagtail_precise_mail.exceptions import InvalidTransition

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser

logger = logging.getLogger(__name__)

LOG_ACTION = "wagtail_precise_mail.handle_complaint"
# A wave of complaints is one thing to look at.
_QUIET = timedelta(hours=24)


def open_complaints() -> QuerySet[Bounce]:
    """Return complaints that nobody has looked at; what came back of tests is none."""
    return Bounce.objects.filter(kind=Kind.COMPLAINT, handled_at=None, message__send__is_test=False)


def handle_complaint(bounce: Bounce, *, by: AbstractBaseUser) -> None:
    """Say that somebody looked at a complaint. The suppression stays.

    Raises:
        InvalidTransition: it is no complaint, or somebody said so before.
    """
    with transaction.atomic():
        waiting = Bounce.objects.filter(pk=bounce.pk, kind=Kind.COMPLAINT, handled_at=None)
        if not waiting.update(handled_at=timezone.now(), handled_by=by):
            raise InvalidTransition(_("This is no open complaint: somebody else may have handled it."))
        bounce.refresh_from_db(fields=["handled_at", "handled_by"])
        log(instance=bounce, action=LOG_ACTION, user=by)


def tell_of_complaint(bounce_id: int, *, url: str) -> int:
    """Write to those who handle complaints that there is one; of a wave, the first counts.

    Args:
        url: of the listing, with its host.

    Returns:
        To how many.
    """
    bounce = open_complaints().filter(pk=bounce_id).first()
    if bounce is None:
        return 0
    earlier = open_complaints().filter(created_at__gt=bounce.created_at - _QUIET, created_at__lt=bounce.created_at)
    if earlier.exists():
        return 0
    users = get_user_model().objects.with_perm(
        "wagtail_precise_mail.change_bounce", backend="django.contrib.auth.backends.ModelBackend"
    )
    addresses = [user.email for user in users if user.email]
    text = _("A contact called our mail spam, and gets none any more. See how they came on the list: %(url)s")
    for address in addresses:
        try:
            send_mail(_("A contact called our mail spam"), text % {"url": url}, None, [address])
        except (OSError, SMTPException):  # the case waits on the home page as well
            logger.exception("Nobody could be told of complaint %s.", bounce_id)
    return len(addresses)
