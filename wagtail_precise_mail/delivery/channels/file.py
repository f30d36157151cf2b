"""A channel that writes each message into a folder, as a mail that every mail program opens."""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path
from typing import Self

from django.utils.translation import gettext_lazy

from wagtail_precise_mail.delivery.channels.base import Channel, Envelope, Receipt, channels
from wagtail_precise_mail.exceptions import ChannelUnavailable, ConfigurationError

_SAFE = re.compile(r"[\w.-]{1,150}", re.ASCII)


@channels.register("file")
class FileChannel(Channel):
    """Writes an .eml per message into the folder that the option names: ``"file:/srv/mails"``.

    A file is there whole or not at all, and has its message's name: who sends a message again writes it once.
    """

    label = gettext_lazy("Files in a folder")
    idempotency_seconds = 7 * 86_400

    def __init__(self, folder: str = "") -> None:
        if not folder:
            raise ConfigurationError("The channel 'file' needs a folder behind its key, such as 'file:/srv/mails'.")
        self.folder = Path(folder)

    @classmethod
    def of(cls, argument: str) -> Self:
        return cls(argument)

    def send(self, envelope: Envelope) -> Receipt:
        path = self.folder / f"{_name_of(envelope)}.eml"
        draft = path.with_name(f".{path.name}.{os.getpid()}")
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with draft.open("wb") as file:
                file.write(envelope.content)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(path)
        except OSError as error:
            raise ChannelUnavailable(f"The folder {self.folder} takes no mails: {error.strerror}") from error
        return Receipt(reply=f"250 written to {path.name}", provider_id=path.stem)


def _name_of(envelope: Envelope) -> str:
    if _SAFE.fullmatch(envelope.reference) and not envelope.reference.startswith("."):
        return envelope.reference
    return hashlib.sha256(envelope.recipient.encode() + b"\n" + envelope.content).hexdigest()
