"""How much of the subject and the preheader the lists of mail programs show.

The numbers are characters of average Latin width; wide ones, such as Chinese, take the room of two. They come from the
published comparisons of Litmus ("The ultimate guide to preview text") and Email on Acid ("Email subject line length"),
as of 2024, and were rounded down: fonts, window sizes and badges move them by a tenth either way. For QQ Mail and 163
no published numbers were found; the narrow phone lists are a safe guide there.
"""

from __future__ import annotations

from dataclasses import dataclass
from unicodedata import east_asian_width

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class Inbox:
    """The list of a mail program.

    Attributes:
        subject: characters of the subject that it shows.
        preheader: characters of the preheader on a line of its own; None where it follows the subject.
        total: characters of both together, where they share a line.
    """

    name: str | Promise
    subject: int
    preheader: int | None = None
    total: int = 0


INBOXES = [
    Inbox(_("iPhone Mail"), 41, 90),
    Inbox(_("Gmail on Android"), 44, 40),
    Inbox(_("Gmail in the browser"), 70, None, 105),
    Inbox(_("Outlook on Windows"), 55, 50),
    Inbox(_("Apple Mail on a Mac"), 60, 110),
    Inbox(_("Yahoo in the browser"), 46, None, 90),
]

NARROWEST = min(inbox.subject for inbox in INBOXES)
"""Characters that every listed program shows of a subject."""


@dataclass(frozen=True)
class InboxLine:
    """What one mail program shows of an email in its list."""

    name: str
    subject: str
    preheader: str
    is_subject_cut: bool
    shares_line: bool


def inbox_lines(subject: str, preheader: str) -> list[InboxLine]:
    """Return what each mail program shows of a filled subject and preheader."""
    return [_line(inbox, subject, preheader) for inbox in INBOXES]


def width(text: str) -> int:
    """Return the room that a text takes, in characters of average Latin width."""
    return sum(2 if east_asian_width(character) in "WF" else 1 for character in text)


def cut(text: str, room: int) -> str:
    """Return the start of a text that fits into so many characters, with an ellipsis when something is missing."""
    if width(text) <= room:
        return text
    taken, used = "", 1
    for character in text:
        used += width(character)
        if used > room:
            break
        taken += character
    return f"{taken.rstrip()}…"


def _line(inbox: Inbox, subject: str, preheader: str) -> InboxLine:
    shown = cut(subject, inbox.subject)
    room = inbox.preheader if inbox.preheader is not None else max(inbox.total - width(shown), 0)
    return InboxLine(str(inbox.name), shown, cut(preheader, room), shown != subject, inbox.preheader is None)
