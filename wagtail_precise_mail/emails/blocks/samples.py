"""What the block picker shows before anything was chosen."""

from __future__ import annotations

from django.templatetags.static import static

from wagtail_precise_mail.emails.context import Picture, RenderContext


def sample_picture(context: RenderContext, width: int, height: int) -> Picture:
    """Return the picture of the picker's previews."""
    return Picture(static("wagtail_precise_mail/emails/sample.svg"), width, height, "")
