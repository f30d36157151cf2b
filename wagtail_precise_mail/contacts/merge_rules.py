"""Which facts survive a merge, field by field."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from wagtail_precise_mail.contacts.models import Cadence, Contact

# The address, its key and the id are those of the one who stays.
_OWN = {"id", "email", "address_hash", "updated_at"}

ATTRIBUTE = "attributes."


def surviving_values(keep: Contact, others: Sequence[Contact], choices: Mapping[str, int]) -> dict[str, Any]:
    """Return the values, by column, that the contact who stays has after the merge.

    A chosen value survives. Otherwise what protects the person most wins, where there is such a thing; and else that of
    the one who stays, or the first of the others who has one.
    """
    everybody = [keep, *others]
    chosen = {name: next((one for one in everybody if one.pk == pk), keep) for name, pk in choices.items()}
    values: dict[str, Any] = {}
    for field in Contact._meta.concrete_fields:
        name = field.attname
        if name in _OWN or name in _TOGETHER:
            continue
        if name in _STRICT:
            values[name] = _STRICT[name](everybody)
        elif field.name in chosen:
            values[name] = getattr(chosen[field.name], name)
        else:
            values[name] = _first_filled([getattr(one, name) for one in everybody])
    return {**values, **_quarantine(everybody), "attributes": _attributes(everybody, chosen)}


def is_chosen(name: str) -> bool:
    """Whether people choose the value of a field: not where a rule protects the person."""
    return name not in _OWN | _STRICT.keys() | _TOGETHER


def _first_filled(values: Sequence[Any]) -> Any:
    return next((value for value in values if value not in (None, "")), values[0])


def _all_allow(name: str) -> Callable[[Sequence[Contact]], bool]:
    return lambda contacts: all(getattr(one, name) for one in contacts)


def _latest_pause(contacts: Sequence[Contact]) -> Any:
    return max((one.paused_until for one in contacts if one.paused_until), default=None)


def _rarest(contacts: Sequence[Contact]) -> str:
    order = [cadence.value for cadence in Cadence]
    return max((one.cadence for one in contacts), key=lambda one: order.index(one) if one in order else -1)


_STRICT: dict[str, Callable[[Sequence[Contact]], Any]] = {
    "is_tracking_allowed": _all_allow("is_tracking_allowed"),
    "is_profiling_allowed": _all_allow("is_profiling_allowed"),
    "paused_until": _latest_pause,
    "cadence": _rarest,
    "created_at": lambda contacts: min(one.created_at for one in contacts),
}
# Fields that go together, or are made of parts.
_TOGETHER = {"quarantined_at", "quarantine_reason", "attributes"}


def _quarantine(contacts: Sequence[Contact]) -> dict[str, Any]:
    held = [one for one in contacts if one.quarantined_at]
    first = min(held, key=lambda one: one.quarantined_at) if held else contacts[0]  # type: ignore[arg-type, return-value]
    return {"quarantined_at": first.quarantined_at, "quarantine_reason": first.quarantine_reason}


def _attributes(contacts: Sequence[Contact], chosen: Mapping[str, Contact]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for contact in reversed(contacts):
        found |= contact.attributes if isinstance(contact.attributes, dict) else {}
    for name, contact in chosen.items():
        if name.startswith(ATTRIBUTE):
            key = name.removeprefix(ATTRIBUTE)
            found.pop(key, None)
            if key in (contact.attributes or {}):
                found[key] = contact.attributes[key]
    return found
