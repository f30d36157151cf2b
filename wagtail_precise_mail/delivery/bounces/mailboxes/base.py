"""What a mailbox is: it gives its mails one by one, and is told what became of each."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self


@dataclass(frozen=True)
class Incoming:
    """One mail: its name in its mailbox, and its bytes, of a very large one the beginning."""

    name: Any
    raw: bytes


class Mailbox(ABC):
    """Mails that wait. Nothing is deleted, and nothing moved before the database has what the mail says."""

    @abstractmethod
    def mails(self) -> Iterator[Incoming]:
        """Yield the mails that wait, one at a time."""

    def settle(self, mail: Incoming, *, is_recognized: bool) -> None:  # noqa: B027  files stay where they are
        """Put away a mail that was processed; those that nobody understood go to a place of their own."""

    def close(self) -> None:  # noqa: B027  most have nothing to close
        """Let go of connections; never raises."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
