"""Columns of the listings and reports of campaigns."""

from __future__ import annotations

from typing import Any

from django.utils.formats import number_format
from wagtail.admin.ui.tables import Column


class StyledColumn(Column):
    """A column that brings the style sheet of campaigns along."""

    class Media:
        css = {"all": ["wagtail_precise_mail/campaigns/campaigns.css"]}


class StateColumn(StyledColumn):
    """The state as a colored tag."""

    cell_template_name = "wagtail_precise_mail/campaigns/state_cell.html"


class MomentColumn(StyledColumn):
    """A date and time as they are: Wagtail's own column says "just now" of everything that is still to come."""

    cell_template_name = "wagtail_precise_mail/campaigns/moment_cell.html"


class CountColumn(StyledColumn):
    """A whole number."""

    def get_value(self, instance: Any) -> str:
        return number_format(super().get_value(instance), force_grouping=True)


class ShareColumn(StyledColumn):
    """A count with its rate below."""

    cell_template_name = "wagtail_precise_mail/reports/share_cell.html"


class RevenueColumn(StyledColumn):
    """One amount per currency."""

    cell_template_name = "wagtail_precise_mail/reports/revenue_cell.html"
