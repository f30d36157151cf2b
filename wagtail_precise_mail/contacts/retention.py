"""Retention: how long each class of data is kept, what would go now, and letting it go.

A room registers a :class:`RetentionRule` in its own ``retention.py``; so may any other app. How many days a rule keeps
is the site's to decide, in the option ``retention_days``.
"""

from __future__ import annotations

import logging
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import ClassVar

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from wagtail_precise_mail.conf import SETTING, options
from wagtail_precise_mail.contacts.changes import ContactChange
from wagtail_precise_mail.contacts.erasing import erase
from wagtail_precise_mail.contacts.models import Consent, ConsentStatus, Contact, ServiceNote
from wagtail_precise_mail.contacts.subject_requests import SubjectRequest
from wagtail_precise_mail.exceptions import ConfigurationError
from wagtail_precise_mail.registry import Registry

logger = logging.getLogger(__name__)

_EVER = datetime(1970, 1, 1, tzinfo=UTC)

BATCH = 500
"""Rows that go at once."""


class RetentionRule(ABC):
    """How long one class of data is kept, and how it goes. Reports show the same figures before and after.

    Attributes:
        label, description: for colleagues: what goes, and what stays.
        days: how long it is kept where the site says nothing; 0 is for good.
    """

    label: ClassVar[str | Promise]
    description: ClassVar[str | Promise]
    days: ClassVar[int] = 0

    @abstractmethod
    def due(self, before: datetime) -> QuerySet:
        """Return the rows that are older than a moment."""

    def let_go(self, rows: QuerySet) -> int:
        """Delete some rows that are due, or what is personal in them, and return how many they were."""
        count = rows.count()
        rows.delete()
        return count


retention_rules: Registry[type[RetentionRule]] = Registry("retention rule")

signs_of_life: Registry[Callable[[datetime], Q]] = Registry("sign of life")
"""Conditions on contacts by which a room knows that they did something since a moment, or still need to be known."""


@dataclass(frozen=True)
class Due:
    """What a rule would let go now.

    Attributes:
        days: how long it keeps; 0 is for good.
    """

    key: str
    label: str
    description: str
    days: int
    count: int


def days_of(key: str) -> int:
    """Return how many days a rule keeps; 0 is for good.

    Raises:
        ConfigurationError: ``retention_days`` names a rule that does not exist.
    """
    if unknown := sorted(set(options().retention_days) - set(retention_rules)):
        raise ConfigurationError(
            f"{SETTING}['retention_days'] names rules that nobody registered: {', '.join(unknown)}. "
            f"Registered: {', '.join(sorted(retention_rules))}."
        )
    return options().retention_days.get(key, retention_rules.get(key).days)


def dry_run(*, at: datetime | None = None) -> list[Due]:
    """Return what every rule would let go now; one query for each rule that lets anything go."""
    return [_due(key, at or timezone.now()) for key in retention_rules]


def _due(key: str, at: datetime) -> Due:
    rule, days = retention_rules.get(key)(), days_of(key)
    count = rule.due(at - timedelta(days=days)).count() if days else 0
    return Due(key, str(rule.label), str(rule.description), days, count)


def apply_rules(
    keys: Iterable[str] | None = None, *, seconds: float | None = None, at: datetime | None = None
) -> dict[str, int]:
    """Let go what is due, batch by batch; calling again goes on.

    Args:
        keys: of the rules; None takes all.
        seconds: stop after so long.

    Returns:
        How many rows each rule let go.
    """
    at = at or timezone.now()
    deadline = None if seconds is None else time.monotonic() + seconds
    gone: dict[str, int] = {}
    for key in list(keys if keys is not None else retention_rules):
        rule, days = retention_rules.get(key)(), days_of(key)
        while days and (deadline is None or time.monotonic() < deadline):
            ids = list(rule.due(at - timedelta(days=days)).order_by("pk").values_list("pk", flat=True)[:BATCH])
            if not ids:
                break
            model = rule.due(at).model
            gone[key] = gone.get(key, 0) + rule.let_go(model._default_manager.filter(pk__in=ids))
    for key, count in gone.items():
        logger.info("Retention rule %s let %d rows go.", key, count)
    return gone


def alive_since(moment: datetime) -> Q:
    """Return the condition that any room knows a sign of life of a contact since a moment."""
    return Q(created_at__gte=moment) | _signs(moment)


def _signs(moment: datetime) -> Q:
    condition = Q()
    for _key, sign in signs_of_life.items():
        condition |= sign(moment)
    return condition


class _ErasesContacts(RetentionRule):
    """Whole contacts, erased like on their own request: what is counted stays, without a name."""

    def let_go(self, rows: QuerySet[Contact]) -> int:
        count = 0
        for contact in rows:
            erase(contact)
            count += 1
        return count


@retention_rules.register("unconfirmed_signups")
class UnconfirmedSignups(_ErasesContacts):
    """Contacts who asked for mail, never confirmed it, and did nothing else."""

    label = _("Sign-ups that were never confirmed")
    description = _("Contacts who were asked to confirm, never did, and did nothing else. The contact is erased.")

    def due(self, before: datetime) -> QuerySet[Contact]:
        consents = Consent.objects.filter(contact=OuterRef("pk"))
        pending = consents.filter(status=ConsentStatus.PENDING, changed_at__lt=before)
        others = consents.exclude(status=ConsentStatus.PENDING)
        waiting = consents.filter(changed_at__gte=before)
        alive = Contact.objects.filter(_signs(_EVER)).values("pk")
        return Contact.objects.filter(
            Exists(pending), ~Exists(others), ~Exists(waiting), ~Q(pk__in=alive), user=None, created_at__lt=before
        )


@retention_rules.register("inactive_contacts")
class InactiveContacts(_ErasesContacts):
    """Contacts to whom nothing may be sent, and of whom no room has a sign of life."""

    label = _("Inactive contacts")
    description = _(
        "Contacts without any granted topic, of whom nothing was heard: no order, no reaction, no note, no change. The "
        "contact is erased; orders stay without a name."
    )

    def due(self, before: datetime) -> QuerySet[Contact]:
        granted = Consent.objects.filter(contact=OuterRef("pk"), status=ConsentStatus.GRANTED)
        alive = Contact.objects.filter(alive_since(before)).values("pk")
        return Contact.objects.filter(~Exists(granted), ~Q(pk__in=alive), user=None)


@retention_rules.register("service_notes")
class OldNotes(RetentionRule):
    """Notes of customer service."""

    label = _("Service notes")
    description = _("Tickets, calls and notes are deleted.")

    def due(self, before: datetime) -> QuerySet[ServiceNote]:
        return ServiceNote.objects.filter(noted_at__lt=before)


@retention_rules.register("contact_changes")
class OldChanges(RetentionRule):
    """The audit of fields."""

    label = _("Changes of contacts")
    description = _("What a field was before, and who changed it, is deleted; the field stays as it is.")

    def due(self, before: datetime) -> QuerySet[ContactChange]:
        return ContactChange.objects.filter(changed_at__lt=before)


@retention_rules.register("subject_requests")
class OldRequests(RetentionRule):
    """Answered requests about data."""

    label = _("Answered requests about data")
    description = _("The request and its steps are deleted. Open ones stay.")

    def due(self, before: datetime) -> QuerySet[SubjectRequest]:
        return SubjectRequest.objects.filter(closed_at__lt=before).exclude(state=SubjectRequest.State.OPEN)


@signs_of_life.register("contacts")
def noticed(moment: datetime) -> Q:
    """Consent, notes, changes and requests since a moment."""
    return Q(
        Q(pk__in=Consent.objects.filter(changed_at__gte=moment).exclude(status=ConsentStatus.PENDING).values("contact"))
        | Q(pk__in=ServiceNote.objects.filter(noted_at__gte=moment).values("contact"))
        | Q(pk__in=ContactChange.objects.filter(changed_at__gte=moment).values("contact"))
        | Q(pk__in=SubjectRequest.objects.filter(received_at__gte=moment, contact__isnull=False).values("contact"))
    )
