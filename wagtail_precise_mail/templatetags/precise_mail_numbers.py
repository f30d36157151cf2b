"""Numbers in the templates of the admin, written as everywhere else."""

from __future__ import annotations

from django import template

from wagtail_precise_mail.charts import Number, as_percent

register = template.Library()


@register.filter
def percent(share: Number | None, decimals: int | None = 1) -> str:
    """Return a share, given from 0 to 100, such as "22.0%"; "" for None. ``percent:None`` leaves out needless zeros."""
    return "" if share is None or share == "" else as_percent(share, decimals)
