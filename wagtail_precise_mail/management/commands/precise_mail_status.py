"""How far the sends are: messages by state, per second, left, and the expected end."""

from __future__ import annotations

import json
import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from wagtail_precise_mail.delivery.models import OutboxMessage
from wagtail_precise_mail.delivery.operations.status import SendStatus, statuses


class Command(BaseCommand):
    """``[--json] [--watch [SECONDS]]``."""

    help = "Show sends that are under way, and those that ended in the last hour."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="one JSON object with a list of sends, per look")
        parser.add_argument(
            "--watch", type=float, nargs="?", const=2.0, metavar="SECONDS", help="look again and again (every 2 s)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        pause = options["watch"]
        if pause is not None and pause < 0.2:
            raise CommandError("--watch needs at least 0.2 seconds between two looks.")
        try:
            while True:
                self._show(as_json=options["json"], clear=pause is not None and self.stdout.isatty())
                if pause is None:
                    return
                time.sleep(pause)
        except KeyboardInterrupt:  # how one stops watching
            return

    def _show(self, *, as_json: bool, clear: bool) -> None:
        found = statuses()
        if as_json:
            self.stdout.write(json.dumps({"sends": [one.as_json() for one in found]}))
            self.stdout.flush()
            return
        if clear:
            self.stdout.write("\033[2J\033[H", ending="")
        if not found:
            self.stdout.write("Nothing is being sent, and nothing ended in the last hour.")
        for one in found:
            self.stdout.write(_lines(one))
        self.stdout.flush()


def _lines(one: SendStatus) -> str:
    states = ", ".join(
        f"{one.by_state[state]:,} {state}" for state in OutboxMessage.State.values if one.by_state.get(state)
    )
    lines = [
        f"Send {one.send_id} ({one.origin}): {one.state}, {one.total - one.remaining:,} of {one.total:,} done",
        f"  {states or 'no messages yet'}",
        f"  {one.pace.per_second:.1f} per second over the last minute, {one.remaining:,} left",
    ]
    if end := one.pace.expected_end_at:
        left = round((end - one.seen_at).total_seconds())
        lines.append(f"  expected end: {timezone.localtime(end):%Y-%m-%d %H:%M:%S}, in {_length(left)}")
    if one.pause_reason:
        lines.append(f"  paused: {one.pause_reason}")
    return "\n".join(lines)


def _length(seconds: int) -> str:
    hours, minutes = seconds // 3600, seconds // 60 % 60
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {seconds % 60} s" if minutes else f"{seconds} s"
