"""Run a cluster of workers, and start it again when it dies or hangs."""

from __future__ import annotations

import logging
import os
import socket
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from wagtail_precise_mail.background import wake_now
from wagtail_precise_mail.campaigns.tasks import pump
from wagtail_precise_mail.delivery.operations.supervising import Supervisor


class Command(BaseCommand):
    """``[--name NAME]``."""

    help = (
        "Run a cluster of django-q2 in the place of qcluster: it is started again when one of its processes is killed "
        "or when it takes no tasks any more, and ends within ten seconds of SIGTERM."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--name",
            default=socket.gethostname(),
            help="unique among all clusters of the site; needed where a machine runs several (default: %(default)s)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if not hasattr(os, "fork"):
            raise CommandError("This system cannot fork processes. Run manage.py qcluster instead.")
        name = options["name"].strip()
        if not 0 < len(name) <= 150:
            raise CommandError("The name of the cluster must have 1 to 150 characters.")
        Supervisor(name, run=_run, wake=lambda: wake_now(pump)).run()
        logging.shutdown()
        self.stdout.flush()
        # Taking all of Django apart takes seconds on a busy machine, and the stop was promised within ten.
        os._exit(0)


def _run(lifeline: int) -> None:
    from wagtail_precise_mail.cluster import run_cluster  # django-q2's classes prepare the process on import

    run_cluster(lifeline=lifeline)
