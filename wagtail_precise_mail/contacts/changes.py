"""The audit of a contact's own fields: what was changed, from what to what, when, and by whom."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.contacts.timeline import TimelineEntry, TimelineSource, timeline_sources
from wagtail_precise_mail.encryption import EncryptedCharField

if TYPE_CHECKING:
    from django.contrib.auth.models import User

SELF = "self"
"""The source of what contacts change themselves."""


class ContactChange(models.Model):
    """One field of a contact that got another value."""

    FURTHER: ClassVar[str] = "attributes."
    """Stands before the keys of further fields."""

    contact = models.ForeignKey(Contact, models.CASCADE, related_name="changes")
    field = models.CharField(_("field"), max_length=40)
    old_value = EncryptedCharField(_("before"), max_length=250, blank=True)
    new_value = EncryptedCharField(_("after"), max_length=250, blank=True)
    source = models.CharField(_("source"), max_length=100)
    detail = models.CharField(_("detail"), max_length=250, blank=True)
    changed_at = models.DateTimeField(_("changed"))
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("by")
    )

    class Meta:
        verbose_name = _("change of a contact")
        verbose_name_plural = _("changes of contacts")
        indexes = [models.Index(fields=["contact", "changed_at"], name="wpm_contact_change")]

    def __str__(self) -> str:
        return f"{self.field}: {self.old_value} → {self.new_value}"

    @property
    def field_label(self) -> str:
        """The name of the field, for people."""
        names = {one.name: one.verbose_name for one in Contact._meta.concrete_fields}
        return str(names.get(self.field, self.field.removeprefix(self.FURTHER)))


def change_fields(
    contact: Contact,
    values: dict[str, Any],
    *,
    source: str,
    at: datetime,
    detail: str = "",
    by: User | None = None,
) -> list[str]:
    """Write some fields of a contact, each with its entry in the audit; equal values write nothing.

    Call it in a transaction that has locked the contact.

    Returns:
        The names of the fields that changed.
    """
    changed = {name: value for name, value in values.items() if getattr(contact, name) != value}
    if not changed:
        return []
    ContactChange.objects.bulk_create(
        ContactChange(
            contact=contact,
            field=name,
            old_value=_written(getattr(contact, name)),
            new_value=_written(value),
            source=source,
            detail=detail[:250],
            changed_at=at,
            changed_by=by,
        )
        for name, value in changed.items()
    )
    for name, value in changed.items():
        setattr(contact, name, value)
    contact.save(update_fields=[*changed, "updated_at"])
    return list(changed)


def _written(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat(timespec="minutes")
    return "" if value is None else str(value)[:250]


@timeline_sources.register("change")
class ChangeTimeline(TimelineSource):
    """What contacts, or colleagues, changed about a contact."""

    label = _("Changes")
    icon = "edit"

    def entries(self, contact: Contact, *, limit: int) -> list[TimelineEntry]:
        changes = contact.changes.order_by("-changed_at", "-pk")[:limit]
        by_whom = {SELF: gettext("by themselves")}

        def describe(change: ContactChange) -> str:
            source = by_whom.get(change.source, change.source)
            return f"{change.old_value or '–'} → {change.new_value or '–'} ({source})"

        return [
            TimelineEntry(
                change.changed_at,
                "change",
                gettext("Changed: %(field)s") % {"field": change.field_label},
                detail=describe(change),
            )
            for change in changes
        ]
