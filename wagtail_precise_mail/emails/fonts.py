"""Fonts of emails: stacks of what readers' devices have, and web fonts for the mail programs that load them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from wagtail_precise_mail.emails.links import absolute
from wagtail_precise_mail.registry import Registry

OWN = "own"
"""The choice of the web font whose name and address stand in the brand."""

SERIF = "Georgia, 'Times New Roman', serif"
SANS = "'Helvetica Neue', Helvetica, Arial, sans-serif"

# A font is a word or several, or stands in quotes. The stack is written into style attributes and style sheets, where
# a quote that is not closed, a brace or a semicolon would be code.
_FONT = r"(?:[\w-]+(?: +[\w-]+)*|'[\w .-]+'|\"[\w .-]+\")"
_STACK = re.compile(rf"{_FONT}(?:\s*,\s*{_FONT})*\Z")
_NAME = re.compile(r"[\w-]+(?: [\w-]+)*\Z")
# No quotes, brackets, backslashes, spaces: it stands in url("…"), in a style sheet, in a conditional comment.
_ADDRESS = re.compile(r"https?://[A-Za-z0-9.-]+(?::\d+)?/[A-Za-z0-9._~:/?&=+,;@%|!*-]*\Z")
_FORMATS = {"woff2": "woff2", "woff": "woff", "ttf": "truetype", "otf": "opentype"}


@dataclass(frozen=True)
class WebFont:
    """A font that mail programs load, where they do that at all.

    Attributes:
        family: its name, without quotes.
        url: of a style sheet, or of a font file (.woff2, .woff, .ttf, .otf); a path is one of the site's own.
        label: what editors read; the name, when left out.
    """

    family: str
    url: str | Promise
    label: str | Promise = ""

    def css(self, base_url: str) -> str:
        """Return the rule that loads the font, or "" when its name or address must not stand in a style sheet."""
        address = absolute(str(self.url), base_url)
        if not (_NAME.match(self.family) and _ADDRESS.match(address)):
            return ""
        suffix = address.partition("?")[0].rpartition(".")[2].lower()
        if suffix not in _FORMATS:
            return f'@import url("{address}");'
        source = f'url("{address}") format("{_FORMATS[suffix]}")'
        return f"@font-face{{font-family:'{self.family}';src:{source};font-weight:100 900;font-display:swap}}"


web_fonts: Registry[WebFont] = Registry("web font")


def web_font_choices() -> list[tuple[str, str | Promise]]:
    """Return the web fonts that a brand can choose."""
    known = [(key, font.label or font.family) for key, font in web_fonts.items()]
    return [("", _("None")), *known, (OWN, _("Your own (name and address below)"))]


def clean_stack(stack: str) -> str:
    """Return a font stack as it may stand in CSS, or "" for one that may not."""
    stack = " ".join(stack.replace('"', "'").split())
    return stack if _STACK.match(stack) else ""


def check_stack(stack: str) -> None:
    """Check a font stack.

    Raises:
        ValidationError: it is more, or less, than names of fonts.
    """
    if not clean_stack(stack):
        raise ValidationError(
            _("Write names of fonts with commas between them, such as Georgia, 'Times New Roman', serif.")
        )


def check_name(name: str) -> None:
    """Check the name of a font.

    Raises:
        ValidationError: it has other characters than letters, digits, spaces and hyphens.
    """
    if not _NAME.match(name):
        raise ValidationError(_("Write the name of one font, without quotes, such as Source Serif 4."))


def check_address(url: str) -> None:
    """Check the address of a web font.

    Raises:
        ValidationError: it is none that may stand in a mail.
    """
    if not (url.startswith("https://") and _ADDRESS.match(url)):
        raise ValidationError(
            _("Give the https address of a style sheet or font file, such as https://example.com/fonts/serif.woff2.")
        )


# Bunny Fonts keeps no record of who asks: https://bunny.net/fonts/ . With Google's, readers would have to agree first.
for _key, _family in {
    "atkinson": "Atkinson Hyperlegible",
    "bitter": "Bitter",
    "dm_sans": "DM Sans",
    "fraunces": "Fraunces",
    "inter": "Inter",
    "lora": "Lora",
    "manrope": "Manrope",
    "merriweather": "Merriweather",
    "playfair": "Playfair Display",
    "source_serif": "Source Serif 4",
    "work_sans": "Work Sans",
}.items():
    _slug = _family.lower().replace(" ", "-")
    web_fonts.register(_key)(WebFont(_family, f"https://fonts.bunny.net/css?family={_slug}:400,400i,700,800"))
