"""Words, figures and evidence that the conditions on reactions share."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated
from zlib import crc32

from django.db.models import Count as CountRows
from django.db.models import F, Q, Value
from django.db.models.functions import StrIndex
from django.db.models.lookups import GreaterThan
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from wagtail_precise_mail.segments.conditions import Count

REACTIONS = gettext_lazy("Reactions")

SHOWN = 3
"""Pieces of evidence in an explanation; the rest is counted."""

Times = Annotated[
    int,
    Count(
        label=gettext_lazy("At least so many times"), help_text=gettext_lazy("Empty: once."), minimum=1, maximum=10_000
    ),
]


def holds_text(field: str, text: str) -> Q:
    """Return whether a column contains a text, case and all: LIKE would ignore case on one database only."""
    return Q(GreaterThan(StrIndex(F(field), Value(text)), 0))


def figure_name(*what: object) -> str:
    """Return the name of a figure of its own for one set of rows, so that neighbors in a segment do not share it."""
    return f"rows_{crc32(repr(what).encode()):08x}"


def count_rows(only: Q | None) -> CountRows:
    """Count rows, or some of them."""
    return CountRows("contact_id", filter=only)  # not the rows' own ids, which no index on moments holds


def times_in_words(times: int) -> str:
    """Return " at least 3 times" with its space, or ""."""
    if times == 1:
        return ""
    return " " + ngettext("at least %(count)s time", "at least %(count)s times", times) % {"count": times}


def on_day(moment: datetime) -> str:
    """Return a day as people write it, on the clock of the site."""
    return str(date_format(localtime(moment), "DATE_FORMAT"))


def evidence(lines: Iterable[str], total: int, nothing: str) -> str:
    """Return "5: ... the latest three", or that there is nothing."""
    shown = "; ".join(lines)
    if not total:
        return nothing
    return f"{total}: {shown}{' …' if total > SHOWN else ''}"


def dated(what: str, moment: datetime) -> str:
    """Return "“Spring” on 3 May 2026"."""
    return _("%(what)s on %(day)s") % {"what": what, "day": on_day(moment)}
