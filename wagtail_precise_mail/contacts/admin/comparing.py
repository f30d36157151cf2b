"""Two to some contacts side by side, as the page that merges them shows it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.admin.utils import label_for_field
from django.utils import timezone
from django.utils.text import capfirst

from wagtail_precise_mail.contacts.fields import ContactField
from wagtail_precise_mail.contacts.merge_rows import relations
from wagtail_precise_mail.contacts.merge_rules import ATTRIBUTE, is_chosen
from wagtail_precise_mail.contacts.models import Consent, Contact, Suppression, Topic
from wagtail_precise_mail.contacts.values import show_value

_HIDDEN = {"wagtail_precise_mail.DuplicatePair", "wagtail_precise_mail.FormerContact"}


@dataclass(frozen=True)
class Cell:
    """One value of one contact."""

    contact_id: int
    text: str
    is_first: bool = False


@dataclass(frozen=True)
class Row:
    """One field of all of them; ``name`` is "" where a rule decides and nobody chooses."""

    label: str
    cells: list[Cell]
    name: str = ""

    @property
    def differs(self) -> bool:
        """Whether there is anything to choose: what only one of them has survives by itself."""
        return len({cell.text for cell in self.cells if cell.text}) > 1


def facts(contacts: Sequence[Contact]) -> list[Row]:
    """Return the fields that any of them has filled in."""
    rows = [
        _row(capfirst(str(label_for_field(field.name, Contact))), field.name, contacts, field.name)
        for field in Contact._meta.concrete_fields
        if is_chosen(field.attname)
    ]
    keys = dict.fromkeys(key for contact in contacts for key in (contact.attributes or {}))
    labels = dict(ContactField.objects.filter(key__in=list(keys)).values_list("key", "label"))
    rows += [_row(labels.get(key, key), key, contacts, f"{ATTRIBUTE}{key}", is_attribute=True) for key in keys]
    return [row for row in rows if any(cell.text for cell in row.cells)]


def _row(label: str, key: str, contacts: Sequence[Contact], name: str, *, is_attribute: bool = False) -> Row:
    texts = []
    for contact in contacts:
        value = (contact.attributes or {}).get(key) if is_attribute else _value(contact, key)
        texts.append("" if value in (None, "") else show_value(None, value) if is_attribute else str(value))
    chosen = next((number for number, text in enumerate(texts) if text), 0)
    pairs = enumerate(zip(contacts, texts, strict=True))
    return Row(label, [Cell(one.pk, text, number == chosen) for number, (one, text) in pairs], name)


def _value(contact: Contact, name: str) -> Any:
    display = getattr(contact, f"get_{name}_display", None)
    return display() if display else getattr(contact, name)


def consents(contacts: Sequence[Contact]) -> list[Row]:
    """Return what they agreed to, topic by topic, and whether their addresses are suppressed."""
    found: dict[tuple[int, int], Consent] = {}
    for consent in Consent.objects.filter(contact__in=contacts):
        found[consent.topic_id, consent.contact_id] = consent
    rows = [
        Row(topic.name, [Cell(one.pk, _status(found.get((topic.pk, one.pk)))) for one in contacts])
        for topic in Topic.objects.all()
    ]
    reasons = {
        row.address_hash: row.get_reason_display()
        for row in Suppression.objects.in_force(timezone.now()).filter(
            address_hash__in=[one.address_hash for one in contacts]
        )
    }
    rows.append(
        Row(
            str(capfirst(Suppression._meta.verbose_name)),
            [Cell(one.pk, reasons.get(one.address_hash, "")) for one in contacts],
        )
    )
    return [row for row in rows if any(cell.text for cell in row.cells)]


def _status(consent: Consent | None) -> str:
    return consent.get_status_display() if consent else ""


def belongings(contacts: Sequence[Contact]) -> list[Row]:
    """Return how much of each kind belongs to each of them, of whatever room."""
    rows = []
    for relation in relations():
        if relation.model._meta.label in _HIDDEN:
            continue
        name = relation.field.attname
        counts = [relation.rows().filter(**{name: one.pk}).count() for one in contacts]
        if any(counts):
            label = str(capfirst(relation.model._meta.verbose_name_plural))
            rows.append(Row(label, [Cell(one.pk, str(n)) for one, n in zip(contacts, counts, strict=True)]))
    return rows
