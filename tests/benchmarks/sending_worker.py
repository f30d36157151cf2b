"""A worker of the benchmark of sending, in a process of its own: forked, as workers of a cluster are."""

from __future__ import annotations

import json
import os
import sys

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
django.setup()

from django.db import connection  # noqa: E402
from django.urls import get_resolver  # noqa: E402

from tests.benchmarks.bench_sending import options_of_a_large_send, use_sink  # noqa: E402
from tests.benchmarks.memory import memory  # noqa: E402
from wagtail_precise_mail.delivery import services  # noqa: E402
from wagtail_precise_mail.delivery.channels import Channel, Envelope, Receipt, channels  # noqa: E402


@channels.register("nowhere")
class Nowhere(Channel):
    """Takes no time: what is left is our own work, and that of the database."""

    def send(self, envelope: Envelope) -> Receipt:
        return Receipt(reply="250 gone")


def work(send_id: int, database: str, port: int, crew: int, channel: str) -> None:
    """Deliver a send, and then the one that is asked for; say how much memory that took, in megabytes.

    Args:
        crew: how many workers share it.
    """
    connection.settings_dict["NAME"] = database
    use_sink(port)
    _ = get_resolver().url_patterns  # what all workers of a cluster share is loaded before they are forked
    child = os.fork()
    if child:
        os.waitpid(child, 0)
        return
    with options_of_a_large_send(workers_per_send=crew, channel=channel):
        services.deliver(send_id, seconds=600)
        print("ready", flush=True)
        services.deliver(int(sys.stdin.readline()), seconds=600)
    print(json.dumps(memory()), flush=True)
    os._exit(0)


if __name__ == "__main__":
    work(int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), sys.argv[5])
