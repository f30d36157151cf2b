"""An import at work: slices of chunks, each wholly in or not at all, so that it goes on after any crash."""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from django.db import DataError, IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from wagtail_precise_mail.background import enqueue
from wagtail_precise_mail.conf import options
from wagtail_precise_mail.contacts.hygiene.addresses import chosen_resolver
from wagtail_precise_mail.contacts.importing.files import ContactFile, forget_file, opened
from wagtail_precise_mail.contacts.importing.groups import TooManyGroups
from wagtail_precise_mail.contacts.importing.reading import ContactRow, RowError, RowReader, merged
from wagtail_precise_mail.contacts.importing.risk import RiskScan, is_suspicious
from wagtail_precise_mail.contacts.importing.storing import Writer
from wagtail_precise_mail.contacts.importing.undoing import undo_slice
from wagtail_precise_mail.contacts.imports import WORKING, ImportBatch, ImportRefusal
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.exceptions import PreciseMailError, SourceError
from wagtail_precise_mail.tabular.records import Record
from wagtail_precise_mail.tabular.unlogged import queries_unlogged

logger = logging.getLogger(__name__)

GO_ON = "wagtail_precise_mail.contacts.tasks.go_on_with_import"
LEASE = timedelta(seconds=120)
"""How long a batch belongs to a worker that has gone silent; a chunk takes a few seconds."""
_TRIAL = 1000
_KEPT_COUNTRIES = 50

State = ImportBatch.State
Progress = Callable[[ImportBatch], None]


def go_on(batch_id: int, *, seconds: float | None = None, on_progress: Progress | None = None) -> bool:
    """Work at an import for a while; return whether there is more to do.

    Any number of workers may call this: one of them has the batch, the others go away.

    Args:
        seconds: how long; None takes ``task_seconds``.
        on_progress: called after each chunk.
    """
    batch = _claim(batch_id)
    if batch is None:
        return False
    deadline = time.monotonic() + (options().task_seconds if seconds is None else seconds)
    try:
        with queries_unlogged(Contact):
            is_done = _work(batch, deadline, on_progress)
    except _LostClaim:
        return False
    except PreciseMailError as error:
        _fail(batch, str(error))
        return False
    except (IntegrityError, DataError) as error:
        logger.exception("Import %s failed.", batch.pk)
        _fail(batch, _("The database refused a chunk: %(error)s What came before it is in.") % {"error": error})
        return False
    ImportBatch.objects.filter(pk=batch.pk, claimed_until=batch.claimed_until).update(claimed_until=None)
    if not is_done:
        enqueue(GO_ON, batch.pk)
    return not is_done


def _work(batch: ImportBatch, deadline: float, on_progress: Progress | None) -> bool:
    if batch.state == State.UNDOING:
        return undo_slice(batch, deadline)
    return _Pass(batch).run(deadline, on_progress)


def wake_imports(*, at: datetime | None = None) -> int:
    """Enqueue every import that has work and no worker; return how many."""
    at = at or timezone.now()
    waiting = ImportBatch.objects.filter(state__in=WORKING).exclude(claimed_until__gt=at)
    ids = list(waiting.values_list("pk", flat=True))
    for pk in ids:
        enqueue(GO_ON, pk)
    return len(ids)


def _claim(batch_id: int) -> ImportBatch | None:
    at = timezone.now()
    free = ImportBatch.objects.filter(pk=batch_id, state__in=WORKING).exclude(claimed_until__gt=at)
    if not free.update(claimed_until=at + LEASE):
        return None
    return ImportBatch.objects.select_related("contact_list", "created_by").get(pk=batch_id)


def _fail(batch: ImportBatch, problem: str) -> None:
    ImportBatch.objects.filter(pk=batch.pk, state__in=WORKING).update(
        state=State.FAILED, problem=problem[:2000], claimed_until=None
    )


class _LostClaim(Exception):
    """Somebody stopped the import, or another worker has it."""


class _Pass:
    """One reading of the file: dry, to tell what would happen, or in earnest."""

    def __init__(self, batch: ImportBatch) -> None:
        self._batch = batch
        self._is_dry = batch.state == State.CHECKING
        self._at = timezone.now()
        stored = batch.check_figures if self._is_dry else batch.figures
        figures: dict[str, Any] = dict(stored)
        self._risk = RiskScan(figures.pop("risk", {}), at=self._at, resolver=chosen_resolver())
        self._countries: Counter[str] = Counter(figures.pop("unknown_countries", {}))
        self._reader = RowReader(batch, at=self._at)
        self._writer = Writer(batch, figures, is_dry=self._is_dry, holds=self._must_hold(), at=self._at)

    def run(self, deadline: float, on_progress: Progress | None) -> bool:
        """Read on until the file or the time ends; return whether it was the file."""
        _require_right(self._batch)
        with opened(self._batch) as file:
            records = iter(file)
            self._skip(records)
            while chunk := list(islice(records, options().import_batch_size)):
                self._store(chunk, file)
                if on_progress:
                    on_progress(self._batch)
                if time.monotonic() >= deadline:
                    return False
            self._finish(file.damage)
        if on_progress:
            on_progress(self._batch)
        return True

    def _skip(self, records: Iterator[Record]) -> None:
        next(islice(records, self._batch.position, self._batch.position), None)

    def _must_hold(self) -> bool:
        """Hold new contacts back until the whole list was looked at, unless a dry run did so already."""
        if self._is_dry or self._batch.released_at:
            return False
        looked = self._batch.check_figures.get("risk")
        return not looked or is_suspicious(looked)

    def _store(self, chunk: list[Record], file: ContactFile) -> None:
        figures = self._writer.figures
        try:
            with transaction.atomic():
                refused: list[tuple[int, str, list[str]]] = []
                rows = list(merged(list(self._read(chunk, refused))))
                for row in rows:
                    self._risk.add(row)
                refused += [(row.line, reason, row.raw) for row, reason in self._writer.store(rows)]
                figures["rows"] += len(chunk)
                figures["refused"] += len(refused)
                self._keep_refused(refused)
                self._move_on(len(chunk), file.position)
        except TooManyGroups as error:
            raise SourceError(str(error)) from None
        if figures["refused"] == figures["rows"] >= _TRIAL:
            first = self._batch.refusals.first()
            raise SourceError(
                _("Not one of the first %(count)d rows can be taken, so a column is wrong: %(reason)s")
                % {"count": figures["rows"], "reason": first.reason if first else ""}
            )

    def _read(self, chunk: list[Record], refused: list[tuple[int, str, list[str]]]) -> Iterator[ContactRow]:
        width = len(self._batch.header)
        count = 0
        for record in chunk:
            try:
                if record.problem and not _is_only_padded(record, width):
                    raise RowError(record.problem)
                row = self._reader.read(record.line, record.fields)
            except RowError as error:
                refused.append((record.line, str(error), record.fields))
                if not record.problem:
                    self._risk.add_invalid()
                continue
            if name := row.notes.get("country"):
                self._countries[name] += 1
            count += 1
            yield row
        self._writer.figures["read"] += count

    def _keep_refused(self, refused: list[tuple[int, str, list[str]]]) -> None:
        ImportRefusal.objects.bulk_create(
            [
                ImportRefusal(
                    batch=self._batch, line=line, reason=reason[:500], fields=[_storable(value) for value in fields]
                )
                for line, reason, fields in sorted(refused)
            ],
            batch_size=1000,
        )

    def _move_on(self, count: int, bytes_read: int) -> None:
        batch, before = self._batch, self._batch.claimed_until
        until = max(timezone.now() + LEASE, (before or timezone.now()) + timedelta(microseconds=1))
        values = {
            "position": batch.position + count,
            "bytes_read": bytes_read,
            "claimed_until": until,
            "check_figures" if self._is_dry else "figures": self._figures(),
        }
        mine = ImportBatch.objects.filter(pk=batch.pk, state=batch.state, claimed_until=before, position=batch.position)
        if not mine.update(**values):
            raise _LostClaim
        for name, value in values.items():
            setattr(batch, name, value)

    def _figures(self) -> dict[str, Any]:
        return {
            **self._writer.figures,
            "risk": dict(self._risk.counts),
            "unknown_countries": dict(self._countries.most_common(_KEPT_COUNTRIES)),
        }

    @transaction.atomic
    def _finish(self, damage: str) -> None:
        batch = self._batch
        values: dict[str, Any] = {"damage": damage[:250], "claimed_until": None, "bytes_read": batch.size}
        if self._is_dry:
            batch.rows.all().delete()
            values |= {"state": State.CHECKED, "check_figures": self._figures()}
        else:
            values |= {"state": State.FINISHED, "finished_at": timezone.now(), "figures": self._figures()}
            values |= self._settle()
        mine = ImportBatch.objects.filter(pk=batch.pk, state=batch.state, claimed_until=batch.claimed_until)
        if not mine.update(**values):
            raise _LostClaim
        for name, value in values.items():
            setattr(batch, name, value)
        if not self._is_dry and not damage:
            forget_file(batch)

    def _settle(self) -> dict[str, Any]:
        """Let those go who were held for nothing; a suspicious list stays where it is."""
        if self._batch.released_at:
            return {}
        if is_suspicious(dict(self._risk.counts)):
            return {"quarantined_at": self._at}
        let_go(self._batch)
        return {}


def let_go(batch: ImportBatch) -> int:
    """End the quarantine of the contacts that this import holds; return how many."""
    held = batch.rows.filter(is_held=True).values("contact")
    contacts = Contact.objects.filter(pk__in=held, quarantine_reason__startswith=f"{batch.ledger_source}: ")
    return contacts.update(quarantined_at=None, quarantine_reason="")


def _require_right(batch: ImportBatch) -> None:
    """Whoever started it must still be allowed to: the worker asks again."""
    user = batch.created_by
    if user and not (user.is_active and user.has_perm("wagtail_precise_mail.add_importbatch")):
        raise SourceError(
            _("%(user)s may no longer import contacts. Somebody who may can go on.") % {"user": user.get_username()}
        )


def _is_only_padded(record: Record, width: int) -> bool:
    """Whether a record has nothing wrong but empty fields at its end, as spreadsheets leave them; cut them off."""
    if len(record.fields) <= width or any(value.strip() for value in record.fields[width:]):
        return False
    del record.fields[width:]
    return True


def _storable(value: str) -> str:
    """Return a field without what databases refuse; bytes that could not be decoded become readable."""
    text = value.replace("\0", "\\0")
    return text.encode("utf-8", "backslashreplace").decode("utf-8")[:1000]
