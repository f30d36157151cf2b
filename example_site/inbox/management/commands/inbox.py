"""Run the local mail server of the demo."""

from __future__ import annotations

import signal
import threading
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from example_site.inbox.server import make_controller
from example_site.inbox.store import local_inbox


class Command(BaseCommand):
    """Take every mail until told to stop."""

    help = "Run an SMTP server that keeps every mail for the pages under /inbox/."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=8025)

    def handle(self, *args: Any, port: int, **options: Any) -> None:
        stop = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stop.set())
        controller = make_controller(local_inbox(), port=port)
        controller.start()
        self.stdout.write(f"The inbox listens on 127.0.0.1:{port}.")
        stop.wait()
        controller.stop()
