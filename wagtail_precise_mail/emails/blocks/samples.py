"""What the block picker shows before anything was chosen."""

from __future__ import annotations

from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from wagtail_precise_mail.emails.context import Picture, RenderContext


def sample_picture(context: RenderContext, width: int, height: int, *, name: str = "") -> Picture:
    """Return a picture for the picker's previews.

    Args:
        name: of the motif: "" for a landscape, "dusk" for a dark one, "cup", "leaf", "person" or "video".
    """
    file = f"sample-{name}.svg" if name else "sample.svg"
    return Picture(static(f"wagtail_precise_mail/emails/{file}"), width, height, "")


def between_words(mjml: SafeString) -> SafeString:
    """Return something that is seen only between other things, with words above and below it."""
    words = "<mj-text>{}</mj-text>{}<mj-text>{}</mj-text>"
    return format_html(words, gettext("What has been said so far."), mjml, gettext("And what comes next."))
