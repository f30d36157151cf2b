"""Filling one contact's values into a compiled email: no template, no parsing, one join per part."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any, Protocol

from wagtail_precise_mail.emails.editions import Edition, for_edition
from wagtail_precise_mail.emails.encodings import PLAIN, QUOTED_PRINTABLE, quoted_printable
from wagtail_precise_mail.emails.marks import Part
from wagtail_precise_mail.emails.merge_fields import contact_values
from wagtail_precise_mail.emails.notes import settled
from wagtail_precise_mail.emails.programs import (
    NO_ITEM,
    CommonLink,
    MakeLink,
    PersonalLink,
    Program,
    Run,
    one_line,
    write_url,
)
from wagtail_precise_mail.emails.readers import Item, Reader, walk
from wagtail_precise_mail.exceptions import RenderError

__all__ = ["CommonLink", "EncodedEmail", "FilledEmail", "LinkInfo", "PersonalLink", "Personalizer", "contact_values"]

PAYLOAD_VERSIONS = (1, 2, 3)
"""Of compiled emails that can still be filled."""

_GAPS = re.compile(r"\n{3,}")


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


@dataclass(frozen=True)
class EncodedEmail:
    """An email for one contact as it leaves: the body parts in quoted-printable, with CRLF line ends, in pieces."""

    subject: str
    html: Sequence[bytes]
    text: Sequence[bytes]


RewriteLink = Callable[[LinkInfo], str]


class Personalizer:
    """Fills a compiled email for one contact after the other.

    Args:
        edition: where it will be read; parts for other editions are left out.
        common_links: what :meth:`encode` writes instead of links that are the same for all contacts, by their index;
            it asks ``rewrite_link`` for the others.

    Raises:
        RenderError: the payload is of a newer version of this package.
    """

    def __init__(
        self,
        compiled: Compiled,
        *,
        edition: Edition = Edition.MAIL,
        common_links: Mapping[int, CommonLink] | None = None,
    ) -> None:
        payload = compiled.payload
        if payload.get("version") not in PAYLOAD_VERSIONS:
            raise RenderError(f"This compiled email is of an unknown version: {payload.get('version')!r}.")
        places = ("subject", "preheader", "html", "text")
        self._parts = {name: for_edition(payload[name], edition) for name in places}
        self._parts["text"] = settled(self._parts["text"])
        self._locale: str = payload.get("language", "en")
        self._common_links = {index: replace(one, url=one_line(one.url)) for index, one in (common_links or {}).items()}
        self._urls: list[list[Part]] = [link["url"] for link in payload["links"]]
        self._is_fixed = [all(isinstance(part, str) for part in url) for url in self._urls]
        self.links = [
            LinkInfo(index, write_url(link["url"], {}, NO_ITEM, self._locale), link["block_id"], link["label"])
            for index, link in enumerate(payload["links"])
        ]
        """Every link, with the fallbacks of merge tags in its address; links to items of lists have none yet."""

    def fill(
        self,
        reader: Reader | Mapping[str, str],
        *,
        rewrite_link: RewriteLink,
        system: Mapping[str, str],
        personal_link: PersonalLink | None = None,
    ) -> FilledEmail:
        """Return the email for one contact.

        Args:
            reader: what is known about the contact; values alone are a reader of no segment and with empty lists.
            rewrite_link: returns the address to put in place of a link's own, such as one that counts clicks.
            system: "unsubscribe_url", and "html_tail": trusted HTML for the end of the body, such as a pixel.
            personal_link: makes the addresses that are signed for each message; None leads nowhere ("#").

        Raises:
            RenderError: no ``unsubscribe_url`` was given.
        """
        in_text, in_html = self._runs(reader, rewrite_link, system, personal_link)
        return FilledEmail(
            subject=self._subject.fill(in_text),
            html=self._html.fill(in_html),
            text=_without_gaps(self._text.fill(in_text)),
            preheader=self._preheader.fill(in_text),
        )

    def encode(
        self,
        reader: Reader,
        *,
        rewrite_link: RewriteLink,
        system: Mapping[str, str],
        personal_link: PersonalLink | None = None,
        link_ending: str = "",
    ) -> EncodedEmail:
        """Return the same as :meth:`fill`, encoded for a message: what all contacts share is encoded once.

        Args:
            link_ending: what stands behind common links that have an ending.

        Raises:
            RenderError: no ``unsubscribe_url`` was given.
        """
        in_text, in_html = self._runs(reader, rewrite_link, system, personal_link, one_line(link_ending))
        encoded = self._encoded_text
        if encoded is None:
            text: Sequence[bytes] = [quoted_printable(_without_gaps(self._text.fill(in_text)))]
        else:
            text = encoded.pieces(in_text)
        return EncodedEmail(self._subject.fill(in_text), self._encoded_html.pieces(in_html), text)

    def headline(self, reader: Reader) -> tuple[str, str]:
        """Return the subject and the preheader for one contact: as in :meth:`fill`, without making the rest."""
        run = Run(reader, lambda index, item: "", _nowhere, {"html_tail": "", "unsubscribe_url": ""})
        return self._subject.fill(run), self._preheader.fill(run)

    @property
    def fixed_links(self) -> list[LinkInfo]:
        """The links that lead everybody to the same place."""
        return [link for link, is_fixed in zip(self.links, self._is_fixed, strict=True) if is_fixed and link.url]

    @cached_property
    def _subject(self) -> Program[str]:
        return Program(self._parts["subject"], PLAIN, locale=self._locale, is_html=False)

    @cached_property
    def _preheader(self) -> Program[str]:
        return Program(self._parts["preheader"], PLAIN, locale=self._locale, is_html=False)

    @cached_property
    def _html(self) -> Program[str]:
        return Program(self._parts["html"], PLAIN, locale=self._locale, is_html=True)

    @cached_property
    def _text(self) -> Program[str]:
        return Program(self._parts["text"], PLAIN, locale=self._locale, is_html=False)

    @cached_property
    def _encoded_html(self) -> Program[bytes]:
        return self._encoded("html")

    @cached_property
    def _encoded_text(self) -> Program[bytes] | None:
        """None where readers get different paragraphs: the gaps between them are closed in the text as a whole."""
        if any("parts" in hole for hole in walk(self._parts["text"])):
            return None
        return self._encoded("text")

    def _encoded(self, name: str) -> Program[bytes]:
        is_html, common = name == "html", self._common_links
        return Program(self._parts[name], QUOTED_PRINTABLE, locale=self._locale, is_html=is_html, common_links=common)

    def _runs(
        self,
        reader: Reader | Mapping[str, str],
        rewrite_link: RewriteLink,
        system: Mapping[str, str],
        personal_link: PersonalLink | None,
        link_ending: str = "",
    ) -> tuple[Run, Run]:
        if not system.get("unsubscribe_url"):
            raise RenderError("An email cannot be filled without the address to unsubscribe.")
        reader = reader if isinstance(reader, Reader) else Reader(reader)
        link, personal = self._link_maker(reader, rewrite_link), personal_link or _nowhere
        leave = one_line(system["unsubscribe_url"])
        in_html = {"html_tail": system.get("html_tail", ""), "unsubscribe_url": html.escape(leave)}
        in_text = {"html_tail": "", "unsubscribe_url": leave}
        made = partial(Run, reader, link, personal, link_ending=link_ending)
        return made(system=in_text), made(system=in_html)

    def _link_maker(self, reader: Reader, rewrite_link: RewriteLink) -> MakeLink:
        """Return what makes the address of a link, each distinct one once."""
        made: dict[int | tuple[int, str], str] = {}

        def make(index: int, item: Item) -> str:
            key = (index, item.get("url", "")) if item else index
            url = made.get(key)
            if url is None:
                link = self._resolve(index, reader.values, item)
                url = made[key] = one_line(rewrite_link(link)) if link.url else ""
            return url

        return make

    def _resolve(self, index: int, values: Mapping[str, str], item: Item) -> LinkInfo:
        link = self.links[index]
        if self._is_fixed[index]:
            return link
        url = write_url(self._urls[index], values, item, self._locale)
        return replace(link, url=url, label=link.label or item.get("name", ""))


def _nowhere(name: str, block_id: str, argument: str) -> str:
    return "#"


def _without_gaps(text: str) -> str:
    # What is not shown to a reader leaves its empty lines behind.
    return _GAPS.sub("\n\n", text).lstrip("\n")
