"""The Wagtail side of this room: contacts with their profile, lists, topics, and suppressed addresses."""

from __future__ import annotations

from django.contrib.auth.models import Permission
from django.db.models import QuerySet
from django.urls import URLPattern
from wagtail import hooks

from wagtail_precise_mail.contacts.admin import departures, freshness, proof, quick_add, retention, topics, wordings
from wagtail_precise_mail.contacts.admin.cleanups import CleanupViewSet
from wagtail_precise_mail.contacts.admin.duplicates import DuplicatesViewSet
from wagtail_precise_mail.contacts.admin.exports import ContactExportViewSet
from wagtail_precise_mail.contacts.admin.fields import ContactFieldViewSet
from wagtail_precise_mail.contacts.admin.import_viewset import ImportViewSet
from wagtail_precise_mail.contacts.admin.questions import QuestionViewSet
from wagtail_precise_mail.contacts.admin.requests import SubjectRequestViewSet
from wagtail_precise_mail.contacts.admin.sources import SourceViewSet
from wagtail_precise_mail.contacts.admin.suppressions import SuppressionViewSet
from wagtail_precise_mail.contacts.admin.tags import TagViewSet
from wagtail_precise_mail.contacts.admin.topics import TopicViewSet
from wagtail_precise_mail.contacts.admin.viewsets import ContactListViewSet, ContactViewSet
from wagtail_precise_mail.contacts.admin.wordings import PolicyViewSet, WordingViewSet

# These register what they bring with hooks of their own.
__all__ = ["departures", "freshness", "retention", "viewsets"]

viewsets = (
    ContactViewSet,
    ContactListViewSet,
    TagViewSet,
    TopicViewSet,
    WordingViewSet,
    PolicyViewSet,
    SourceViewSet,
    QuestionViewSet,
    ContactFieldViewSet,
    DuplicatesViewSet,
    SuppressionViewSet,
    SubjectRequestViewSet,
    ImportViewSet,
    ContactExportViewSet,
    CleanupViewSet,
)


@hooks.register("register_admin_urls")
def register_consent_urls() -> list[URLPattern]:
    """Pages that belong to no listing."""
    return [quick_add.url, proof.url, topics.url, wordings.url]


@hooks.register("register_permissions")
def register_note_permissions() -> QuerySet[Permission]:
    """Notes have no viewset of their own: they are written on the contact's profile."""
    return Permission.objects.filter(
        content_type__app_label="wagtail_precise_mail", codename__in=["add_servicenote", "view_servicenote"]
    )
