"""Work out figures, RFM and stages of contacts now."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from tqdm import tqdm

from wagtail_precise_mail.commerce.figuring import refreshing
from wagtail_precise_mail.commerce.models import FiguresDue
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.exceptions import PreciseMailError


class Command(BaseCommand):
    """``precise_mail_figures [--all] [--at 2011-12-10T00:00Z]``."""

    help = (
        "Work out the figures of contacts whose orders changed, or with --all of everybody, with RFM groups, buying "
        "stages and value tiers. Interrupted, it goes on where it was; done twice, it changes nothing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--all", action="store_true", help="everybody, as the nightly run does")
        parser.add_argument("--at", help="as of a moment, such as 2011-12-10T00:00Z (default: now); needs --all")

    def handle(self, *args: Any, **given: Any) -> None:
        if given["at"] and not given["all"]:
            raise CommandError("--at needs --all: groups and stages are of everybody at one moment.")
        try:
            count = self._everybody(given) if given["all"] else self._due(given)
        except PreciseMailError as error:
            raise CommandError(str(error)) from error
        except KeyboardInterrupt:
            raise CommandError("Interrupted. What is done is kept; run it again to go on.") from None
        self.stdout.write(f"Contacts: {count:,}")

    def _everybody(self, given: dict[str, Any]) -> int:
        count = 0
        with self._bar(Contact.objects.count(), given) as bar:

            def advance(step: int) -> None:
                nonlocal count
                count += step
                bar.update(step)

            if not refreshing.refresh_everybody(at=self._moment(given["at"]), on_progress=advance):
                raise CommandError("A worker is at it; try again in a minute.")
        return count

    def _due(self, given: dict[str, Any]) -> int:
        count = 0
        with self._bar(FiguresDue.objects.count(), given) as bar:
            while step := refreshing.refresh_due(seconds=0):
                count += step
                bar.update(step)
        return count

    def _bar(self, total: int, given: dict[str, Any]) -> Any:
        return tqdm(total=total, unit=" contacts", desc="Figures", file=sys.stderr, disable=given["verbosity"] == 0)

    def _moment(self, given: str | None) -> datetime | None:
        if not given:
            return None
        try:
            found = parse_datetime(given)
        except ValueError:
            found = None
        if found is None:
            raise CommandError(f"--at {given!r}: write a moment such as 2011-12-10T00:00Z.")
        return found if timezone.is_aware(found) else timezone.make_aware(found)
