"""What the block picker shows before anything was chosen."""

from __future__ import annotations

from django.templatetags.static import static

from wagtail_precise_mail.emails.context import Picture, RenderContext


def sample_picture(context: RenderContext, width: int, height: int, *, name: str = "") -> Picture:
    """Return a picture for the picker's previews.

    Args:
        name: of the motif: "" for a landscape, "person" or "video".
    """
    file = f"sample-{name}.svg" if name else "sample.svg"
    return Picture(static(f"wagtail_precise_mail/emails/{file}"), width, height, "")
