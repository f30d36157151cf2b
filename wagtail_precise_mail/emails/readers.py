"""Readers: all that a compiled email needs to know about the contacts of a batch, in a constant number of queries."""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import Any

from django.db import DatabaseError
from django.utils import translation

from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.emails.audience import segments_of
from wagtail_precise_mail.emails.encodings import are_plain
from wagtail_precise_mail.emails.marks import Part
from wagtail_precise_mail.emails.merge_fields import contact_values, values_of
from wagtail_precise_mail.emails.reader_segments import segments_of_contacts
from wagtail_precise_mail.registry import Registry

logger = logging.getLogger(__name__)

Item = Mapping[str, str]
"""One line of a list as plain text, by the name of the fact; "key" names it, such as "product:12"."""

Spec = Mapping[str, Any]
"""What a block asks of a source: "source", "count", "block_id", "shown" and the source's own words."""


@dataclass(frozen=True)
class Reader:
    """What fills the holes of an email for one contact.

    Attributes:
        values: of merge fields, by name.
        segments: ids of those segments, among the ones that the email asks for, of which they are a member.
        lists: what each list of the email shows, by its name.
        failure: why nothing can be said about this contact, or "".
    """

    values: Mapping[str, str] = field(default_factory=dict)
    segments: frozenset[int] = frozenset()
    lists: Mapping[str, Sequence[Item]] = field(default_factory=dict)
    failure: str = ""

    @cached_property
    def is_plain(self) -> bool:
        """Whether the values are written the same in every place; looked at once for all places."""
        return are_plain(self.values.values())

    def to_json(self) -> dict[str, Any]:
        """Return what is needed to show the same email again."""
        lists = {name: [dict(item) for item in items] for name, items in self.lists.items()}
        return {"values": dict(self.values), "segments": sorted(self.segments), "lists": lists}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Reader:
        """Return the reader that :meth:`to_json` described."""
        return cls(data.get("values", {}), frozenset(data.get("segments", ())), data.get("lists", {}))

    @property
    def item_keys(self) -> list[str]:
        """The keys of everything that the lists show."""
        return [item["key"] for items in self.lists.values() for item in items if item.get("key")]


@dataclass(frozen=True)
class Occasion:
    """When, where and for which messages lists are loaded.

    Attributes:
        base_url: scheme and host in front of addresses.
        messages: outbox message ids by the contact's id; empty in previews, in which nothing may be used up.
        orders: order ids by the contact's id, where a send is about one; else a mail is about their latest.
        is_visit: a landing page is read. ``messages`` holds the one that led there, if any did: what it took is shown
            again, and nothing is used up.
    """

    at: datetime
    base_url: str
    language: str
    site_id: int | None = None
    messages: Mapping[int, int] = field(default_factory=dict)
    orders: Mapping[int, int] = field(default_factory=dict)
    is_visit: bool = False

    @property
    def is_preview(self) -> bool:
        """Whether nobody gets what is loaded."""
        return not self.messages and not self.is_visit


class ItemSource(ABC):
    """Chooses for each contact what a list shows. Registered by a stable key, which compiled emails keep."""

    def may_be_shared(self, spec: Spec) -> bool:
        """Whether others may see what a list shows to a contact: what is new or on sale, but no order, and no code of
        a pool. Copies for others leave out what may not."""
        return False

    def finds_by_itself(self, spec: Spec) -> bool:
        """Whether it finds items, such as the newest, that whoever approved the email need not have seen."""
        return False

    def may_be_visited(self, spec: Spec) -> bool:
        """Whether landing pages may show it: loaded for the contact whom a mail led there, or for nobody. Such a
        source uses nothing up when ``occasion.is_visit``."""
        return self.may_be_shared(spec)

    @abstractmethod
    def load(
        self, spec: Spec, contacts: Sequence[Contact], *, limit: int, occasion: Occasion
    ) -> Mapping[int, Sequence[Item]]:
        """Return candidates for each contact, best first, by the contact's id (0 for somebody made up).

        Must cost a constant number of queries, whatever the number of contacts. Called in the language of the email.

        Args:
            limit: as many candidates are of use; more than the list shows, because some may be shown elsewhere.
        """

    def describe(self, spec: Spec, keys: Sequence[str], *, occasion: Occasion) -> Mapping[str, Item]:
        """Return what is shown of the items that were chosen, by their keys.

        For sources whose :meth:`load` gives little more than keys: most candidates are never shown. An item whose key
        is missing here is not shown. The facts that ``load`` gave win over these.
        """
        return {key: {} for key in keys}


item_sources: Registry[type[ItemSource]] = Registry("source of lists in emails")

SentItems = Callable[[Sequence[Contact], int, datetime], Mapping[int, set[str]]]
sent_items: Registry[SentItems] = Registry("memory of what contacts were sent")
"""Return the keys of what contacts were sent in the last days, by the contact's id. Rooms above contribute theirs."""


class ReaderLoader:
    """Loads the readers of one compiled email.

    Raises:
        RenderError: when loading: a segment that the email asks for is gone, or a source is not registered.
    """

    def __init__(self, payload: Mapping[str, Any]) -> None:
        self._language = payload.get("language", "en")
        self._site_id = payload.get("site")
        self._lists: dict[str, Spec] = payload.get("lists", {})
        holes = [hole for name in ("subject", "preheader", "html", "text") for hole in walk(payload[name])]
        holes += [hole for link in payload["links"] for hole in walk(link["url"])]
        self._segment_ids = sorted(set().union(*(segments_of(hole["if"]) for hole in holes if "if" in hole)))
        self._fields = {hole.get("merge", hole)["field"] for hole in holes if "merge" in hole or "field" in hole}

    @property
    def segment_ids(self) -> list[int]:
        """The segments for which the email has parts of its own."""
        return self._segment_ids

    @property
    def language(self) -> str:
        """Code of the language that the email is written in."""
        return str(self._language)

    def lists_of(self, source: str) -> list[str]:
        """Return the names of the lists that a source fills."""
        return [name for name, spec in self._lists.items() if spec["source"] == source]

    @property
    def is_varied(self) -> bool:
        """Whether readers differ in more than the values of merge fields."""
        return bool(self._segment_ids or self._lists)

    def load(
        self,
        contacts: Sequence[Contact],
        *,
        at: datetime,
        base_url: str,
        messages: Mapping[int, int] | None = None,
        is_visit: bool = False,
        known_segments: Mapping[int, bool] | None = None,
        sent_before: Mapping[int, set[str]] | None = None,
    ) -> dict[int, Reader]:
        """Return the reader of each contact by its id; somebody made up, who is not saved, has 0.

        Args:
            messages: outbox message ids by the contact's id; None in previews.
            is_visit: a landing page is read, see :class:`Occasion`.
            known_segments: whether the contacts are members of some segments, where that was decided before.
            sent_before: keys of items that count as sent, beside those that were, by the contact's id.
        """
        occasion = Occasion(at, base_url, self._language, self._site_id, messages or {}, is_visit=is_visit)
        segments = segments_of_contacts(self._segment_ids, contacts, at=at, known=known_segments or {})
        with translation.override(self._language):
            lists = self._load_lists(contacts, occasion, sent_before or {})
        known = self._load_values(contacts)
        return {
            key: replace(known[key], segments=frozenset(segments.get(key, ())), lists=lists.get(key, {}))
            for contact in contacts
            for key in [contact.pk or 0]
        }

    def _load_values(self, contacts: Sequence[Contact]) -> dict[int, Reader]:
        """Return what merge tags say about contacts; what the email does not show is not read."""
        stored = [contact for contact in contacts if contact.pk]
        made_up = {one.pk or 0: Reader(contact_values(one, self._fields)) for one in contacts if not one.pk}
        try:
            return made_up | {key: Reader(values) for key, values in values_of(stored, self._fields).items()}
        except DatabaseError:
            raise
        except Exception:  # merge fields are other people's code, and one contact fails alone
            logger.exception("Merge values cannot be read for many contacts at once.")
            return made_up | {contact.pk: self._values_alone(contact) for contact in stored}

    def _values_alone(self, contact: Contact) -> Reader:
        try:
            return Reader(contact_values(contact, self._fields))
        except DatabaseError:
            raise
        except Exception as error:
            return Reader(failure=f"{type(error).__name__}: {error}")

    def _load_lists(
        self, contacts: Sequence[Contact], occasion: Occasion, sent_before: Mapping[int, set[str]]
    ) -> dict[int, dict[str, list[Item]]]:
        found: dict[int, dict[str, list[Item]]] = {contact.pk or 0: {} for contact in contacts}
        shown: dict[int, set[str]] = {key: set() for key in found}
        extra = 0
        for name, spec in self._lists.items():
            count = spec["count"]
            source = item_sources.get(spec["source"])()
            if occasion.is_visit and not source.may_be_visited(spec):
                for lists in found.values():
                    lists[name] = []
                continue
            sent = self._load_sent(spec, contacts, occasion, sent_before)
            most = max((len(one) for one in sent.values()), default=0)
            limit = count + extra + len(spec.get("shown", ())) + most
            candidates = source.load(spec, contacts, limit=limit, occasion=occasion)
            for key, lists in found.items():
                taken = shown[key] | set(spec.get("shown", ())) | sent.get(key, set())
                fresh = [item for item in candidates.get(key, ()) if not item.get("key") or item["key"] not in taken]
                lists[name] = fresh[:count]
                shown[key] |= {item["key"] for item in lists[name] if item.get("key")}
            _describe(source, spec, [lists[name] for lists in found.values()], occasion)
            extra += count
        return found

    def _load_sent(
        self, spec: Spec, contacts: Sequence[Contact], occasion: Occasion, sent_before: Mapping[int, set[str]]
    ) -> dict[int, set[str]]:
        sent: dict[int, set[str]] = {}
        # A landing page goes on from the mail: what that showed is there again.
        if occasion.is_visit or not (days := spec.get("skip_sent_days")):
            return sent
        known = [contact for contact in contacts if contact.pk]
        for _key, look_up in sent_items.items():
            for contact_id, keys in look_up(known, days, occasion.at).items():
                sent.setdefault(contact_id, set()).update(keys)
        for contact_id, keys in sent_before.items():
            sent.setdefault(contact_id, set()).update(keys)
        return sent


def _describe(source: ItemSource, spec: Spec, lists: list[list[Item]], occasion: Occasion) -> None:
    """Complete the chosen items in place; those that are gone by now leave their list."""
    keys = list(dict.fromkeys(item["key"] for items in lists for item in items if item.get("key")))
    facts = source.describe(spec, keys, occasion=occasion) if keys else {}
    for items in lists:
        items[:] = [
            {**facts.get(item.get("key", ""), {}), **item}
            for item in items
            if not item.get("key") or item["key"] in facts
        ]


def walk(parts: Iterable[Part]) -> Iterator[dict[str, Any]]:
    """Yield every hole and region among parts, and those inside of regions."""
    for part in parts:
        if isinstance(part, dict):
            yield part
            yield from walk(part.get("parts", ()))
