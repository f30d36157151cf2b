"""Web processes of their own for tests, on a database of their own: to be killed, told to end, or cut off.

``python -m tests.tracking.web_process prepare 50`` makes so many messages that left, and prints their ids;
``serve 8001`` answers requests until it is stopped; ``count`` counts what waits, and prints what was opened, and when;
``wait 10 5`` waits until 10 are written and a worker was asked to count, or 5 seconds, and prints how often it was.
"""

from __future__ import annotations

import json
import sys
import time

import django

django.setup()

from django.db.models import Sum  # noqa: E402
from django_q.models import OrmQ  # noqa: E402
from waitress import serve as waitress_serve  # noqa: E402

from wagtail_precise_mail.tracking.hit_pages import COUNT_HITS, HitPage  # noqa: E402
from wagtail_precise_mail.tracking.models import MessageEvent  # noqa: E402
from wagtail_precise_mail.tracking.waiting_hits import count_waiting_hits  # noqa: E402


def prepare(count: str) -> list[int]:
    from tests.factories.contacts import make_contact
    from tests.factories.tracking import make_message, make_send

    send = make_send()
    return [make_message(send, make_contact()).pk for _number in range(int(count))]


def serve(port: str) -> None:
    from django.core.wsgi import get_wsgi_application

    waitress_serve(get_wsgi_application(), host="127.0.0.1", port=int(port), threads=4, _quiet=True)


def count() -> list[list[float]]:
    count_waiting_hits()
    events = MessageEvent.objects.order_by("pk").values_list("message_id", "happened_at")
    return [[message_id, at.timestamp()] for message_id, at in events]


def wait(count: str, seconds: str) -> int:
    """Return how often workers were asked to count."""
    until = time.monotonic() + float(seconds)
    while time.monotonic() < until and not (_written() >= int(count) and _calls()):
        time.sleep(0.1)
    return _calls()


def _written() -> int:
    return HitPage.objects.aggregate(count=Sum("hit_count", default=0))["count"]


def _calls() -> int:
    return sum(task.func() == COUNT_HITS for task in OrmQ.objects.all())


if __name__ == "__main__":
    commands = {"prepare": prepare, "serve": serve, "count": count, "wait": wait}
    print(json.dumps(commands[sys.argv[1]](*sys.argv[2:])), flush=True)
