"""Consent of imported contacts: never more than the file proves, never against what is known here."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from wagtail_precise_mail.contacts.grades import Actor, ConsentBasis, reaches
from wagtail_precise_mail.contacts.importing.reading import ContactRow
from wagtail_precise_mail.contacts.importing.states import Said
from wagtail_precise_mail.contacts.imports import ImportBatch
from wagtail_precise_mail.contacts.models import (
    Consent,
    ConsentChange,
    ConsentStatus,
    Suppression,
    SuppressionReason,
    Topic,
)
from wagtail_precise_mail.contacts.suppressing import suppress_in_bulk

ORIGIN_KIND = "import"
Status = ConsentStatus

_SUPPRESSING = {
    Said.UNSUBSCRIBED: SuppressionReason.UNSUBSCRIBED,
    Said.BOUNCED: SuppressionReason.HARD_BOUNCE,
    Said.COMPLAINED: SuppressionReason.COMPLAINT,
}


@dataclass(frozen=True, slots=True)
class Change:
    """One consent that an import writes. ``contact_id`` is None in a dry run for somebody new."""

    contact_id: int | None
    topic_id: int
    status: str
    row: ContactRow
    is_known: bool


def decide(known: str | None, said: Said, *, is_ours: bool) -> ConsentStatus | None:
    """Return what a consent becomes, or None to leave it.

    Args:
        known: the status here, or None.
        is_ours: whether an earlier row of this file brought the known yes, which a stricter row may take back.
    """
    if said >= Said.WITHDRAWN and said != Said.BOUNCED:
        return None if known == Status.WITHDRAWN else Status.WITHDRAWN
    if said in (Said.NEVER, Said.BOUNCED):
        return Status.WITHDRAWN if is_ours and known in (Status.GRANTED, Status.PENDING) else None
    if said == Said.PENDING:
        return Status.PENDING if known is None or (is_ours and known == Status.GRANTED) else None
    return Status.GRANTED if known in (None, Status.PENDING) and not (is_ours and known) else None


def allowed(decided: ConsentStatus | None, topic: Topic, *, known: str | None, is_asked_again: bool) -> str | None:
    """Return what an import may write of what it decided: a yes that is not enough for its topic is kept as pending.

    Args:
        is_asked_again: whether a new policy asks for this consent again: then no file answers for the contact.
    """
    if decided != Status.GRANTED:
        return decided
    if is_asked_again:
        return None
    if reaches(ConsentBasis.IMPORTED, topic.minimum_basis):
        return decided
    return None if known == Status.PENDING else Status.PENDING


class ConsentBook:
    """Writes the consent of a chunk of rows."""

    def __init__(self, batch: ImportBatch, *, at: datetime) -> None:
        self._batch = batch
        self._at = at
        self._topics = {topic.slug: topic for topic in Topic.objects.all()}
        self._chosen = {topic.slug for topic in batch.topics.all()}
        self._basis = f"{batch.get_basis_display()}. {batch.evidence.strip()}"
        self._place = _("File %(file)s, line %(line)d.")
        self._moments = [
            ("opted_in_at", "opt_in_ip", _("Opted in")),
            ("confirmed_at", "confirm_ip", _("Confirmed")),
            ("opted_out_at", "", _("Left")),
        ]

    def plan(
        self, rows: Sequence[ContactRow], contacts: dict[str, int | None], earlier: dict[str, dict[str, Said]]
    ) -> list[Change]:
        """Return what changes.

        Args:
            contacts: ids by the hash of the address; None for somebody who is not here yet.
            earlier: what rows before these said, by the same hash.
        """
        known = self._known([pk for pk in contacts.values() if pk])
        asked = self._asked_again([pk for pk in contacts.values() if pk])
        signed = self._signed([contacts[row.hash] for row in rows if row.hash in earlier])
        changes = []
        for row in rows:
            pk = contacts[row.hash]
            for slug, said in self.said_of(row).items():
                topic = self._topics[slug]
                status = known.get((pk, topic.pk)) if pk else None
                is_ours = (pk, topic.pk) in signed
                if pk is None and row.hash in earlier:  # a dry run has written nothing that could be read
                    before = decide(None, earlier[row.hash].get(slug, Said.NEVER), is_ours=False)
                    status, is_ours = before, before is not None
                wanted = decide(status, said, is_ours=is_ours)
                if decided := allowed(wanted, topic, known=status, is_asked_again=(pk, topic.pk) in asked):
                    changes.append(Change(pk, topic.pk, decided, row, status is not None))
        return changes

    def said_of(self, row: ContactRow) -> dict[str, Said]:
        """Return what a row says about each topic that the import or the row names."""
        said = {slug: max(row.said, row.topics.get(slug, row.said)) for slug in self._chosen}
        for slug, own in row.topics.items():
            # A column of a topic may say a no to one that was not chosen, but no yes.
            if slug in self._topics and (slug in self._chosen or own >= Said.WITHDRAWN):
                said[slug] = max(row.said if slug in self._chosen else own, own)
        return said

    def write(self, changes: Iterable[Change]) -> None:
        """Write consents with their entries in the ledger; everybody is here by now."""
        changes = list(changes)
        fresh = [
            Consent(
                contact_id=change.contact_id or 0,
                topic_id=change.topic_id,
                status=change.status,
                basis=_basis(change.status),
                changed_at=self._when(change),
            )
            for change in changes
            if not change.is_known
        ]
        Consent.objects.bulk_create(fresh, batch_size=2000)
        for (topic_id, status), pks in self._known_by_change(changes).items():
            Consent.objects.filter(topic=topic_id, contact__in=pks).update(
                status=status, basis=_basis(status), changed_at=self._at
            )
        ConsentChange.objects.bulk_create([self._entry(change) for change in changes], batch_size=2000)

    def suppress(self, rows: Iterable[ContactRow], known: dict[str, str]) -> Counter[str]:
        """Suppress the addresses whose rows ask for it; those that are suppressed already keep their reason."""
        made = []
        for row in rows:
            if (reason := _SUPPRESSING.get(row.said)) and row.hash not in known:
                detail = row.notes.get("reason") or row.notes.get("bounce") or _("imported")
                made.append(
                    Suppression(
                        address_hash=row.hash,
                        reason=reason,
                        detail=detail[:250],
                        origin_kind=ORIGIN_KIND,
                        origin_id=self._batch.pk,
                        created_at=row.moments.get("opted_out_at") or self._at,
                    )
                )
        suppress_in_bulk(made, at=self._at)
        return Counter(str(one.reason) for one in made)

    @staticmethod
    def counts_suppressed(rows: Iterable[ContactRow], known: dict[str, str]) -> int:
        """Return how many addresses :meth:`suppress` would suppress."""
        return sum(row.said in _SUPPRESSING and row.hash not in known for row in rows)

    def _known(self, pks: list[int]) -> dict[tuple[int, int], str]:
        rows = Consent.objects.filter(contact__in=pks) if pks else Consent.objects.none()
        return {(pk, topic): status for pk, topic, status in rows.values_list("contact_id", "topic_id", "status")}

    @staticmethod
    def _asked_again(pks: list[int]) -> set[tuple[int | None, int]]:
        rows = Consent.objects.filter(contact__in=pks, is_asked_again=True) if pks else Consent.objects.none()
        return set(rows.values_list("contact_id", "topic_id"))

    def _signed(self, pks: list[int | None]) -> set[tuple[int | None, int]]:
        """Return the consents of which this import wrote the last entry."""
        wanted = [pk for pk in pks if pk]
        if not wanted:
            return set()
        last: dict[tuple[int | None, int], str] = {}
        entries = ConsentChange.objects.filter(contact__in=wanted).order_by("pk")
        for pk, topic, source in entries.values_list("contact_id", "topic_id", "source"):
            last[pk, topic] = source
        return {key for key, source in last.items() if source == self._batch.ledger_source}

    def _known_by_change(self, changes: list[Change]) -> dict[tuple[int, str], list[int]]:
        found: dict[tuple[int, str], list[int]] = defaultdict(list)
        for change in changes:
            if change.is_known and change.contact_id:
                found[change.topic_id, change.status].append(change.contact_id)
        return found

    def _entry(self, change: Change) -> ConsentChange:
        return ConsentChange(
            contact_id=change.contact_id or 0,
            topic_id=change.topic_id,
            status=change.status,
            basis=_basis(change.status),
            actor=Actor.IMPORT,
            source=self._batch.ledger_source,
            evidence=self._evidence(change),
            changed_at=self._when(change),
            changed_by_id=self._batch.created_by_id,
        )

    def _when(self, change: Change) -> datetime:
        moments = change.row.moments
        if change.is_known:
            return self._at
        if change.status == Status.WITHDRAWN:
            return moments.get("opted_out_at") or self._at
        return moments.get("confirmed_at") or moments.get("opted_in_at") or self._at

    def _evidence(self, change: Change) -> str:
        row = change.row
        parts = [self._basis, self._place % {"file": self._batch.name, "line": row.line}]
        for moment, ip, words in self._moments:
            when = row.moments[moment].isoformat(timespec="minutes") if moment in row.moments else ""
            if facts := " ".join(filter(None, [when, row.notes.get(ip, "")])):
                parts.append(f"{words}: {facts}.")
        if reason := row.notes.get("reason"):
            parts.append(reason)
        return " ".join(parts)


def _basis(status: str) -> str:
    """A no rests on nothing; a yes, and one that is not enough for its topic, on the file."""
    return "" if status == Status.WITHDRAWN else ConsentBasis.IMPORTED
