"""The processes of the storm: clusters under their supervisors, the web server, the mail server."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import psutil

from example_site.demo.processes import free_port

ROOT = Path(__file__).resolve().parents[2]
# The supervisor promises ten seconds.
_END_SECONDS = 10.5


class House:
    """Starts everything, and kills any of it.

    Args:
        folder: of logs and of the mail server's books.
        clusters: how many supervisors, with two workers each.
        badness: chance of a misdeed of the mail server, at each verb.
    """

    def __init__(self, folder: Path, name: str, *, clusters: int, seed: int, badness: float) -> None:
        self.folder, self.name, self.badness = folder, name, badness
        self.dice = random.Random(seed)
        self.port, self.web_port = free_port(0), free_port(0)
        self.counts: Counter[str] = Counter()
        # Of processes that hand mail over, each of which may leave a batch of unknown outcome.
        self.victims = 0
        self.supervisors: dict[int, subprocess.Popen[bytes]] = {}
        self._cluster_numbers = range(1, clusters + 1)

    def start(self) -> None:
        os.environ["EMAIL_URL"] = f"smtp://127.0.0.1:{self.port}"
        self._start_recorder()
        self._start_web()
        for number in self._cluster_numbers:
            self._start_supervisor(number)

    def _run(self, log: str, *command: str) -> subprocess.Popen[bytes]:
        with (self.folder / f"{log}.log").open("ab") as output:
            return subprocess.Popen(
                [sys.executable, *command], cwd=ROOT, stdin=subprocess.DEVNULL, stdout=output, stderr=output
            )

    def _start_recorder(self) -> None:
        seed = str(self.dice.randrange(10**6))
        arguments = (str(self.folder), str(self.port), seed, str(self.badness))
        self.recorder = self._run("recorder", "-m", "tests.chaos.recorder", *arguments)

    def _start_web(self) -> None:
        listen = f"--listen=127.0.0.1:{self.web_port}"
        self.web = self._run("web", "-m", "waitress", listen, "--threads=2", "example_site.wsgi:application")

    def _start_supervisor(self, number: int) -> None:
        command = ("-m", "django", "precise_mail_supervise", "--name", f"{self.name}-{number}")
        self.supervisors[number] = self._run(f"cluster-{number}", *command)

    def kill_worker(self) -> bool:
        """Kill any process that a cluster has forked, busy or idle; return whether there was one."""
        children = [child for sentinel in self._sentinels() for child in _children(sentinel)]
        if not children or not _kill(self.dice.choice(children)):
            return False
        self.victims += 1
        self.counts["worker processes"] += 1
        return True

    def kill_main(self) -> None:
        """Kill the parent of a cluster, so that its workers are orphans."""
        if sentinels := self._sentinels():
            victim = self.dice.choice(sentinels)
            self.victims += len(_children(victim))
            self.counts["cluster main processes"] += _kill(victim)

    def kill_group(self) -> None:
        """Kill a whole cluster at once."""
        if sentinels := self._sentinels():
            victim = self.dice.choice(sentinels)
            self.victims += len(_children(victim))
            with contextlib.suppress(ProcessLookupError):
                os.killpg(victim.pid, signal.SIGKILL)
                self.counts["whole clusters"] += 1

    def kill_supervisor(self) -> None:
        """Kill a supervisor and start another: the cluster that it leaves behind has to end by itself."""
        number = self.dice.choice(list(self.supervisors))
        supervisor = self.supervisors[number]
        supervisor.kill()
        supervisor.wait()
        self.counts["supervisors"] += 1
        self._start_supervisor(number)

    def kill_web(self) -> None:
        self.web.kill()
        self.web.wait()
        self.counts["web server"] += 1
        self._start_web()

    def kill_recorder(self) -> None:
        """Kill the mail server and leave the port closed for a moment."""
        self.recorder.kill()
        self.recorder.wait()
        self.counts["mail server"] += 1
        time.sleep(self.dice.uniform(0.1, 1.0))
        self._start_recorder()

    def end(self) -> float:
        """Ask all supervisors to end; return how many seconds the slowest took.

        Raises:
            RuntimeError: one did not end in time, or processes of a cluster were left.
        """
        groups = [sentinel.pid for sentinel in self._sentinels()]
        started = time.monotonic()
        for supervisor in self.supervisors.values():
            supervisor.terminate()
        for supervisor in self.supervisors.values():
            try:
                supervisor.wait(_END_SECONDS)
            except subprocess.TimeoutExpired as error:
                raise RuntimeError("A supervisor did not end within ten seconds.") from error
        took = time.monotonic() - started
        if left := [group for group in groups if _has_members(group)]:
            raise RuntimeError(f"Processes of the clusters {left} were left behind.")
        return took

    def stop_all(self) -> None:
        """End whatever is left, however it is."""
        for supervisor in self.supervisors.values():
            for process in (
                [*_descendants(supervisor.pid), psutil.Process(supervisor.pid)] if _lives(supervisor) else []
            ):
                _kill(process)
            supervisor.wait()
        for process in (self.web, self.recorder):
            process.kill()
            process.wait()

    def kept(self) -> dict[str, list[float]]:
        """Return the moments at which the mail server took a mail, by address."""
        found: dict[str, list[float]] = {}
        for line in self._lines("kept.log"):
            moment, address = line.split()
            found.setdefault(address, []).append(float(moment))
        return found

    def kept_count(self) -> int:
        return len(self._lines("kept.log"))

    def misdeeds(self) -> list[tuple[str, str, str]]:
        """Return what the mail server did amiss: the verb, the deed, the address."""
        return [tuple(line.split()) for line in self._lines("misdeeds.log")]  # type: ignore[misc]

    def _lines(self, name: str) -> list[str]:
        path = self.folder / name
        return path.read_text().splitlines() if path.exists() else []

    def _sentinels(self) -> list[psutil.Process]:
        return [
            child for one in self.supervisors.values() if _lives(one) for child in _children(psutil.Process(one.pid))
        ]


def _lives(process: subprocess.Popen[bytes]) -> bool:
    return process.poll() is None


def _children(process: psutil.Process) -> list[psutil.Process]:
    try:
        return [child for child in process.children() if child.status() != psutil.STATUS_ZOMBIE]
    except psutil.NoSuchProcess:
        return []


def _descendants(pid: int) -> list[psutil.Process]:
    try:
        return psutil.Process(pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def _kill(process: psutil.Process) -> bool:
    try:
        process.kill()
    except psutil.NoSuchProcess:
        return False
    return True


def _has_members(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True
