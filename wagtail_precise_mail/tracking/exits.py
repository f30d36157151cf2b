"""A web process that ends writes the opens and clicks that it still has."""

from __future__ import annotations

import atexit
import os
import signal
import threading
from types import FrameType

from wagtail_precise_mail.tracking.hit_pages import hit_buffer

_PATIENCE_SECONDS = 5.0


def _flush_and_end(number: int, frame: FrameType | None) -> None:
    if len(hit_buffer):
        # In a thread, with a connection of its own: this one may be in the midst of a query.
        writing = threading.Thread(target=hit_buffer.flush_or_log, daemon=True)
        writing.start()
        writing.join(_PATIENCE_SECONDS)
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)


def _watch() -> None:
    os.register_at_fork(after_in_child=hit_buffer.forget)
    atexit.register(hit_buffer.flush_or_log)
    is_main = threading.current_thread() is threading.main_thread()
    # Servers with workers handle the signal themselves and end in an orderly way; Python alone would just be gone.
    if is_main and signal.getsignal(signal.SIGTERM) == signal.SIG_DFL:
        signal.signal(signal.SIGTERM, _flush_and_end)


_watch()
