"""Columns of this room's listings."""

from __future__ import annotations

from typing import Any

from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.timezone import localtime
from wagtail.admin.ui.tables import Column, DateColumn


def address_with_name(address: str, name: str) -> str:
    """Return an address for a cell; on telephones the name stands below it, and its own column is gone."""
    return with_detail(address, name)


def with_detail(title: str, *details: str) -> str:
    """Return the title of a row; on telephones these details stand below it, in place of columns that are gone."""
    shown = [(detail,) for detail in details if detail]
    return format_html("{}{}", title, format_html_join("", ' <small class="wpm-narrow-only">{}</small>', shown))


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
