"""The brand on public pages, such as the preference centre: they look like the mail that led there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wagtail.models import Site

from wagtail_precise_mail.contacts.public import PublicLook, public_looks
from wagtail_precise_mail.emails.brand import Brand, load_brand, mix, readable
from wagtail_precise_mail.emails.colors import ink_on

if TYPE_CHECKING:
    from wagtail.images.models import AbstractImage

_LOGO = "max-480x160|format-png"


@public_looks.register("brand")
def brand_look(site: Site) -> PublicLook:
    """Return the look of a site's emails for its pages."""
    brand = load_brand(site)
    return PublicLook(
        name=brand.company_name,
        logo_url=_url(brand.logo),
        logo_dark_url=_url(brand.logo_dark),
        light={**_light(brand), "font": brand.plain_font, "heading-font": brand.plain_heading_font},
        dark=_dark(brand),
    )


def _light(brand: Brand) -> dict[str, str]:
    # Links stand on the panel and, below it, on the page.
    link = readable(brand.link_color, brand.background_color)
    return {
        "page": brand.background_color,
        "card": brand.panel_color,
        "ink": brand.text_color,
        "soft": readable(brand.muted_color, brand.background_color),
        "line": brand.line_color,
        "accent": link,
        "accent-deep": mix(link, brand.text_color, 0.25),
        "on-accent": ink_on(link),
        "tint": brand.box_color,
    }


def _dark(brand: Brand) -> dict[str, str]:
    colors = brand.dark
    return {
        "page": colors["background"],
        "card": colors["panel"],
        "ink": colors["text"],
        "soft": colors["muted"],
        "line": colors["line"],
        "accent": colors["link"],
        "accent-deep": mix(colors["link"], "#ffffff", 0.25),
        "on-accent": ink_on(colors["link"]),
        "tint": colors["box"],
    }


def _url(image: AbstractImage | None) -> str:
    return str(image.get_rendition(_LOGO).url) if image else ""
