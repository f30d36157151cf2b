"""Taking contacts out: logged with its purpose before the first row leaves, streamed, and safe in a spreadsheet."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail.coreutils import multigetattr

from wagtail_precise_mail.contacts.exports import ContactExport, Purpose
from wagtail_precise_mail.contacts.fields import ContactField, blocked_keys
from wagtail_precise_mail.contacts.models import ConsentChange, Contact
from wagtail_precise_mail.contacts.values import NO, YES
from wagtail_precise_mail.exceptions import ExportRefused
from wagtail_precise_mail.tabular.cells import neutralize
from wagtail_precise_mail.tabular.sheets import write_workbook

if TYPE_CHECKING:
    from django.contrib.auth.models import User

# A file of masked addresses is of use to nobody.
RIGHTS = tuple(
    f"wagtail_precise_mail.{codename}" for codename in ("view_contact", "view_contact_address", "export_contact")
)
_CHUNK = 2000
# In front of the keys of further fields.
_FURTHER = "attributes."
_EXPLANATION_LENGTH = 5

LEDGER_COLUMNS = {
    "contact.email": gettext_lazy("Email address"),
    "topic.name": gettext_lazy("Topic"),
    "status": gettext_lazy("Status"),
    "changed_at": gettext_lazy("When"),
    "source": gettext_lazy("Source"),
    "evidence": gettext_lazy("Evidence"),
    "changed_by": gettext_lazy("By"),
}


def begin_export(
    contacts: QuerySet[Contact],
    *,
    purpose: str,
    explanation: str,
    by: User | None,
    kind: str = ContactExport.Kind.CONTACTS,
    format: str = ContactExport.Format.CSV,
    filters: str = "",
    at: datetime | None = None,
) -> ContactExport:
    """Log an export, and so allow it: connectors that pass contacts on call this first, too.

    Args:
        purpose: a value of ``Purpose``.
        explanation: what the contacts are for, in words.
        by: who asks; None for the machine itself.
        filters: how the contacts were chosen, as a query string.

    Raises:
        ExportRefused: there is no purpose, or the person may not export.
    """
    if purpose not in Purpose.values or len(explanation.strip()) < _EXPLANATION_LENGTH:
        raise ExportRefused(_("Say what the contacts are for: nobody's data leaves without a purpose."))
    if by is not None and not (by.is_active and by.has_perms(RIGHTS)):
        raise ExportRefused(_("You may not export contacts."))
    return ContactExport.objects.create(
        kind=kind,
        format=format,
        purpose=purpose,
        explanation=explanation.strip()[:500],
        filters=filters[:1000],
        row_count=contacts.count(),
        created_by=by,
        created_at=at or timezone.now(),
    )


def further_columns() -> dict[str, str]:
    """Return a column for each further field that is described and may be used: its path and its label.

    Two fields of one label get their key behind it.
    """
    usable = [field for field in ContactField.objects.order_by("label", "key") if not field.is_blocked]
    labels = Counter(field.label for field in usable)
    return {
        f"{_FURTHER}{field.key}": f"{field.label} ({field.key})" if labels[field.label] > 1 else field.label
        for field in usable
    }


def contact_rows(contacts: QuerySet[Contact], columns: Mapping[str, Any]) -> Iterator[list[str]]:
    """Return an iterator of the headings and then a row of texts for each contact; a formula stays a text.

    Args:
        columns: paths of attributes to their headings; "attributes.shoe_size" is a further field.

    Raises:
        ExportRefused: a sensitive field is among them that nobody has allowed.
    """
    further = [path.removeprefix(_FURTHER) for path in columns if path.startswith(_FURTHER)]
    if further and (blocked := blocked_keys(further)):
        words = _("Sensitive fields do not leave before somebody has allowed it and said why: %(fields)s.")
        raise ExportRefused(words % {"fields": ", ".join(sorted(blocked))})
    return _rows(contacts.iterator(chunk_size=_CHUNK), columns)


def ledger_rows(contacts: QuerySet[Contact]) -> Iterator[list[str]]:
    """Yield every entry of the consent ledger of some contacts: what was agreed to, when, where, and what proves it."""
    ids = contacts.order_by().values("pk")
    entries = ConsentChange.objects.filter(contact__in=ids).select_related("contact", "topic", "changed_by")
    return _rows(entries.order_by("contact", "pk").iterator(chunk_size=_CHUNK), LEDGER_COLUMNS)


def _rows(objects: Iterable[Any], columns: Mapping[str, Any]) -> Iterator[list[str]]:
    yield [str(heading) for heading in columns.values()]
    for one in objects:
        yield [neutralize(_text(_value(one, path))) for path in columns]


def _value(one: Any, path: str) -> Any:
    if path.startswith(_FURTHER):
        held = one.attributes
        return held.get(path.removeprefix(_FURTHER)) if isinstance(held, dict) else None
    return multigetattr(one, path)


def _text(value: Any) -> str:
    """Return a value as an import reads it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return YES if value else NO
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="seconds")
    return str(value)


def save_xlsx(path: Path, rows: Iterable[list[str]]) -> None:
    """Write a workbook, row by row, on disk."""
    write_workbook(path, rows)
