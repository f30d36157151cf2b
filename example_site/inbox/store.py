"""Where received mails are kept: one SQLite file, written by the SMTP process and read by the web pages."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage, Message
from email.parser import BytesHeaderParser
from functools import cache
from pathlib import Path

from django.conf import settings

_SCHEMA = """
CREATE TABLE IF NOT EXISTS mail (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    received_at TEXT NOT NULL,
    envelope_from TEXT NOT NULL,
    envelope_to TEXT NOT NULL,
    sender TEXT NOT NULL,
    subject TEXT NOT NULL,
    message_id TEXT NOT NULL,
    raw BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS mail_to ON mail (envelope_to);
"""
_SUMMARY = "id, received_at, envelope_from, envelope_to, sender, subject, message_id, length(raw)"
_HEADER_LIMIT = 300


@dataclass(frozen=True)
class MailSummary:
    """A line of the list."""

    id: int
    received_at: datetime
    envelope_from: str
    envelope_to: str
    sender: str
    subject: str
    message_id: str
    size: int


class InboxStore:
    """Mails in the order in which they came.

    Args:
        path: the file; made when there is none.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.path.parent.mkdir(parents=True, exist_ok=True)
        # Kept open: the last connection that closes makes SQLite move its log into the file, 20 ms for each mail.
        self._connection = sqlite3.connect(self.path, timeout=20, check_same_thread=False)
        self._lock = threading.Lock()
        with self._open() as connection:
            connection.execute("PRAGMA synchronous=NORMAL")
            connection.execute("PRAGMA journal_mode=WAL")
            connection.executescript(_SCHEMA)

    def add(self, *, envelope_from: str, recipients: list[str], raw: bytes, at: datetime | None = None) -> None:
        """Keep a mail once for each recipient of the envelope."""
        # The head is enough, and fifty times cheaper than the whole.
        message = BytesHeaderParser(policy=policy.default).parsebytes(raw)
        sender, subject, message_id = (header(message, name) for name in ("From", "Subject", "Message-ID"))
        received_at = (at or datetime.now(UTC)).isoformat()
        with self._open() as connection:
            connection.executemany(
                "INSERT INTO mail (received_at, envelope_from, envelope_to, sender, subject, message_id, raw) "
                "VALUES (?, ?, ?, ?, ?, ?, ?)",
                [(received_at, envelope_from, to, sender, subject, message_id, raw) for to in recipients],
            )

    def count(self, words: str = "") -> int:
        """How many mails there are, or match the words."""
        where, values = self._matching(words)
        with self._open() as connection:
            return int(connection.execute(f"SELECT count(*) FROM mail {where}", values).fetchone()[0])

    def page(self, *, offset: int = 0, limit: int = 50, words: str = "") -> list[MailSummary]:
        """The newest mails, or those whose recipient, sender or subject contains the words."""
        where, values = self._matching(words)
        query = f"SELECT {_SUMMARY} FROM mail {where} ORDER BY id DESC LIMIT ? OFFSET ?"
        with self._open() as connection:
            return [_summary(row) for row in connection.execute(query, [*values, limit, offset])]

    def get(self, mail_id: int) -> tuple[MailSummary, bytes]:
        """A mail with its source.

        Raises:
            KeyError: there is none.
        """
        with self._open() as connection:
            row = connection.execute(f"SELECT {_SUMMARY}, raw FROM mail WHERE id = ?", [mail_id]).fetchone()
        if row is None:
            raise KeyError(mail_id)
        return _summary(row[:-1]), bytes(row[-1])

    def all(self) -> list[tuple[MailSummary, bytes]]:
        """Every mail with its source, oldest first."""
        with self._open() as connection:
            rows = connection.execute(f"SELECT {_SUMMARY}, raw FROM mail ORDER BY id").fetchall()
        return [(_summary(row[:-1]), bytes(row[-1])) for row in rows]

    def clear(self) -> None:
        """Throw everything away."""
        with self._open() as connection:
            connection.execute("DELETE FROM mail")

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        with self._lock, self._connection:
            yield self._connection

    @staticmethod
    def _matching(words: str) -> tuple[str, list[str]]:
        if not words:
            return "", []
        like = "%" + words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
        columns = ("envelope_to", "sender", "subject")
        return "WHERE " + " OR ".join(f"{column} LIKE ? ESCAPE '\\'" for column in columns), [like] * len(columns)


def local_inbox() -> InboxStore:
    """Return the store that the settings name, opened once per process."""
    return _opened(Path(settings.INBOX_PATH))


@cache
def _opened(path: Path) -> InboxStore:
    return InboxStore(path)


def parse(raw: bytes) -> EmailMessage:
    """Return a mail as an object; broken mails parse too, with defects."""
    message = message_from_bytes(raw, policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


def header(message: Message, name: str) -> str:
    """Return a header's text, in one short line. Hostile headers can make the parser raise: those are shown raw."""
    try:
        value = str(message.get(name, ""))
    except Exception:
        value = next((str(raw) for key, raw in message.raw_items() if key.lower() == name.lower()), "")
    return " ".join(value.split())[:_HEADER_LIMIT]


def _summary(row: tuple) -> MailSummary:
    mail_id, received_at, *texts, size = row
    return MailSummary(mail_id, datetime.fromisoformat(received_at), *texts, size)
