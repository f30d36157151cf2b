"""How a contact reacts to mail, on their profile: stage, last reactions, and the hour for them with its reason."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import F
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.contacts.panels import ProfilePanel, profile_panels
from wagtail_precise_mail.tracking.models import MessageEvent
from wagtail_precise_mail.tracking.send_hours import send_hour, weekday_name
from wagtail_precise_mail.tracking.stages import borders

REACTIONS = 5
"""The latest that are shown; all of them are on the timeline."""
_SHOWN_KINDS = [MessageEvent.Kind.OPEN, MessageEvent.Kind.CLICK, MessageEvent.Kind.CONVERSION]


@profile_panels.register("engagement")
class EngagementPanel(ProfilePanel):
    """Engagement, by people and not by machines."""

    title: ClassVar[str | Promise] = _("Engagement")
    template_name = "wagtail_precise_mail/tracking/profile_panel.html"

    def context(self, contact: Contact) -> dict[str, Any]:
        at = timezone.now()
        hour = send_hour(contact, at=at)
        latest = (
            MessageEvent.objects.filter(contact=contact, kind__in=_SHOWN_KINDS, is_machine=False)
            .order_by("-happened_at", "-pk")
            .annotate(email=F("send__compiled__email__name"))
        )
        return {
            "engagement": getattr(contact, "engagement", None),
            "is_tracked": contact.is_tracking_allowed,
            "borders": borders(at=at),
            "reactions": latest.only("kind", "happened_at")[:REACTIONS],
            "hour": hour,
            "weekday": weekday_name(hour.weekday),
        }
