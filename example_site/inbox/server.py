"""The SMTP side of the inbox: takes every mail, keeps it, answers 250."""

from __future__ import annotations

import asyncio
import logging
import sqlite3

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from example_site.inbox.store import InboxStore

logger = logging.getLogger(__name__)

SIZE_LIMIT = 25 * 1024 * 1024


class Keep:
    """aiosmtpd's handler."""

    def __init__(self, store: InboxStore) -> None:
        self.store = store

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Answer only after the mail is on disk."""
        raw = envelope.original_content or b""
        try:
            await asyncio.to_thread(
                self.store.add,
                envelope_from=envelope.mail_from or "",
                recipients=envelope.rcpt_tos,
                raw=raw,
            )
        except sqlite3.Error:
            logger.exception("The mail could not be kept.")
            return "451 The mail could not be kept, try again later"
        return "250 Kept"


def make_controller(store: InboxStore, *, host: str = "127.0.0.1", port: int) -> Controller:
    """Return a server that is started and stopped by ``start()`` and ``stop()``."""
    return Controller(
        Keep(store), hostname=host, port=port, data_size_limit=SIZE_LIMIT, decode_data=False, enable_SMTPUTF8=True
    )
