"""One command that makes the example site and runs it: web server, worker and mail inbox."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from example_site.demo.checking import Check
from example_site.demo.processes import (
    HOST,
    MANAGE,
    DemoFailed,
    Supervisor,
    demo_processes,
    free_port,
)
from example_site.demo.seed import seed
from example_site.demo.seed.colleagues import PASSWORD

_PREPARED = "EXAMPLE_DEMO_PREPARED"


class Command(BaseCommand):
    """Make what is missing, run everything, end everything."""

    help = "Make the example site and run it with a worker and a mail inbox, until Ctrl-C."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=8000, help="Web server; taken: the next free one.")
        parser.add_argument("--inbox-port", type=int, default=8025, help="SMTP inbox; taken: the next free one.")
        parser.add_argument("--check", action="store_true", help="Do the main job once, headless, and check it.")
        parser.add_argument("--scale", type=float, default=1.0, help="Share of the 2,000 contacts.")

    def handle(self, *args: Any, **options: Any) -> None:
        if _PREPARED not in os.environ:
            self._prepare(options)
        run = self._check if options["check"] else self._serve
        try:
            self._make(options)
            with Supervisor(self._processes(), say=self._say) as supervisor:
                for process in supervisor.processes:
                    process.wait_until_ready()
                run(supervisor)
            if options["check"]:
                shutil.rmtree(settings.VAR, ignore_errors=True)
        except DemoFailed as error:
            raise CommandError(str(error)) from error
        except KeyboardInterrupt as interrupt:
            if options["check"]:
                raise CommandError("Interrupted: nothing was proved.") from interrupt
            self.stdout.write("\nEverything has stopped.")

    def _prepare(self, options: dict[str, Any]) -> None:
        """Choose ports and folders, then become a process whose settings know them."""
        environment = {**os.environ, _PREPARED: "1"}
        port = 0 if options["check"] else options["port"]
        environment["PORT"] = str(self._port("web server", port))
        inbox_port = self._port("inbox", 0 if options["check"] else options["inbox_port"])
        environment["INBOX_PORT"] = str(inbox_port)
        if options["check"]:
            # The check reads what arrived, so the mails go to its own inbox whatever the environment says.
            environment["EXAMPLE_VAR"] = tempfile.mkdtemp(prefix="precise-mail-check-")
            environment["EMAIL_URL"] = f"smtp://{HOST}:{inbox_port}"
        sys.stdout.flush()
        os.execve(sys.executable, [sys.executable, str(MANAGE), *sys.argv[1:]], environment)

    def _port(self, name: str, wanted: int) -> int:
        port = free_port(wanted)
        if wanted and port != wanted:
            self._say(f"Port {wanted} is taken; the {name} gets {port}.")
        return port

    def _make(self, options: dict[str, Any]) -> None:
        self._say("Database")
        call_command("migrate", verbosity=0, interactive=False)
        # Nobody looks at the pictures of the check.
        size = 300 if options["check"] else 900
        seed(
            scale=options["scale"], picture_size=size, port=settings.PORT, say=lambda step: self._say(step.capitalize())
        )

    def _processes(self) -> list[Any]:
        inbox_port = int(os.environ["INBOX_PORT"])
        return demo_processes(
            port=settings.PORT, inbox_port=inbox_port, logs=Path(settings.VAR) / "logs", environment=os.environ
        )

    def _serve(self, supervisor: Supervisor) -> None:
        base = f"http://localhost:{settings.PORT}"
        rows = [
            ("Shop and magazine", f"{base}/"),
            ("Admin", f"{base}/admin/"),
            ("Inbox", f"{base}/inbox/"),
            ("Log in as", f"admin, editor or sender, password {PASSWORD}"),
            ("Logs", str(Path(settings.VAR) / "logs")),
        ]
        if os.environ.get("EMAIL_URL"):
            rows[2] = ("Mail goes to", f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT}, as EMAIL_URL says")
        self.stdout.write(_box("Fern & Kettle is open", rows, "Ctrl-C closes everything."))
        supervisor.watch()

    def _check(self, supervisor: Supervisor) -> None:
        if not Check(say=self._say, supervisor=supervisor).run():
            raise CommandError(f"The check failed. What it left is in {settings.VAR}.")

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()


def _box(title: str, rows: list[tuple[str, str]], end: str) -> str:
    label = max(len(name) for name, _value in rows)
    lines = [f"{name:<{label}}   {value}" for name, value in rows]
    width = max(map(len, [title, end, *lines])) + 4
    edge = "─" * width
    inside = "\n".join(f"│  {line:<{width - 2}}│" for line in ["", title, "", *lines, "", end, ""])
    return f"\n┌{edge}┐\n{inside}\n└{edge}┘"
