"""Filling one contact's values into a compiled email: no template, no parsing, one join per part."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Protocol

from wagtail_precise_mail.emails.editions import Edition, for_edition
from wagtail_precise_mail.emails.encodings import PLAIN, QUOTED_PRINTABLE, quoted_printable
from wagtail_precise_mail.emails.marks import Part
from wagtail_precise_mail.emails.merge_fields import contact_values
from wagtail_precise_mail.emails.notes import settled
from wagtail_precise_mail.emails.programs import NO_ITEM, MakeLink, PersonalLink, Program, Run, one_line, write_url
from wagtail_precise_mail.emails.readers import Item, Reader, walk
from wagtail_precise_mail.exceptions import RenderError

__all__ = ["EncodedEmail", "FilledEmail", "LinkInfo", "PersonalLink", "Personalizer", "contact_values"]

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
RewriteLinks = Callable[[Sequence[LinkInfo]], list[str]]


class Personalizer:
    """Fills a compiled email for one contact after the other.

    Args:
        edition: where it will be read; parts for other editions are left out.

    Raises:
        RenderError: the payload is of a newer version of this package.
    """

    def __init__(self, compiled: Compiled, *, edition: Edition = Edition.MAIL) -> None:
        payload = compiled.payload
        if payload.get("version") not in PAYLOAD_VERSIONS:
            raise RenderError(f"This compiled email is of an unknown version: {payload.get('version')!r}.")
        places = ("subject", "preheader", "html", "text")
        self._parts = {name: for_edition(payload[name], edition) for name in places}
        self._parts["text"] = settled(self._parts["text"])
        self._locale: str = payload.get("language", "en")
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
        rewrite_links: RewriteLinks,
        system: Mapping[str, str],
        personal_link: PersonalLink | None = None,
    ) -> EncodedEmail:
        """Return the same as :meth:`fill`, encoded for a message: what all contacts share is encoded once.

        Args:
            rewrite_links: as ``rewrite_link`` there, for several links at once: those that everybody gets are.

        Raises:
            RenderError: no ``unsubscribe_url`` was given.
        """
        in_text, in_html = self._runs(reader, lambda link: rewrite_links([link])[0], system, personal_link)
        encoded = self._encoded_text
        if self._common_links:
            urls = rewrite_links(self._common_links)
            self._bring_links(urls, in_text, in_html)
        if encoded is None:
            text: Sequence[bytes] = [quoted_printable(_without_gaps(self._text.fill(in_text)))]
        else:
            text = encoded.pieces(in_text)
        return EncodedEmail(self._subject.fill(in_text), self._encoded_html.pieces(in_html), text)

    def headline(self, reader: Reader) -> tuple[str, str]:
        """Return the subject and the preheader for one contact: as in :meth:`fill`, without making the rest."""
        run = Run(reader, lambda index, item: "", _nowhere, {"html_tail": "", "unsubscribe_url": ""})
        return self._subject.fill(run), self._preheader.fill(run)

    @cached_property
    def _common_links(self) -> list[LinkInfo]:
        """The links that lead everybody to the same place and stand where everybody sees them."""
        holes = (part for name in ("html", "text") for part in self._parts[name] if not isinstance(part, str))
        found = sorted({hole["link"] for hole in holes if "link" in hole})
        return [self.links[index] for index in found if self._is_fixed[index] and self.links[index].url]

    @cached_property
    def _common_indexes(self) -> list[int]:
        return [link.index for link in self._common_links]

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
        common = frozenset(self._common_indexes)
        return Program(self._parts["html"], QUOTED_PRINTABLE, locale=self._locale, is_html=True, common_links=common)

    @cached_property
    def _encoded_text(self) -> Program[bytes] | None:
        """None where readers get different paragraphs: the gaps between them are closed in the text as a whole."""
        if any("parts" in hole for hole in walk(self._parts["text"])):
            return None
        common = frozenset(self._common_indexes)
        return Program(self._parts["text"], QUOTED_PRINTABLE, locale=self._locale, is_html=False, common_links=common)

    def _runs(
        self,
        reader: Reader | Mapping[str, str],
        rewrite_link: RewriteLink,
        system: Mapping[str, str],
        personal_link: PersonalLink | None,
    ) -> tuple[Run, Run]:
        if not system.get("unsubscribe_url"):
            raise RenderError("An email cannot be filled without the address to unsubscribe.")
        reader = reader if isinstance(reader, Reader) else Reader(reader)
        link, personal = self._link_maker(reader, rewrite_link), personal_link or _nowhere
        leave = one_line(system["unsubscribe_url"])
        in_html = {"html_tail": system.get("html_tail", ""), "unsubscribe_url": html.escape(leave)}
        in_text = {"html_tail": "", "unsubscribe_url": leave}
        return Run(reader, link, personal, in_text), Run(reader, link, personal, in_html)

    def _bring_links(self, urls: Sequence[str], in_text: Run, in_html: Run) -> None:
        """Give both runs the common links, encoded: once, where they are written the same in both."""
        simple = QUOTED_PRINTABLE.simple_addresses(urls)
        for run, is_html in ((in_text, False), (in_html, True)):
            pieces = simple or [QUOTED_PRINTABLE.address(one_line(url), is_html) for url in urls]
            run.links.update(zip(self._common_indexes, pieces, strict=True))

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
