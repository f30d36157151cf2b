"""Bring stored personal data up to the keys in the settings."""

from __future__ import annotations

import base64
import secrets
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import translation

from wagtail_precise_mail.contacts.log_labels import count_names, number_entries
from wagtail_precise_mail.contacts.rekeying import count_stale_keys, rekey
from wagtail_precise_mail.encryption import is_encrypting
from wagtail_precise_mail.exceptions import PreciseMailError
from wagtail_precise_mail.renewing import count_stale, encrypted_columns, renew


class Command(BaseCommand):
    """``[--new-key | --check]``."""

    help = (
        "Encrypt stored personal data with the first of encryption_keys, and bring the keys of addresses up to "
        "address_keys. Stop the site and its workers before address_keys change. Stopped half-way, it can be repeated."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        what = parser.add_mutually_exclusive_group()
        what.add_argument("--new-key", action="store_true", help="print a new key, and change nothing")
        what.add_argument("--check", action="store_true", help="say what is left to do; exit code 1 if anything is")

    def handle(self, *args: Any, **options: Any) -> None:
        with translation.override("en-us"):
            if options["new_key"]:
                self.stdout.write(base64.urlsafe_b64encode(secrets.token_bytes(32)).decode())
                return
            try:
                self._check() if options["check"] else self._renew()
            except PreciseMailError as error:
                raise CommandError(str(error)) from error

    def _check(self) -> None:
        keys, names = count_stale_keys(), count_names()
        counts = {model: count_stale(model, fields) for model, fields in encrypted_columns().items()}
        for model, count in counts.items():
            if count:
                self.stdout.write(f"{model._meta.verbose_name_plural}: {count} to renew")
        if keys:
            self.stdout.write(f"keys of addresses: {keys} to renew")
        if names:
            self.stdout.write(f"names in the log: {names} to take out")
        if keys or names or any(counts.values()):
            raise CommandError("Run manage.py precise_mail_encrypt.")
        self.stdout.write("Everything is as the settings say.")

    def _renew(self) -> None:
        # First the keys: without them nobody is found.
        self.stdout.write(f"keys of addresses: {rekey()}")
        for model, fields in encrypted_columns().items():
            count = 0
            for done in renew(model, fields):
                count += done
                if self.stdout.isatty():
                    self.stdout.write(f"\r{model._meta.verbose_name_plural}: {count}", ending="")
            self.stdout.write(f"\r{model._meta.verbose_name_plural}: {count}")
        if is_encrypting():
            self.stdout.write(f"names in the log: {number_entries()}")
