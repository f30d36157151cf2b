"""A real SMTP server in a process of its own, which misbehaves on demand and writes down what it took.

Rules are a JSON list in ``rules.json``; the first that fits is obeyed, as often as ``times`` says (always without it):

    {"at": "RCPT", "match": "refused@", "do": "550 5.1.1 no such user", "times": 2}

What EHLO offers beside the usual stands in ``offers.json``; what came as MAIL and RCPT is written to ``verbs.log``.

``at`` is CONNECT, EHLO, MAIL, RCPT, DATA, BODY (inside the body), DOT (the dot came, the message is not kept) or REPLY
(it is kept, nothing was answered yet). ``do`` is a reply, "drop", "hang", or at DOT "slow". A reply of 421 closes the
connection, too. What was kept stands in ``log.jsonl``, one message per line, on disk before the reply leaves.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import email
import email.policy
import json
import os
import re
import ssl
import subprocess
import sys
import time
from email.message import EmailMessage
from pathlib import Path
from typing import Any, Self

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session


class Script:
    """The rules in force and what was kept."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.text = ""
        self.rules: list[dict[str, Any]] = []

    def next_action(self, at: str, subject: str) -> str:
        """Return what to do, or ""."""
        path = self.folder / "rules.json"
        text = path.read_text() if path.exists() else "[]"
        if text != self.text:
            self.text, self.rules = text, json.loads(text)
        for rule in self.rules:
            if rule["at"] == at and re.search(rule.get("match", ""), subject) and rule.get("times", 1) > 0:
                if "times" in rule:
                    rule["times"] -= 1
                return str(rule["do"])
        return ""

    def offers(self) -> list[str]:
        """Return the further extensions that EHLO offers."""
        path = self.folder / "offers.json"
        return json.loads(path.read_text()) if path.exists() else []

    def note(self, verb: str, arg: str) -> None:
        with (self.folder / "verbs.log").open("a") as log:
            log.write(f"{verb} {arg}\n")

    def keep(self, envelope: Envelope) -> None:
        content = envelope.original_content or b""
        entry = {"from": envelope.mail_from, "to": envelope.rcpt_tos, "content": base64.b64encode(content).decode()}
        with (self.folder / "log.jsonl").open("a") as log:
            log.write(json.dumps(entry) + "\n")


def log_in(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
    is_right = isinstance(data, LoginPassword) and data.password == b"secret"
    return AuthResult(success=is_right, handled=False)


class ScriptedSMTP(SMTP):
    """aiosmtpd, obeying a script."""

    def __init__(self, script: Script, **kwargs: Any) -> None:
        self.script = script
        certificate = script.folder / "certificate.pem"
        if certificate.exists():
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            context.load_cert_chain(certificate)
            kwargs |= {"tls_context": context, "require_starttls": True, "authenticator": log_in}
        super().__init__(self, enable_SMTPUTF8=True, hostname="mail.test", **kwargs)

    async def act(self, at: str, subject: str = "") -> bool:
        """Do what the script says; return whether the command is answered by that."""
        action = self.script.next_action(at, subject)
        if not action:
            return False
        if action == "hang":
            await asyncio.sleep(60)
        if action in ("drop", "hang"):
            self.transport.abort()
            return True
        await self.push(action)
        if action.startswith("421"):
            self.transport.close()
        return True

    async def push(self, status: Any) -> None:
        if str(status).startswith("220") and await self.act("CONNECT"):
            return
        await super().push(status)

    async def smtp_EHLO(self, hostname: str) -> None:
        self.script.note("EHLO", hostname)
        if not await self.act("EHLO", hostname):
            await super().smtp_EHLO(hostname)

    async def handle_EHLO(
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        offers = self.script.offers()
        names = {offer.split()[0] for offer in offers}
        kept = [one for one in responses[:-1] if one[4:].split()[0] not in names]
        return [*kept, *(f"250-{offer}" for offer in offers), responses[-1]]

    async def smtp_MAIL(self, arg: str) -> None:
        self.script.note("MAIL", arg)
        if not await self.act("MAIL", arg):
            await super().smtp_MAIL(_without_reports(arg))

    async def smtp_RCPT(self, arg: str) -> None:
        self.script.note("RCPT", arg)
        if not await self.act("RCPT", arg):
            await super().smtp_RCPT(_without_reports(arg))

    async def smtp_DATA(self, arg: str) -> None:
        recipients = ",".join(self.envelope.rcpt_tos)
        if await self.act("DATA", recipients):
            return
        if action := self.script.next_action("BODY", recipients):
            await self.push("354 go ahead")
            await self._reader.read(100)
            if action == "hang":
                await asyncio.sleep(60)
            self.transport.abort()
            return
        await super().smtp_DATA(arg)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        recipients = ",".join(envelope.rcpt_tos)
        for at in ("DOT", "REPLY"):
            if at == "REPLY":
                self.script.keep(envelope)
            action = self.script.next_action(at, recipients)
            if action == "slow":
                await asyncio.sleep(0.2)
                action = ""
            if action == "hang":
                await asyncio.sleep(60)
            if action in ("drop", "hang"):
                self.transport.abort()
                raise ConnectionResetError
            if action.startswith("421"):
                asyncio.get_running_loop().call_later(0.01, self.transport.close)
            if action:
                return action
        return "250 2.0.0 Ok: queued as T1"

    async def handle_exception(self, error: Exception) -> str:
        return "500 broken"


def _without_reports(arg: str) -> str:
    """Return the argument of a verb without what RFC 3461 adds, which aiosmtpd does not know."""
    return re.sub(r" (RET|ENVID|NOTIFY|ORCPT)=\S+", "", arg)


async def serve(folder: Path, port: int) -> None:
    script = Script(folder)
    server = await asyncio.get_running_loop().create_server(lambda: ScriptedSMTP(script), "127.0.0.1", port)
    (folder / "port.new").write_text(str(server.sockets[0].getsockname()[1]))
    (folder / "port.new").rename(folder / "port")
    await server.serve_forever()


class MailServer:
    """The handle of the tests on the server's process."""

    def __init__(self, folder: Path, port: int = 0) -> None:
        self.folder = folder
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.delivery.smtp_server", str(folder), "--port", str(port)],
            cwd=Path(__file__).resolve().parents[2],
            stderr=subprocess.DEVNULL,
        )
        for _try in range(200):
            if (folder / "port").exists():
                break
            time.sleep(0.05)
        self.port = int((folder / "port").read_text())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *args: object) -> None:
        self.stop()

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()
        (self.folder / "port").unlink(missing_ok=True)

    def script(self, *rules: dict[str, Any]) -> None:
        """Replace the rules."""
        # The nonce tells two equal scripts apart, so that the counting starts anew.
        new = self.folder / "rules.new"
        new.write_text(json.dumps([*rules, {"at": "never", "do": os.urandom(8).hex()}]))
        new.rename(self.folder / "rules.json")

    def offer(self, *extensions: str) -> None:
        """Offer further extensions from the next EHLO on, such as "PIPELINING"."""
        (self.folder / "offers.json").write_text(json.dumps(extensions))

    def reset(self) -> None:
        self.script()
        for name in ("log.jsonl", "verbs.log", "offers.json"):
            (self.folder / name).unlink(missing_ok=True)

    def verbs(self, verb: str) -> list[str]:
        """The arguments of all EHLO, MAIL or RCPT that came, in their order."""
        log = self.folder / "verbs.log"
        lines = log.read_text().splitlines() if log.exists() else []
        return [line.partition(" ")[2] for line in lines if line.startswith(verb)]

    def entries(self) -> list[dict[str, Any]]:
        """Everything kept, as it was written down."""
        log = self.folder / "log.jsonl"
        text = log.read_text() if log.exists() else ""
        whole, _newline, _being_written = text.rpartition("\n")
        return [json.loads(line) for line in whole.splitlines()]

    def recipients(self) -> list[str]:
        """The addresses of everything kept, in the order of arrival."""
        return [address for entry in self.entries() for address in entry["to"]]

    def messages(self) -> list[EmailMessage]:
        """Everything kept, parsed."""
        contents = [base64.b64decode(entry["content"]) for entry in self.entries()]
        return [email.message_from_bytes(content, policy=email.policy.default) for content in contents]


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--port", type=int, default=0)
    arguments = parser.parse_args()
    asyncio.run(serve(arguments.folder, arguments.port))
