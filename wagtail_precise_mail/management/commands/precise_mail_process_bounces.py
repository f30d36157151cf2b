"""Read what came back: bounces, complaints, automatic answers, and unsubscriptions by mail."""

from __future__ import annotations

import imaplib
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from wagtail_precise_mail.conf import options
from wagtail_precise_mail.delivery.bounces.mailboxes import Incoming, open_mailbox
from wagtail_precise_mail.delivery.bounces.processing import FAILED, process_mailbox
from wagtail_precise_mail.delivery.bounces.services import Outcome
from wagtail_precise_mail.exceptions import PreciseMailError

# Mail servers that pipe to a program keep the mail and try again on this one (EX_TEMPFAIL of sysexits.h).
_TRY_AGAIN = 75


class Command(BaseCommand):
    """``precise_mail_process_bounces [MAILBOX] [--apart FOLDER]``."""

    help = (
        "Read bounces, complaints and unsubscriptions from a mailbox. Reading a mail twice counts once. Mails of IMAP "
        "and of a Maildir move to the folders Processed and Unrecognized; files stay as they are. Nothing is deleted."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "mailbox",
            nargs="?",
            default="",
            help="Maildir, mbox, .eml file, folder of them, imaps:// URL, or - for one mail from a pipe "
            "(default: the option bounce_mailbox)",
        )
        parser.add_argument("--apart", default="", help="folder for copies of mails that nobody understands")

    def handle(self, *args: Any, **given: Any) -> None:
        place = given["mailbox"] or options().bounce_mailbox
        if not place:
            raise CommandError("Name a mailbox, or set the option bounce_mailbox.")

        def tell(mail: Incoming, result: str) -> None:
            if given["verbosity"] > 1:
                self.stdout.write(f"{getattr(mail.name, 'name', mail.name)}: {result}")

        try:
            with open_mailbox(place, apart=given["apart"], stream=sys.stdin.buffer) as mailbox:
                counts = process_mailbox(mailbox, on_mail=tell)
        except (PreciseMailError, OSError, imaplib.IMAP4.error) as error:
            raise CommandError(str(error), returncode=_TRY_AGAIN) from error
        if place != "-":
            names = [*Outcome, FAILED]
            self.stdout.write(", ".join(f"{counts[name]:,} {name}" for name in names))
        if counts[FAILED]:
            raise CommandError(
                f"{counts[FAILED]:,} mails wait where they are; see the log, and run the command again.",
                returncode=_TRY_AGAIN,
            )
