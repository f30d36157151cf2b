"""The Wagtail side of this room: contacts with their profile, lists, topics, and suppressed addresses."""

from __future__ import annotations

from django.contrib.auth.models import Permission
from django.db.models import QuerySet
from wagtail import hooks

from wagtail_precise_mail.contacts.admin import departures, retention
from wagtail_precise_mail.contacts.admin.requests import SubjectRequestViewSet
from wagtail_precise_mail.contacts.admin.suppressions import SuppressionViewSet
from wagtail_precise_mail.contacts.admin.viewsets import ContactListViewSet, ContactViewSet, TopicViewSet

# These register what they bring with hooks of their own.
__all__ = ["departures", "retention", "viewsets"]

viewsets = (ContactViewSet, ContactListViewSet, TopicViewSet, SuppressionViewSet, SubjectRequestViewSet)


@hooks.register("register_permissions")
def register_note_permissions() -> QuerySet[Permission]:
    """Notes have no viewset of their own: they are written on the contact's profile."""
    return Permission.objects.filter(
        content_type__app_label="wagtail_precise_mail", codename__in=["add_servicenote", "view_servicenote"]
    )
