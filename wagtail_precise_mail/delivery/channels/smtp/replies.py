"""What mail servers answer, in the shape that we keep and show."""

from __future__ import annotations

import re
import smtplib
from dataclasses import dataclass
from functools import lru_cache

_ENHANCED = re.compile(r"[245]\.\d{1,3}\.\d{1,3}\b")
_LENGTH = 500
"""Characters of a reply that are kept."""


class ConnectionLost(Exception):
    """The connection went away before the final dot, so the message was certainly not accepted."""


@dataclass(frozen=True)
class Reply:
    """One answer.

    Attributes:
        code: of RFC 5321, such as 250; 0 when the answer was not SMTP.
        text: the words, all lines as one; an enhanced code (RFC 3463) stands first, and once.
    """

    code: int
    text: str

    def __str__(self) -> str:
        return f"{self.code} {self.text}"[:_LENGTH]

    @property
    def is_refusal(self) -> bool:
        return not 200 <= self.code <= 399

    @property
    def provider_id(self) -> str:
        """The name that the server gave the message, where it says one ("250 2.0.0 Ok: queued as ABC")."""
        _before, found, after = self.text.partition("queued as ")
        return after.split()[0].strip("<>.")[:250] if found and after.split() else ""


def read_reply(lines: list[bytes]) -> Reply:
    """Return what the lines of one answer say together."""
    return _only(lines[0]) if len(lines) == 1 else _read(lines)


# The same few words to every message; what names one comes once.
@lru_cache(maxsize=64)
def _only(line: bytes) -> Reply:
    return _read([line])


def _read(lines: list[bytes]) -> Reply:
    first = lines[0]
    code = int(first[:3]) if first[:3].isdigit() and first[3:4] in (b" ", b"-", b"") else 0
    texts = [line[4:] if code else line for line in lines]
    words = " ".join(text.decode("utf-8", "replace").strip() for text in texts)
    if len(lines) > 1 and (found := _ENHANCED.match(words)):
        # Servers repeat it on every line (RFC 2034).
        words = found.group() + words.replace(found.group(), "")
    return Reply(code, " ".join(words.split()))


def is_last_line(line: bytes) -> bool:
    """Whether an answer ends with this line; "250-" announces another one."""
    return line[3:4] != b"-" or not line[:3].isdigit()


def words_of(error: Exception) -> str:
    """What an error of smtplib or of the operating system says, without Python's own decoration."""
    if isinstance(error, smtplib.SMTPResponseException):
        text = error.smtp_error
        words = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
        return str(Reply(error.smtp_code, " ".join(words.split())))
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error) or type(error).__name__
