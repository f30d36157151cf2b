"""Sending, side by side with what the wire allows: a personalised mail of 40 KB with tracked links, on PostgreSQL.

Needs ``DATABASE_URL`` (PostgreSQL), and takes Postfix' ``smtp-sink`` as its mail server where that is installed.
``BENCH_MAILS`` says how many mails a round has (5,000).

- *smtplib*: a bare loop over one kept-open connection that sends ready-made bytes of the same mails. Ours chooses,
  looks once more, composes, signs, commits and records beside sending.
- *raw socket*: the same bytes, dots doubled before, pipelined over one socket: what the sink can take.
- *Django*: the same send by Django's own means over one connection: templates, ``Signer`` for links and pixel, the same
  headers, ``EmailMultiAlternatives`` and the SMTP backend. It reads its contacts with the messages, looks nothing up
  again and keeps no book. Once more with mails that are filled and signed already; that has no limit of its own.
- *two workers*: two processes on one send against one process, all warm. On few cores the sink and the database take
  what the second worker would need: how busy all cores were stands beside it, and the same to a channel that takes no
  time, which has no limit of its own.
- *far server*: a sink that answers after 50 ms, with one connection and more.

Ours runs with ``handoff_size`` 50, as the guide says for large campaigns.

Rounds are interleaved, so that a busy machine is busy for all.
"""

from __future__ import annotations

import json
import os
import smtplib
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import psutil
from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.management import call_command
from django.core.signing import Signer
from django.db import connection
from django.template import Context, Template
from django.utils import timezone

from tests.benchmarks.bench_filling import _FIELDS, _filled, make_payload
from tests.benchmarks.databases import temporary_database
from tests.benchmarks.memory import memory
from tests.benchmarks.sinks import describe, sink

SMTPLIB_LIMIT, RAW_GOAL, TWO_LIMIT, DJANGO_LIMIT = 1.2, 0.5, 1.5, 8.0
MEMORY_LIMIT_MB, GROWTH_LIMIT_MB = 150, 5
ROUNDS, DJANGO_SHARE, WARM_COUNT = 5, 10, 100
FAR_SECONDS = 0.05


@dataclass(frozen=True)
class Mail:
    """What ours made of one message, as one piece: others need not make it."""

    sender: str
    recipient: str
    content: bytes


Rates = dict[str, list[float]]


def main() -> int:
    """Print all ratios; return how many missed their limit."""
    if connection.vendor != "postgresql":
        print("skipped: needs DATABASE_URL of PostgreSQL")
        return 0
    print(f"  {describe()}")
    with temporary_database("sending"):
        with sink() as port:
            missed = _compare(port, int(os.environ.get("BENCH_MAILS", "5000")))
        return missed + _far()


def _compare(port: int, count: int) -> int:
    use_sink(port)
    house = _House(count)
    ways: dict[str, Callable[[], int]] = {
        "ours": lambda: house.work(),
        "smtplib": lambda: _by_smtplib(port, house.mails),
        "raw socket": lambda: _by_socket(port, house.mails),
        "django": lambda: _by_django(house, count // DJANGO_SHARE),
        "django, filled": lambda: _filled_by_django(house.readers[: count // DJANGO_SHARE], house.compiled),
        "one process": lambda: house.work_in_processes(1),
        "two processes": lambda: house.work_in_processes(2),
        "one process to nowhere": lambda: house.work_in_processes(1, channel="nowhere"),
        "two processes to nowhere": lambda: house.work_in_processes(2, channel="nowhere"),
    }
    rates: Rates = {name: [] for name in ways}
    for number in range(ROUNDS + 1):
        for name, way in ways.items():
            rate = way() if "process" in name else _rate(way, house)
            if number:  # the first round warms up
                rates[name].append(rate)
    print("  " + "  ".join(f"{name} {statistics.median(kept):.0f}/s" for name, kept in rates.items()))
    missed = _judge("ours / smtplib", _ratio(rates, "ours", "smtplib"), SMTPLIB_LIMIT)
    missed += _judge("ours / django", _ratio(rates, "ours", "django"), DJANGO_LIMIT)
    print(f"  ours / django with filled mails: ratio {_ratio(rates, 'ours', 'django, filled'):.2f}")
    missed += _judge("two workers / one", _ratio(rates, "two processes", "one process"), TWO_LIMIT)
    ratio = _ratio(rates, "two processes to nowhere", "one process to nowhere")
    print(f"  two workers / one, to nowhere: ratio {ratio:.2f}")
    busy = " and ".join(f"{statistics.median(house.busy[number]):.0%}" for number in (1, 2))
    print(f"  busy of all cores, with one and two workers: {busy}")
    _judge("ours / raw socket (a goal)", _ratio(rates, "ours", "raw socket"), RAW_GOAL)
    own, whole = (max(one[kind] for one in house.memory) for kind in ("own", "all"))
    grown = house.sizes[-1] - house.sizes[1]
    print(
        f"  memory of a worker: {own:.0f} MB of its own, {whole:.0f} MB with what a cluster shares (limit"
        f" {MEMORY_LIMIT_MB}); +{grown:.1f} MB after {ROUNDS} more rounds (limit {GROWTH_LIMIT_MB})"
    )
    return missed + (whole > MEMORY_LIMIT_MB) + (grown > GROWTH_LIMIT_MB)


class _House:
    """An audience with consent, and a new send to it for each round."""

    def __init__(self, count: int) -> None:
        from tests.factories.contacts import make_topic
        from tests.factories.delivery import make_compiled
        from wagtail_precise_mail.contacts.models import Consent, ConsentStatus, Contact
        from wagtail_precise_mail.delivery.channels import MemoryChannel

        self.count = count
        self.memory: list[dict[str, float]] = []
        self.busy: dict[int, list[float]] = {1: [], 2: []}
        self.sizes: list[float] = []
        self.topic, self.compiled = make_topic(), make_compiled(**make_payload())
        names = [field.rpartition(".")[2] for field in _FIELDS]
        self.contacts = Contact.objects.bulk_create(
            Contact(
                email=f"reader{number}@example.com",
                address_hash=f"{number:064}",
                attributes={name: f"Value {number} of {name}" for name in names},
            )
            for number in range(count)
        )
        Consent.objects.bulk_create(
            Consent(contact=one, topic=self.topic, status=ConsentStatus.GRANTED, changed_at=timezone.now())
            for one in self.contacts
        )
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")
        self.work(channel="memory")
        self.mails = [Mail(one.sender, one.recipient, one.content) for one in MemoryChannel.outbox]
        MemoryChannel.outbox.clear()
        self.readers = self._load_readers()

    def prepare(self, count: int | None = None) -> Any:
        from tests.factories.delivery import make_send
        from wagtail_precise_mail.delivery.models import OutboxMessage

        send = make_send(topic=self.topic, compiled=self.compiled)
        OutboxMessage.objects.bulk_create(
            OutboxMessage(
                send=send, contact=one, address=one.email, recipient_key=one.address_hash, created_at=timezone.now()
            )
            for one in self.contacts[:count]
        )
        return send

    def work(self, channel: str = "smtp") -> int:
        """Deliver a send in this process; return how many mails left."""
        from wagtail_precise_mail.delivery import services

        send = self.prepare()
        with options_of_a_large_send(channel=channel):
            self.started, self.cpu = time.perf_counter(), time.process_time()
            services.deliver(send.pk, seconds=600)
        self.sizes.append(memory()["all"])
        self._check(send)
        return self.count

    def work_in_processes(self, number: int, channel: str = "smtp") -> float:
        """Deliver a send by several workers, which sent before; return mails per second until the last end."""
        workers = [
            _start_worker(self.prepare(WARM_COUNT).pk, crew=number, channel=channel) for _worker in range(number)
        ]
        for worker in workers:
            assert worker.stdout is not None
            worker.stdout.readline()  # it has sent something
        send = self.prepare()
        start, idle = time.perf_counter(), psutil.cpu_times_percent()
        for worker in workers:
            assert worker.stdin is not None
            worker.stdin.write(f"{send.pk}\n")
            worker.stdin.flush()
        ends = [json.loads(worker.stdout.readline()) for worker in workers if worker.stdout]
        taken, idle = time.perf_counter() - start, psutil.cpu_times_percent().idle
        for worker in workers:
            worker.communicate()
        if channel == "smtp":
            self.memory += ends
            self.busy[number].append(1 - idle / 100)
        self._check(send)
        return self.count / taken

    def _check(self, send: Any) -> None:
        left = send.messages.filter(state="accepted").count()
        if left != self.count:
            raise AssertionError(f"{left} of {self.count} mails left: {send.pause_reason}")

    def _load_readers(self) -> list[Any]:
        from wagtail_precise_mail.emails.readers import ReaderLoader

        loader = ReaderLoader(self.compiled.payload)
        return list(loader.load(self.contacts, at=timezone.now(), base_url="https://shop.example.com").values())


def _rate(way: Callable[[], int], house: _House) -> float:
    start = time.perf_counter()
    house.started = start
    count = way()
    return count / (time.perf_counter() - house.started)


def _by_smtplib(port: int, mails: list[Mail]) -> int:
    with smtplib.SMTP("127.0.0.1", port) as server:
        for one in mails:
            server.sendmail(one.sender, [one.recipient], one.content)
    return len(mails)


def _by_socket(port: int, mails: list[Mail]) -> int:
    """The least that SMTP asks for: whatever may come together leaves together."""
    with socket.create_connection(("127.0.0.1", port)) as raw, raw.makefile("rb") as answers:
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        answers.readline()
        raw.sendall(b"EHLO bench\r\n")
        while not answers.readline().startswith(b"250 "):
            pass
        heads = [f"MAIL FROM:<{e.sender}>\r\nRCPT TO:<{e.recipient}>\r\nDATA\r\n".encode() for e in mails]
        raw.sendall(heads[0])
        for head, one in zip([*heads[1:], b"QUIT\r\n"], mails, strict=True):
            for _answer in range(3):
                answers.readline()
            raw.sendall(b"%s.\r\n%s" % (one.content, head))
            answers.readline()
    return len(mails)


def _by_django(house: _House, count: int) -> int:
    """As a project without us would do it: one query for all, links signed by Django, everything else by it too."""
    payload, signer, outbox = house.compiled.payload, Signer(salt="click"), house.prepare(count)
    house.started = time.perf_counter()
    subject, text, html = (_template(payload[name]) for name in ("subject", "text", "html"))
    with get_connection("django.core.mail.backends.smtp.EmailBackend") as server:
        for message in outbox.messages.select_related("contact").order_by("pk").iterator():
            contact = message.contact
            made = [
                _signed(signer, f"{contact.pk}:{number}:{link['url'][0]}")
                for number, link in enumerate(payload["links"])
            ]
            leave = _signed(signer, f"{contact.pk}:leave")
            values = {f"contact_attributes_{name}": value for name, value in contact.attributes.items()}
            context = Context({**values, "links": made, "pixel": _signed(signer, f"{contact.pk}:open"), "leave": leave})
            mail = EmailMultiAlternatives(
                subject.render(context),
                text.render(context),
                "shop@example.com",
                [contact.email],
                connection=server,
                headers={
                    "List-Unsubscribe": f"<{leave}>",
                    "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
                    "Feedback-ID": "1:campaign:shop",
                    "X-Entity-Ref-ID": str(contact.pk),
                },
            )
            mail.attach_alternative(html.render(context), "text/html")
            mail.send()
    outbox.messages.all().delete()  # else the next worker would send them
    return count


def _signed(signer: Signer, value: str) -> str:
    return f"https://shop.example.com/t/{signer.sign_object(value)}/"


def _template(parts: list[Any]) -> Template:
    pieces = []
    for part in parts:
        if isinstance(part, str):
            pieces.append(part)
        elif "merge" in part:
            (_name, default), *_more = part["merge"]["filters"]
            pieces.append(f'{{{{ {part["merge"]["field"].replace(".", "_")}|default:"{default}" }}}}')
        elif "link" in part:
            pieces.append(f"{{{{ links.{part['link']} }}}}")
        elif part["system"] == "unsubscribe_url":
            pieces.append("{{ leave }}")
        else:
            pieces.append('<img src="{{ pixel }}" width="1" height="1" alt="" style="display:block">')
    return Template("".join(pieces))


def _filled_by_django(readers: list[Any], compiled: Any) -> int:
    with get_connection("django.core.mail.backends.smtp.EmailBackend") as server:
        for reader in readers:
            subject, text, html = _filled(compiled, reader)
            mail = EmailMultiAlternatives(subject, text, "shop@example.com", ["a@example.com"], connection=server)
            mail.attach_alternative(html, "text/html")
            mail.send()
    return len(readers)


def _far() -> int:
    """With 50 ms to each answer, what counts is how many messages are on their way at once."""
    rates: list[float] = []
    empty()
    with sink(delay_seconds=FAR_SECONDS) as port:
        use_sink(port)
        house = _House(400)
        for connections in (1, 4, 10):
            with _options(smtp_connections=connections):
                rates.append(_rate(house.work, house))
    print("  far server, 1 / 4 / 10 connections: " + " / ".join(f"{rate:.0f}/s" for rate in rates))
    return int(not rates[0] * 2 < rates[1] < rates[2])


def empty() -> None:
    """Forget whatever was sent, and to whom."""
    call_command("flush", interactive=False, verbosity=0)


def use_sink(port: int) -> None:
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
    settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""


def options_of_a_large_send(**changes: Any) -> Any:
    return _options(handoff_size=50, **changes)


def _options(**changes: Any) -> Any:
    from django.test import override_settings

    return override_settings(WAGTAIL_PRECISE_MAIL={**settings.WAGTAIL_PRECISE_MAIL, **changes})


def _start_worker(send_id: int, *, crew: int, channel: str) -> subprocess.Popen[str]:
    name, port = str(connection.settings_dict["NAME"]), str(settings.EMAIL_PORT)
    arguments = [str(send_id), name, port, str(crew), channel]
    return subprocess.Popen(
        [sys.executable, "-m", "tests.benchmarks.sending_worker", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def _ratio(rates: Rates, one: str, other: str) -> float:
    return statistics.median(a / b for a, b in zip(rates[one], rates[other], strict=True))


def _judge(name: str, ratio: float, limit: float) -> int:
    print(f"  {name}: ratio {ratio:.2f} (limit {limit}) {'ok' if ratio >= limit else 'MISSED'}")
    return int(ratio < limit)
