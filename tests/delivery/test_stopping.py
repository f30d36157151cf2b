"""Being told to end: workers finish what they hand over, give back the rest, and are gone within ten seconds."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import psutil
import pytest

from tests.delivery.house import ROOT, House, wait_for_mails
from tests.delivery.smtp_server import MailServer
from wagtail_precise_mail.delivery.stopping import stop_sign

pytestmark = pytest.mark.slow

LIMIT_SECONDS = 10


def seconds_to_end(end: Any) -> float:
    start = time.monotonic()
    end()
    return time.monotonic() - start


def check_settled(found: dict[str, Any], server: MailServer) -> None:
    """Nobody is in doubt: who is accepted arrived, once, and everybody else waits."""
    states = list(found["messages"].values())
    assert set(states) == {"accepted", "pending"}
    arrived = server.recipients()
    assert sorted(arrived) == sorted(address for address, state in found["messages"].items() if state == "accepted")


def test_a_worker_that_is_told_to_end_settles_what_it_holds(house: House, mail_server_process: MailServer) -> None:
    send_id = house.run("prepare", 80)
    mail_server_process.script({"at": "DOT", "do": "slow"})
    worker = house.start("work_now", send_id)
    wait_for_mails(mail_server_process, 5)
    os.kill(worker, signal.SIGTERM)
    assert seconds_to_end(lambda: house.wait(worker)) < LIMIT_SECONDS
    check_settled(house.run("states", send_id), mail_server_process)


def test_a_mail_server_that_does_not_answer_keeps_no_worker_from_ending(
    house: House, mail_server_process: MailServer
) -> None:
    house.overrides = {"smtp_connections": 1}
    send_id = house.run("prepare", 12)
    mail_server_process.script({"at": "REPLY", "do": "hang"})
    worker = house.start("work_now", send_id)
    wait_for_mails(mail_server_process, 1)
    os.kill(worker, signal.SIGTERM)
    assert seconds_to_end(lambda: house.wait(worker)) < LIMIT_SECONDS
    states = sorted(house.run("states", send_id)["messages"].values())
    # It arrived, and nobody could say so; the sweeper calls it unknown when its lease ends.
    assert states == ["handoff"] + ["pending"] * 11


@contextmanager
def cluster(house: House) -> Iterator[subprocess.Popen[bytes]]:
    """A django-q2 cluster as people run it, in a process group of its own."""
    process = subprocess.Popen(
        [sys.executable, "-m", "django", "qcluster"],
        env=house.environment,
        cwd=ROOT,
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        with_group_gone(process)


def with_group_gone(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def workers(process: subprocess.Popen[bytes]) -> list[int]:
    """Return the processes of a cluster that still run, but its main one."""
    found = []
    for one in psutil.process_iter(["pid", "status"]):
        with suppress(ProcessLookupError):
            is_of_it = os.getpgid(one.pid) == process.pid != one.pid
            if is_of_it and one.info["status"] != psutil.STATUS_ZOMBIE:
                found.append(one.pid)
    return found


@pytest.mark.parametrize("whom", ["group", "main"])
def test_a_cluster_that_is_told_to_end_settles_what_it_holds(
    house: House, mail_server_process: MailServer, whom: str
) -> None:
    """systemd signals all processes of a service, unless told otherwise; containers signal the first one."""
    house.run("forget")
    send_id = house.run("prepare", 200)
    mail_server_process.script({"at": "DOT", "do": "slow"})
    house.run("wake", send_id)
    with cluster(house) as process:
        wait_for_mails(mail_server_process, 5)
        (os.killpg if whom == "group" else os.kill)(process.pid, signal.SIGTERM)
        until = time.monotonic() + LIMIT_SECONDS
        # When its guard was signaled, too, django-q2's main process waits for it for ever. Workers do not.
        while workers(process):
            assert time.monotonic() < until, "it is still there"
            time.sleep(0.1)
    check_settled(house.run("states", send_id), mail_server_process)


def test_without_a_signal_nothing_changes() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with stop_sign() as sign:
        assert not sign.is_set
    assert signal.getsignal(signal.SIGTERM) is before
