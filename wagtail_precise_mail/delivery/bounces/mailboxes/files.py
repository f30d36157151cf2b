"""Mailboxes on disk, and mails from a pipe."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from wagtail_precise_mail.delivery.bounces.mailboxes.base import Incoming, Mailbox
from wagtail_precise_mail.delivery.bounces.reading import MOST_BYTES

_PROCESSED, _UNRECOGNIZED = ".Processed", ".Unrecognized"


class MaildirBox(Mailbox):
    """A Maildir. Mails move to its folders "Processed" and "Unrecognized"."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def mails(self) -> Iterator[Incoming]:
        for part in ("new", "cur"):
            for file in sorted((self.path / part).iterdir()):
                # Another worker may have put it away in the meantime.
                with contextlib.suppress(FileNotFoundError):
                    if file.is_file():
                        yield Incoming(file, _read(file))

    def settle(self, mail: Incoming, *, is_recognized: bool) -> None:
        folder = self.path / (_PROCESSED if is_recognized else _UNRECOGNIZED)
        for part in ("cur", "new", "tmp"):
            (folder / part).mkdir(parents=True, exist_ok=True)
        (folder / "maildirfolder").touch()
        name = mail.name.name if ":2," in mail.name.name else f"{mail.name.name}:2,S"
        with contextlib.suppress(FileNotFoundError):
            os.rename(mail.name, folder / "cur" / name)


class _ReadOnlyBox(Mailbox):
    """Files that stay as they are: reading them again changes nothing. What nobody understands is copied apart."""

    def __init__(self, *, apart: str = "") -> None:
        self.apart = Path(apart) if apart else None

    def settle(self, mail: Incoming, *, is_recognized: bool) -> None:
        if is_recognized or self.apart is None:
            return
        self.apart.mkdir(parents=True, exist_ok=True)
        name = hashlib.sha256(mail.raw).hexdigest()[:32]
        # Complete or not there: a crash leaves no half mail under this name.
        draft = self.apart / f".{name}.{os.getpid()}"
        draft.write_bytes(mail.raw)
        draft.replace(self.apart / f"{name}.eml")


class EmlBox(_ReadOnlyBox):
    """One mail in a file, or a folder of such files."""

    def __init__(self, path: Path, *, apart: str = "") -> None:
        super().__init__(apart=apart)
        self.path = path

    def mails(self) -> Iterator[Incoming]:
        files = sorted(self.path.glob("*.eml")) if self.path.is_dir() else [self.path]
        for file in files:
            yield Incoming(file, _read(file))


class MboxBox(_ReadOnlyBox):
    """An mbox, read line by line: it may be larger than the memory."""

    def __init__(self, path: Path, *, apart: str = "") -> None:
        super().__init__(apart=apart)
        self.path = path

    def mails(self) -> Iterator[Incoming]:
        lines: list[bytes] = []
        size, number, is_blank = 0, 0, True
        with self.path.open("rb") as file:
            while line := file.readline(MOST_BYTES):
                if is_blank and line.startswith(b"From ") and lines:
                    yield Incoming(number, b"".join(lines))
                    lines, size, number = [], 0, number + 1
                is_blank = not line.strip()
                if size < MOST_BYTES:
                    lines.append(line)
                    size += len(line)
        if lines:
            yield Incoming(number, b"".join(lines)[:MOST_BYTES])


class StreamBox(_ReadOnlyBox):
    """One mail from a pipe, as mail servers deliver to a program."""

    def __init__(self, stream: BinaryIO, *, apart: str = "") -> None:
        super().__init__(apart=apart)
        self.stream = stream

    def mails(self) -> Iterator[Incoming]:
        raw = self.stream.read(MOST_BYTES)
        # The server at the other end would take a closed pipe for a failure.
        while self.stream.read(65_536):
            pass
        if raw.strip():
            yield Incoming("-", raw)


def _read(file: Path) -> bytes:
    with file.open("rb") as stream:
        return stream.read(MOST_BYTES)
