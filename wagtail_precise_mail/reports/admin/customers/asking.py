"""What a page of pictures is asked for: a period, and perhaps segments; what it can know of the shop."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django import forms
from django.db.models import Min
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from wagtail_precise_mail.commerce.currencies import base_currency
from wagtail_precise_mail.commerce.figuring.rhythm import Borders, current_borders
from wagtail_precise_mail.commerce.models import Order
from wagtail_precise_mail.commerce.money import format_whole_money
from wagtail_precise_mail.reports.day_counts import kept_at
from wagtail_precise_mail.reports.periods import EARLIEST, Period
from wagtail_precise_mail.reports.remembering import remembered
from wagtail_precise_mail.reports.sizes import MOST_SEGMENTS
from wagtail_precise_mail.segments.admin.links import new_segment_url

PRESETS = {
    "30": _("30 days"),
    "90": _("90 days"),
    "365": _("12 months"),
    "730": _("24 months"),
    "all": _("All"),
}
DEFAULT = "365"


class PeriodForm(forms.Form):
    """Either some days up to today, or two days."""

    days = forms.ChoiceField(choices=list(PRESETS.items()), required=False)
    first = forms.DateField(label=_("First day"), required=False, widget=forms.DateInput({"type": "date"}, "%Y-%m-%d"))
    last = forms.DateField(label=_("Last day"), required=False, widget=forms.DateInput({"type": "date"}, "%Y-%m-%d"))

    def __init__(self, *args: Any, segments: dict[int, str] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["segment"] = forms.TypedMultipleChoiceField(
            label=_("Segments"), required=False, coerce=int, choices=list((segments or {}).items())
        )

    def clean_segment(self) -> list[int]:
        chosen: list[int] = self.cleaned_data["segment"]
        if len(chosen) > MOST_SEGMENTS:
            raise forms.ValidationError(_("Choose %(count)s at the most."), params={"count": MOST_SEGMENTS})
        return chosen

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or self.cleaned_data
        first, last = given.get("first"), given.get("last")
        if last and not first and "first" not in self.errors:
            self.add_error("first", _("Say from which day on."))
        if first and not EARLIEST <= first <= timezone.localdate():
            self.add_error("first", _("Choose a day up to today, and not before 1980."))
        elif first and last and last < first:
            self.add_error("last", _("The last day is before the first."))
        return given

    def period(self) -> Period:
        """Return the days asked for; 12 months where nothing sensible was."""
        self.is_valid()
        first, last = self.cleaned_data.get("first"), self.cleaned_data.get("last")
        today = timezone.localdate()
        if first and not self.errors.keys() & {"first", "last"}:
            return Period(first, min(last or today, today))
        return preset_period(self.preset or DEFAULT, today)

    @property
    def preset(self) -> str:
        """Which of the presets it is; "" for days of one's own."""
        self.is_valid()
        if self.cleaned_data.get("first") and not self.errors.keys() & {"first", "last"}:
            return ""
        return self.cleaned_data.get("days") or DEFAULT


def preset_period(preset: str, today: date) -> Period:
    """Return the days of a preset; all begins with the first order."""
    if preset != "all":
        return Period(today - timedelta(days=int(preset) - 1), today)
    placed_at = Order.objects.aggregate(first=Min("placed_at"))["first"]
    first = timezone.localtime(placed_at).date() if placed_at else today - timedelta(days=364)
    return Period(min(max(first, EARLIEST), today), today)


@dataclass
class Asked:
    """What the pictures of one page are made for.

    Attributes:
        period: the days.
        segments: ids of segments, in the picture of their sizes.
        user: who asks; what they may not do is not offered.
        as_of: when the oldest figures on the page were counted; set by ``figures``.
    """

    period: Period
    segments: list[int] = field(default_factory=list)
    user: Any = None
    as_of: datetime | None = None

    def figures(self, name: str, work: Callable[[], Any], *, is_of_period: bool = True, is_by_day: bool = False) -> Any:
        """Return figures, counted now or kept; see ``remembering`` and, for those by day, ``day_counts``."""
        key = f"{name}:{self.period.first}:{self.period.last}" if is_of_period else name
        found = remembered(key, work)
        at = (kept_at() if is_by_day else None) or found.at
        self.as_of = min(self.as_of or at, at)
        return found.value

    def segment_url(self, name: str, *rules: dict[str, Any]) -> str:
        """Return where a segment with these rules can be made; "" for those who may not make any."""
        return new_segment_url(self.user, name, *rules)

    def segments_at(self, axis: str, places: Mapping[str, Any]) -> list[tuple[str, str]]:
        """Return each place of an axis with the address of a new segment of who stands there now."""
        found = []
        for place, name in places.items():
            rule = {"stands_at": {"places": [f"{axis}.{place}"]}}
            found.append((str(name), self.segment_url(capfirst(str(name)), rule)))
        return [(name, url) for name, url in found if url]

    @cached_property
    def currency(self) -> str:
        """The base currency; "" before any order."""
        return base_currency()

    @cached_property
    def borders(self) -> Borders:
        """When customers are at risk or churned, as of the last nightly run, whatever the period."""
        return current_borders()

    def money(self, value: Decimal | float) -> str:
        """Return an amount in whole units of the base currency: a picture has no room for pennies."""
        return format_whole_money(value, self.currency)
