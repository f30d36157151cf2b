"""A worker that dies before every single statement, commit and word to the mail server, one after the other."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection

from tests.delivery.smtp_server import MailServer
from tests.delivery.test_crashes import House, check_everybody

pytestmark = pytest.mark.slow

_PEOPLE = 5
_HANDOFF_SIZE = 2
# Each must have been among the places of death: freezing, claiming, the gate, handing over, writing, the end.
_PLACES = [
    'UPDATE "wagtail_precise_mail_send" SET "freeze_cursor"',
    'INSERT INTO "wagtail_precise_mail_outboxmessage"',
    "SET state = 'claimed'",
    'SELECT "wagtail_precise_mail_suppression"',
    'UPDATE "wagtail_precise_mail_outboxmessage" SET "state" = ',
    "SET (state, reply, provider_id" if connection.vendor == "postgresql" else "SET state = result.column2",
    "before commit",
    "after commit",
    "mail server: send",
    "mail server: recv",
]


@pytest.fixture(scope="module")
def built_house(tmp_path_factory: pytest.TempPathFactory, mail_server_process: MailServer) -> Iterator[House]:
    module = "tests.delivery.boundary_worker"
    house = House(tmp_path_factory.mktemp("boundaries"), mail_server_process.port, module=module)
    house.run("migrate")
    house.overrides = {"handoff_size": _HANDOFF_SIZE, "claim_size": 4, "freeze_chunk_size": 2}
    yield house
    house.close()


def test_a_kill_at_any_boundary_repeats_nothing_and_loses_nothing(
    built_house: House, mail_server_process: MailServer, tmp_path: Path
) -> None:
    house, labels, crossed = built_house, tmp_path / "labels", []
    nth, stride = 1, int(os.environ.get("BOUNDARY_STRIDE", "1"))
    while True:
        mail_server_process.reset()
        send_id = house.run("prepare_freezing", _PEOPLE)
        code = house.wait(house.start("crash_at", send_id, nth, str(labels)))
        crossed = labels.read_text().splitlines()
        if code == 0:
            break
        assert code == -signal.SIGKILL
        assert len(crossed) == nth
        found = house.run("go_on", send_id)
        assert len(found["messages"]) == _PEOPLE, f"boundary {nth}: {crossed[-1]}"
        try:
            check_everybody(found, mail_server_process, unknown_limit=_HANDOFF_SIZE)
        except AssertionError as error:
            raise AssertionError(f"boundary {nth}: {crossed[-1]}") from error
        nth += stride
    print(f"{len(crossed)} boundaries")
    assert [place for place in _PLACES if not any(place in label for label in crossed)] == []


def test_only_what_was_being_handed_over_is_unknown(
    built_house: House, mail_server_process: MailServer, tmp_path: Path
) -> None:
    mail_server_process.reset()
    send_id = built_house.run("prepare_freezing", _PEOPLE)
    labels = tmp_path / "labels"
    built_house.wait(built_house.start("crash_at", send_id, 10**6, str(labels)))
    claims = [number for number, label in enumerate(labels.read_text().splitlines(), start=1) if "'claimed'" in label]
    send_id = built_house.run("prepare_freezing", _PEOPLE)
    mail_server_process.reset()
    built_house.wait(built_house.start("crash_at", send_id, claims[0], str(labels)))
    found = built_house.run("go_on", send_id)
    assert set(found["messages"].values()) == {"accepted"}
