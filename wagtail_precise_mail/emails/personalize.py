"""Filling one contact's values into a compiled email: no template, no parsing, one join per part."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

from wagtail_precise_mail.emails.marks import Part
from wagtail_precise_mail.emails.merge import Tag
from wagtail_precise_mail.emails.values import ESCAPES, clean
from wagtail_precise_mail.exceptions import RenderError

_BREAKS_A_LINE = re.compile(r"[\x00-\x20\x7f]")


class Compiled(Protocol):
    """Whatever carries a payload, such as a ``CompiledEmail``."""

    payload: dict[str, Any]


@dataclass(frozen=True)
class LinkInfo:
    """A link of an email.

    Attributes:
        index: its place among the links, stable for one compiled email.
        url: where it leads, with the contact's values in it.
        block_id: the block that it stands in.
        label: what can be clicked, for reports.
    """

    index: int
    url: str
    block_id: str
    label: str


@dataclass(frozen=True)
class FilledEmail:
    """An email for one contact. The subject and the preheader are one line each."""

    subject: str
    html: str
    text: str
    preheader: str = ""


class Personalizer:
    """Fills a compiled email for one contact after the other.

    Raises:
        RenderError: the payload is of a newer version of this package.
    """

    def __init__(self, compiled: Compiled) -> None:
        payload = compiled.payload
        if payload.get("version") != 1:
            raise RenderError(f"This compiled email is of an unknown version: {payload.get('version')!r}.")
        self._lines = {name: payload[name] for name in ("subject", "preheader", "html", "text")}
        self._urls = [link["url"] for link in payload["links"]]
        self._language: str = payload.get("language", "en")
        no_values: dict[str, str] = {}
        self.links = [
            LinkInfo(index, self._url(index, no_values), link["block_id"], link["label"])
            for index, link in enumerate(payload["links"])
        ]
        """Every link, with the fallbacks of merge tags in its address."""

    def fill(
        self,
        values: Mapping[str, str],
        *,
        rewrite_link: Callable[[LinkInfo], str],
        system: Mapping[str, str],
    ) -> FilledEmail:
        """Return the email for one contact.

        Args:
            values: by the name of the field, as :func:`contact_values` gives them; missing ones take the fallback.
            rewrite_link: returns the address to put in place of a link's own, such as one that counts clicks.
            system: "unsubscribe_url", and "html_tail": trusted HTML for the end of the body, such as a pixel.

        Raises:
            RenderError: no ``unsubscribe_url`` was given.
        """
        if not system.get("unsubscribe_url"):
            raise RenderError("An email cannot be filled without the address to unsubscribe.")
        targets = [_one_line(rewrite_link(self._resolve(link, values))) for link in self.links]
        escaped = [html.escape(target) for target in targets]
        text_system = {"html_tail": "", "unsubscribe_url": _one_line(system["unsubscribe_url"])}
        in_html = _Filler(values, self._language, escaped, _html_system(system))
        in_text = _Filler(values, self._language, targets, text_system)
        return FilledEmail(
            subject=in_text.fill(self._lines["subject"]),
            html=in_html.fill(self._lines["html"]),
            text=in_text.fill(self._lines["text"]),
            preheader=in_text.fill(self._lines["preheader"]),
        )

    def _resolve(self, link: LinkInfo, values: Mapping[str, str]) -> LinkInfo:
        parts = self._urls[link.index]
        if all(isinstance(part, str) for part in parts):
            return link
        return replace(link, url=self._url(link.index, values))

    def _url(self, index: int, values: Mapping[str, str]) -> str:
        return "".join(_write(part, values, self._language) for part in self._urls[index])


class _Filler:
    """Writes the parts of one place, each distinct value once."""

    def __init__(self, values: Mapping[str, str], language: str, links: list[str], system: Mapping[str, str]) -> None:
        self._values, self._language, self._links, self._system = values, language, links, system

    def fill(self, parts: list[Part]) -> str:
        return "".join([part if isinstance(part, str) else self._hole(part) for part in parts])

    def _hole(self, part: dict[str, Any]) -> str:
        if "link" in part:
            return self._links[part["link"]]
        return self._system[part["system"]] if "system" in part else _write(part, self._values, self._language)


def _write(part: Part, values: Mapping[str, str], language: str) -> str:
    if isinstance(part, str):
        return part
    hole = part.get("merge", part)
    tag = Tag(hole["field"], tuple(tuple(one) for one in hole["filters"]))
    return ESCAPES[hole["escape"]](clean(tag.fill(clean(values.get(tag.field, "")), language)))


def _html_system(system: Mapping[str, str]) -> dict[str, str]:
    return {
        "html_tail": system.get("html_tail", ""),
        "unsubscribe_url": html.escape(_one_line(system["unsubscribe_url"])),
    }


def _one_line(url: str) -> str:
    # A line break in an address would end the link in the text part.
    return _BREAKS_A_LINE.sub(lambda match: f"%{ord(match.group()):02X}", url)
