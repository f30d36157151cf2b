"""The one seam to mjml-python: MJML in, HTML out.

mjml-python (the crate mrml) prints attribute values with Rust's debug formatting, wants XML-like input, copies
elements that it does not know, inlines no styles, and crashes on very deep nesting. So the source passes through one
normalizer first, and the styles that ask for it are inlined afterwards.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import mjml
from bs4 import BeautifulSoup, NavigableString, Tag
from bs4.dammit import EntitySubstitution
from bs4.element import Stylesheet
from bs4.formatter import Formatter
from django.dispatch import Signal
from django.utils.translation import gettext as _

from wagtail_precise_mail.emails.inlining import inline, take_inline_styles
from wagtail_precise_mail.emails.soup import read_markup
from wagtail_precise_mail.exceptions import RenderError

compiled = Signal()
"""MJML was compiled. Arguments: ``size`` (bytes of the HTML). An email is compiled once, whatever its audience."""

DEPTH_LIMIT = 200
"""Nested elements: mjml-python ends the process at about 12,000."""

SIZE_LIMIT = 1_000_000
"""Bytes of a source: ten times what Gmail shows. mjml-python holds Python's lock while it works, so that other
threads of the site would wait for a larger one."""

ELEMENT_LIMIT = 20_000
"""Elements of a source, twenty times those of a long email: reading more takes seconds."""

_POSITION = re.compile(r"position (\d+):\d+")
_PLAIN = re.compile(r"[^\x20-\x7e]|[\"\\&<>]")
_LONE_SURROGATES = re.compile(r"[\x00\ud800-\udfff]")
_BARE_ZERO = re.compile(r"(?<![\w.#-])0(?![\w.%])")
# In the normalized source a "<" in front of a letter starts an element: all others are written as &lt;.
_STARTS = re.compile(r"<[a-z]")


def compile_mjml(source: str) -> str:
    """Return the HTML of an MJML document, with its ``<mj-style inline="inline">`` in the style attributes.

    Raises:
        RenderError: the source is not valid, or too large; its ``line`` is that of the source.
    """
    soup = _read(source)
    _complete(soup)
    css = take_inline_styles(soup)
    normalized = _write(soup)
    try:
        html: str = mjml.mjml2html(normalized, fonts={})
    except ValueError as error:
        line = _line(soup, normalized, str(error))
        raise RenderError(_("MJML cannot read this: %(reason)s") % {"reason": error}, line=line) from error
    if "<mj-" in html or "<mj-" not in normalized:
        raise _not_understood(soup, html)
    html = inline(html, css)
    compiled.send(sender=compile_mjml, size=len(html.encode()))
    return html


def normalize(source: str) -> str:
    """Return markup that mjml-python reads as it was meant.

    Raises:
        RenderError: it is nested too deep, or too large.
    """
    return _write(_read(source))


def clean_markup(source: str) -> str:
    """Return markup without characters that no parser takes: NUL and halves of surrogate pairs."""
    return _LONE_SURROGATES.sub("\ufffd", source)


def _read(source: str) -> BeautifulSoup:
    source = clean_markup(source)
    if (size := len(source.encode())) > SIZE_LIMIT:
        kilobytes = {"size": size // 1000, "limit": SIZE_LIMIT // 1000}
        raise RenderError(_("This has %(size)s kB, and %(limit)s kB are the most: shorten it.") % kilobytes)
    if source.count("<") > ELEMENT_LIMIT:
        raise RenderError(_("This has more than %(limit)s elements: shorten it.") % {"limit": ELEMENT_LIMIT})
    soup = read_markup(source, string_containers={"mj-style": Stylesheet})
    if _is_too_deep(soup):
        raise RenderError(_("More than %(limit)s elements are nested in each other.") % {"limit": DEPTH_LIMIT})
    return soup


def _write(soup: BeautifulSoup) -> str:
    return soup.decode(formatter=_FORMATTER)


class _Formatter(Formatter):
    """Quotes every attribute, closes voids, and writes what mjml-python would garble as numeric references."""

    def __init__(self) -> None:
        super().__init__(
            Formatter.HTML,
            entity_substitution=EntitySubstitution.substitute_xml,
            void_element_close_prefix="/",
            cdata_containing_tags={"style", "script", "mj-style"},
        )

    def substitute(self, ns: NavigableString) -> str:
        # The title becomes an attribute, too.
        if ns.parent is not None and ns.parent.name == "mj-title":
            return self.attribute_value(ns)
        return str(super().substitute(ns))

    def attribute_value(self, value: str) -> str:
        return _PLAIN.sub(lambda match: f"&#{ord(match.group())};", value)

    def attributes(self, tag: Tag) -> Iterator[tuple[str, str]]:
        return ((name, "" if value is None else value) for name, value in tag.attrs.items())


_FORMATTER = _Formatter()


def _is_too_deep(soup: BeautifulSoup) -> bool:
    pending: list[tuple[Tag, int]] = [(soup, 0)]
    while pending:
        tag, depth = pending.pop()
        if depth > DEPTH_LIMIT:
            return True
        pending += [(child, depth + 1) for child in tag.children if isinstance(child, Tag)]
    return False


def _complete(soup: BeautifulSoup) -> None:
    """Write what mjml-python leaves out, or reads otherwise than MJML does."""
    for tag in soup.find_all(True):
        if not tag.name.startswith("mj-"):
            continue
        for name in [name for name in tag.attrs if "padding" in name]:
            # It ignores a shorthand such as "0 40px" in its sums: in Outlook the mail would be 80 pixels too wide.
            tag[name] = _BARE_ZERO.sub("0px", str(tag[name]))
        if tag.name in ("mj-image", "mj-carousel-image", "mj-social-element"):
            tag.attrs.setdefault("alt", "")


def _not_understood(soup: BeautifulSoup, html: str) -> RenderError:
    match = re.search(r"<(mj-[\w-]*)", html)
    name = match[1] if match else "mjml"
    first = soup.find(name)
    line = first.sourceline if isinstance(first, Tag) else None
    return RenderError(_("MJML did not understand <%(element)s>.") % {"element": name}, line=line)


def _line(soup: BeautifulSoup, normalized: str, message: str) -> int | None:
    """Return the line of the source on which the element stands that mjml-python stumbled over."""
    if not (match := _POSITION.search(message)):
        return None
    # The positions are offsets into the UTF-8 bytes, and point at the "<".
    before = normalized.encode()[: int(match[1]) + 2].decode("utf-8", "ignore")
    elements = soup.find_all(True)
    number = len(_STARTS.findall(before))
    return elements[number - 1].sourceline if 0 < number <= len(elements) else None
