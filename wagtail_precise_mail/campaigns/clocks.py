"""From the time on somebody's wall to a moment: with the hours that a change of clocks skips or repeats."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.utils.formats import date_format
from django.utils.translation import gettext as _


def to_moment(wall: datetime, zone: ZoneInfo) -> datetime:
    """Return the moment (aware, UTC) at which clocks in ``zone`` show ``wall`` (naive).

    Raises:
        ValidationError: clocks never show this time ("gap") or show it twice ("fold"). Guessing would send an hour
            off, so the person chooses.
    """
    first, second = wall.replace(tzinfo=zone, fold=0), wall.replace(tzinfo=zone, fold=1)
    shift = abs(_offset(second) - _offset(first))
    moment = first.astimezone(UTC)
    if not shift:
        return moment
    words = {"time": date_format(wall, "H:i"), "date": date_format(wall, "j F Y"), "zone": zone.key}
    if moment.astimezone(zone).replace(tzinfo=None) != wall:
        before, after = second.astimezone(UTC).astimezone(zone), moment.astimezone(zone)
        raise ValidationError(
            _("%(time)s does not exist on %(date)s in %(zone)s: clocks go forward. Choose %(before)s or %(after)s.")
            % {**words, "before": date_format(before, "H:i"), "after": date_format(after, "H:i")},
            code="gap",
        )
    raise ValidationError(
        _("%(time)s comes twice on %(date)s in %(zone)s: clocks go back. Choose %(before)s or %(after)s.")
        % {**words, "before": date_format(wall - shift, "H:i"), "after": date_format(wall + shift, "H:i")},
        code="fold",
    )


def _offset(local: datetime) -> timedelta:
    return local.utcoffset() or timedelta(0)
