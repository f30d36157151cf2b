"""Forecast what contacts and categories will do, as every night, or as of an earlier moment."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import UTC, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from wagtail_precise_mail.commerce.forecasting import require_extra
from wagtail_precise_mail.exceptions import MissingExtra


class Command(BaseCommand):
    """``precise_mail_forecast [--at ISO-TIME]``."""

    help = (
        "Forecast what contacts and categories will do. Run again for the same --at after an interruption, it goes on "
        "where it stopped."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--at", metavar="ISO-TIME", help="as of this moment (UTC without offset); now, when left out"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        at = _read_moment(options["at"])
        try:
            require_extra()
        except MissingExtra as error:
            raise CommandError(str(error)) from error
        # Only now: these need the extra.
        from wagtail_precise_mail.commerce.forecasting import demand, running

        model = running.update_forecasts(at=at)
        self.stdout.write(f"{model.contact_count} customers, {model.repeat_count} of them bought again.")
        if model.refusal:
            self.stdout.write(f"Not enough data: {model.refusal}")
        else:
            self.stdout.write(f"Forecasts of {model.forecasts.count()} contacts for {model.horizon_days} days.")
        self.stdout.write(f"Forecasts of {demand.forecast_categories(at=at)} categories.")


def _read_moment(text: str | None) -> datetime:
    if not text:
        return timezone.now()
    try:
        moment = parse_datetime(text) or datetime.fromisoformat(text)
    except ValueError:
        raise CommandError(f"--at {text!r} is not a time such as 2011-12-10T00:00Z.") from None
    return moment if timezone.is_aware(moment) else moment.replace(tzinfo=UTC)
