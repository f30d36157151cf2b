"""Log lines without people: addresses become short hashes, and what code about one person says is left out.

The filter sits on every logger of the package and on that of django-q2, whose workers log the errors of tasks. So it
does not matter which handler or formatter a site uses, nor what a mail server quotes in its reply.
"""

from __future__ import annotations

import hashlib
import json
import logging
import re
import traceback
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

PERSONAL = {"is_personal": True}
"""Given as ``extra`` where an error comes from code about one person: its words may name them, so they are left out."""

_PACKAGE = Path(__file__).parent
_OTHERS = ("django-q",)
# Wide on purpose: what only looks like an address is no loss. Quoted parts and letters of all scripts are among them.
_ADDRESS = re.compile(
    r"(?:\"[^\"\s]{1,64}\"|[^\s<>()\[\],;:\"'=@\\/{}|]{1,64})@(?:[\w-]+\.)*[\w-]{2,}(?:\.[\w-]+)*", re.UNICODE
)


def without_addresses(text: str) -> str:
    """Return a text with each address as ``address:`` and ten digits, the same ones for the same address.

    They are not the fingerprint under which the address is stored, which may not leave the database.
    """
    return _ADDRESS.sub(_hashed, text)


def _hashed(match: re.Match[str]) -> str:
    digest = hashlib.sha256(b"wpm-log:" + match[0].strip().lower().encode()).hexdigest()
    return f"address:{digest[:10]}"


class AddressFilter(logging.Filter):
    """Rewrites a record before any handler sees it; lets every record through."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = without_addresses(record.getMessage()), None
        if record.exc_info:
            is_personal = getattr(record, "is_personal", False)
            record.exc_text = _frames(record.exc_info) if is_personal else without_addresses(_whole(record.exc_info))
            # Handlers that format it themselves, or send it elsewhere, would find the words again.
            record.exc_info = None
        return True


def _whole(info: Any) -> str:
    return "".join(traceback.format_exception(*info)).rstrip("\n")


def _frames(info: Any) -> str:
    """The places and kinds of an error and of its causes, without their words."""
    lines: list[str] = []
    error: BaseException | None = info[1]
    while error is not None:
        frames = traceback.extract_tb(error.__traceback__)
        lines += ["Traceback (most recent call last):", *(line.rstrip("\n") for line in traceback.format_list(frames))]
        lines.append(f"{type(error).__name__}: (its words may name somebody)")
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return "\n".join(lines)


class JsonFormatter(logging.Formatter):
    """One JSON object per line: time (UTC), level, logger, process, message, and the trace of an error."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "process": record.process,
            "message": record.getMessage(),
        }
        if trace := record.exc_text or (self.formatException(record.exc_info) if record.exc_info else ""):
            line["trace"] = trace
        return json.dumps(line, ensure_ascii=False)


def protect_loggers() -> None:
    """Put the filter on the logger of each module of the package, imported or not; more than once does no harm."""
    for path in _PACKAGE.rglob("*.py"):
        parts = path.relative_to(_PACKAGE.parent).with_suffix("").parts
        _protect(".".join(parts[:-1] if parts[-1] == "__init__" else parts))
    for name in _OTHERS:
        _protect(name)


def _protect(name: str) -> None:
    logger = logging.getLogger(name)
    if not any(isinstance(one, AddressFilter) for one in logger.filters):
        logger.addFilter(AddressFilter())
