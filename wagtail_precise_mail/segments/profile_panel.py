"""The segments of a contact, on their profile."""

from __future__ import annotations

from typing import Any, ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.contacts.panels import ProfilePanel, profile_panels
from wagtail_precise_mail.segments.membership import memberships


@profile_panels.register("segments")
class SegmentsPanel(ProfilePanel):
    """Which segments, and why."""

    title: ClassVar[str | Promise] = _("Segments")
    template_name = "wagtail_precise_mail/segments/profile_panel.html"

    def context(self, contact: Contact) -> dict[str, Any]:
        return {"memberships": memberships(contact)}
