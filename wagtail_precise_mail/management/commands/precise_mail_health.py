"""Whether sending works; for monitoring, containers and people."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from wagtail_precise_mail.campaigns.schedules import RECURRING
from wagtail_precise_mail.delivery.operations.health import Level, examine, worst


class Command(BaseCommand):
    """``[--channel] [--only-critical] [--json] [--quiet]``; ends with 0 (all well), 1 (warnings) or 2 (critical)."""

    help = (
        "Check the database, the queue, workers, the outbox and schedules. Exit code 0: well, 1: warning, 2: critical."
    )
    # A database that does not answer is what it is to report.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--channel", action="store_true", help="connect to the mail server, too")
        parser.add_argument("--only-critical", action="store_true", help="end with 0 after warnings, too")
        parser.add_argument("--json", action="store_true", help="one JSON object")
        parser.add_argument("--quiet", action="store_true", help="say only what is wrong")

    def handle(self, *args: Any, **options: Any) -> None:
        findings = examine(recurring=RECURRING, with_channel=options["channel"])
        level = worst(findings)
        if options["json"]:
            listed = [
                {"check": one.check, "level": one.level.name.lower(), "sentence": one.sentence} for one in findings
            ]
            self.stdout.write(json.dumps({"level": level.name.lower(), "findings": listed}))
        else:
            for one in findings:
                if one.level > Level.OK or not options["quiet"]:
                    self.stdout.write(f"{one.level.name:<8} {one.check}: {one.sentence}")
        self.stdout.flush()
        if level == Level.CRITICAL or (level and not options["only_critical"]):
            sys.exit(int(level))
