"""The page that compares segments: a matrix of every pair, and bars of every combination."""

from __future__ import annotations

from typing import Any

from django.db import DatabaseError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import TemplateView

from wagtail_precise_mail.charts import Cell, FlatBars, Grid
from wagtail_precise_mail.charts.numbers import as_percent
from wagtail_precise_mail.exceptions import InvalidRules
from wagtail_precise_mail.segments.admin.access import SegmentPage, url_of
from wagtail_precise_mail.segments.budgets import OutOfTime, at_most
from wagtail_precise_mail.segments.counting import PATIENT_SECONDS
from wagtail_precise_mail.segments.models import Segment
from wagtail_precise_mail.segments.overlap import MOST_SEGMENTS, Overlap, overlap

_MOST_BARS = 12


class OverlapView(SegmentPage, TemplateView):
    """Reads only: the chosen segments stand in the address."""

    http_method_names = ["get", "head"]
    template_name = "wagtail_precise_mail/segments/overlap.html"
    page_title = gettext_lazy("Compare segments")
    header_icon = "view"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        offered = list(Segment.objects.filter(live=True).only("pk", "name"))
        wanted = {int(one) for one in self.request.GET.getlist("segment") if one.isascii() and one.isdigit()}
        chosen = [one for one in offered if one.pk in wanted]
        context = {
            **super().get_context_data(**kwargs),
            "offered": [(one, one.pk in wanted) for one in offered],
            "most": MOST_SEGMENTS,
            "chosen_count": len(chosen),
        }
        if len(chosen) < 2:
            return context
        return {**context, **_compared(list(Segment.objects.filter(pk__in=[one.pk for one in chosen])))}


def _compared(segments: list[Segment]) -> dict[str, Any]:
    if len(segments) > MOST_SEGMENTS:
        return {"problem": _("Choose at most %(most)s segments.") % {"most": MOST_SEGMENTS}}
    try:
        with at_most(PATIENT_SECONDS):
            found = overlap(segments, at=timezone.now())
    except InvalidRules as error:
        return {"problem": str(error)}
    except (OutOfTime, DatabaseError):
        return {"problem": _("The database did not answer in time. Compare fewer segments.")}
    return {"overlap": found, "matrix": _matrix(found), "bars": _bars(found)}


def _matrix(found: Overlap) -> Grid:
    names = [one.name for one in found.segments]
    places = range(len(names))
    return Grid(
        key="overlap",
        title=_("Every pair"),
        definition=_(
            "Contacts who are in the segment of the row and in that of the column; below it, the share of the row's "
            "contacts. On the diagonal stands the segment itself."
        ),
        row_title=_("Segment"),
        column_title=_("Also in"),
        columns=names,
        labels=names,
        cells=[[_pair(found, row, column) for column in places] for row in places],
        marks_diagonal=True,
    )


def _pair(found: Overlap, row: int, column: int) -> Cell:
    both, own = found.shared(row, column), found.shared(row)
    url = "" if row == column else url_of("inspect", found.segments[column].pk)
    return Cell(both, note=as_percent(100 * both / own) if own else "", url=url)


def _bars(found: Overlap) -> FlatBars:
    shown = found.combinations[:_MOST_BARS]
    hidden = sum(one.count for one in found.combinations[_MOST_BARS:])
    note = _("Smaller combinations, of %(count)s contacts together, are left out.") % {"count": hidden}
    return FlatBars(
        key="combinations",
        title=_("Every combination"),
        definition=_("Contacts who are in exactly these segments, and in no other of those compared."),
        row_title=_("In exactly"),
        value_title=_("Contacts"),
        unit=_("contacts"),
        labels=[_combined(found, one.places) for one in shown],
        values=[one.count for one in shown],
        note=note if hidden else "",
        missing="" if shown else _("Nobody is in any of these segments."),
    )


def _combined(found: Overlap, places: frozenset[int]) -> str:
    return " + ".join(found.segments[place].name for place in sorted(places))
