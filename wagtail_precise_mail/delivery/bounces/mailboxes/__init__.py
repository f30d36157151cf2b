"""Where bounces are read from: a mail server, a folder, a file, a pipe."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

from wagtail_precise_mail.delivery.bounces.mailboxes.base import Incoming, Mailbox
from wagtail_precise_mail.delivery.bounces.mailboxes.files import EmlBox, MaildirBox, MboxBox, StreamBox
from wagtail_precise_mail.delivery.bounces.mailboxes.imap import ImapBox
from wagtail_precise_mail.exceptions import ConfigurationError

__all__ = ["Incoming", "Mailbox", "open_mailbox"]


def open_mailbox(place: str, *, apart: str = "", stream: BinaryIO | None = None) -> Mailbox:
    """Return the mailbox at a place, by what is there.

    Args:
        place: the URL of an IMAP folder, the path of a Maildir, an mbox, a mail or a folder of mails, or "-".
        apart: folder that files which nobody understands are copied to; a Maildir and IMAP have their own.
        stream: what "-" reads.

    Raises:
        ConfigurationError: there is nothing, or the URL is wrong.
        ChannelUnavailable: the mail server does not let us in.
    """
    if place == "-" and stream:
        return StreamBox(stream, apart=apart)
    if place.startswith(("imap://", "imaps://")):
        return ImapBox(place)
    path = Path(place)
    if path.is_dir():
        is_maildir = (path / "new").is_dir() and (path / "cur").is_dir()
        return MaildirBox(path) if is_maildir else EmlBox(path, apart=apart)
    if not path.is_file():
        raise ConfigurationError(f"There is no mailbox at {place!r}.")
    with path.open("rb") as file:
        is_mbox = file.read(5) == b"From "
    return MboxBox(path, apart=apart) if is_mbox else EmlBox(path, apart=apart)
