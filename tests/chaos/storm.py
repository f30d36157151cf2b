"""The storm: kills by the dice, spread over the send by how many mails have arrived."""

from __future__ import annotations

import time
from collections.abc import Callable

import requests
from django.db import DatabaseError, connection

from tests.chaos.house import House
from tests.chaos.people import look_after

_LOOK_SECONDS = 0.1
_CARE_SECONDS = 1.0
# On a busy machine, processes take minutes to start.
_STALL_SECONDS = 300.0


class Stalled(Exception):
    """Nothing arrived for so long that it never will."""


class Storm:
    """Kills for as long as the campaign is under way, and plays the people around it.

    Args:
        kills: of worker processes; of everything else there is a share of that number.
        leavers: the paths by which some unsubscribe, by address.
    """

    def __init__(self, house: House, campaign_id: int, *, messages: int, kills: int, leavers: dict[str, str]) -> None:
        self.house, self.campaign_id, self.kills = house, campaign_id, kills
        # The last kills come before the last mails, so that there is something left to break.
        self.step = messages * 0.85 / max(kills, 1)
        self.leavers = list(leavers.items())
        self.leave_every = messages * 0.7 / max(len(self.leavers), 1)
        self.left_at: dict[str, float] = {}
        self.resume_count = 0
        self.killed = 0
        self._cared_at = 0.0
        self._extras = self._plan()

    def run(self) -> None:
        """Go on until the campaign is over.

        Raises:
            Stalled: nothing arrived for five minutes.
        """
        arrived, moved_at = 0, time.monotonic()
        while not self._is_over():
            count = self.house.kept_count()
            if count > arrived:
                arrived, moved_at = count, time.monotonic()
            if time.monotonic() - moved_at > _STALL_SECONDS:
                raise Stalled(f"{arrived} mails arrived, and then none for {_STALL_SECONDS:.0f} seconds.")
            # While the audience is gathered, nothing arrives: some die there, too.
            if self.killed < min(self.kills, 1 + self.kills // 20) or count >= self.step * self.killed:
                self._strike()
            if self.leavers and count >= self.leave_every * len(self.left_at):
                self._leave()
            time.sleep(_LOOK_SECONDS)

    def _plan(self) -> dict[int, list[Callable[[], object]]]:
        """What else happens, by the number of the kill that it comes with."""
        house = self.house
        every: dict[Callable[[], object], int] = {
            house.kill_main: 5,
            house.kill_group: 7,
            house.kill_supervisor: 9,
            house.kill_web: 8,
            house.kill_recorder: 6,
        }
        if connection.vendor == "postgresql":
            every[self._cut] = 4
        return {
            number: [deed for deed, rhythm in every.items() if number % rhythm == rhythm - 1]
            for number in range(self.kills)
        }

    def _strike(self) -> None:
        if self.killed < self.kills and self.house.kill_worker():
            for deed in self._extras[self.killed]:
                deed()
            self.killed += 1

    def _cut(self) -> None:
        """Cut the connection of anybody else to the database."""
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM (SELECT pid FROM pg_stat_activity WHERE datname = "
                "current_database() AND pid <> pg_backend_pid() ORDER BY random() LIMIT 1) AS victim"
            )
            count = len(cursor.fetchall())
        self.house.victims += count
        self.house.counts["database connections"] += count

    def _leave(self) -> None:
        address, path = self.leavers[-1]
        try:
            answer = requests.post(
                f"http://127.0.0.1:{self.house.web_port}{path}", data={"List-Unsubscribe": "One-Click"}, timeout=5
            )
        except requests.RequestException:  # the web server was killed; mail programs try again, too
            return
        if answer.status_code == 200:
            self.leavers.pop()
            self.left_at[address] = time.time()

    def _is_over(self) -> bool:
        if time.monotonic() - self._cared_at < _CARE_SECONDS:
            return False
        self._cared_at = time.monotonic()
        try:
            is_over, was_resumed = look_after(self.campaign_id)
        except DatabaseError:
            connection.close()
            return False
        self.resume_count += was_resumed
        return is_over
