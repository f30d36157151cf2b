"""A supervisor over a cluster that behaves in one way: ``python -m tests.delivery.operations.supervised how where``."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path


def write_pid(folder: Path) -> None:
    """Add the id of this process to the file ``pids``."""
    with (folder / "pids").open("a") as file:
        file.write(f"{os.getpid()}\n")


def run(behavior: str, folder: Path, lifeline: int) -> None:
    """Be the cluster."""
    if behavior == "ignores the end":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    write_pid(folder)
    if behavior == "dies":
        os._exit(1)
    if behavior == "has a child" and os.fork() == 0:
        write_pid(folder)
    if behavior == "follows the lifeline":
        os.read(lifeline, 1)
        return
    time.sleep(600)


def main() -> None:
    """Supervise; where the cluster is not meant to be silent, it is heard at every look."""
    import django

    django.setup()
    from django.utils import timezone

    from wagtail_precise_mail.delivery.operations import supervising

    behavior, folder = sys.argv[1], Path(sys.argv[2])
    is_silent = behavior == "is silent"
    # The database is of no interest here: who was heard, and what is asked, is what the test says.
    supervising.last_beat = lambda name: None if is_silent else timezone.now()
    supervising.note_restart = lambda name, at: None
    supervising.wake_now = lambda task: True
    supervising.silence_seconds = lambda: 2
    supervising.Supervisor("tests", run=lambda lifeline: run(behavior, folder, lifeline), wake=lambda: None).run()
    os._exit(0)  # as the command does


if __name__ == "__main__":
    main()
