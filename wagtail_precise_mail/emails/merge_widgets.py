"""The button of fields in which merge tags count."""

from __future__ import annotations

from typing import Any

from django.forms import Media
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _
from wagtail.admin.staticfiles import versioned_static
from wagtail.blocks import Block, FieldBlock

MERGE_ATTRS: dict[str, Any] = {
    "data-controller": "wpm-merge",
    "data-wpm-merge-url-value": reverse_lazy("precise_mail_merge_fields"),
    "data-wpm-merge-label-value": _("Insert a merge field"),
}
"""For the ``attrs`` of a field panel."""


def merge_media() -> Media:
    """Return what the button needs; the same addresses as those of the rich text feature, so that both load once."""
    folder = "wagtail_precise_mail/emails/"
    return Media(
        js=[versioned_static(f"{folder}merge.js"), versioned_static(f"{folder}coverage.js")],
        css={"all": [versioned_static(f"{folder}merge.css")]},
    )


def add_merge_button(block: Block) -> None:
    """Give a child block the button. Rich text has one in its toolbar, too, which shows with a selection only."""
    if isinstance(block, FieldBlock):
        block.meta.form_attrs = {**(block.meta.form_attrs or {}), **MERGE_ATTRS}
