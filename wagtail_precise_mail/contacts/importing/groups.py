"""Lists and tags that a file puts people on: a chunk at a time, and taken back the same way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Max
from django.utils.text import slugify
from django.utils.translation import gettext as _

from wagtail_precise_mail.contacts.importing.reading import ContactRow
from wagtail_precise_mail.contacts.imports import ImportBatch, ImportedChange
from wagtail_precise_mail.contacts.models import ContactList
from wagtail_precise_mail.contacts.tagging import add_pairs, find_or_make_tag, remove_pairs
from wagtail_precise_mail.contacts.tags import Tag, TagChange

GROUP_LIMIT = 200
"""Lists, or tags, that one file may make: more, and the column holds no interests."""


class TooManyGroups(Exception):
    """A column of interests or groups has more of them than any shop has; the message says what to do."""


@dataclass
class Added:
    """What was new to a contact who was here before: ids of lists and of tags."""

    lists: list[int] = field(default_factory=list)
    tags: list[int] = field(default_factory=list)


class GroupBook:
    """Puts the contacts of one import on lists and tags; each name is looked up once.

    Args:
        figures: of the import, counted on.
    """

    def __init__(self, batch: ImportBatch, figures: Counter[str], *, at: datetime) -> None:
        self._batch = batch
        self._figures = figures
        self._at = at
        self._lists: dict[str, ContactList] = {}
        self._tags: dict[str, Tag] = {}

    def put(
        self, rows: Sequence[ContactRow], contacts: Mapping[str, int | None], new: Iterable[str]
    ) -> dict[str, Added]:
        """Put contacts on the list of the import, and on the lists and tags of their rows: at most five statements.

        Args:
            contacts: ids by the hash of the address.
            new: hashes of the contacts that this chunk made; what they get goes with them.

        Returns:
            What is new to the others, by their hash.
        """
        keys = {pk: key for key, pk in contacts.items() if pk is not None}
        made = set(new)
        added: dict[str, Added] = {}
        for pk, list_id in self._put_on_lists(rows, contacts, keys, made):
            added.setdefault(keys[pk], Added()).lists.append(list_id)
        for pk, tag_id in self._put_tags(rows, contacts):
            added.setdefault(keys[pk], Added()).tags.append(tag_id)
        return {key: groups for key, groups in added.items() if key not in made}

    def _put_on_lists(
        self,
        rows: Sequence[ContactRow],
        contacts: Mapping[str, int | None],
        keys: Mapping[int, str],
        made: set[str],
    ) -> list[tuple[int, int]]:
        wanted = {(pk, one.pk): None for row in rows for one in self._lists_of(row) if (pk := contacts[row.hash])}
        if not wanted:
            return []
        through = ContactList.contacts.through
        old = {pk for pk, _list in wanted if keys[pk] not in made}
        known: set[tuple[int, int]] = set()
        if old:
            known = set(through.objects.filter(contact__in=old).values_list("contact_id", "contactlist_id"))
        missing = [pair for pair in wanted if pair not in known]
        through.objects.bulk_create(
            [through(contact_id=pk, contactlist_id=list_id) for pk, list_id in missing],
            batch_size=2000,
            ignore_conflicts=True,
        )
        self._figures["listed"] += len(missing)
        return missing

    def _put_tags(self, rows: Sequence[ContactRow], contacts: Mapping[str, int | None]) -> list[tuple[int, int]]:
        wanted = [(pk, self._tag(name)) for row in rows for name in row.tags if (pk := contacts[row.hash])]
        added = add_pairs(wanted, source=self._batch.ledger_source, at=self._at)
        self._figures["tagged"] += len(added)
        return added

    def _lists_of(self, row: ContactRow) -> list[ContactList]:
        own = [self._batch.contact_list] if self._batch.contact_list else []
        return [*own, *(self._list(name) for name in row.lists)]

    def _list(self, name: str) -> ContactList:
        slug = slugify(name, allow_unicode=True)[:100] or "list"
        if slug not in self._lists:
            made, is_new = ContactList.objects.get_or_create(slug=slug, defaults={"name": name[:100]})
            self._count_new("new_lists", is_new)
            self._lists[slug] = made
        return self._lists[slug]

    def _tag(self, name: str) -> Tag:
        key = name.casefold()
        if key not in self._tags:
            self._tags[key], is_new = find_or_make_tag(name)
            self._count_new("new_tags", is_new)
        return self._tags[key]

    def _count_new(self, figure: str, is_new: bool) -> None:
        self._figures[figure] += is_new
        if self._figures[figure] > GROUP_LIMIT:
            words = (
                _("The column of groups would make more than %(count)d lists. Give it another meaning.")
                if figure == "new_lists"
                else _("The column of interests would make more than %(count)d tags. Give it another meaning.")
            )
            raise TooManyGroups(words % {"count": GROUP_LIMIT})


def take_back_groups(batch: ImportBatch, changes: Iterable[ImportedChange], *, source: str) -> None:
    """Take people off the lists and tags that an import put them on. Tags that somebody put on again since stay."""
    changes = list(changes)
    through = ContactList.contacts.through
    listed = {(change.contact_id, list_id) for change in changes for list_id in change.lists}
    if listed:
        rows = through.objects.filter(
            contact__in={pk for pk, _id in listed}, contactlist__in={list_id for _pk, list_id in listed}
        ).values_list("pk", "contact_id", "contactlist_id")
        through.objects.filter(pk__in=[pk for pk, *pair in rows if tuple(pair) in listed]).delete()
    tagged = {(change.contact_id, tag_id) for change in changes for tag_id in change.tags}
    if tagged:
        remove_pairs(tagged & _ours(batch, tagged), source=source)


def _ours(batch: ImportBatch, pairs: Iterable[tuple[int, int]]) -> set[tuple[int, int]]:
    """Return the pairs of contact and tag of which the last word in the history is this import's."""
    history = TagChange.objects.filter(
        contact__in={pk for pk, _tag in pairs}, tag__in={tag_id for _pk, tag_id in pairs}
    ).order_by()
    last = history.values("contact", "tag").annotate(last=Max("pk")).values("last")
    found = TagChange.objects.filter(pk__in=last, source=batch.ledger_source).values_list("contact_id", "tag_id")
    return {(pk, tag_id) for pk, tag_id in found if tag_id is not None}
