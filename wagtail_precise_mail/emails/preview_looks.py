"""A filled email as some readers see it: in dark mode, or without pictures."""

from __future__ import annotations

import re

from bs4 import BeautifulSoup, Tag

from wagtail_precise_mail.emails.soup import read_markup

_DARK_QUERY = re.compile(r"@media\s*\(\s*prefers-color-scheme\s*:\s*dark\s*\)")
_SCHEME = "<style>:root{color-scheme:dark !important}</style>"
_BOX = (
    "display:inline-block;box-sizing:border-box;overflow:hidden;border:1px solid #9aa0a6;background:transparent;"
    "color:inherit;font:13px/1.4 sans-serif;padding:6px"
)


def dark(html: str) -> str:
    """Return an email with the styles of its dark mode in force.

    Mail programs that do not know them (Gmail on iOS, Outlook on Windows) change the colors by themselves; what they
    make of it cannot be shown here.
    """
    return _DARK_QUERY.sub("@media all", html).replace("</head>", f"{_SCHEME}</head>", 1)


def light(html: str) -> str:
    """Return an email as it looks in light mode, whatever the editor's own screen is set to."""
    return _DARK_QUERY.sub("@media not all", html)


def without_pictures(html: str) -> str:
    """Return an email as it looks before a reader lets pictures load: their descriptions stand in their place."""
    soup = read_markup(html)
    for image in soup.find_all("img"):
        if "display:none" in str(image.get("style", "")):
            image.decompose()  # the logo of dark mode
            continue
        image.replace_with(_box(soup, image))
    for tag in soup.find_all(True):
        if tag.get("background"):
            del tag["background"]
        if "url(" in str(tag.get("style", "")):
            tag["style"] = re.sub(r"background(?:-image)?:[^;]*url\([^)]*\)[^;]*;?", "", str(tag["style"]))
    return str(soup)


def _box(soup: BeautifulSoup, image: Tag) -> Tag:
    width, height = str(image.get("width", "")), str(image.get("height", ""))
    sizes = f"width:{width}px;max-width:100%;" if width.isdigit() else ""
    sizes += f"min-height:{height}px;" if height.isdigit() else ""
    box = soup.new_tag("span", attrs={"style": f"{_BOX};{sizes}", "class": "wpm-no-picture"})
    box.string = str(image.get("alt") or "\xa0")
    return box
