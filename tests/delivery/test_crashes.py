"""Workers that are killed: nobody is mailed twice, and nobody is forgotten."""

from __future__ import annotations

import os
import signal
from collections import Counter
from typing import Any

import pytest

from tests.delivery.house import House, wait_for_mails
from tests.delivery.smtp_server import MailServer

pytestmark = pytest.mark.slow


def check_everybody(found: dict[str, Any], server: MailServer, *, unknown_limit: int) -> set[str]:
    """Nobody twice, nobody lost: who is not in the server's log is called unknown. Return the unknown ones."""
    arrived = Counter(server.recipients())
    assert [address for address, times in arrived.items() if times > 1] == []
    messages: dict[str, str] = found["messages"]
    assert found["send"] == "finished"
    assert set(messages.values()) <= {"accepted", "unknown"}
    accepted = {address for address, state in messages.items() if state == "accepted"}
    assert accepted <= set(arrived)
    assert set(arrived) <= set(messages)
    assert len(messages) - len(accepted) <= unknown_limit
    return set(messages) - accepted


@pytest.mark.parametrize("handoff_size", [1, 10])
def test_five_kills_in_mid_send_repeat_nothing_and_lose_nothing(
    house: House, mail_server_process: MailServer, handoff_size: int
) -> None:
    house.overrides = {"handoff_size": handoff_size, "claim_size": 50}
    send_id = house.run("prepare", 400)
    for mails in (37, 95, 151, 222, 303):
        worker = house.start("work", send_id)
        wait_for_mails(mail_server_process, mails)
        os.kill(worker, signal.SIGKILL)
        assert house.wait(worker) == -signal.SIGKILL
    found = house.run("work", send_id)
    assert len(found["messages"]) == 400
    check_everybody(found, mail_server_process, unknown_limit=5 * handoff_size)


def test_two_workers_of_which_one_is_killed(house: House, mail_server_process: MailServer) -> None:
    send_id = house.run("prepare", 300)
    victim, survivor = house.start("work_now", send_id), house.start("work_now", send_id)
    wait_for_mails(mail_server_process, 60)
    os.kill(victim, signal.SIGKILL)
    assert house.wait(victim) == -signal.SIGKILL
    assert house.wait(survivor) == 0
    check_everybody(house.run("work", send_id), mail_server_process, unknown_limit=10)


@pytest.mark.parametrize(
    ("step", "nth", "unknown_count", "missing_count"),
    [
        ("before_handoff", 2, 5, 0),  # what became of the first group is written with the handoff of the second
        ("after_handoff", 2, 5, 5),
        ("before_dot", 8, 5, 3),
        ("after_dot", 8, 5, 2),
        ("after_reply", 8, 5, 1),  # one more was between its dot and its reply, on the other connection
        ("before_results", 2, 5, 0),
        ("after_results", 2, 5, 5),  # with them, the next group was handed off
        ("after_results", 3, 0, 0),
    ],
)
def test_a_kill_at_any_step_leaves_exactly_what_was_handed_over_unknown(
    house: House,
    mail_server_process: MailServer,
    step: str,
    nth: int,
    unknown_count: int,
    missing_count: int,
) -> None:
    house.overrides = {"handoff_size": 5}
    send_id = house.crash(15, step, nth)
    unknown = check_everybody(house.run("work", send_id), mail_server_process, unknown_limit=unknown_count)
    assert len(unknown) == unknown_count
    assert len(unknown - set(mail_server_process.recipients())) == missing_count


def test_what_a_dead_worker_held_is_not_touched_before_its_lease_ends(
    house: House, mail_server_process: MailServer
) -> None:
    house.overrides = {"handoff_size": 5}
    send_id = house.crash(5, "before_handoff", 1)
    found = house.run("work_now", send_id)
    assert mail_server_process.recipients() == []
    assert set(found["messages"].values()) == {"claimed"}


def test_who_leaves_during_a_send_gets_nothing_that_was_not_handed_off_yet(
    house: House, mail_server_process: MailServer
) -> None:
    mail_server_process.script({"at": "DOT", "do": "slow"})  # else all have left before anybody can leave
    send_id = house.run("prepare", 160)
    worker = house.start("work_now", send_id)
    wait_for_mails(mail_server_process, 20)
    left: dict[str, float] = house.run("leave", send_id, 60)
    assert house.wait(worker) == 0
    ends: dict[str, list[Any]] = house.run("endings", send_id)
    arrived = set(mail_server_process.recipients())
    skipped = {address for address in left if ends[address][:2] == ["skipped", "unsubscribed"]}
    late = {address for address in set(left) - skipped if ends[address][2] > left[address]}
    assert skipped, "the worker was at it while they left"
    assert not skipped & arrived
    assert len(late) <= 10, "no more than the batch that was on its way"
    assert set(ends) - skipped == arrived, "everybody else got it"
