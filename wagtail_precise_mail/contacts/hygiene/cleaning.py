"""Looking at every address, suppressing what is useless, correcting slips of the finger; each can be undone."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction
from django.db.models import Count
from django.utils import timezone
from django.utils.translation import gettext as _
from wagtail.log_actions import log

from wagtail_precise_mail.background import enqueue
from wagtail_precise_mail.conf import options
from wagtail_precise_mail.contacts.changes import change_fields
from wagtail_precise_mail.contacts.cleanups import Cleanup, CleanupFinding
from wagtail_precise_mail.contacts.hygiene.addresses import Flaw, Resolver, chosen_resolver, examine
from wagtail_precise_mail.contacts.models import Contact, Suppression, SuppressionReason
from wagtail_precise_mail.contacts.suppressing import suppress_in_bulk
from wagtail_precise_mail.exceptions import ConfigurationError, InvalidTransition

if TYPE_CHECKING:
    from django.contrib.auth.models import User

LOOK_ON = "wagtail_precise_mail.contacts.tasks.look_on"
ORIGIN_KIND = "cleanup"
CHUNK = 2000
USELESS = (Flaw.SYNTAX, Flaw.NO_MAIL)
"""What is suppressed unless somebody chooses more: no mail can arrive there."""

State, Outcome = Cleanup.State, CleanupFinding.Outcome


def begin_cleanup(*, by: User | None = None, asks_domains: bool = False, at: datetime | None = None) -> Cleanup:
    """Look at every address that may be written to, in the background; nothing is changed.

    Raises:
        ConfigurationError: domains should be asked, and the option ``domain_resolver`` names nobody who does it.
    """
    if asks_domains and chosen_resolver() is None:
        raise ConfigurationError(_("Set the option domain_resolver first: it says how domains are asked."))
    cleanup = Cleanup.objects.create(created_by=by, asks_domains=asks_domains, created_at=at or timezone.now())
    enqueue(LOOK_ON, cleanup.pk)
    return cleanup


def look_on(cleanup_id: int, *, seconds: float | None = None) -> bool:
    """Look for a while; return whether there is more. Each chunk counts once, however many workers look."""
    deadline = time.monotonic() + (options().task_seconds if seconds is None else seconds)
    while True:
        cleanup = Cleanup.objects.filter(pk=cleanup_id, state=State.LOOKING).first()
        if cleanup is None or not _look_at_chunk(cleanup):
            return False
        if time.monotonic() >= deadline:
            enqueue(LOOK_ON, cleanup_id)
            return True


def _look_at_chunk(cleanup: Cleanup) -> bool:
    after = Contact.objects.not_suppressed().filter(pk__gt=cleanup.position).order_by("pk")
    contacts = list(after.only("pk", "email")[:CHUNK])
    mine = Cleanup.objects.filter(pk=cleanup.pk, state=State.LOOKING, position=cleanup.position)
    if not contacts:
        mine.update(state=State.READY)
        return False
    resolver = chosen_resolver() if cleanup.asks_domains else None
    findings = [found for contact in contacts if (found := _finding(cleanup, contact, resolver))]
    with transaction.atomic():
        moved = mine.update(position=contacts[-1].pk, checked_count=cleanup.checked_count + len(contacts))
        if moved:
            CleanupFinding.objects.bulk_create(findings, batch_size=1000)
    return bool(moved)


def _finding(cleanup: Cleanup, contact: Contact, resolver: Resolver | None) -> CleanupFinding | None:
    found = examine(contact.email, resolver=resolver)
    if not found.flaws:
        return None
    return CleanupFinding(
        cleanup=cleanup,
        contact=contact,
        flaw=found.flaws[0],
        detail=found.reason[:250],
        suggestion=found.suggestion[:254],
    )


def counts(cleanup: Cleanup) -> dict[Flaw, int]:
    """Return how many addresses have which flaw as their worst, the useless first."""
    rows = dict(cleanup.findings.values_list("flaw").annotate(Count("pk")).order_by())
    return {flaw: rows[flaw] for flaw in Flaw if flaw in rows}


def apply_cleanup(cleanup: Cleanup, flaws: Sequence[str] = USELESS, *, by: User | None = None) -> int:
    """Suppress the addresses with some flaws; return how many. Contacts, and what they agreed to, stay.

    Raises:
        InvalidTransition: the look is not over, or was undone.
    """
    _require(cleanup, State.READY, State.APPLIED)
    at, count = timezone.now(), 0
    while True:
        with transaction.atomic():
            found = cleanup.findings.filter(flaw__in=flaws, outcome=Outcome.FOUND).select_related("contact")
            findings = list(found.order_by("pk")[:CHUNK])
            if not findings:
                break
            suppress_in_bulk(
                [
                    Suppression(
                        address_hash=finding.contact.address_hash,
                        reason=SuppressionReason.INVALID,
                        detail=(finding.detail or str(Flaw(finding.flaw).label))[:250],
                        origin_kind=ORIGIN_KIND,
                        origin_id=cleanup.pk,
                        created_at=at,
                    )
                    for finding in findings
                ],
                at=at,
            )
            pks = [finding.pk for finding in findings]
            count += cleanup.findings.filter(pk__in=pks).update(outcome=Outcome.SUPPRESSED)
    Cleanup.objects.filter(pk=cleanup.pk).update(
        state=State.APPLIED, applied_at=at, applied_count=cleanup.applied_count + count
    )
    cleanup.refresh_from_db()
    log(instance=cleanup, action="wagtail.edit", user=by, data={"suppressed": count, "flaws": list(flaws)})
    return count


def correct_typos(cleanup: Cleanup, *, by: User | None = None) -> int:
    """Give contacts the address that they most likely meant; return how many.

    Where somebody has that address already, nothing happens: that is a duplicate, and merging is a person's decision.
    Each correction is in the history of its contact.

    Raises:
        InvalidTransition: the look is not over, or was undone.
    """
    _require(cleanup, State.READY, State.APPLIED)
    found = cleanup.findings.filter(flaw=Flaw.TYPO, outcome=Outcome.FOUND).exclude(suggestion="")
    count = sum(_correct(finding, by) for finding in found.select_related("contact").order_by("pk"))
    Cleanup.objects.filter(pk=cleanup.pk).update(
        state=State.APPLIED, applied_at=timezone.now(), corrected_count=cleanup.corrected_count + count
    )
    cleanup.refresh_from_db()
    return count


def _correct(finding: CleanupFinding, by: User | None) -> bool:
    contact, before = finding.contact, finding.contact.email
    if not _readdress(contact, finding.suggestion, by):
        return False
    finding.before, finding.outcome = before, Outcome.CORRECTED
    finding.save(update_fields=["before", "outcome"])
    return True


def _readdress(contact: Contact, address: str, by: User | None) -> bool:
    before = contact.email
    try:
        with transaction.atomic():
            change_fields(contact, {"email": address}, source=ORIGIN_KIND, at=timezone.now(), by=by)
    except IntegrityError:  # somebody has this address
        contact.email = before
        return False
    return True


def undo_cleanup(cleanup: Cleanup, *, by: User | None = None) -> tuple[int, int]:
    """Take it back; return how many suppressions were lifted and how many addresses are again what they were.

    Raises:
        InvalidTransition: nothing was cleaned.
    """
    _require(cleanup, State.APPLIED)
    lifted = Suppression.objects.filter(origin_kind=ORIGIN_KIND, origin_id=cleanup.pk).delete()[0]
    corrected = cleanup.findings.filter(outcome=Outcome.CORRECTED).select_related("contact")
    restored = 0
    for finding in corrected:
        # An address that was changed once more since is left alone.
        if finding.contact.email == finding.suggestion:
            restored += _readdress(finding.contact, finding.before, by)
    cleanup.findings.filter(outcome__in=[Outcome.CORRECTED, Outcome.SUPPRESSED]).update(outcome=Outcome.UNDONE)
    Cleanup.objects.filter(pk=cleanup.pk).update(state=State.UNDONE, undone_at=timezone.now())
    cleanup.refresh_from_db()
    log(instance=cleanup, action="wagtail.edit", user=by, data={"undone": lifted + restored})
    return lifted, restored


def wake_cleanups() -> None:
    """Let looks go on that a lost task left behind."""
    for pk in Cleanup.objects.filter(state=State.LOOKING).values_list("pk", flat=True):
        enqueue(LOOK_ON, pk)


def _require(cleanup: Cleanup, *states: Cleanup.State) -> None:
    cleanup.refresh_from_db()
    if cleanup.state not in states:
        words = _("A look that is %(state)s cannot do that.")
        raise InvalidTransition(words % {"state": cleanup.get_state_display()})
