"""Looking for mails in the mailbox of a seed: inbox and spam folder, without changing anything in it."""

from __future__ import annotations

import imaplib
import re
from collections.abc import Iterator
from datetime import UTC, datetime

from wagtail_precise_mail.delivery.bounces.mailboxes.imap import ImapBox
from wagtail_precise_mail.delivery.seeds.models import SeedArrival
from wagtail_precise_mail.exceptions import ChannelUnavailable

Folder = SeedArrival.Folder

_LISTED = re.compile(rb'\((?P<flags>[^)]*)\) (?:"[^"]*"|NIL) (?P<name>"(?:[^"\\]|\\.)*"|\S+)')
# Where a server marks no folder as \Junk (RFC 6154). The last one is "spam" in Chinese, in modified UTF-7.
_SPAM_NAMES = ("spam", "junk", "bulk mail", "junk email", "junk e-mail", "junk mail", "&V4NXPpCuTvY-")


class SeedMailbox(ImapBox):
    """A mailbox that is only read."""

    def find(self, message_ids: list[str]) -> dict[str, tuple[str, datetime]]:
        """Return where each mail is, and when the server got it; those that are in neither folder lack.

        Raises:
            ChannelUnavailable: the server stopped answering.
        """
        found: dict[str, tuple[str, datetime]] = {}
        try:
            for kind, folder in self._folders():
                self._ok(self.connection.select(folder, readonly=True))
                for message_id in message_ids:
                    if message_id not in found and (at := self._received_at(message_id)):
                        found[message_id] = kind, at
        except (OSError, imaplib.IMAP4.error) as error:
            raise ChannelUnavailable(f"The mailbox cannot be read: {error}") from error
        return found

    def _folders(self) -> Iterator[tuple[str, str]]:
        yield Folder.INBOX, f'"{self.folder}"'
        for line in self._ok(self.connection.list()):
            match = _LISTED.match(line) if isinstance(line, bytes) else None
            if match is None:
                continue
            name = match["name"].decode()
            last = re.split(r"[/.]", name.strip('"'))[-1]
            if rb"\junk" in match["flags"].lower() or last.lower() in {one.lower() for one in _SPAM_NAMES}:
                yield Folder.SPAM, name

    def _received_at(self, message_id: str) -> datetime | None:
        uids = self._ok(self.connection.uid("search", "HEADER", "Message-ID", f'"{message_id}"'))[0] or b""
        if not uids.split():
            return None
        answer = self._ok(self.connection.uid("fetch", uids.split()[0].decode(), "(INTERNALDATE)"))
        line = next((part for part in answer if isinstance(part, bytes)), b"")
        parsed = imaplib.Internaldate2tuple(line)
        return datetime(*parsed[:6]).astimezone(UTC) if parsed else None
