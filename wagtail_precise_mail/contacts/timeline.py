"""What happened with a contact, gathered from every room, and the key facts above it.

A room registers a :class:`TimelineSource` in its own ``timeline.py``; so may any other app. Each source makes the same
number of queries whatever the number of its entries.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import groupby
from typing import ClassVar, Self

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from wagtail_precise_mail.contacts.models import ConsentStatus, Contact
from wagtail_precise_mail.contacts.tags import TagChange
from wagtail_precise_mail.registry import Registry


@dataclass(frozen=True)
class TimelineEntry:
    """One thing that happened.

    Attributes:
        at: when (aware).
        kind: the key of the source it belongs to; the filter goes by it.
        title: one line, already in the reader's language.
        url: where to read more in the admin, or "".
        icon: the name of a Wagtail icon; "" takes the source's own.
    """

    at: datetime
    kind: str
    title: str
    detail: str = ""
    url: str = ""
    icon: str = ""


class TimelineSource(ABC):
    """One kind of entry on a contact's timeline."""

    label: ClassVar[str | Promise]
    icon: ClassVar[str] = "info-circle"
    table: ClassVar[str] = ""
    """A word that sources share which read the same rows: then one :meth:`gather` reads for all of them."""

    @abstractmethod
    def entries(self, contact: Contact, *, limit: int) -> list[TimelineEntry]:
        """Return the newest ``limit`` entries, newest first."""

    @classmethod
    def gather(cls, sources: Sequence[Self], contact: Contact, *, limit: int) -> list[TimelineEntry]:
        """Return the newest ``limit`` entries of several sources of one table; one query, where they can share it."""
        return [entry for source in sources for entry in source.entries(contact, limit=limit)]


@dataclass(frozen=True)
class ContactFact:
    """One figure in the head of a contact's profile."""

    label: str
    value: str
    detail: str = ""


class ContactFactSource(ABC):
    """Some key facts about a contact, such as what they spent."""

    @abstractmethod
    def facts(self, contact: Contact) -> list[ContactFact]:
        """Return the facts in the order to read them; none when there is nothing to say."""


timeline_sources: Registry[type[TimelineSource]] = Registry("timeline source")
contact_facts: Registry[type[ContactFactSource]] = Registry("contact fact source")


@dataclass(frozen=True)
class TimelineDay:
    """The entries of one day, newest first, in the reader's time zone."""

    day: date
    entries: list[TimelineEntry]


@dataclass(frozen=True)
class Timeline:
    """What a profile page shows."""

    days: list[TimelineDay]
    has_more: bool


def read_timeline(contact: Contact, *, kind: str = "", limit: int = 100) -> Timeline:
    """Return the newest entries of a contact, from every source or from one.

    Args:
        kind: the key of a source; "" takes all.

    Raises:
        UnknownKey: nobody registered this kind.
    """
    tables: dict[str, dict[str, TimelineSource]] = {}
    for key in [kind] if kind else list(timeline_sources):
        source = timeline_sources.get(key)()
        tables.setdefault(source.table or f"of {key} alone", {})[key] = source
    found = [
        entry if entry.icon else replace(entry, icon=sources.get(entry.kind, first).icon)
        for sources in tables.values()
        for first in [next(iter(sources.values()))]
        for entry in first.gather([*sources.values()], contact, limit=limit + 1)
    ]
    found.sort(key=lambda entry: entry.at, reverse=True)
    days = groupby(found[:limit], key=lambda entry: timezone.localtime(entry.at).date())
    return Timeline([TimelineDay(day, list(entries)) for day, entries in days], has_more=len(found) > limit)


def read_facts(contact: Contact) -> list[ContactFact]:
    """Return the key facts of a contact from every room."""
    return [fact for _key, source in contact_facts.items() for fact in source().facts(contact)]


@timeline_sources.register("consent")
class ConsentTimeline(TimelineSource):
    """The consent ledger."""

    label = _("Consent")
    icon = "check"

    def entries(self, contact: Contact, *, limit: int) -> list[TimelineEntry]:
        changes = contact.consent_changes.select_related("topic").order_by("-changed_at", "-pk")[:limit]
        titles = {
            ConsentStatus.GRANTED: gettext("Agreed to “%(topic)s”"),
            ConsentStatus.WITHDRAWN: gettext("Left “%(topic)s”"),
            ConsentStatus.PENDING: gettext("Was asked about “%(topic)s”"),
        }
        return [
            TimelineEntry(
                change.changed_at,
                "consent",
                titles[ConsentStatus(change.status)] % {"topic": change.topic.name},
                detail=": ".join(filter(None, [change.source, change.get_basis_display(), change.evidence])),
                icon="cross" if change.status == ConsentStatus.WITHDRAWN else "check",
            )
            for change in changes
        ]


@timeline_sources.register("note")
class ServiceNoteTimeline(TimelineSource):
    """Tickets, calls and notes of customer service."""

    label = _("Service")
    icon = "comment"

    def entries(self, contact: Contact, *, limit: int) -> list[TimelineEntry]:
        notes = contact.service_notes.order_by("-noted_at", "-pk")[:limit]
        return [TimelineEntry(note.noted_at, "note", note.subject, detail=note.body) for note in notes]


@timeline_sources.register("tag")
class TagTimeline(TimelineSource):
    """Tags that came and went."""

    label = _("Tags")
    icon = "tag"

    def entries(self, contact: Contact, *, limit: int) -> list[TimelineEntry]:
        changes = TagChange.objects.filter(contact=contact).select_related("changed_by")
        titles = {
            TagChange.Action.ADDED: gettext("Got the tag “%(tag)s”"),
            TagChange.Action.REMOVED: gettext("Lost the tag “%(tag)s”"),
        }
        return [
            TimelineEntry(
                change.changed_at,
                "tag",
                titles[TagChange.Action(change.action)] % {"tag": change.name},
                detail=", ".join(filter(None, [change.source, str(change.changed_by or "")])),
            )
            for change in changes.order_by("-changed_at", "-pk")[:limit]
        ]
