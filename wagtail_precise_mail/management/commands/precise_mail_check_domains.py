"""Look at the domains behind our mail now, instead of tonight, and print what the report shows."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone, translation

from wagtail_precise_mail.delivery.domains.findings import Level
from wagtail_precise_mail.delivery.domains.models import DomainReport
from wagtail_precise_mail.delivery.domains.presenting import CheckLine, Result, lines_of
from wagtail_precise_mail.delivery.domains.services import check_domains
from wagtail_precise_mail.exceptions import ConfigurationError


class Command(BaseCommand):
    """``[--stored] [--fail]``."""

    help = "Check SPF, DKIM, DMARC, MX and PTR of the domains behind our mail, and say what to publish."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--stored", action="store_true", help="print what the last check found, and ask nobody")
        parser.add_argument("--fail", action="store_true", help="end with status 1 if something is broken")

    def handle(self, *args: Any, **options: Any) -> None:
        with translation.override("en-us"):
            reports = list(DomainReport.objects.all()) if options["stored"] else self._check()
            for report in reports:
                self._print(report)
        if options["fail"] and any(report.level == Level.BROKEN for report in reports):
            sys.exit(1)

    def _check(self) -> list[DomainReport]:
        try:
            return check_domains(at=timezone.now())
        except ConfigurationError as error:
            raise CommandError(str(error)) from error

    def _print(self, report: DomainReport) -> None:
        title = report.name or report.get_role_display()
        self.stdout.write(f"{title} ({report.get_role_display()}): {report.get_level_display()}")
        for line in lines_of(report):
            self._print_line(line)
        self.stdout.write("")

    def _print_line(self, line: CheckLine) -> None:
        self.stdout.write(f"  {line.level.label}: {line.label}")
        for result in line.results:
            self._print_result(result)

    def _print_result(self, result: Result) -> None:
        self.stdout.write(f"    {result.found}")
        if result.raw:
            self.stdout.write(f"    Found: {result.raw}")
        if result.todo:
            self.stdout.write(f"    Do: {result.todo}")
        if record := result.publish:
            self.stdout.write(f"    Publish: {record.name} {record.kind} {record.value}")
