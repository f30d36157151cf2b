"""The lines around an email that lead to the web: to its web version, and to the page where others can sign up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from wagtail_precise_mail.emails.colors import mix, readable
from wagtail_precise_mail.emails.confirming import can_confirm
from wagtail_precise_mail.emails.context import RenderContext
from wagtail_precise_mail.emails.editions import Edition
from wagtail_precise_mail.emails.marks import Place


@dataclass(frozen=True)
class Line:
    """One line, twice. Empty where an email has none."""

    mjml: str = ""
    text: str = ""


def web_line(email: Any, context: RenderContext) -> Line:
    """Return "View in browser", unless the email does without."""
    if not getattr(email, "shows_web_link", True):
        return Line()
    return _line("web_line.mjml", "web_version", _("View in browser"), context.at_block("header", _("Header")))


def join_line(email: Any, context: RenderContext) -> Line:
    """Return "Got this from a friend? Subscribe", unless the brand does without or the mail asks that itself."""
    if not context.brand.shows_join_line or can_confirm(email):
        return Line()
    words = " ".join([_("Got this from a friend?"), _("Subscribe")])
    return _line("join_line.mjml", "join", words, context.at_block("footer", _("Footer")))


def _line(template: str, link: str, words: str, context: RenderContext) -> Line:
    href = context.personal_link(link)
    brand = context.brand
    # They stand on the ground of the email itself, whatever ground the theme gives its header and footer.
    color = readable(mix(brand.text_color, brand.background_color, 0.3), brand.background_color)
    facts = {"color": color, "href": href}
    mjml = render_to_string(f"wagtail_precise_mail/emails/frame/{template}", facts)
    # Pages on the web say it their own way.
    return Line(
        context.only_in([Edition.MAIL], mjml, Place.SECTION),
        context.only_in([Edition.MAIL], f"{words}:\n{href}", Place.INLINE),
    )
