"""Columns of this room's listings."""

from __future__ import annotations

from typing import Any

from wagtail.admin.ui.tables import Column, DateColumn


class _WideOnly(Column):
    """Not on telephones: an address needs the room."""

    def __init__(self, name: str, **kwargs: Any) -> None:
        super().__init__(name, classname="wpm-wide-only", **kwargs)

    class Media:
        css = {"all": ["wagtail_precise_mail/contacts/listing.css"]}


class WideColumn(_WideOnly):
    """Text."""


class WideDateColumn(_WideOnly, DateColumn):
    """A moment."""
