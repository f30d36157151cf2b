"""Making several contacts one, and several again.

Everything that points at the others moves to the one who stays, whichever room or package it is of: foreign keys are
found in the models, so a new one is never forgotten. What cannot move, because the one who stays has its like, is
dropped and remembered. The record of a merge holds all of that, with the rows as they were.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from wagtail.log_actions import log

from wagtail_precise_mail.contacts.address_keys import keyed
from wagtail_precise_mail.contacts.merge_followers import merge_followers
from wagtail_precise_mail.contacts.merge_rows import (
    Relation,
    dump,
    has_what_it_points_at,
    insert,
    move,
    move_back,
    relations,
    split,
)
from wagtail_precise_mail.contacts.merge_rules import surviving_values
from wagtail_precise_mail.contacts.merges import ContactMerge, DuplicatePair, FormerContact
from wagtail_precise_mail.contacts.models import Consent, ConsentChange, ConsentStatus, Contact, Suppression
from wagtail_precise_mail.contacts.suppressing import strongest_reason, suppress
from wagtail_precise_mail.exceptions import MergeRefused

if TYPE_CHECKING:
    from django.contrib.auth.models import User

ORIGIN_KIND = "merge"
SOURCE, UNDO_SOURCE = "merge", "merge undone"
MOST = 20

# The first one wins over those after it; what is not in the list, over none of them.
_STRICTNESS = [ConsentStatus.WITHDRAWN, ConsentStatus.PENDING, ConsentStatus.GRANTED]


@transaction.atomic
def merge_contacts(
    keep: Contact,
    others: Sequence[Contact],
    *,
    by: User | None,
    choices: Mapping[str, int] | None = None,
    at: datetime | None = None,
) -> ContactMerge:
    """Make others part of a contact: every order, message, event, note, tag and answer becomes theirs.

    The address of ``keep`` stays. Per topic the strictest consent wins, a suppression of any holds for all, and so do
    refusals of tracking and profiling, pauses and quarantines. Other facts of ``keep`` stay where they are filled in.

    Args:
        choices: by the name of a field, the id of the contact whose value survives; "attributes.key" for further ones.

    Raises:
        MergeRefused: there is nobody to merge, or somebody is gone.
    """
    at = at or timezone.now()
    ids = sorted({one.pk for one in others if one.pk} - {keep.pk})
    if not ids or len(ids) > MOST:
        raise MergeRefused(_("Choose between one and %(most)s other contacts.") % {"most": MOST})
    locked = {one.pk: one for one in Contact.objects.select_for_update().filter(pk__in=[keep.pk, *ids]).order_by("pk")}
    if len(locked) != len(ids) + 1:
        raise MergeRefused(_("One of these contacts no longer exists. Somebody may have merged them already."))
    keep, merged = locked[keep.pk], [locked[pk] for pk in ids]
    merge = ContactMerge.objects.create(keep=keep, record={}, merged_count=len(merged), merged_at=at, merged_by=by)
    before, changed = dump(keep), surviving_values(keep, merged, choices or {})
    record: dict[str, Any] = {"keep": keep.pk, "others": [dump(one) for one in merged], "dropped": [], "moved": {}}
    _drop_pairs(ids, record)
    _keep_strictest_consents(merge, keep, merged, record, at)
    for relation in relations():
        _move_all(relation, keep.pk, ids, record)
    _suppress(merge, keep, merged, record, at)
    for one in merged:
        one.delete()
    Contact.objects.filter(pk=keep.pk).update(**changed, updated_at=at)
    keep.refresh_from_db()
    after = dump(keep)
    _tell([keep.pk, *ids], record)
    record["changed"] = {name: [before[name], after[name]] for name in changed if before[name] != after[name]}
    merge.record = record
    merge.save(update_fields=["record"])
    FormerContact.objects.bulk_create(
        [FormerContact(former_id=pk, address_hash=locked[pk].address_hash, contact=keep, merge=merge) for pk in ids]
    )
    log(instance=keep, action="wagtail_precise_mail.merge_contacts", user=by, data={"contacts": ids})
    return merge


def _drop_pairs(ids: list[int], record: dict[str, Any]) -> None:
    """Pairs of duplicates are about two contacts: they end with either."""
    for name in ("first", "second"):
        _drop(DuplicatePair.objects.filter(**{f"{name}__in": ids}), record)


def _keep_strictest_consents(
    merge: ContactMerge, keep: Contact, merged: Sequence[Contact], record: dict[str, Any], at: datetime
) -> None:
    by_topic: dict[int, list[Consent]] = {}
    for consent in Consent.objects.filter(contact__in=[keep, *merged]).order_by("pk"):
        by_topic.setdefault(consent.topic_id, []).append(consent)
    record["consents"] = {}
    for topic_id, consents in by_topic.items():
        # Among equals that of the one who stays, for it has the history of that address.
        strictest = min(consents, key=lambda one: (_strictness(one), one.contact_id != keep.pk, one.pk))
        own = next((one for one in consents if one.contact_id == keep.pk), None)
        _drop(Consent.objects.filter(pk__in=[one.pk for one in consents if one is not strictest]), record)
        if own and own.status != strictest.status:
            record["consents"][str(topic_id)] = own.status
            _note(keep, topic_id, strictest.status, SOURCE, merge, at)


def _strictness(consent: Consent) -> int:
    known = [status.value for status in _STRICTNESS]
    return known.index(consent.status) if consent.status in known else len(known)


def _note(keep: Contact, topic_id: int, status: str, source: str, merge: ContactMerge, at: datetime) -> None:
    ConsentChange.objects.create(
        contact=keep,
        topic_id=topic_id,
        status=status,
        source=source,
        evidence=f"merge {merge.pk}",
        changed_at=at,
        changed_by=merge.undone_by or merge.merged_by,
    )


def _move_all(relation: Relation, keep_id: int, ids: list[int], record: dict[str, Any]) -> None:
    moved = record["moved"].setdefault(relation.label, {})
    for pk in ids:
        movable, in_the_way = split(relation, keep_id, pk)
        _drop(relation.rows().filter(pk__in=in_the_way), record)
        if movable:
            moved[str(pk)] = movable
            move(relation, movable, keep_id)


def _drop(rows: Any, record: dict[str, Any]) -> None:
    for row in rows:
        record["dropped"].append([row._meta.label, dump(row)])
        row.delete()


def _suppress(
    merge: ContactMerge, keep: Contact, merged: Sequence[Contact], record: dict[str, Any], at: datetime
) -> None:
    hashes = [one.address_hash for one in merged]
    found = list(Suppression.objects.filter(address_hash__in=hashes))
    own = Suppression.objects.filter(address_hash=keep.address_hash).first()
    record["suppression"] = dump(own) if own else None
    if found:
        strongest = strongest_reason(found)
        suppress(
            keep.email,
            reason=strongest.reason,
            detail=strongest.detail,
            origin_kind=ORIGIN_KIND,
            origin_id=merge.pk,
            at=at,
        )


@transaction.atomic
def undo_merge(merge: ContactMerge, *, by: User | None, at: datetime | None = None) -> list[Contact]:
    """Make a merged contact several again: each gets back what was theirs; what came since stays where it is.

    Consent is as it was, and the ledger says that it was the merge that changed it and this that changed it back.

    Returns:
        The contacts who are there again.

    Raises:
        MergeRefused: it was undone already, a later merge stands in the way, or an address was taken again since.
    """
    at = at or timezone.now()
    merge = ContactMerge.objects.select_for_update(of=("self",)).select_related("keep", "merged_by").get(pk=merge.pk)
    record, keep = merge.record, merge.keep
    Contact.objects.select_for_update().get(pk=keep.pk)
    _require_undoable(merge)
    merge.undone_at, merge.undone_by = at, by
    merge.save(update_fields=["undone_at", "undone_by"])
    FormerContact.objects.filter(merge=merge).delete()
    _restore_values(keep, record["changed"])
    ids = [insert(Contact, values) for values in record["others"]]
    known = {relation.label: relation for relation in relations()}
    for label, moved in record["moved"].items():
        for pk, rows in moved.items() if label in known else ():
            move_back(known[label], rows, keep.pk, int(pk))
    for label, values in reversed(record["dropped"]):
        if has_what_it_points_at(label, values):
            insert(label, values)
    _lift(merge, keep, record["suppression"])
    for topic_id, status in record["consents"].items():
        if Consent.objects.filter(contact=keep, topic=topic_id).exists():
            _note(keep, int(topic_id), status, UNDO_SOURCE, merge, at)
    _tell([keep.pk, *ids], record)
    log(instance=keep, action="wagtail_precise_mail.undo_merge", user=by, data={"contacts": ids})
    return list(Contact.objects.filter(pk__in=ids).order_by("pk"))


def _tell(ids: Sequence[int], record: Mapping[str, Any]) -> None:
    moved = {label for label, rows in record["moved"].items() if rows}
    for _key, follow in merge_followers.items():
        follow(ids, moved)


def _require_undoable(merge: ContactMerge) -> None:
    if merge.undone_at:
        raise MergeRefused(_("This merge was undone already."))
    later = ContactMerge.objects.filter(keep=merge.keep, undone_at=None, pk__gt=merge.pk).order_by("-pk").first()
    if merge.record["keep"] != merge.keep_id or later:
        raise MergeRefused(_("These contacts were merged again since. Undo the latest merge first."))
    hashes = [keyed(values["address_hash"]) for values in merge.record["others"]]
    if taken := Contact.objects.filter(address_hash__in=hashes).first():
        raise MergeRefused(
            _("The address belongs to another contact by now: %(contact)s. Merge the two first.") % {"contact": taken}
        )


def _restore_values(keep: Contact, changed: Mapping[str, Iterable[Any]]) -> None:
    """Give back what the merge changed, except where somebody wrote something else since."""
    keep.refresh_from_db()
    now = dump(keep)
    fields = {field.attname: field for field in Contact._meta.concrete_fields}
    values = {
        name: None if before is None else fields[name].to_python(before)
        for name, (before, after) in changed.items()
        if name in fields and now[name] == after
    }
    if values:
        Contact.objects.filter(pk=keep.pk).update(**values)


def _lift(merge: ContactMerge, keep: Contact, before: dict[str, Any] | None) -> None:
    ours = Suppression.objects.filter(
        address_hash=keep.address_hash, origin_kind=ORIGIN_KIND, origin_id=merge.pk
    ).first()
    if ours is None:  # lifted since, or there is a stronger reason by now
        return
    ours.delete()
    if before:
        insert(Suppression, before)
