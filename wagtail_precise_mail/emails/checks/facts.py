"""What checks look at: an email composed as a draft, its blocks, and what a contact would get."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, cast

from bs4 import BeautifulSoup
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from wagtail.blocks import StreamValue
from wagtail.models import Site

from wagtail_precise_mail.emails.audience import segments_of
from wagtail_precise_mail.emails.brand import Brand
from wagtail_precise_mail.emails.composition import Source, Written, compile_source, compose
from wagtail_precise_mail.emails.context import RenderContext
from wagtail_precise_mail.emails.marks import Part
from wagtail_precise_mail.emails.personalize import FilledEmail, LinkInfo, Personalizer
from wagtail_precise_mail.emails.preview_readers import made_up_contact
from wagtail_precise_mail.emails.readers import Reader, ReaderLoader, item_sources, walk
from wagtail_precise_mail.emails.senders import SenderIdentity
from wagtail_precise_mail.emails.sites import base_url_of
from wagtail_precise_mail.emails.soup import read_markup
from wagtail_precise_mail.exceptions import RenderError

NOWHERE = ".invalid"
"""How the hosts of links end that stand for those of one contact, see RFC 2606."""

UNSUBSCRIBE = f"https://unsubscribe{NOWHERE}/" + "x" * 70
"""What stands for the unsubscribe link of a contact, and is as long as one."""

# As long as what tracking puts at the end of mails: a hidden link and a pixel.
_PIXEL = f'<img src="https://pixel.invalid/{"x" * 306}" width="1" height="1" alt="" style="display:block">'
# What the text part has besides words: addresses, numbers of notes, lines below headings, arrows and bullets.
_NO_WORDS = re.compile(r"https?://\S+|\[[\u200c\u200d]*\d+[\u200c\u200d]*\]|^[=*\-_\s]{3,}$|^[→>-]\s", re.MULTILINE)
_TEXTS = ("subject", "preheader", "html", "text")
_MOST_SEGMENTS = 8
_OURS = "wagtail_precise_mail."


@dataclass(frozen=True)
class BlockFacts:
    """A block of an email, wherever it stands: at the top, in a column, in a saved block.

    Attributes:
        id: in its stream.
        editor_id: the block to open in the email's editor: the saved block for what is inside of it.
        place: how editors find it.
        is_top: whether it stands in the body itself.
    """

    block: Any
    value: Any
    kind: str
    id: str
    editor_id: str
    place: str
    is_top: bool

    @property
    def brings_markup(self) -> bool:
        """Whether its markup was written by others than us: raw MJML, and blocks of the project."""
        is_foreign = not type(self.block).__module__.startswith(_OURS)
        return is_foreign or bool(getattr(self.block, "brings_markup", False))

    def get(self, name: str) -> Any:
        """Return the value of a child block, or None."""
        return self.value.get(name) if hasattr(self.value, "get") else None


class EmailFacts:
    """An email seen by its checks; what is costly is computed when it is first asked for.

    Args:
        payload: of the compiled email, where there is one.
        sender: whom it comes from, where that is not the site's sender.
        at: when the email would be sent; None means now.
        is_transactional: whether it goes to people who need not have agreed to anything, such as an order
            confirmation; None means that nobody said so, and its blocks tell.
    """

    def __init__(
        self,
        email: Written,
        site: Site,
        *,
        payload: dict[str, Any] | None = None,
        sender: SenderIdentity | None = None,
        at: datetime | None = None,
        is_transactional: bool | None = None,
    ) -> None:
        self.email = email
        self.is_known_as_transactional = is_transactional is True
        self._is_transactional = is_transactional
        self.site = site
        self.at = at or timezone.now()
        self.source: Source = compose(email, site=site, base_url=base_url_of(site), at=self.at, is_draft=True)
        self._payload = payload
        self._sender = sender

    @property
    def context(self) -> RenderContext:
        """What the email was rendered in."""
        return self.source.context

    @property
    def brand(self) -> Brand:
        """The brand of the site."""
        return self.context.brand

    @property
    def sender(self) -> SenderIdentity | None:
        """Whom the mail comes from: a sender of its own, else that of the site."""
        return self._sender or self.brand.sender

    @property
    def language(self) -> str:
        """The language of the email, without its country: "zh" for "zh-hans"."""
        return self.context.language.split("-")[0].lower()

    @cached_property
    def blocks(self) -> list[BlockFacts]:
        """Every block in the order of reading, those of columns and saved blocks among them."""
        return blocks_of(self.email.body)

    @property
    def is_transactional(self) -> bool:
        """Whether nobody need have agreed to it: as it was said, else because it shows an order, or has a slot."""
        if self._is_transactional is not None:
            return self._is_transactional
        return any(block.kind == "order_summary" or block.get("is_slot_for_consenting") for block in self.blocks)

    def block(self, block_id: str) -> BlockFacts | None:
        """Return the block with an id, if the email has it."""
        return self._by_id.get(block_id)

    @cached_property
    def _by_id(self) -> dict[str, BlockFacts]:
        return {block.id: block for block in self.blocks if block.id}

    @cached_property
    def rendered(self) -> dict[str, Any] | RenderError:
        """The payload of the compiled email, or why it cannot be compiled."""
        try:
            payload = self._payload or compile_source(self.source)
        except RenderError as error:
            return error
        for spec in payload.get("lists", {}).values():
            if spec["source"] not in item_sources:
                return RenderError(
                    _("Nobody registered the list “%(source)s”.") % {"source": spec["source"]},
                    block_id=spec["block_id"],
                )
        return payload

    @cached_property
    def filled(self) -> FilledEmail | None:
        """The email for somebody made up who sees the parts of all segments; None where it cannot be rendered."""
        if isinstance(self.rendered, RenderError):
            return None
        return self._fill(self._whole, self._sample, lambda link: link.url)

    @cached_property
    def html_size(self) -> int:
        """Bytes of the largest HTML that somebody would get, tracked links and pixel among them; 0 without any."""
        if isinstance(self.rendered, RenderError):
            return 0
        holes = [hole for hole in walk(self.rendered["html"]) if "if" in hole]
        segments = sorted(set().union(*(segments_of(hole["if"]) for hole in holes)))
        # Nobody knows who is in which of them: nobody in any, somebody in each, somebody in all.
        members = [frozenset(), *(frozenset([pk]) for pk in segments[:_MOST_SEGMENTS]), frozenset(segments)]
        return max(self._size(self.rendered, one) for one in dict.fromkeys(members))

    def _size(self, payload: dict[str, Any], segments: frozenset[int]) -> int:
        reader = replace(self._sample, segments=segments)
        filled = self._fill(payload, reader, lambda link: as_long_as_tracked(link, self.context.base_url), _PIXEL)
        return len(filled.html.encode())

    @cached_property
    def _whole(self) -> dict[str, Any]:
        payload = cast("dict[str, Any]", self.rendered)
        return {**payload, **{name: _shown_to_all(payload[name]) for name in _TEXTS}}

    @cached_property
    def _sample(self) -> Reader:
        loader = ReaderLoader(self._whole)
        return loader.load([made_up_contact()], at=self.at, base_url=self.context.base_url)[0]

    def _fill(
        self, payload: dict[str, Any], reader: Reader, rewrite_link: Callable[[LinkInfo], str], html_tail: str = ""
    ) -> FilledEmail:
        return Personalizer(_Compiled(payload)).fill(
            reader,
            rewrite_link=rewrite_link,
            system={"unsubscribe_url": UNSUBSCRIBE, "html_tail": html_tail},
            personal_link=lambda _name, _block_id, _argument: f"https://personal{NOWHERE}/".ljust(160, "x"),
        )

    @cached_property
    def links(self) -> list[LinkInfo]:
        """The links of the blocks, with the fallbacks of merge tags in their addresses."""
        return [] if isinstance(self.rendered, RenderError) else Personalizer(_Compiled(self.rendered)).links

    @cached_property
    def soup(self) -> BeautifulSoup:
        """The HTML that somebody would get; empty where it cannot be rendered."""
        return read_markup(self.filled.html if self.filled else "")

    @cached_property
    def subject(self) -> str:
        """The subject as somebody made up would get it."""
        marks = self.context.marks
        return (self.filled.subject if self.filled else marks.remove(self.source.subject)).strip()

    @cached_property
    def text(self) -> str:
        """The words of the body, without frame, addresses and marks; an empty line between paragraphs."""
        return self.words_of("\n\n".join(piece.text for piece in self.source.pieces))

    def words_of(self, text: str) -> str:
        """Return the words in a piece of the text part."""
        words = _NO_WORDS.sub("", self.context.marks.remove(text))
        paragraphs = (" ".join(paragraph.split()) for paragraph in re.split(r"\n\s*\n", words))
        return "\n\n".join(filter(None, paragraphs))

    def top_block_with(self, words: str) -> BlockFacts | None:
        """Return the block of the body whose text has these words: HTML does not say where it came from."""
        wanted = " ".join(words.split()).casefold()
        tops = [block for block in self.blocks if block.is_top]
        for block, piece in zip(tops, self.source.pieces, strict=False):
            if wanted and wanted in " ".join(self.context.marks.remove(piece.text).split()).casefold():
                return block
        return None


def blocks_of(body: StreamValue) -> list[BlockFacts]:
    """Return every block of a body in the order of reading, those of columns and saved blocks among them."""
    return list(_walk(body))


@dataclass
class _Compiled:
    payload: dict[str, Any]


def _shown_to_all(parts: list[Part]) -> list[Part]:
    """Return parts without the conditions of segments: what is meant for some is read like what is meant for all."""
    shown: list[Part] = []
    for part in parts:
        if isinstance(part, str) or "parts" not in part:
            shown.append(part)
        elif "if" in part:
            shown += _shown_to_all(part["parts"])
        else:
            shown.append({**part, "parts": _shown_to_all(part["parts"])})
    return shown


def as_long_as_tracked(link: LinkInfo, base_url: str) -> str:
    """Return an address as long as the one that counts clicks: it carries the link's own in base 64."""
    length = len(base_url) + 63 + (len(link.url.encode()) + 27) * 4 // 3
    return f"{base_url}/".ljust(length, "x") if link.url.startswith(("http://", "https://")) else link.url


def _walk(stream: StreamValue, before: str = "", editor_id: str = "") -> Iterator[BlockFacts]:
    for number, child in enumerate(stream, 1):
        place = before + _("%(block)s, block %(number)s") % {"block": child.block.label, "number": number}
        own_id = str(child.id or "")
        yield BlockFacts(
            child.block, child.value, child.block_type, own_id, editor_id or own_id, place, is_top=not before
        )
        for inner in child.block.streams(child.value):
            is_here = not editor_id and _contains(child.value, inner)
            yield from _walk(inner, f"{place} › ", "" if is_here else editor_id or own_id)


def _contains(value: Any, stream: StreamValue) -> bool:
    """Whether a stream is part of a value, and not of a saved block that the value refers to."""
    if value is stream:
        return True
    parts = list(cast("Any", value).values()) if hasattr(value, "values") else value
    return (isinstance(parts, list) and any(_contains(part, stream) for part in parts)) or _is_list_with(value, stream)


def _is_list_with(value: Any, stream: StreamValue) -> bool:
    # A ListValue is a sequence without being a list.
    return hasattr(value, "bound_blocks") and any(
        _contains(bound.value, stream) for bound in value.bound_blocks if hasattr(bound, "value")
    )
