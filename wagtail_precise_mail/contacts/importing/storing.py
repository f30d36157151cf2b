"""Writing a chunk of rows: contacts found or made, thousands at a time, with what they said about consent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from wagtail_precise_mail.contacts.former import by_former_hash
from wagtail_precise_mail.contacts.importing.consenting import Change, ConsentBook
from wagtail_precise_mail.contacts.importing.groups import Added, GroupBook
from wagtail_precise_mail.contacts.importing.reading import ContactRow
from wagtail_precise_mail.contacts.importing.states import Said
from wagtail_precise_mail.contacts.imports import Filling, ImportBatch, ImportedChange, ImportedRow
from wagtail_precise_mail.contacts.models import (
    Consent,
    ConsentStatus,
    Contact,
    Suppression,
    SuppressionReason,
)


class Writer:
    """Decides about rows, and writes what was decided unless it is a dry run: the figures are the same.

    Attributes:
        figures: what was done so far, counted on.
    """

    def __init__(self, batch: ImportBatch, figures: dict[str, int], *, is_dry: bool, holds: bool, at: datetime) -> None:
        self.figures: Counter[str] = Counter(figures)
        self._batch = batch
        self._is_dry = is_dry
        self._holds = holds
        self._at = at
        self._consents = ConsentBook(batch, at=at)
        self._groups = GroupBook(batch, self.figures, at=at)
        self._theirs: set[str] = set()

    def store(self, rows: Sequence[ContactRow]) -> list[tuple[ContactRow, str]]:
        """Take in rows of different addresses; return those that are refused after all, with the reason."""
        rows = _as_known_now(rows)
        hashes = [row.hash for row in rows]
        in_force = Suppression.objects.in_force(self._at).filter(address_hash__in=hashes)
        suppressed = dict(in_force.values_list("address_hash", "reason"))
        seen = {row.address_hash: row for row in self._batch.rows.filter(address_hash__in=hashes)}
        refused = self._refuse(rows, seen, suppressed)
        gone = {row.hash for row, _reason in refused}
        rows = [row for row in rows if row.hash not in gone]
        for row in rows:
            if row.hash in seen:
                _take_earlier(row, seen[row.hash].said)
        known = self._known(rows)
        self._count(rows, known, seen, suppressed)
        created = {} if self._is_dry else self._create([row for row in rows if row.hash not in known])
        changed = self._fill(rows, known, seen)
        contacts: dict[str, int | None] = {
            row.hash: (known.get(row.hash) or created[row.hash]).pk if row.hash in known or created else None
            for row in rows
        }
        held = self._consent(rows, contacts, seen, suppressed)
        added = {} if self._is_dry else self._groups.put(rows, contacts, created.keys() - self._theirs)
        self._note(rows, contacts, created, seen, held, changed, added)
        return refused

    def _refuse(
        self, rows: Sequence[ContactRow], seen: dict[str, ImportedRow], suppressed: dict[str, str]
    ) -> list[tuple[ContactRow, str]]:
        refused = []
        for row in rows:
            met = seen.get(row.hash)
            if suppressed.get(row.hash) == SuppressionReason.ERASED:
                refused.append((row, _("this person asked to be erased")))
            elif met and not met.contact_id and not self._is_dry:
                refused.append((row, _("the contact was erased or merged while this import ran")))
        return refused

    def _known(self, rows: Sequence[ContactRow]) -> dict[str, Contact]:
        found = Contact.objects.filter(address_hash__in=[row.hash for row in rows])
        if not self._is_dry:
            # A merge or an erasure of one of them waits until this chunk is in.
            found = found.select_for_update().order_by("pk")
        return {contact.address_hash: contact for contact in found}

    def _count(
        self,
        rows: Sequence[ContactRow],
        known: dict[str, Contact],
        seen: dict[str, ImportedRow],
        suppressed: dict[str, str],
    ) -> None:
        for row in rows:
            if row.hash in seen:
                self.figures["repeated"] += 1
            elif row.hash not in known:
                self.figures["new"] += 1
            elif _difference(known[row.hash], row, self._batch.filling):
                self.figures["updated"] += 1
            else:
                self.figures["unchanged"] += 1
            if row.hash not in seen and row.hash in suppressed:
                self.figures["kept_suppressed"] += 1

    def _create(self, rows: Sequence[ContactRow]) -> dict[str, Contact]:
        made = [self._new(row) for row in rows]
        if not made:
            return {}
        try:
            with transaction.atomic():
                Contact.objects.bulk_create(made)
        except IntegrityError:  # somebody signed up meanwhile
            made = self._create_around(made)
        return {contact.address_hash: contact for contact in made}

    def _create_around(self, made: list[Contact]) -> list[Contact]:
        Contact.objects.bulk_create(made, ignore_conflicts=True)
        stored = Contact.objects.filter(address_hash__in=[contact.address_hash for contact in made])
        ours = {contact.address_hash: contact.created_at for contact in made}
        found = list(stored)
        # Theirs are no contacts of this import, which may one day be undone.
        self._theirs |= {one.address_hash for one in found if ours[one.address_hash] != one.created_at}
        return found

    def _new(self, row: ContactRow) -> Contact:
        contact = Contact(
            email=row.email,
            address_hash=row.hash,
            source=self._batch.source_name,
            attributes=row.attributes,
            **row.values,
        )
        if self._holds:
            contact.quarantined_at = self._at
            contact.quarantine_reason = self._reason()
        return contact

    def _reason(self) -> str:
        return f"{self._batch.ledger_source}: {self._batch.name}"[:250]

    def _fill(
        self, rows: Sequence[ContactRow], known: dict[str, Contact], seen: dict[str, ImportedRow]
    ) -> dict[str, ImportedChange]:
        changed: dict[str, ImportedChange] = {}
        written: list[Contact] = []
        names: set[str] = set()
        for row in rows:
            if (contact := known.get(row.hash)) is None or self._is_dry:
                continue
            # A second row of one person fills gaps that the first one left.
            difference = _difference(contact, row, Filling.FILL if row.hash in seen else self._batch.filling)
            if not difference:
                continue
            before = {name: _plain(getattr(contact, name)) for name in difference}
            for name, value in difference.items():
                setattr(contact, name, value)
            contact.updated_at = self._at
            after = {name: _plain(value) for name, value in difference.items()}
            changed[row.hash] = ImportedChange(batch=self._batch, contact=contact, before=before, after=after)
            written.append(contact)
            names |= difference.keys()
        if written:
            Contact.objects.bulk_update(written, [*names, "updated_at"], batch_size=500)
        return changed

    def _consent(
        self,
        rows: Sequence[ContactRow],
        contacts: dict[str, int | None],
        seen: dict[str, ImportedRow],
        suppressed: dict[str, str],
    ) -> set[int]:
        """Write consent and suppressions; return the contacts that were here and are held."""
        # An address that must not be written to gets no yes from a file.
        willing = [row for row in rows if row.said >= Said.WITHDRAWN or row.hash not in suppressed]
        earlier = {key: self._earlier(met.said) for key, met in seen.items()}
        changes = self._consents.plan(willing, contacts, earlier)
        for change in changes:
            self.figures[str(change.status)] += 1
        self.figures["suppressed"] += self._consents.counts_suppressed(rows, suppressed)
        if self._is_dry:
            return set()
        held = self._held(changes) if self._holds else set()
        self._consents.write(changes)
        self._consents.suppress(rows, suppressed)
        if held:
            Contact.objects.filter(pk__in=held, quarantined_at=None).update(
                quarantined_at=self._at, quarantine_reason=self._reason()
            )
        return held

    def _held(self, changes: list[Change]) -> set[int]:
        """Contacts that were here without any consent, and get their first one from this file."""
        granted = {change.contact_id for change in changes if change.status == ConsentStatus.GRANTED}
        pks = {pk for pk in granted if pk}
        agreed = Consent.objects.filter(contact__in=pks, status=ConsentStatus.GRANTED)
        return pks - set(agreed.values_list("contact_id", flat=True))

    def _earlier(self, said: str) -> dict[str, Said]:
        overall, topics = _unpack(said)
        row = ContactRow(0, "", "", "", said=overall, topics=topics)
        return self._consents.said_of(row)

    def _note(
        self,
        rows: Sequence[ContactRow],
        contacts: dict[str, int | None],
        created: dict[str, Contact],
        seen: dict[str, ImportedRow],
        held: set[int],
        changed: dict[str, ImportedChange],
        added: dict[str, Added],
    ) -> None:
        fresh, again = [], []
        for row in rows:
            said = _pack(row)
            if met := seen.get(row.hash):
                if met.said != said:
                    met.said = said
                    again.append(met)
                continue
            made = created.get(row.hash)
            is_new = made is not None and row.hash not in self._theirs
            fresh.append(
                ImportedRow(
                    batch=self._batch,
                    address_hash=row.hash,
                    contact_id=contacts[row.hash],
                    is_new=is_new,
                    is_held=self._holds and (is_new or contacts[row.hash] in held),
                    said=said,
                    written_at=made.updated_at if made else None,
                )
            )
        ImportedRow.objects.bulk_create(fresh, batch_size=2000)
        ImportedRow.objects.bulk_update(again, ["said"], batch_size=500)
        for key, groups in added.items():
            change = changed.setdefault(key, ImportedChange(batch=self._batch, contact_id=contacts[key] or 0))
            change.lists, change.tags = groups.lists, groups.tags
        # What changed of a contact that this import made goes with the contact.
        kept = [change for key, change in changed.items() if not (key in seen and seen[key].is_new)]
        ImportedChange.objects.bulk_create(kept, batch_size=1000)
        own = [key for key, change in changed.items() if change.after and key in seen and seen[key].is_new]
        self._follow_own([contacts[key] for key in own])

    def _follow_own(self, pks: list[int | None]) -> None:
        self._batch.rows.filter(contact__in=[pk for pk in pks if pk]).update(written_at=self._at)


def _difference(contact: Contact, row: ContactRow, filling: str) -> dict[str, Any]:
    """Return the values that a row changes of a contact."""
    if filling == Filling.SKIP:
        return {}
    replaces = filling == Filling.OVERWRITE
    different = {
        name: value
        for name, value in row.values.items()
        if value not in ("", None) and value != (now := getattr(contact, name)) and (replaces or now in ("", None))
    }
    known = contact.attributes if isinstance(contact.attributes, dict) else {}
    further = {
        key: value
        for key, value in row.attributes.items()
        if known.get(key) != value and (replaces or key not in known)
    }
    return {**different, "attributes": {**known, **further}} if further else different


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def _pack(row: ContactRow) -> str:
    """Write down what a row says, for rows of the same address that come later."""
    topics = "".join(f";{slug}={said.value}" for slug, said in sorted(row.topics.items()))
    return f"{row.said.value}{topics}"


def _unpack(said: str) -> tuple[Said, dict[str, Said]]:
    overall, *topics = said.split(";")
    pairs = (part.rpartition("=") for part in topics)
    return Said(int(overall or 1)), {slug: Said(int(value)) for slug, _sign, value in pairs if value}


def _take_earlier(row: ContactRow, said: str) -> None:
    """Let what an earlier row of the address said count, where it was stricter."""
    overall, topics = _unpack(said)
    for slug in topics.keys() | row.topics.keys():
        row.topics[slug] = max(row.topics.get(slug, row.said), topics.get(slug, overall))
    row.said = max(row.said, overall)


def _as_known_now(rows: Sequence[ContactRow]) -> list[ContactRow]:
    """Return rows under what people are known by now: an address that was merged away belongs to whom it went to."""
    former = by_former_hash([row.hash for row in rows])
    people: dict[str, ContactRow] = {}
    for row in rows:
        if contact := former.get(row.hash):
            row.hash = contact.address_hash
        if known := people.get(row.hash):
            known.merge(row)
        else:
            people[row.hash] = row
    return list(people.values())
