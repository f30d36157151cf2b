"""The one seam to mjml-python: MJML in, HTML out.

mjml-python (the crate mrml) prints attribute values with Rust's debug formatting, wants XML-like input, copies
elements that it does not know, and crashes on very deep nesting. So the source passes through one normalizer first.
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

from wagtail_precise_mail.exceptions import RenderError

compiled = Signal()
"""MJML was compiled. Arguments: ``size`` (bytes of the HTML). An email is compiled once, whatever its audience."""

DEPTH_LIMIT = 200
"""Nested elements: mjml-python ends the process at about 12,000."""

_POSITION = re.compile(r"position (\d+):\d+")
_PLAIN = re.compile(r"[^\x20-\x7e]|[\"\\&<>]")
_LONE_SURROGATES = re.compile(r"[\x00\ud800-\udfff]")


def compile_mjml(source: str) -> str:
    """Return the HTML of an MJML document.

    Raises:
        RenderError: the source is not valid; its ``line`` is that of the normalized source.
    """
    normalized = normalize(source)
    try:
        html: str = mjml.mjml2html(normalized, fonts={})
    except ValueError as error:
        raise RenderError(f"MJML cannot read this: {error}", line=_line(normalized, str(error))) from error
    if "<mj-" in html or "<mj-" not in normalized:
        element = re.search(r"<(mj-[\w-]*)", html)
        raise RenderError(f"MJML did not understand <{element[1] if element else 'mjml'}>.")
    compiled.send(sender=compile_mjml, size=len(html.encode()))
    return html


def normalize(source: str) -> str:
    """Return markup that mjml-python reads as it was meant.

    Raises:
        RenderError: it is nested too deep.
    """
    soup = BeautifulSoup(
        _LONE_SURROGATES.sub("\ufffd", source), "html.parser", string_containers={"mj-style": Stylesheet}
    )
    if _is_too_deep(soup):
        raise RenderError(f"More than {DEPTH_LIMIT} elements are nested in each other.")
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


def _line(source: str, message: str) -> int | None:
    # The positions are offsets into the UTF-8 bytes.
    match = _POSITION.search(message)
    return source.encode()[: int(match[1])].count(b"\n") + 1 if match else None
