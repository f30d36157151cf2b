"""A folder on an IMAP server. Mails move to folders beside it, after the database has what they say."""

from __future__ import annotations

import contextlib
import imaplib
import re
import ssl
from collections.abc import Iterator
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

from wagtail_precise_mail.conf import options
from wagtail_precise_mail.delivery.bounces.mailboxes.base import Incoming, Mailbox
from wagtail_precise_mail.delivery.bounces.reading import MOST_BYTES
from wagtail_precise_mail.exceptions import ChannelUnavailable, ConfigurationError

_PROCESSED, _UNRECOGNIZED = "Processed", "Unrecognized"
_SSL_PORT, _PORT = 993, 143
_LOCAL = ("localhost", "127.0.0.1", "::1")
_DELIMITER = re.compile(rb'\(.*?\) "(.)"')


class ImapBox(Mailbox):
    """The folder of a URL such as "imaps://user:password@mail.example.com/INBOX"; "imap:" asks for STARTTLS.

    Args:
        url: user and password are percent-encoded where they have other letters than such.

    Raises:
        ConfigurationError: the URL lacks something.
        ChannelUnavailable: the server cannot be reached, or does not let us in.
    """

    def __init__(self, url: str) -> None:
        parts = _split(url)
        self.folder = unquote(parts.path.lstrip("/")) or "INBOX"
        try:
            self.connection = _connect(parts)
        except (OSError, imaplib.IMAP4.error) as error:
            raise _unavailable(parts, error) from error
        try:
            self._ok(self.connection.login(unquote(parts.username or ""), unquote(parts.password or "")))
            self._ok(self.connection.select(_quoted(self.folder)))
            self._prefix = self.folder + self._delimiter()
        except (OSError, imaplib.IMAP4.error) as error:
            self.close()
            raise _unavailable(parts, error) from error

    def mails(self) -> Iterator[Incoming]:
        found = self._ok(self.connection.uid("search", "UNDELETED"))
        for uid in (found[0] or b"").split():
            # PEEK: a mail that fails stays unread. The end of a very large one is not fetched at all.
            answer = self._ok(self.connection.uid("fetch", uid.decode(), f"(BODY.PEEK[]<0.{MOST_BYTES}>)"))
            raw = next((part[1] for part in answer if isinstance(part, tuple)), None)
            if raw is not None:  # else another worker has put it away
                yield Incoming(uid.decode(), raw)

    def settle(self, mail: Incoming, *, is_recognized: bool) -> None:
        target = _quoted(self._prefix + (_PROCESSED if is_recognized else _UNRECOGNIZED))
        if "MOVE" in self.connection.capabilities:
            self._ok(self._again("MOVE", mail.name, target))
            return
        self._ok(self._again("COPY", mail.name, target))
        self._ok(self.connection.uid("store", mail.name, "+FLAGS.SILENT", r"(\Deleted)"))
        if "UIDPLUS" in self.connection.capabilities:  # else it stays, marked: a plain EXPUNGE would take others along
            self._ok(self.connection.uid("expunge", mail.name))

    def close(self) -> None:
        with contextlib.suppress(OSError, imaplib.IMAP4.error):
            self.connection.logout()

    def _again(self, command: str, uid: str, target: str) -> tuple[str, list[Any]]:
        """Move or copy a mail; where the folder is missing, make it and try again."""
        answer = self.connection.uid(command, uid, target)
        if answer[0] == "OK":
            return answer
        self.connection.create(target)
        return self.connection.uid(command, uid, target)

    def _delimiter(self) -> str:
        """Return what stands between the name of a folder and one inside of it."""
        _status, found = self.connection.list('""', _quoted(self.folder))
        match = _DELIMITER.match(found[0]) if found and isinstance(found[0], bytes) else None
        return match.group(1).decode() if match else "/"

    def _ok(self, answer: tuple[str, list[Any]]) -> list[Any]:
        status, data = answer
        if status != "OK":
            raise imaplib.IMAP4.error(f"{status} {data!r}"[:300])
        return data


def _unavailable(parts: SplitResult, error: Exception) -> ChannelUnavailable:
    # The words of the server, and never the URL: it has the password in it.
    return ChannelUnavailable(f"The mail server {parts.hostname} does not open the mailbox: {error}")


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        is_whole = bool(parts.hostname and parts.username and parts.port != 0)  # a port that is none raises
    except ValueError:
        is_whole = False
    if not is_whole:
        raise ConfigurationError("The URL of a mailbox is like imaps://user:password@mail.example.com/INBOX.")
    return parts


def _connect(parts: SplitResult) -> imaplib.IMAP4:
    host, timeout = parts.hostname or "", options().smtp_timeout_seconds
    if parts.scheme == "imaps":
        return imaplib.IMAP4_SSL(
            host, parts.port or _SSL_PORT, ssl_context=ssl.create_default_context(), timeout=timeout
        )
    connection = imaplib.IMAP4(host, parts.port or _PORT, timeout=timeout)
    if host not in _LOCAL:  # no password in clear over a network
        connection.starttls(ssl.create_default_context())
    return connection


def _quoted(folder: str) -> str:
    # RFC 3501 wants modified UTF-7; a folder with other letters can be renamed.
    if not folder.isascii() or any(character in folder for character in '"\\\r\n'):
        raise ConfigurationError(f"The name of the folder {folder!r} must be plain ASCII.")
    return f'"{folder}"'
