"""Mail to the colleagues who can let a stopped sender go on."""

from __future__ import annotations

import logging

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.db.models import Q
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from wagtail.admin.mail import send_mail
from wagtail.admin.utils import get_admin_base_url
from wagtail.users.models import UserProfile

from wagtail_precise_mail.delivery.pacing.models import Alarm
from wagtail_precise_mail.delivery.pacing.stops import ADVICE, sentence

logger = logging.getLogger(__name__)

PAGE = "precise_mail_alarms"
CODENAME = "resume_alarm"


def notify(alarm_id: int) -> int:
    """Write to everybody who may let a sender go on, each in their own language; returns to how many.

    A mail that cannot be sent is logged, and the home page shows the alarm all the same.
    """
    alarm = Alarm.objects.get(pk=alarm_id)
    count = 0
    for user in people_to_tell():
        with translation.override(UserProfile.get_for_user(user).get_preferred_language()):
            try:
                count += send_mail(subject_of(alarm), text_of(alarm), [user.email])
            except Exception:  # backends raise their own errors; the alarm itself is stored
                logger.exception("Nobody could be told by mail of alarm %s.", alarm.pk)
    return count


def people_to_tell() -> list:
    """Return active users with an address and the permission."""
    permission = Permission.objects.filter(content_type__app_label="wagtail_precise_mail", codename=CODENAME)
    may = Q(is_superuser=True) | Q(user_permissions__in=permission) | Q(groups__permissions__in=permission)
    return list(get_user_model().objects.filter(may, is_active=True).exclude(email="").distinct())


def subject_of(alarm: Alarm) -> str:
    """Return the subject of the notification."""
    if alarm.level == Alarm.Level.STOP:
        return _("Mail from %(domain)s is stopped") % {"domain": alarm.domain}
    return _("Mail from %(domain)s is in danger") % {"domain": alarm.domain}


def text_of(alarm: Alarm) -> str:
    """Return what happened, what to do, and where."""
    paragraphs = [sentence(alarm) + ".", str(ADVICE[alarm.kind])]
    if alarm.level == Alarm.Level.STOP:
        paragraphs.append(
            _("Its newsletters and campaigns are paused; mail about orders goes on. Look at it, and let it go on here:")
        )
    paragraphs.append((get_admin_base_url() or "") + reverse(PAGE))
    return "\n\n".join(paragraphs)
