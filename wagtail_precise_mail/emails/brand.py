"""The brand of a site as blocks and templates use it: what the site chose, else what its theme says."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.apps import apps
from wagtail.models import Site

from wagtail_precise_mail.emails.brand_fields import BrandFields
from wagtail_precise_mail.emails.colors import (
    AA_TEXT,
    HEX_COLOR,
    contrast,
    darkened,
    ink_on,
    is_dark,
    mix,
    readable,
)
from wagtail_precise_mail.emails.contrast import ColorPair, color_pairs
from wagtail_precise_mail.emails.fonts import OWN, WebFont, clean_stack, web_fonts
from wagtail_precise_mail.emails.shapes import BUTTON_RADII, BUTTON_SIZES, SPACING, ButtonSize, Space
from wagtail_precise_mail.emails.themes import DEFAULT, Ground, Theme, find_theme, themes
from wagtail_precise_mail.emails.voice import listed

if TYPE_CHECKING:
    from wagtail.images.models import AbstractImage
    from wagtail.models import Page

    from wagtail_precise_mail.emails.senders import SenderIdentity

__all__ = [
    "AA_TEXT",
    "Brand",
    "BrandFields",
    "ColorPair",
    "brand_of",
    "color_pairs",
    "contrast",
    "load_brand",
    "mix",
    "readable",
]

_DARK_TEXT, _DARK_MUTED = "#eceae4", "#a9afab"
RADIUS_LIMIT = 40
"""Pixels: rounder corners cut into what stands in them."""

LOGO_WIDTHS = (40, 400)
"""Pixels: the least and the most of a logo."""


@dataclass(frozen=True)
class FrameLink:
    """A link of the header or the footer: to a page of the site, or to an address."""

    label: str
    page: Page | None = None
    url: str = ""


@dataclass(frozen=True)
class SocialAccount:
    """Where a company is found elsewhere.

    Attributes:
        network: a key of ``link_blocks.NETWORKS``.
        label: its name, for people.
    """

    network: str
    label: str
    url: str


@dataclass(frozen=True)
class Brand:
    """How a site's emails look and who they come from. Colors are ``#rrggbb``, sizes are CSS pixels.

    Attributes:
        logo: for light grounds; ``logo_dark`` is for dark ones.
        font_family: a CSS stack, the web font first; ``plain_font`` is the same without it, for Outlook.
        fonts: the web fonts to load.
        radius: of the corners of pictures and boxes.
        reason: why people get these emails, in one sentence.
        signer_name: who signs letters.
        tone: how we write, for colleagues; ``words_to_avoid`` are looked for by the checks.
    """

    company_name: str = ""
    postal_address: str = ""
    phone: str = ""
    contact_address: str = ""
    sender: SenderIdentity | None = None
    join_url: str = ""
    shows_join_line: bool = True
    logo: AbstractImage | None = None
    logo_dark: AbstractImage | None = None
    logo_width: int = 180
    theme: Theme = field(default_factory=lambda: themes.get(DEFAULT))
    primary_color: str = "#1f6f5c"
    text_color: str = "#22302c"
    background_color: str = "#f4f1ea"
    panel_color: str = "#ffffff"
    own_heading_color: str = ""
    own_link_color: str = ""
    own_accent_color: str = ""
    font_family: str = "Georgia, 'Times New Roman', serif"
    heading_font: str = "Georgia, 'Times New Roman', serif"
    plain_font: str = "Georgia, 'Times New Roman', serif"
    plain_heading_font: str = "Georgia, 'Times New Roman', serif"
    fonts: tuple[WebFont, ...] = ()
    button_shape: str = "rounded"
    button_size: str = "normal"
    spacing: str = "normal"
    radius: int = 6
    reason: str = ""
    footer_text: str = ""
    footer_links: tuple[FrameLink, ...] = ()
    social_accounts: tuple[SocialAccount, ...] = ()
    signer_name: str = ""
    signer_job: str = ""
    signer_photo: AbstractImage | None = None
    tone: str = ""
    words_to_avoid: tuple[str, ...] = ()

    @property
    def sender_name(self) -> str:
        """The name that inboxes show, or ""."""
        return self.sender.name if self.sender else ""

    @property
    def reply_to(self) -> str:
        """Where answers go that do not go to the sender's address, or ""."""
        return self.sender.reply_to if self.sender else ""

    @property
    def address_lines(self) -> list[str]:
        """The postal address, line by line."""
        return [line.strip() for line in self.postal_address.splitlines() if line.strip()]

    def on(self, background: str) -> Brand:
        """Return the brand on a ground of its own: "tint", "primary" or "dark"; its colors can be read there."""
        grounds = {"tint": self.box_color, "primary": self.primary_color, "dark": self.theme.dark_panel}
        ground = grounds.get(background)
        if ground is None:
            return self
        names = ("own_heading_color", "own_link_color", "own_accent_color")
        own: dict[str, Any] = {name: readable(color, ground) for name in names if (color := getattr(self, name))}
        return replace(
            self,
            panel_color=ground,
            text_color=self._ink_on(ground),
            # A button must not vanish in a ground of its own color.
            primary_color=self.on_primary_color if ground == self.primary_color else self.primary_color,
            **own,
        )

    @property
    def on_primary_color(self) -> str:
        """White or near black, whichever is easier to read on a button."""
        return ink_on(self.primary_color)

    @property
    def heading_color(self) -> str:
        """For headings on the panel."""
        return self.own_heading_color or self.text_color

    @property
    def link_color(self) -> str:
        """For links on the panel: the primary color, darkened or lightened as far as reading needs."""
        return self.own_link_color or readable(self.primary_color, self.panel_color)

    @property
    def accent_color(self) -> str:
        """For the few words that should be seen first on the panel, such as prices."""
        return self.own_accent_color or readable(self.primary_color, self.panel_color)

    @property
    def muted_color(self) -> str:
        """For captions and summaries on the panel."""
        return readable(mix(self.text_color, self.panel_color, 0.3), self.panel_color)

    @property
    def line_color(self) -> str:
        """For rules and outlines."""
        return mix(self.text_color, self.panel_color, 0.85)

    @property
    def box_color(self) -> str:
        """A hint of the primary color, as the ground of boxes on the panel."""
        return mix(self.panel_color, self.primary_color, 0.08)

    @property
    def header_background(self) -> str:
        """What the header stands on."""
        return self._ground(self.theme.header_ground)

    @property
    def on_header_color(self) -> str:
        """For the name and the menu in the header."""
        return self._ink(self.theme.header_ground)

    @property
    def footer_background(self) -> str:
        """What the footer stands on."""
        return self._ground(self.theme.footer_ground)

    @property
    def footer_color(self) -> str:
        """For the small print in the footer."""
        ground = self.footer_background
        return readable(mix(self._ink(self.theme.footer_ground), ground, 0.3), ground)

    @property
    def heading_style(self) -> str:
        """CSS of a heading but for its size: for the style attribute of ``h1``, ``h2`` and ``h3``."""
        theme = self.theme
        return (
            f"font-family:{self.heading_font};font-weight:{theme.heading_weight};"
            f"letter-spacing:{theme.heading_spacing};color:{self.heading_color}"
        )

    @property
    def button_radius(self) -> int:
        """Of the corners of buttons."""
        return BUTTON_RADII[self.button_shape]

    @property
    def button(self) -> ButtonSize:
        """The size of the words of a button, and the space around them."""
        return BUTTON_SIZES[self.button_size]

    @property
    def space(self) -> Space:
        """The steps of the space between things: ``xs``, ``s``, ``m``, ``l``, ``xl``."""
        return SPACING[self.spacing]

    @property
    def header_logo(self) -> AbstractImage | None:
        """The logo for the ground of the header in light mode."""
        on_dark = is_dark(self.header_background)
        return (self.logo_dark or self.logo) if on_dark else (self.logo or self.logo_dark)

    @property
    def swaps_logo(self) -> bool:
        """Whether dark mode shows another logo than light mode."""
        return bool(self.logo_dark) and self.logo_dark != self.header_logo

    @property
    def chip_color(self) -> str:
        """The light ground that a logo brings along where everything else is dark."""
        return "#ffffff" if is_dark(self.header_background) else self.header_background

    @cached_property
    def dark(self) -> dict[str, str]:
        """The colors of dark mode: the surfaces of the theme, and the brand's colors made readable on them."""
        background = mix(self.theme.dark_background, self.primary_color, 0.05)
        panel = mix(self.theme.dark_panel, self.primary_color, 0.05)
        button = readable(self.primary_color, panel, least=5)
        grounds = {
            "background": background,
            "panel": panel,
            "primary": darkened(self.primary_color, under="#ffffff", least=7),
            "text": mix(panel, "#ffffff", 0.07),
        }
        box, raised = mix(panel, self.primary_color, 0.18), grounds["text"]
        # Links stand on the panel, in boxes and on raised grounds: what can be read on the lightest can be read on all.
        lightest = max((panel, box, raised), key=lambda color: contrast(color, "#000000"))
        header, footer = grounds[self.theme.header_ground], grounds[self.theme.footer_ground]
        return {
            "background": background,
            "panel": panel,
            "text": _DARK_TEXT,
            "heading": readable(self.own_heading_color or _DARK_TEXT, lightest),
            "muted": readable(_DARK_MUTED, lightest),
            "line": mix(panel, _DARK_TEXT, 0.18),
            "box": box,
            "raised": raised,
            "primary": grounds["primary"],
            "link": readable(self.link_color, lightest, least=5.5),
            "accent": readable(self.accent_color, lightest, least=5.5),
            "button": button,
            "on_button": ink_on(button),
            "header": header,
            "on_header": readable(_DARK_TEXT, header),
            "footer": footer,
            "on_footer": readable(_DARK_MUTED, footer),
        }

    def _ground(self, name: Ground) -> str:
        return {
            "background": self.background_color,
            "panel": self.panel_color,
            "primary": self.primary_color,
            "text": self.text_color,
        }[name]

    def _ink(self, name: Ground) -> str:
        return self._ink_on(self._ground(name))

    def _ink_on(self, ground: str) -> str:
        return self.text_color if contrast(self.text_color, ground) >= AA_TEXT else ink_on(ground)


def load_brand(site: Site) -> Brand:
    """Return the brand of a site; its theme's look where nobody filled it in."""
    return brand_of(apps.get_model("wagtail_precise_mail", "BrandSettings").for_site(site), site)


def brand_of(fields: BrandFields, site: Site) -> Brand:
    """Return the brand that a row describes; what is empty, or must not stand in a mail, comes from the theme."""
    theme = find_theme(fields.theme)
    return Brand(
        company_name=fields.company_name or site.site_name or site.hostname,
        **{name: getattr(fields, name) for name in _TAKEN_OVER},
        words_to_avoid=listed(fields.words_to_avoid),
        logo_width=min(max(fields.logo_width or 180, LOGO_WIDTHS[0]), LOGO_WIDTHS[1]),
        theme=theme,
        **_colors(fields, theme),
        own_heading_color=_color(fields.heading_color),
        own_link_color=_color(fields.link_color),
        own_accent_color=_color(fields.accent_color),
        **_fonts(fields, theme),
        button_shape=fields.button_shape if fields.button_shape in BUTTON_RADII else theme.button_shape,
        button_size=fields.button_size if fields.button_size in BUTTON_SIZES else theme.button_size,
        spacing=fields.spacing if fields.spacing in SPACING else theme.spacing,
        radius=theme.radius if fields.corner_radius is None else min(max(fields.corner_radius, 0), RADIUS_LIMIT),
        footer_links=tuple(
            FrameLink(link.value.get("label") or "", link.value.get("page"), link.value.get("url") or "")
            for link in fields.footer_links
        ),
        social_accounts=tuple(
            SocialAccount(
                account.value.get("network") or "", account.block.name_of(account.value), account.value.get("url") or ""
            )
            for account in fields.social_accounts
        ),
    )


def _colors(fields: BrandFields, theme: Theme) -> dict[str, Any]:
    return {name: _color(getattr(fields, name)) or getattr(theme, name) for name in _COLORS}


_COLORS = ("primary_color", "text_color", "background_color", "panel_color")
_TAKEN_OVER = (
    "postal_address",
    "phone",
    "contact_address",
    "sender",
    "join_url",
    "shows_join_line",
    "logo",
    "logo_dark",
    "reason",
    "footer_text",
    "signer_name",
    "signer_job",
    "signer_photo",
    "tone",
)


def _color(value: str) -> str:
    # The form refuses anything else, but rows come from elsewhere, too, and colors stand in style sheets.
    return value.lower() if HEX_COLOR.match(value or "") else ""


def _fonts(fields: BrandFields, theme: Theme) -> dict[str, Any]:
    plain = clean_stack(fields.font_family) or theme.font_family
    plain_heading = clean_stack(fields.heading_font_family) or theme.heading_font or plain
    text, heading = _web_font(fields.web_font, fields), _web_font(fields.heading_web_font, fields)
    return {
        "plain_font": plain,
        "plain_heading_font": plain_heading,
        "font_family": _stack(text, plain),
        # Without fonts of their own, headings are set in those of the text.
        "heading_font": _stack(heading, plain_heading) if heading or plain_heading != plain else _stack(text, plain),
        "fonts": tuple(dict.fromkeys(font for font in (text, heading) if font)),
    }


def _web_font(key: str, fields: BrandFields) -> WebFont | None:
    if key == OWN and fields.own_font_name and fields.own_font_url:
        font = WebFont(fields.own_font_name, fields.own_font_url)
        return font if font.css("") else None
    return web_fonts.get(key) if key in web_fonts else None


def _stack(font: WebFont | None, plain: str) -> str:
    return f"'{font.family}', {plain}" if font else plain
