"""The consent ledger only grows: what the model refuses, and what the database itself refuses.

What an entry says never changes, and nothing takes one away. An entry may follow its contact into another one (a
merge), forget whom it is about (an erasure, which figures outlive), forget which colleague wrote it (whose account was
deleted), and be redacted, which empties what it knows beside the decision.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import DEFAULT_DB_ALIAS, connections, models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.signals import post_migrate

from wagtail_precise_mail.exceptions import LedgerIsClosed

if TYPE_CHECKING:
    from wagtail_precise_mail.contacts.models import ConsentChange  # noqa: F401 - named in the string below

_MOVABLE = {"contact", "contact_id"}
_KEPT = (
    "topic_id",
    "status",
    "basis",
    "source",
    "actor",
    "wording_id",
    "policy_id",
    "source_page_id",
    "changed_at",
)
_BESIDE = ("ip_address", "page_url", "evidence")
_REDACTED = "NEW.ip_address IS NULL AND NEW.page_url = '' AND NEW.evidence = ''"
_REFUSAL = "The consent ledger is append-only."
_NAME = "wpm_consent_ledger"


class ConsentChangeQuerySet(models.QuerySet["ConsentChange"]):
    """Entries: to be read and added to."""

    def update(self, **values: Any) -> int:
        """Move entries to another contact, as a merge does.

        Raises:
            LedgerIsClosed: anything else was to be changed.
        """
        if set(values) <= _MOVABLE:
            return super().update(**values)
        raise LedgerIsClosed("Entries of the consent ledger are never changed: add another one.")

    def delete(self) -> Any:
        """Refuse: entries outlive even their contact.

        Raises:
            LedgerIsClosed: always.
        """
        raise LedgerIsClosed("Entries of the consent ledger are never deleted: erase the contact.")

    def redact(self) -> int:
        """Empty what entries know beside the decision: IP address, page and evidence. Returns how many there were."""
        return super().update(ip_address=None, page_url="", evidence="")


def install_triggers(*, sender: Any, using: str = DEFAULT_DB_ALIAS, **kwargs: Any) -> None:
    """Make the database refuse changes of entries, whoever asks; runs after each ``migrate``.

    Not in a migration: SQLite forgets the triggers of a table whenever Django alters it.
    """
    if sender.label != "wagtail_precise_mail":
        return
    connection = connections[using]
    table = "wagtail_precise_mail_consentchange"
    columns = {column.name for column in _columns(connection, table)}
    install = {"sqlite": _on_sqlite, "postgresql": _on_postgresql}.get(connection.vendor)
    if install and columns.issuperset(_KEPT):
        install(connection, connection.ops.quote_name(table))


def _columns(connection: BaseDatabaseWrapper, table: str) -> list[Any]:
    with connection.cursor() as cursor:
        if table not in connection.introspection.table_names(cursor):
            return []
        return connection.introspection.get_table_description(cursor, table)


def _on_sqlite(connection: BaseDatabaseWrapper, table: str) -> None:
    with connection.cursor() as cursor:
        for name, columns, when in (
            (_NAME, ", ".join(_KEPT), ""),
            (f"{_NAME}_redaction", ", ".join(_BESIDE), f"WHEN NOT ({_REDACTED})"),
        ):
            cursor.execute(
                f"CREATE TRIGGER IF NOT EXISTS {name} BEFORE UPDATE OF {columns} ON {table} {when} "
                f"BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END"
            )


def _on_postgresql(connection: BaseDatabaseWrapper, table: str) -> None:
    changed, differs = _differ(_KEPT), _differ(_BESIDE)
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_trigger WHERE tgname = %s AND tgrelid = %s::regclass", [_NAME, table])
        if cursor.fetchone():
            return
        cursor.execute(
            f"CREATE OR REPLACE FUNCTION {_NAME}() RETURNS trigger LANGUAGE plpgsql AS $$ "
            f"BEGIN IF {changed} OR ({differs} AND NOT ({_REDACTED})) THEN RAISE EXCEPTION '{_REFUSAL}'; END IF; "
            "RETURN NEW; END $$"
        )
        cursor.execute(
            f"CREATE TRIGGER {_NAME} BEFORE UPDATE OF {', '.join((*_KEPT, *_BESIDE))} ON {table} "
            f"FOR EACH ROW EXECUTE FUNCTION {_NAME}()"
        )


def _differ(columns: tuple[str, ...]) -> str:
    new, old = (", ".join(f"{row}.{column}" for column in columns) for row in ("NEW", "OLD"))
    return f"({new}) IS DISTINCT FROM ({old})"


post_migrate.connect(install_triggers, dispatch_uid="wagtail_precise_mail.ledger")
