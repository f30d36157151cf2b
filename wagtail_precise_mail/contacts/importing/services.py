"""Verbs of imports: describe, check, start, stop, go on, undo, release, forget."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from wagtail.log_actions import log

from wagtail_precise_mail.background import enqueue
from wagtail_precise_mail.conf import options
from wagtail_precise_mail.contacts.importing.mapping import problems, remember
from wagtail_precise_mail.contacts.importing.run import GO_ON, let_go
from wagtail_precise_mail.contacts.imports import ImportBatch, ImportedChange, ImportedRow, ImportPiece, ImportRefusal
from wagtail_precise_mail.contacts.models import ContactList, Topic
from wagtail_precise_mail.exceptions import InvalidTransition, NotReady

if TYPE_CHECKING:
    from django.contrib.auth.models import User

State = ImportBatch.State
_EVIDENCE_LENGTH = 10

# What may become what, and by which verb.
_MOVES = {
    "check": ([State.UPLOADED, State.CHECKED, State.FAILED], State.CHECKING),
    "start": ([State.UPLOADED, State.CHECKED, State.FAILED], State.RUNNING),
    "stop": ([State.RUNNING, State.CHECKING], State.STOPPED),
    "resume": ([State.STOPPED, State.FAILED], State.RUNNING),
    "undo": ([State.STOPPED, State.FAILED, State.FINISHED], State.UNDOING),
}


@transaction.atomic
def describe(
    batch: ImportBatch,
    *,
    columns: Sequence[str],
    basis: str,
    evidence: str,
    topics: Sequence[Topic] = (),
    contact_list: ContactList | None = None,
    **settings: Any,
) -> None:
    """Say what the columns become and why these people may be written to.

    Args:
        basis: a value of ``ImportBasis``, or "" while nobody knows it yet: then nothing can start.
        settings: further fields of the batch, such as ``filling`` or ``day_order``.

    Raises:
        InvalidTransition: the import runs already, or has run.
    """
    _require_waiting(batch)
    batch.columns, batch.basis, batch.evidence = list(columns), basis, evidence.strip()
    batch.contact_list = contact_list
    for name, value in settings.items():
        setattr(batch, name, value)
    batch.state, batch.check_figures, batch.problem = State.UPLOADED, {}, ""
    batch.save()
    batch.topics.set(topics)


def what_is_missing(batch: ImportBatch) -> list[str]:
    """Return why an import cannot start, each a sentence that says what to do."""
    slugs = list(Topic.objects.values_list("slug", flat=True))
    found = problems(batch.header, batch.columns, topics=slugs)
    if not batch.basis:
        found.append(_("Say why these people may be written to: nobody is imported without a basis."))
    if len(batch.evidence) < _EVIDENCE_LENGTH:
        found.append(_("Say what proves it: where and when they agreed, and to which words."))
    return found


def check_import(batch: ImportBatch) -> None:
    """Read the whole file without writing a contact, and count what would happen.

    Raises:
        NotReady: a column, the basis or the evidence is missing.
        InvalidTransition: the import runs already, or has run.
    """
    _begin(batch, "check")


def start_import(batch: ImportBatch, *, by: User | None = None) -> None:
    """Bring the contacts in, in the background.

    Raises:
        NotReady: a column, the basis or the evidence is missing.
        InvalidTransition: the import runs already, or has run.
    """
    _begin(batch, "start", by=by)
    remember(batch.header, batch.columns)


@transaction.atomic
def _begin(batch: ImportBatch, verb: str, *, by: User | None = None) -> None:
    if missing := what_is_missing(batch):
        raise NotReady(missing)
    if batch.figures.get("rows"):
        raise InvalidTransition(_("A part of this file is in already. Let the import go on, or undo it."))
    values: dict[str, Any] = {"position": 0, "bytes_read": 0, "problem": "", "damage": "", "figures": {}}
    if verb == "check":
        values["check_figures"] = {}
    if by:
        values["created_by"] = by
    _move(batch, verb, **values)
    batch.rows.all().delete()
    batch.refusals.all().delete()
    enqueue(GO_ON, batch.pk)


def stop_import(batch: ImportBatch) -> None:
    """Hold an import after the chunk at hand; it can go on, or be undone. A dry run is given up.

    Raises:
        InvalidTransition: it does not run.
    """
    was_checking = batch.state == State.CHECKING
    _move(batch, "stop", claimed_until=None)
    if was_checking:
        ImportBatch.objects.filter(pk=batch.pk, state=State.STOPPED).update(state=State.UPLOADED, check_figures={})
        batch.state = State.UPLOADED


@transaction.atomic
def resume_import(batch: ImportBatch, *, by: User | None = None) -> None:
    """Let an import go on where it stopped.

    Raises:
        InvalidTransition: it neither stopped nor failed, or never began.
    """
    if not batch.figures.get("rows"):
        raise InvalidTransition(_("This import has not begun. Start it."))
    _move(batch, "resume", problem="", **({"created_by": by} if by else {}))
    enqueue(GO_ON, batch.pk)


@transaction.atomic
def undo_import(batch: ImportBatch, *, by: User | None = None, reason: str = "") -> None:
    """Take an import back, in the background.

    Values return that are still as the import wrote them, contacts that it made and nobody touched since are removed,
    and each consent gets a counter-entry in the ledger; nothing of the ledger is erased.

    Raises:
        InvalidTransition: it did nothing yet, or what it did was forgotten after ``import_keep_days``.
    """
    if not batch.rows.exists():
        raise InvalidTransition(_("There is nothing to take back, or it is too long ago."))
    _move(batch, "undo", position=0, claimed_until=None)
    log(instance=batch, action="wagtail.edit", user=by, data={"undone_because": reason})
    enqueue(GO_ON, batch.pk)


@transaction.atomic
def release_import(batch: ImportBatch, *, reason: str, by: User | None = None, at: datetime | None = None) -> int:
    """End the quarantine of what an import brought; return how many contacts may get mail now.

    Raises:
        InvalidTransition: it is not in quarantine.
        ValueError: no reason was given.
    """
    if not reason.strip():
        raise ValueError(_("Say why these people may be written to after all."))
    held = ImportBatch.objects.filter(pk=batch.pk, quarantined_at__isnull=False, released_at=None)
    values = {"released_at": at or timezone.now(), "released_by": by, "release_reason": reason.strip()}
    if not held.update(**values):
        raise InvalidTransition(_("This import is not in quarantine."))
    log(instance=batch, action="wagtail.edit", user=by, data={"released_because": reason.strip()})
    count = let_go(batch)
    batch.refresh_from_db()
    return count


def forget_imports(*, at: datetime | None = None) -> int:
    """Remove the rows, values and files of imports that are older than ``import_keep_days``; return how many.

    What was removed can no longer be undone; the figures stay.
    """
    before = (at or timezone.now()) - timedelta(days=options().import_keep_days)
    old = ImportBatch.objects.filter(created_at__lt=before).exclude(state__in=[State.RUNNING, State.UNDOING])
    ids = [pk for pk in old.values_list("pk", flat=True) if _has_details(pk)]
    for pk in ids:
        for model in (ImportPiece, ImportRefusal, ImportedChange):
            model._default_manager.filter(batch=pk).delete()
        # The ledger of removed contacts is kept for good.
        ImportedRow.objects.filter(batch=pk, ledger=[]).delete()
    return len(ids)


def _has_details(pk: int) -> bool:
    models = (ImportPiece, ImportRefusal, ImportedChange)
    return any(model._default_manager.filter(batch=pk).exists() for model in models) or (
        ImportedRow.objects.filter(batch=pk, ledger=[]).exists()
    )


def _require_waiting(batch: ImportBatch) -> None:
    if batch.state not in (State.UPLOADED, State.CHECKED, State.FAILED) or batch.figures.get("rows"):
        raise InvalidTransition(_("This import has begun: it can no longer be described anew."))


def _move(batch: ImportBatch, verb: str, **values: Any) -> None:
    allowed, becomes = _MOVES[verb]
    if not ImportBatch.objects.filter(pk=batch.pk, state__in=allowed).update(state=becomes, **values):
        batch.refresh_from_db(fields=["state"])
        raise InvalidTransition(_("An import that is %(state)s cannot do that.") % {"state": batch.get_state_display()})
    batch.refresh_from_db()
