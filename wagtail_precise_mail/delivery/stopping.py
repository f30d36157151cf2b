"""SIGTERM in mid-send: finish what is being handed over, give back the rest, and then obey."""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import NoReturn

logger = logging.getLogger(__name__)

PATIENCE_SECONDS = 8
"""How long a mail server may take with what it was given, once this process is told to end: supervisors kill after ten
seconds. What has no answer by then is of unknown outcome, as after any lost reply."""


@dataclass
class StopSign:
    """Whether somebody wants this process to end."""

    is_set: bool = False


@contextmanager
def stop_sign() -> Iterator[StopSign]:
    """Put SIGTERM off until the end of the block, which looks at the sign; then the process ends as it would have.

    Without this, a supervisor that signals all processes at once (systemd does) ends workers of django-q2 in the middle
    of a message. In threads, which get no signals, the sign is never set.

    Raises:
        SystemExit: inside of the block, which did not come to an end within ``PATIENCE_SECONDS`` after the signal.
    """
    sign = StopSign()
    if threading.current_thread() is not threading.main_thread():
        yield sign
        return

    def note(number: int, frame: FrameType | None) -> None:
        sign.is_set = True
        logger.info("Told to end: what is being handed over is finished first.")
        # The task queue raises its own SystemExit at its timeout, by the same alarm: this one comes earlier.
        if signal.getsignal(signal.SIGALRM) is signal.SIG_DFL:
            signal.signal(signal.SIGALRM, _give_up)
        signal.alarm(PATIENCE_SECONDS)

    before = signal.signal(signal.SIGTERM, note)
    try:
        yield sign
    finally:
        signal.signal(signal.SIGTERM, before if before is not None else signal.SIG_DFL)
        if sign.is_set:
            signal.alarm(0)
            signal.raise_signal(signal.SIGTERM)


def _give_up(number: int, frame: FrameType | None) -> NoReturn:
    raise SystemExit(128 + signal.SIGTERM)
