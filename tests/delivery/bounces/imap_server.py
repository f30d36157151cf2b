"""A small IMAP server in a thread: one user, folders in memory, and what a client of bounces speaks of RFC 3501."""

from __future__ import annotations

import re
import socketserver
import ssl
from collections import defaultdict
from typing import ClassVar, cast

from tests.servers import Served


class _Session(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        server = cast("ImapServer", self.server)
        self._say("* OK ready")
        while line := self.rfile.readline().decode().strip():
            tag, _space, command = line.partition(" ")
            server.commands.append(command)
            self._say(f"{tag} {self._answer(server, command)}")
            if command == "LOGOUT":
                return

    def _say(self, line: str) -> None:
        self.wfile.write(line.encode() + b"\r\n")

    def _answer(self, server: ImapServer, command: str) -> str:
        words = command.split()
        if words[0] == "CAPABILITY":
            self._say(f"* CAPABILITY IMAP4rev1 {server.capabilities}")
        elif words[0] == "LOGIN" and " ".join(words[2:]).strip('"') != server.password:
            return "NO wrong password"
        elif words[0] == "LIST":
            self._say('* LIST (\\HasChildren) "." "INBOX"')
        elif words[0] == "CREATE":
            server.folders[words[1].strip('"')] = {}
        elif words[0] == "SELECT":
            self._say(f"* {len(server.folders['INBOX'])} EXISTS")
        elif words[0] == "UID":
            return self._uid(server, words[1:])
        return "OK done"

    def _uid(self, server: ImapServer, words: list[str]) -> str:
        inbox = server.folders["INBOX"]
        if words[0].upper() == "SEARCH":
            self._say("* SEARCH " + " ".join(str(uid) for uid in sorted(set(inbox) - server.deleted)))
        elif words[0].upper() == "FETCH" and int(words[1]) in inbox:
            most = int(re.findall(r"<0\.(\d+)>", words[2])[0])
            raw = inbox[int(words[1])][:most]
            self.wfile.write(f"* 1 FETCH (UID {words[1]} BODY[]<0> {{{len(raw)}}}\r\n".encode() + raw + b")\r\n")
        elif words[0].upper() in ("MOVE", "COPY"):
            target = words[2].strip('"')
            if target not in server.folders:
                return "NO [TRYCREATE] no such folder"
            server.folders[target][int(words[1])] = inbox[int(words[1])]
            if words[0].upper() == "MOVE":
                del inbox[int(words[1])]
        elif words[0].upper() == "STORE":
            server.deleted.add(int(words[1]))
        elif words[0].upper() == "EXPUNGE":
            del inbox[int(words[1])]
        return "OK done"


class ImapServer(Served, socketserver.ThreadingTCPServer):
    """Use as a context; ``folders`` is what it holds."""

    allow_reuse_address = True
    daemon_threads = True
    password: ClassVar[str] = "p w"

    def __init__(self, mails: list[bytes], *, capabilities: str = "MOVE UIDPLUS", certificate: str = "") -> None:
        super().__init__(("127.0.0.1", 0), _Session)
        self.is_secure = bool(certificate)
        if certificate:
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            context.load_cert_chain(certificate)
            self.socket = context.wrap_socket(self.socket, server_side=True)
        self.folders: dict[str, dict[int, bytes]] = defaultdict(dict, INBOX=dict(enumerate(mails, 1)))
        self.deleted: set[int] = set()
        self.commands: list[str] = []
        self.capabilities = capabilities

    @property
    def url(self) -> str:
        scheme, host = ("imaps", "localhost") if self.is_secure else ("imap", "127.0.0.1")
        return f"{scheme}://shop:p%20w@{host}:{self.server_address[1]}/INBOX"
