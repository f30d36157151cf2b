"""Write exchange rates into all orders again, and work out the figures that follow."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from wagtail_precise_mail.commerce.currencies import base_currency
from wagtail_precise_mail.commerce.figuring import refreshing
from wagtail_precise_mail.commerce.models import Order
from wagtail_precise_mail.commerce.rates import missing_rates
from wagtail_precise_mail.commerce.rerating import rate_again
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.exceptions import PreciseMailError


class Command(BaseCommand):
    """``precise_mail_rates [--no-figures]``."""

    help = (
        "Write the exchange rates into all orders again, after base_currency changed or rates were added past the "
        "admin, and work out the figures of everybody. Interrupted, run it again; done twice, it changes nothing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--no-figures", action="store_true", help="leave the figures to the nightly run")

    def handle(self, *args: Any, **given: Any) -> None:
        base = base_currency()
        if not base:
            raise CommandError("There is no order yet, and no base_currency in the settings.")
        try:
            self._rate(base, given)
            if not given["no_figures"]:
                self._figures(given)
        except PreciseMailError as error:
            raise CommandError(str(error)) from error
        except KeyboardInterrupt:
            raise CommandError("Interrupted. What is done is kept; run it again to go on.") from None

    def _rate(self, base: str, given: dict[str, Any]) -> None:
        with self._bar("Orders", Order.objects.count(), given) as bar:
            found = rate_again(on_progress=bar.update)
        self.stdout.write(f"Base currency: {base}. Orders with another rate now: {found.changed_count:,}")
        for one in missing_rates():
            self.stdout.write(f"No rate for {one.order_count:,} orders in {one.currency}, since {one.since:%Y-%m-%d}.")

    def _figures(self, given: dict[str, Any]) -> None:
        # A run that is under way began with the rates of before: it has to end first.
        runs = 2 if refreshing.is_running() else 1
        for _number in range(runs):
            with self._bar("Figures", Contact.objects.count(), given) as bar:
                if not refreshing.refresh_everybody(on_progress=bar.update):
                    raise CommandError("A worker is at the figures; run precise_mail_figures --all in a minute.")
        self.stdout.write("Figures of contacts: done.")

    def _bar(self, words: str, total: int, given: dict[str, Any]) -> Any:
        return tqdm(total=total, unit="", desc=words, file=sys.stderr, disable=given["verbosity"] == 0)
