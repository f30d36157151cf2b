"""The small IMAP server with a spam folder, and with what looking for a mail speaks of RFC 3501."""

from __future__ import annotations

import socketserver
from datetime import UTC, datetime
from typing import cast

from tests.delivery.bounces.imap_server import ImapServer, _Session

ARRIVED = datetime(2026, 3, 2, 9, 4, tzinfo=UTC)


class _SeedSession(_Session):
    def _answer(self, server: ImapServer, command: str) -> str:
        words = command.split()
        if words[0] == "LIST" and words[1:] == ['""', "*"]:
            self._say('* LIST (\\HasNoChildren) "/" "INBOX"')
            self._say(f'* LIST ({cast("SeedServer", server).spam_flags}) "/" "{cast("SeedServer", server).spam_name}"')
            return "OK done"
        if words[0] == "EXAMINE":
            self.folder = command.partition(" ")[2].strip('"')
            self._say("* 1 EXISTS")
            return "OK [READ-ONLY] done"
        if words[:3] == ["UID", "SEARCH", "HEADER"]:
            wanted = words[4].strip('"').encode()
            found = [uid for uid, raw in server.folders[self.folder].items() if wanted in raw]
            self._say(("* SEARCH " + " ".join(map(str, found))).rstrip())
            return "OK done"
        if words[:2] == ["UID", "FETCH"]:
            self._say(f'* 1 FETCH (UID {words[2]} INTERNALDATE "{ARRIVED:%d-%b-%Y %H:%M:%S} +0000")')
            return "OK done"
        return super()._answer(server, command)


class SeedServer(ImapServer):
    """Use as a context; ``folders`` is what it holds."""

    def __init__(self, *, spam_name: str = "[Gmail]/Spam", spam_flags: str = r"\HasNoChildren \Junk") -> None:
        super().__init__([])
        self.spam_name, self.spam_flags = spam_name, spam_flags
        self.RequestHandlerClass = cast("type[socketserver.BaseRequestHandler]", _SeedSession)
