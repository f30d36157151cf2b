"""Markup for translators: whole sentences with merge tags in them, and nothing that only programs read."""

from __future__ import annotations

from collections.abc import Iterator

from bs4 import BeautifulSoup, NavigableString, Tag
from bs4.element import PreformattedString, Stylesheet
from django.core.exceptions import ValidationError

from wagtail_precise_mail.emails.merge import Tag as MergeTag
from wagtail_precise_mail.emails.merge import parse
from wagtail_precise_mail.emails.soup import read_markup

_KEPT = "wpm-kept"
"""Stands for what is no words: style sheets and comments."""

_MARKED = "wpm-as-"
"""Before the names of elements such as ``<b style="…">``: translators get those without attributes only."""

_INLINE = ("abbr", "acronym", "b", "br", "code", "em", "i", "strong")


def without_chips(html: str) -> str:
    """Return rich text with its merge tags as plain text: a sentence stays one."""
    soup = _read(html)
    for chip in soup.select("span[data-wpm-merge]"):
        chip.unwrap()
    return str(soup)


def with_chips(html: str) -> str:
    """Return rich text with its merge tags as the editor writes them; a broken one stays as it is."""
    soup = _read(html)
    for string in soup.find_all(string=lambda string: "{{" in string):
        if string.parent is not None and string.parent.has_attr("data-wpm-merge"):
            continue
        try:
            parts = parse(str(string))
        except ValidationError:
            continue
        string.replace_with(*(_chip(soup, part) if isinstance(part, MergeTag) else part for part in parts))
    return str(soup)


def without_code(mjml: str) -> str:
    """Return MJML in which only words are text."""
    soup = _read(mjml)
    for number, piece in enumerate(_code_in(soup)):
        piece.replace_with(soup.new_tag(_KEPT, attrs={"n": str(number)}))
    for tag in soup.find_all(_INLINE):
        if tag.attrs:
            tag.name = f"{_MARKED}{tag.name}"
    return str(soup)


def with_code(mjml: str, original: str) -> str:
    """Return MJML with what :func:`without_code` took out of the original."""
    soup, code = _read(mjml), list(_code_in(_read(original)))
    for tag in soup.find_all(_KEPT):
        tag.replace_with(code[int(str(tag["n"]))])
    for tag in soup.find_all(lambda tag: tag.name.startswith(_MARKED)):
        tag.name = tag.name.removeprefix(_MARKED)
    return str(soup)


def _read(markup: str) -> BeautifulSoup:
    return read_markup(markup, string_containers={"mj-style": Stylesheet})


def _code_in(soup: BeautifulSoup) -> Iterator[Tag | NavigableString]:
    code = ("style", "mj-style", "script", "mj-head", "mj-preview")
    found = [node for node in soup.descendants if isinstance(node, PreformattedString) or _name(node) in code]
    yield from (node for node in found if not any(_name(parent) in code for parent in node.parents))


def _name(node: object) -> str:
    return node.name if isinstance(node, Tag) else ""


def _chip(soup: BeautifulSoup, tag: MergeTag) -> Tag:
    chip = soup.new_tag("span", attrs={"data-wpm-merge": ""})
    chip.string = str(tag)
    return chip
