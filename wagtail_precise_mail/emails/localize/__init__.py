"""Emails in wagtail-localize: what translators get, and what becomes of their words. It need not be installed."""

from __future__ import annotations

from typing import Any

from wagtail.blocks import StructValue


def segments_of(value: StructValue) -> list[Any]:
    """Return the words of a block as segments of wagtail-localize."""
    from wagtail_precise_mail.emails.localize.segments import Extractor

    found: list[Any] = Extractor(None).handle_struct_block(value)
    return found


def with_segments(value: StructValue, segments: list[Any]) -> StructValue:
    """Return a block with translated segments in it; the value given is changed."""
    from wagtail_precise_mail.emails.localize.segments import Writer

    written: StructValue = Writer(None, None, None).handle_struct_block(value, segments)
    return written
