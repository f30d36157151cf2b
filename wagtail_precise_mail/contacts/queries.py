"""Reads of contacts, and the gate that every send passes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.db.models import Exists, OuterRef, QuerySet

if TYPE_CHECKING:
    from wagtail_precise_mail.contacts.models import Contact  # noqa: F401 - named in the string below


class ContactQuerySet(QuerySet["Contact"]):
    """Sets of contacts."""

    def suppressed(self) -> Self:
        """Contacts whose address must not be written to."""
        return self.filter(self._is_suppressed())

    def not_suppressed(self) -> Self:
        """Contacts whose address may be written to, as far as suppression goes."""
        return self.exclude(self._is_suppressed())

    def with_consent(self, topic_id: int) -> Self:
        """Contacts whose consent to a topic is granted."""
        from wagtail_precise_mail.contacts.models import Consent, ConsentStatus  # the manager precedes the model

        granted = Consent.objects.filter(contact=OuterRef("pk"), topic=topic_id, status=ConsentStatus.GRANTED)
        return self.filter(Exists(granted))

    @staticmethod
    def _is_suppressed() -> Exists:
        from wagtail_precise_mail.contacts.models import Suppression  # the manager precedes the model

        return Exists(Suppression.objects.filter(address_hash=OuterRef("address_hash")))
