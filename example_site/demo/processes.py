"""The processes of the demo: started in groups of their own, watched, restarted, and ended with all they forked."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

ROOT = Path(__file__).resolve().parents[2]
MANAGE = ROOT / "example_site" / "manage.py"
HOST = "127.0.0.1"
_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
# A worker finishes the batch that is under way; nothing here takes longer.
_PATIENCE_SECONDS = 12.0
_RESTARTS = 3
_RESTART_WINDOW_SECONDS = 60.0


class DemoFailed(Exception):
    """A process of the demo does not stay alive."""


def free_port(wanted: int, *, host: str = HOST) -> int:
    """Return the wanted port or the next free one; 0 takes any."""
    for port in range(wanted, min(wanted + 200, 65536)) if wanted else [0]:
        with socket.socket() as probe:
            # Like the servers themselves: a port in TIME_WAIT is free.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise DemoFailed(f"No free port from {wanted} on.")


@dataclass
class Process:
    """One child with everything it forks: they share a process group, which is what is ended."""

    name: str
    command: list[str]
    log: Path
    environment: Mapping[str, str]
    port: int | None = None
    started: list[float] = field(default_factory=list)
    _popen: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Run the command with its output in the log."""
        self.started.append(time.monotonic())
        with self.log.open("ab") as log:
            self._popen = subprocess.Popen(
                self.command,
                cwd=ROOT,
                env=dict(self.environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                # Ctrl-C in the terminal reaches us only; we pass it on in the right order.
                start_new_session=True,
            )

    @property
    def is_alive(self) -> bool:
        """Whether the leader of the group runs."""
        return self._popen is not None and self._popen.poll() is None

    @property
    def exit_code(self) -> int | None:
        """What the leader ended with."""
        return self._popen.returncode if self._popen else None

    @property
    def group(self) -> int | None:
        """The process group, also after its leader has ended."""
        return self._popen.pid if self._popen else None

    @property
    def fails_again_and_again(self) -> bool:
        """Whether it was started too often in too short a time."""
        recent = [moment for moment in self.started if time.monotonic() - moment < _RESTART_WINDOW_SECONDS]
        return len(recent) > _RESTARTS

    def wait_until_ready(self, *, seconds: float = 60.0) -> None:
        """Wait until the process listens on its port, if it has one.

        Raises:
            DemoFailed: it did not in time, or ended.
        """
        deadline = time.monotonic() + seconds
        while self.port and time.monotonic() < deadline and self.is_alive:
            with socket.socket() as probe:
                probe.settimeout(1)
                if probe.connect_ex((HOST, self.port)) == 0:
                    return
            time.sleep(0.1)
        if self.port:
            raise DemoFailed(f"{self.name} does not answer on port {self.port}; its log is {self.log}.")

    def ask_to_end(self) -> None:
        """Tell the leader; it lets its own children finish."""
        if self._popen and self.is_alive:
            self._popen.terminate()

    def end(self, *, deadline: float) -> None:
        """Wait for the leader, then end whatever is left of the group."""
        if self._popen is None:
            return
        with suppress(subprocess.TimeoutExpired):
            self._popen.wait(max(0.1, deadline - time.monotonic()))
        # Children of a killed leader live on. A cluster has its own group, and ends when its supervisor has gone.
        with suppress(ProcessLookupError):
            os.killpg(self._popen.pid, signal.SIGKILL)
        self._popen.wait()


class Supervisor:
    """Runs processes until told to end.

    Args:
        say: told what happens to them.
    """

    def __init__(self, processes: list[Process], *, say: Callable[[str], object]) -> None:
        self.processes = processes
        self._say = say
        self._ending = False

    def __enter__(self) -> Supervisor:
        self._before = {number: signal.signal(number, self._on_signal) for number in _ENDING}
        try:
            for process in self.processes:
                process.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *error: object) -> None:
        for process in self.processes:
            process.ask_to_end()
        deadline = time.monotonic() + _PATIENCE_SECONDS
        for process in self.processes:
            process.end(deadline=deadline)
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if not self._ending:
            self._ending = True
            raise KeyboardInterrupt

    def watch(self, *, every_seconds: float = 0.5) -> None:
        """Restart what dies, for ever.

        Raises:
            DemoFailed: one of them dies again and again.
            KeyboardInterrupt: we were told to end.
        """
        while True:
            self.check()
            time.sleep(every_seconds)

    def check(self) -> None:
        """Restart what has died since the last look.

        Raises:
            DemoFailed: it dies again and again.
        """
        for process in self.processes:
            if process.is_alive:
                continue
            if process.fails_again_and_again:
                raise DemoFailed(f"{process.name} ended with {process.exit_code} again; its log is {process.log}.")
            self._say(f"{process.name} ended with {process.exit_code}; starting it again. Its log is {process.log}.")
            process.end(deadline=time.monotonic())
            process.start()


def demo_processes(*, port: int, inbox_port: int, logs: Path, environment: Mapping[str, str]) -> list[Process]:
    """Return the inbox, the worker and the web server of the demo, not yet started."""
    logs.mkdir(parents=True, exist_ok=True)
    manage = [sys.executable, str(MANAGE)]
    web = [sys.executable, "-m", "waitress", f"--listen={HOST}:{port}", "--threads=8", "example_site.wsgi:application"]
    commands = {
        "inbox": ([*manage, "inbox", "--port", str(inbox_port)], inbox_port),
        "worker": ([*manage, "precise_mail_supervise", "--name", "demo"], None),
        "web": (web, port),
    }
    environment = {**environment, "PYTHONUNBUFFERED": "1"}
    return [
        Process(name, command, log=logs / f"{name}.log", environment=environment, port=listens)
        for name, (command, listens) in commands.items()
    ]
