"""A mail server that writes down what it took before it says so, and behaves badly by the dice.

``python -m tests.chaos.recorder folder port seed badness``. What was taken stands in ``kept.log``, one "moment address"
per line, written before the reply leaves: it survives the death of this process. What was done amiss stands in
``misdeeds.log``, as "verb deed address". Addresses that begin with ``refused`` never get a mail.
PIPELINING is offered.
"""

from __future__ import annotations

import asyncio
import os
import random
import re
import sys
import time
from pathlib import Path

# What may happen at each verb: a reply, or "drop". At DOT the message is not kept, at REPLY it is.
DEEDS: dict[str, list[str]] = {
    "CONNECT": ["421 4.3.2 not now", "554 5.3.2 not you", "drop"],
    "EHLO": ["421 4.3.2 going down", "drop"],
    "MAIL": ["451 4.3.0 try again", "550 5.7.1 sender not welcome", "421 4.3.2 closing", "drop"],
    "RCPT": ["450 4.2.1 greylisted, come back", "451 4.7.1 slow down", "550 5.7.1 policy", "drop"],
    "DATA": ["451 4.3.0 no room", "554 5.6.0 not like this", "drop"],
    "BODY": ["drop"],
    "DOT": ["452 4.3.1 disk full", "552 5.2.3 too large", "421 4.3.2 closing", "drop"],
    "REPLY": ["drop"],
}


class Book:
    """The two files, each line one write."""

    def __init__(self, folder: Path) -> None:
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
        self._kept = os.open(folder / "kept.log", flags)
        self._misdeeds = os.open(folder / "misdeeds.log", flags)

    def keep(self, address: str) -> None:
        os.write(self._kept, f"{time.time():.3f} {address}\n".encode())

    def confess(self, verb: str, deed: str, address: str) -> None:
        os.write(self._misdeeds, f"{verb} {deed.split()[0]} {address}\n".encode())


class Session:
    """One connection."""

    def __init__(self, book: Book, dice: random.Random, badness: float) -> None:
        self.book, self.dice, self.badness = book, dice, badness
        self.address = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        try:
            await self._talk()
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, TimeoutError):
            pass
        finally:
            writer.close()

    async def _talk(self) -> None:
        if not await self._passes("CONNECT"):
            return
        self._say("220 mail.test")
        while line := await self.reader.readline():
            verb, _space, rest = line.decode("utf-8", "replace").strip().partition(" ")
            if verb.upper() == "QUIT":
                self._say("221 bye")
                return
            if not await self._answer(verb.upper(), rest):
                return
            # Whoever pipelines gets all answers of a round together.
            if not self.reader._buffer:  # type: ignore[attr-defined]
                await self.writer.drain()

    async def _answer(self, verb: str, rest: str) -> bool:
        """Return whether the connection goes on."""
        if verb in DEEDS and verb != "DATA":
            self._remember(verb, rest)
            if not await self._passes(verb):
                return self.goes_on
        if verb == "RCPT" and self.address.startswith("refused"):
            self._say("550 5.1.1 no such user")
            self.address = ""
        elif verb == "EHLO":
            self._say("250-mail.test\r\n250-PIPELINING\r\n250-ENHANCEDSTATUSCODES\r\n250-8BITMIME\r\n250 SMTPUTF8")
        elif verb == "DATA":
            return await self._take()
        else:
            if verb == "RSET":
                self.address = ""
            self._say("250 2.0.0 ok")
        return True

    def _remember(self, verb: str, rest: str) -> None:
        if verb == "MAIL":
            self.address = ""
        if verb == "RCPT":
            found = re.search(r"<([^>]*)>", rest)
            self.address = found[1] if found else ""

    async def _take(self) -> bool:
        if not self.address:
            self._say("503 5.5.1 no recipient")
            return True
        if not await self._passes("DATA"):
            return self.goes_on
        self._say("354 go ahead")
        await self.writer.drain()
        # Before the body has come, so that the client is in the middle of it.
        if not await self._passes("BODY"):
            return False
        await self.reader.readuntil(b"\r\n.\r\n")
        if not await self._passes("DOT"):
            return self.goes_on
        self.book.keep(self.address)
        if not await self._passes("REPLY"):
            return False
        self._say("250 2.0.0 Ok: queued as T1")
        self.address = ""
        return True

    async def _passes(self, verb: str) -> bool:
        """Throw the dice; a bad throw is written down and done, and ``goes_on`` says whether anybody is left."""
        self.goes_on = True
        if self.dice.random() >= self.badness:
            return True
        deed = self.dice.choice(DEEDS[verb])
        self.book.confess(verb, deed, self.address or "-")
        if deed == "drop":
            self.goes_on = False
            self.writer.transport.abort()
            return False
        self._say(deed)
        self.goes_on = not deed.startswith("421")
        await self.writer.drain()
        if verb in ("RCPT", "DOT"):
            self.address = ""
        return False

    def _say(self, reply: str) -> None:
        self.writer.write(reply.encode() + b"\r\n")


async def serve(folder: Path, port: int, seed: int, badness: float) -> None:
    """Listen until killed."""
    book, dice = Book(folder), random.Random(seed)

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await Session(book, dice, badness).serve(reader, writer)

    server = await asyncio.start_server(accept, "127.0.0.1", port, limit=2**22, reuse_address=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])))
