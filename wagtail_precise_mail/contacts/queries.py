"""Reads of contacts, and the gate that every send passes."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Self

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from wagtail_precise_mail.contacts.addresses import address_hash, normalize_address

if TYPE_CHECKING:
    from wagtail_precise_mail.contacts.models import Contact, Suppression  # noqa: F401 - named in the strings below


class ContactQuerySet(QuerySet["Contact"]):
    """Sets of contacts."""

    def suppressed(self) -> Self:
        """Contacts whose address must not be written to."""
        return self.filter(self._is_suppressed())

    def not_suppressed(self) -> Self:
        """Contacts whose address may be written to, as far as suppression goes."""
        return self.exclude(self._is_suppressed())

    def with_address(self, address: str) -> Self:
        """The contact with an address, however it is written: one or none.

        Raises:
            InvalidAddress: no mail could be sent there.
        """
        return self.filter(address_hash=address_hash(normalize_address(address)))

    def with_consent(self, topic_id: int) -> Self:
        """Contacts whose consent to a topic is granted."""
        from wagtail_precise_mail.contacts.models import Consent, ConsentStatus  # the manager precedes the model

        granted = Consent.objects.filter(contact=OuterRef("pk"), topic=topic_id, status=ConsentStatus.GRANTED)
        return self.filter(Exists(granted))

    @staticmethod
    def _is_suppressed() -> Exists:
        from wagtail_precise_mail.contacts.models import Suppression  # the manager precedes the model

        in_force = Suppression.objects.in_force(timezone.now())
        return Exists(in_force.filter(address_hash=OuterRef("address_hash")))


class SuppressionQuerySet(QuerySet["Suppression"]):
    """Sets of suppressed addresses."""

    def in_force(self, at: datetime) -> Self:
        """Suppressions that have not expired."""
        return self.filter(Q(expires_at=None) | Q(expires_at__gt=at))

    def holding_back(self, *, is_marketing: bool, at: datetime) -> Self:
        """Suppressions in force that hold a mail back: one about a topic, or one about an order and the like."""
        from wagtail_precise_mail.contacts.models import SuppressionScope  # the manager precedes the model

        in_force = self.in_force(at)
        return in_force if is_marketing else in_force.filter(scope=SuppressionScope.EVERYTHING)
