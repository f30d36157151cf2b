"""Columns of this room's listings."""

from __future__ import annotations

from typing import Any

from django.utils.formats import date_format
from django.utils.timezone import localtime
from wagtail.admin.ui.tables import Column, DateColumn


class _WideOnly(Column):
    """Not on telephones: an address needs the room."""

    def __init__(self, name: str, **kwargs: Any) -> None:
        super().__init__(name, classname="wpm-wide-only", **kwargs)

    class Media:
        css = {"all": ["wagtail_precise_mail/contacts/listing.css"]}


class WideColumn(_WideOnly):
    """Text."""


class WideDayColumn(_WideOnly):
    """A day that may be yet to come, of which Wagtail's own column would say "just now"."""

    def get_value(self, instance: Any) -> str:
        moment = super().get_value(instance)
        return date_format(localtime(moment), "DATE_FORMAT") if moment else ""


class WideDateColumn(_WideOnly, DateColumn):
    """A moment."""
