"""Taking an import back: values as they were, contacts that nobody touched since removed, the ledger kept."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, cast

from django.db import models, transaction
from django.utils import timezone
from django.utils.dateparse import parse_date

from wagtail_precise_mail.contacts.importing.consenting import ORIGIN_KIND
from wagtail_precise_mail.contacts.importing.groups import take_back_groups
from wagtail_precise_mail.contacts.imports import ImportBatch, ImportedChange, ImportedRow
from wagtail_precise_mail.contacts.models import (
    Consent,
    ConsentChange,
    ConsentStatus,
    Contact,
    Suppression,
)
from wagtail_precise_mail.contacts.tags import ContactTag, TagChange

CHUNK = 1000
_UNDONE = "undone"


def undo_slice(batch: ImportBatch, deadline: float) -> bool:
    """Take back for a while; return whether nothing is left. Each chunk is wholly taken back or not at all."""
    while True:
        with transaction.atomic():
            _lock(batch)
            rows = list(batch.rows.filter(pk__gt=batch.position).order_by("pk")[:CHUNK])
            if not rows:
                _finish(batch)
                return True
            counted = _undo_rows(batch, rows)
            _move_on(batch, rows[-1].pk, counted)
        if time.monotonic() >= deadline:
            return False


def _lock(batch: ImportBatch) -> None:
    ImportBatch.objects.select_for_update().filter(pk=batch.pk).values_list("pk").first()


def _undo_rows(batch: ImportBatch, rows: Sequence[ImportedRow]) -> Counter[str]:
    counted: Counter[str] = Counter()
    pks = [row.contact_id for row in rows if row.contact_id]
    Suppression.objects.filter(
        address_hash__in=[row.address_hash for row in rows], origin_kind=ORIGIN_KIND, origin_id=batch.pk
    ).delete()
    counted["consents"] += _undo_consents(batch, pks)
    counted["restored"] += _restore(batch, pks)
    mine = [row for row in rows if row.is_new and row.contact_id]
    counted["removed"] += _remove(batch, mine)
    counted["kept"] += len(mine) - counted["removed"]
    return counted


def _undo_consents(batch: ImportBatch, pks: Sequence[int]) -> int:
    """Write a counter-entry for each consent whose last entry is ours; what the person did since stands."""
    entries: dict[tuple[int, int], list[ConsentChange]] = {}
    for entry in ConsentChange.objects.filter(contact__in=pks).order_by("pk"):
        entries.setdefault((cast("int", entry.contact_id), entry.topic_id), []).append(entry)
    at, written = timezone.now(), []
    for (pk, topic_id), history in entries.items():
        if history[-1].source != batch.ledger_source:
            continue
        before = [entry for entry in history if entry.source != batch.ledger_source]
        status = before[-1].status if before else ConsentStatus.WITHDRAWN
        if status == history[-1].status:
            continue
        Consent.objects.filter(contact=pk, topic=topic_id).update(status=status, changed_at=at)
        written.append(
            ConsentChange(
                contact_id=pk,
                topic_id=topic_id,
                status=status,
                source=f"{batch.ledger_source} {_UNDONE}",
                evidence=batch.name,
                changed_at=at,
            )
        )
    ConsentChange.objects.bulk_create(written, batch_size=1000)
    return len(written)


def _restore(batch: ImportBatch, pks: Sequence[int]) -> int:
    """Put values back that are still as the import wrote them."""
    changes = ImportedChange.objects.filter(batch=batch, contact__in=pks).select_related("contact").order_by("-pk")
    take_back_groups(batch, changes, source=f"{batch.ledger_source} {_UNDONE}")
    written: dict[int, Contact] = {}
    names: set[str] = set()
    for change in changes:
        contact = written.get(change.contact_id, change.contact)
        own = {name: value for name, value in change.after.items() if _plain(getattr(contact, name)) == value}
        for name in own:
            setattr(contact, name, _typed(name, change.before[name]))
            names.add(name)
        if own:
            written[contact.pk] = contact
    if written:
        at = timezone.now()
        for contact in written.values():
            contact.updated_at = at
        Contact.objects.bulk_update(written.values(), [*names, "updated_at"], batch_size=500)
    held = batch.rows.filter(contact__in=pks, is_held=True, is_new=False).values("contact")
    reason = f"{batch.ledger_source}: "
    Contact.objects.filter(pk__in=held, quarantine_reason__startswith=reason).update(
        quarantined_at=None, quarantine_reason=""
    )
    return len(written)


def _remove(batch: ImportBatch, rows: Sequence[ImportedRow]) -> int:
    """Remove contacts that only this import knows; their ledger stays with the row, under the hash."""
    written = {row.contact_id: row.written_at for row in rows if row.contact_id}
    contacts = Contact.objects.filter(pk__in=written).select_for_update()
    untouched = {contact.pk for contact in contacts if contact.updated_at == written[contact.pk]}
    untouched -= _known_elsewhere(batch, untouched)
    if not untouched:
        return 0
    ledgers: dict[int, list[dict[str, Any]]] = {}
    for entry in ConsentChange.objects.filter(contact__in=untouched).select_related("topic").order_by("pk"):
        ledgers.setdefault(cast("int", entry.contact_id), []).append(
            {
                "topic": entry.topic.slug,
                "status": entry.status,
                "source": entry.source,
                "evidence": entry.evidence,
                "changed_at": entry.changed_at.isoformat(),
            }
        )
    kept = [row for row in rows if row.contact_id in untouched]
    for row in kept:
        row.ledger = ledgers.get(row.contact_id or 0, [])
        row.contact_id = None
    ImportedRow.objects.bulk_update(kept, ["ledger", "contact"], batch_size=500)
    Contact.objects.filter(pk__in=untouched).delete()
    return len(untouched)


def _known_elsewhere(batch: ImportBatch, pks: Iterable[int]) -> set[int]:
    """Contacts that anything else refers to: orders, mails, notes, other imports, whatever rooms come above."""
    found: set[int] = set()
    signed = [batch.ledger_source, f"{batch.ledger_source} {_UNDONE}"]
    for relation in Contact._meta.related_objects:
        model: Any = relation.related_model
        # What stands on a contact by a tag, the history of tags says, too, with who put it there.
        if model in (Consent, ConsentChange, ContactTag) or relation.many_to_many:
            continue
        name = relation.field.attname
        rows: models.QuerySet[Any] = model._default_manager.filter(**{f"{relation.field.name}__in": pks})
        if model in (ImportedRow, ImportedChange):
            rows = rows.exclude(batch=batch)
        if model is TagChange:
            rows = rows.exclude(source__in=signed)
        found |= set(rows.values_list(name, flat=True))
    spoken = ConsentChange.objects.filter(contact__in=pks).exclude(source__in=signed)
    return found | set(spoken.values_list("contact_id", flat=True))


def _move_on(batch: ImportBatch, position: int, counted: Counter[str]) -> None:
    undone = Counter(batch.figures.get(_UNDONE, {})) + counted
    batch.figures = {**batch.figures, _UNDONE: dict(undone)}
    batch.position = position
    batch.save(update_fields=["figures", "position"])


def _finish(batch: ImportBatch) -> None:
    batch.state = ImportBatch.State.UNDONE
    batch.claimed_until = batch.quarantined_at = None
    batch.save(update_fields=["state", "claimed_until", "quarantined_at"])
    # Values of people that nobody needs any more.
    batch.changes.all().delete()
    batch.pieces.all().delete()


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def _typed(name: str, value: Any) -> Any:
    is_day = isinstance(Contact._meta.get_field(name), models.DateField)
    return parse_date(value) if is_day and value else value
