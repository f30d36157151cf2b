"""Filling one email for one contact after the other, against a bare join and against Django's own way.

- *filling*: 40 KB of HTML with 20 merge fields, against ``"".join`` of the very pieces that come out. The readers are
  loaded before, and looked at once, as in a send.
- *message*: HTML, text and headers as the bytes that leave, against Django's
  ``EmailMultiAlternatives(...).message().as_bytes()`` of the same content (which is handed over filled: Django's
  templates are not counted against it). Once more with 12 signed links and a pixel, which Django's lacks; that has no
  limit of its own.

Rounds are interleaved, so that a busy machine is busy for all.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from django.core.mail import EmailMultiAlternatives

from tests.benchmarks.databases import temporary_database
from tests.factories.delivery import make_compiled, make_send
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.delivery.composing import Composer
from wagtail_precise_mail.delivery.models import OutboxMessage
from wagtail_precise_mail.emails.encodings import PLAIN
from wagtail_precise_mail.emails.personalize import Personalizer
from wagtail_precise_mail.emails.programs import NO_ITEM, Program, Run
from wagtail_precise_mail.emails.readers import Reader

FILL_LIMIT = 4
"""Times a bare join."""

MESSAGE_LIMIT = 20
"""Times as fast as Django."""

ROUNDS, READERS = 15, 400
AT = datetime(2026, 3, 1, 9, tzinfo=UTC)
_FIELDS = [f"contact.attributes.field{number}" for number in range(20)]


def main() -> int:
    """Print both ratios; return how many missed their limit."""
    missed = _filling()
    with temporary_database("filling"):
        return missed + _message()


def make_payload() -> dict[str, Any]:
    """A compiled email of 40 KB of HTML with 20 merge fields and 12 links, with long lines and few words as MJML's."""
    filler = '<td align="left" style="font-size:0px;padding:10px 25px;word-break:break-word;"><div>Tea, 8 °C</div></td>'
    html: list[Any] = ["<!doctype html><html><body>"]
    text: list[Any] = []
    for number, field in enumerate(_FIELDS):
        hole = {"field": field, "filters": [["default", "friend"]]}
        html += [filler * 19, {"merge": {**hole, "escape": "html"}}]
        text += [f"\nParagraph {number} for ", {"merge": {**hole, "escape": "text"}}, "\n"]
        if number < 12:
            html += ['<a href="', {"link": number}, '">Look</a>']
            text += [{"link": number}, "\n"]
    html += [{"system": "html_tail"}, "</body></html>"]
    return {
        "version": 2,
        "language": "en",
        "subject": ["News for ", {"merge": {"field": _FIELDS[0], "filters": [["default", "you"]], "escape": "header"}}],
        "preheader": [],
        "html": html,
        "text": [*text, {"system": "unsubscribe_url"}],
        "links": [
            {"url": [f"https://shop.example.com/tea/{number}/"], "block_id": f"b{number}", "label": "Look"}
            for number in range(12)
        ],
    }


def make_readers() -> list[Reader]:
    """Readers whose values are all different: nothing is remembered from one to the next."""
    return [
        Reader({field: f"Value {reader} of {number}" for number, field in enumerate(_FIELDS)})
        for reader in range(READERS)
    ]


def _filling() -> int:
    readers, payload = make_readers(), make_payload()
    parts = [part for part in payload["html"] if isinstance(part, str) or "merge" in part]
    pieces = [[p if isinstance(p, str) else r.values[p["merge"]["field"]] for p in parts] for r in readers]
    runs = [Run(reader, lambda index, item: "", lambda *words: "", {}) for reader in readers]

    def ours() -> None:
        program = Program(parts, PLAIN, locale="en", is_html=True)
        for run in runs:
            program.fill(run, NO_ITEM)

    def bare() -> None:
        for one in pieces:
            "".join(one)

    size = len("".join(pieces[0]))
    return _report(f"filling {size // 1000} kB, 20 fields", ours, bare, lambda ratio: ratio <= FILL_LIMIT, FILL_LIMIT)


def _message() -> int:
    send = make_send(compiled=make_compiled(**make_payload()))
    tracked = [Contact(pk=number + 1, email=f"reader{number}@example.com") for number in range(READERS)]
    contacts = [Contact(pk=one.pk, email=one.email, is_tracking_allowed=False) for one in tracked]
    messages = [OutboxMessage(pk=one.pk, address=one.email, contact_id=one.pk, send=send) for one in contacts]
    readers = make_readers()
    composer = Composer(send)
    mails = [_filled(send.compiled, reader) for reader in readers[:50]]

    def ours(contacts: list[Contact] = contacts) -> None:
        for message, contact, reader in zip(messages, contacts, readers, strict=True):
            # A new reader each time: looking at the values belongs to the cost.
            composer.compose(message, contact, at=AT, known=Reader(reader.values))

    def django() -> None:
        for subject, text, html in mails:
            mail = EmailMultiAlternatives(subject, text, "shop@example.com", ["reader@example.com"])
            mail.attach_alternative(html, "text/html")
            mail.message().as_bytes()

    share = 50 / READERS
    _report("one whole message, tracked", django, lambda: ours(tracked), lambda ratio: True, 0, share)
    return _report("one whole message", django, ours, lambda ratio: ratio >= MESSAGE_LIMIT, MESSAGE_LIMIT, share)


def _filled(compiled: Any, reader: Reader) -> tuple[str, str, str]:
    system = {"unsubscribe_url": "https://shop.example.com/unsubscribe/x/"}
    filled = Personalizer(compiled).fill(reader, rewrite_link=lambda link: link.url, system=system)
    return filled.subject, filled.text, filled.html


def _report(
    name: str,
    above: Callable[[], None],
    below: Callable[[], None],
    is_met: Callable[[float], bool],
    limit: float,
    share: float = 1,
) -> int:
    times: tuple[list[float], list[float]] = ([], [])
    for _round in range(ROUNDS):
        for kept, run in zip(times, (above, below), strict=True):
            start = time.process_time()
            run()
            kept.append(time.process_time() - start)
    one, other = (min(kept) for kept in times)
    ratio = one / share / other
    medians = " / ".join(f"{statistics.median(kept) / READERS * 1e6:.1f}" for kept in times)
    verdict = "ok" if is_met(ratio) else "MISSED"
    print(f"  {name}: ratio {ratio:.2f} (limit {limit}) {verdict}; medians per reader {medians} us")
    return not is_met(ratio)
