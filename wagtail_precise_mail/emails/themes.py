"""Themes: how emails look where the brand leaves it open. A project adds its own with a few lines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from wagtail_precise_mail.emails.fonts import SANS, SERIF
from wagtail_precise_mail.registry import Registry

DEFAULT = "paper"

Ground = Literal["background", "panel", "primary", "text"]
"""Which color of the brand a part stands on."""


@dataclass(frozen=True)
class Theme:
    """The look of emails. What the brand says itself goes first.

    Numbers with fractions are strings: templates would write them in the notation of the email's language.

    Attributes:
        description: one sentence for the editor who chooses.
        primary_color: what a brand gets that chose none yet.
        heading_sizes: pixels of the three levels of headings, each on desktops and on phones.
        heading_line: height of the lines of a title.
        heading_spacing: between letters, as CSS writes it.
        text_size: pixels.
        header_ground: what the header stands on; other than "background" it fills the whole width.
        has_lines: fine lines below the header and above the footer.
        radius: pixels of the corners of pictures and boxes.
        panel_radius: pixels of the corners of the panel.
        document: template of the whole email; one that extends ours overrides its blocks.
        header: template of the header.
        footer: template of the footer.
        css: template of further rules, or "".
        dark_background: a dark color, to which the brand adds a hint of its own; so for ``dark_panel``.
    """

    label: str | Promise
    description: str | Promise = ""
    primary_color: str = "#1f6f5c"
    text_color: str = "#22302c"
    background_color: str = "#f4f1ea"
    panel_color: str = "#ffffff"
    font_family: str = SERIF
    heading_font: str = ""
    heading_weight: int = 700
    heading_spacing: str = "-0.01em"
    heading_sizes: tuple[tuple[int, int], ...] = ((36, 30), (27, 24), (20, 20))
    heading_line: str = "1.15"
    text_size: int = 17
    line_height: str = "1.6"
    align: Literal["left", "center"] = "center"
    header_ground: Ground = "background"
    footer_ground: Ground = "background"
    has_lines: bool = False
    button_shape: str = "rounded"
    button_size: str = "normal"
    spacing: str = "normal"
    radius: int = 6
    panel_radius: int = 10
    dark_background: str = "#121514"
    dark_panel: str = "#1d2220"
    document: str = "wagtail_precise_mail/emails/document.mjml"
    header: str = "wagtail_precise_mail/emails/frame/header.mjml"
    footer: str = "wagtail_precise_mail/emails/frame/footer.mjml"
    css: str = ""


themes: Registry[Theme] = Registry("theme")


def theme_choices() -> list[tuple[str, str | Promise]]:
    """Return the themes that a brand can choose."""
    return [(key, theme.label) for key, theme in themes.items()]


def find_theme(key: str) -> Theme:
    """Return a theme; the first of ours for one whose code is gone: emails must go out all the same."""
    return themes.get(key if key in themes else DEFAULT)


themes.register("paper")(
    Theme(
        label=_("Paper"),
        description=_("Warm, with serifs: a white sheet on a tinted ground, the logo above its middle."),
    )
)

themes.register("clean")(
    Theme(
        label=_("Clean"),
        description=_("White and airy, without serifs: fine lines in place of a panel, everything from one edge."),
        text_color="#1c2126",
        background_color="#ffffff",
        panel_color="#ffffff",
        font_family=SANS,
        heading_weight=600,
        heading_spacing="-0.02em",
        heading_sizes=((34, 29), (24, 22), (18, 18)),
        text_size=16,
        line_height="1.65",
        align="left",
        has_lines=True,
        button_shape="square",
        spacing="airy",
        radius=2,
        panel_radius=0,
        dark_background="#131518",
        dark_panel="#131518",
    )
)

themes.register("bold")(
    Theme(
        label=_("Bold"),
        description=_("Loud and large: a header and a footer in full color from edge to edge, heavy headings, pills."),
        text_color="#17181c",
        background_color="#ffffff",
        panel_color="#ffffff",
        font_family=SANS,
        heading_font="'Arial Black', 'Helvetica Neue', Arial, sans-serif",
        heading_weight=900,
        heading_spacing="-0.03em",
        heading_sizes=((48, 36), (32, 27), (21, 20)),
        heading_line="1.02",
        align="left",
        header_ground="primary",
        footer_ground="text",
        button_shape="pill",
        button_size="large",
        radius=14,
        panel_radius=0,
        dark_background="#0e0f12",
        dark_panel="#0e0f12",
    )
)
