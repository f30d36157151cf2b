"""A worker of the benchmark of sending, in a process of its own."""

from __future__ import annotations

import json
import os
import resource
import sys

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
django.setup()

from django.db import connection  # noqa: E402

from tests.benchmarks.bench_sending import use_sink  # noqa: E402
from wagtail_precise_mail.delivery import services  # noqa: E402


def work(send_id: int, database: str, port: int) -> None:
    """Deliver a send when told to, and say how many megabytes that took at its peak."""
    connection.settings_dict["NAME"] = database
    use_sink(port)
    connection.ensure_connection()
    print("ready", flush=True)
    sys.stdin.readline()
    services.deliver(send_id, seconds=600)
    print(json.dumps(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024))


if __name__ == "__main__":
    work(int(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
