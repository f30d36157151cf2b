"""Links that would lead nowhere, as far as that can be known without asking the net."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from bs4 import Tag
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from wagtail_precise_mail.emails.checks.base import EmailCheck, Finding, Level, email_checks
from wagtail_precise_mail.emails.checks.facts import BlockFacts, EmailFacts
from wagtail_precise_mail.fields import page_model

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_NOTHING = ("", "#", "http://", "https://", "http:", "https:")


@email_checks.register("links_relative")
class LinksRelative(EmailCheck):
    """Every address is whole: "/shop/" leads nowhere in a mail."""

    label = gettext_lazy("Links are whole addresses")
    level = Level.ERROR

    def run(self, facts: EmailFacts) -> Iterator[Finding]:
        for link, href in _links(facts):
            if href not in _NOTHING and not href.startswith("#") and not _SCHEME.match(href):
                yield self.finding(
                    _("The link “%(words)s” leads to “%(href)s”, which is no whole address.")
                    % {"words": _words(link), "href": href[:100]},
                    _("Write it with https:// and the host: a mail has no page that it belongs to."),
                    block=facts.top_block_with(_words(link)),
                )


@email_checks.register("links_empty")
class LinksEmpty(EmailCheck):
    """Every link has an address, and something that can be clicked."""

    label = gettext_lazy("Links are not empty")

    def run(self, facts: EmailFacts) -> Iterator[Finding]:
        for link, href in _links(facts):
            if href in _NOTHING:
                yield self.finding(
                    _("The link “%(words)s” has no address.") % {"words": _words(link)},
                    _("Say where it leads, or remove it."),
                    block=facts.top_block_with(_words(link)),
                )
            elif not _words(link) and not link.find("img"):
                yield self.finding(
                    _("There is a link without words to %(href)s.") % {"href": _shown(href)},
                    _("Write what can be clicked, or remove it."),
                )


@email_checks.register("links_to_drafts")
class LinksToDrafts(EmailCheck):
    """Every page that a block or a text links to is published."""

    label = gettext_lazy("Links to published pages")
    level = Level.ERROR

    def run(self, facts: EmailFacts) -> Iterator[Finding]:
        wanted = _page_links(facts)
        keys = {key for _block, key in wanted}
        pages = page_model()._default_manager.in_bulk(keys) if keys else {}
        failed = {failure.block_id for failure in facts.context.shared.failures}
        for block, key in wanted:
            page = pages.get(key)
            # A card of such a page cannot be rendered, and says so itself.
            if (page and page.live) or block.id in failed:
                continue
            message = (
                _("It leads to the page “%(page)s”, which is not published.") % {"page": page.title}
                if page
                else _("It leads to a page that was deleted.")
            )
            yield self.finding(message, _("Publish the page first, or choose another."), block=block)


def _page_links(facts: EmailFacts) -> list[tuple[BlockFacts, int]]:
    return [(block, key) for block in facts.blocks for key in page_keys(block)]


def page_keys(block: BlockFacts) -> list[int]:
    """Return the keys of the pages that a block itself refers to, in choosers and in rich text."""
    inside = [
        key
        for stream in block.block.streams(block.value)
        for key in _referred(stream.stream_block.extract_references(stream))
    ]
    return [key for key in _referred(block.block.extract_references(block.value)) if key not in inside]


def _referred(references: Iterable[tuple[Any, ...]]) -> list[int]:
    keys = [int(object_id) for model, object_id, *_paths in references if issubclass(model, page_model())]
    return list(dict.fromkeys(keys))


def _links(facts: EmailFacts) -> Iterator[tuple[Tag, str]]:
    for link in facts.soup.find_all(["a", "area"]):
        # Anchors without an address are targets, not links.
        if link.has_attr("href"):
            yield link, str(link["href"]).strip()


def _words(link: Tag) -> str:
    return " ".join(link.get_text(" ").split())


def _shown(href: str) -> str:
    return href if len(href) <= 60 else f"{href[:59]}…"
