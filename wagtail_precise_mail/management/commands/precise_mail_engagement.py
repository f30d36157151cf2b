"""Work out the engagement of every contact now, instead of tonight."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db.models import Count
from django.utils import timezone, translation
from django.utils.dateparse import parse_datetime

from wagtail_precise_mail.tracking.engagement import ContactEngagement, EngagementStage
from wagtail_precise_mail.tracking.engaging import engage
from wagtail_precise_mail.tracking.stages import borders


class Command(BaseCommand):
    """``[--at ISO-TIME]``."""

    help = "Work out who is engaged, cooling, dormant and lost, and say by which borders."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--at", metavar="ISO-TIME", help="as of this moment (with its offset); now, when left out")

    def handle(self, *args: Any, **options: Any) -> None:
        with translation.override("en-us"):
            at = parse_datetime(options["at"]) if options["at"] else timezone.now()
            if at is None or timezone.is_naive(at):
                raise CommandError("--at must be a moment with its offset, such as 2026-03-01T09:00:00+00:00.")
            engage(at=at)
            limits = borders(at=at)
            self.stdout.write(limits.in_words())
            counts = dict(ContactEngagement.objects.order_by().values_list("stage").annotate(Count("pk")))
            self.stdout.write(f"engaged: {counts.get(EngagementStage.ENGAGED, 0)}")
            for stage, days, mails in limits.rows():
                count = counts.get(stage, 0)
                self.stdout.write(f"{stage}: {count} (from {days} days and {mails} mails on)")
