"""Decisions about further fields: allowing the use of a sensitive one, ending that, deleting one with its values."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied
from django.db import NotSupportedError, transaction
from django.db.models import F, Func, JSONField, Value
from django.utils import timezone
from django.utils.translation import gettext as _
from wagtail.log_actions import log

from wagtail_precise_mail.contacts.fields import Classification, ContactField, may_allow
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.exceptions import InvalidValue

if TYPE_CHECKING:
    from django.contrib.auth.models import User

SHORTEST_REASON = 20


@transaction.atomic
def allow_use(field: ContactField, *, reason: str, by: User, at: datetime | None = None) -> None:
    """Let segments, emails and exports use a sensitive field; who said so and why is kept and logged.

    Raises:
        PermissionDenied: ``by`` may not decide that.
        InvalidValue: the field is not sensitive, or the reason is none.
    """
    _require_right(by)
    if field.classification != Classification.SENSITIVE:
        raise InvalidValue(_("“%(field)s” is not sensitive: it may be used as it is.") % {"field": field})
    if len(reason.strip()) < SHORTEST_REASON:
        raise InvalidValue(_("Write down why, in at least %(count)s characters.") % {"count": SHORTEST_REASON})
    field.allowed_reason, field.allowed_at, field.allowed_by = reason.strip()[:500], at or timezone.now(), by
    field.save(update_fields=["allowed_reason", "allowed_at", "allowed_by"])
    log(instance=field, action="wagtail_precise_mail.allow_field", user=by, data={"reason": field.allowed_reason})


@transaction.atomic
def forbid_use(field: ContactField, *, by: User) -> None:
    """Take the use of a sensitive field back: segments that ask for it no longer run, merge fields show fallbacks.

    Raises:
        PermissionDenied: ``by`` may not decide that.
    """
    _require_right(by)
    if not field.allowed_reason:
        return
    field.allowed_reason, field.allowed_at, field.allowed_by = "", None, None
    field.save(update_fields=["allowed_reason", "allowed_at", "allowed_by"])
    log(instance=field, action="wagtail_precise_mail.forbid_field", user=by)


@transaction.atomic
def delete_field(field: ContactField, *, by: User) -> int:
    """Delete a field together with what it holds of every contact.

    Without its values: they would stay behind without a class, and a sensitive one could be used.

    Returns:
        Of how many contacts something was deleted.

    Raises:
        PermissionDenied: it is sensitive, and ``by`` may not decide about those.
    """
    if field.classification == Classification.SENSITIVE:
        _require_right(by)
    holders = Contact.objects.filter(attributes__has_key=field.key)
    count = holders.update(attributes=_Without(F("attributes"), Value(field.key)))
    log(instance=field, action="wagtail.delete", user=by, data={"contacts": count}, deleted=True)
    field.delete()
    return count


def _require_right(user: User) -> None:
    if not may_allow(user):
        raise PermissionDenied(_("You may not decide about sensitive fields."))


class _Without(Func):
    """A JSON object without one of its keys; the key is a parameter of the SQL."""

    output_field = JSONField()

    def as_sql(self, compiler: Any, connection: Any, *args: Any, **extra: Any) -> Any:
        raise NotSupportedError(f"Further fields of contacts cannot be deleted on {connection.vendor}.")

    def as_sqlite(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        return self._write(compiler, "JSON_REMOVE(%s, %%s)", f'$."{self._key}"')

    def as_postgresql(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        return self._write(compiler, "(%s - %%s::text)", self._key)

    @property
    def _key(self) -> str:
        return str(self.get_source_expressions()[1].value)

    def _write(self, compiler: Any, template: str, key: str) -> tuple[str, list[Any]]:
        column, params = compiler.compile(self.get_source_expressions()[0])
        return template % column, [*params, key]
