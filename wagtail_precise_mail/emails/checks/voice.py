"""How the brand writes: words that it avoids."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail.blocks import StructValue
from wagtail.blocks.list_block import ListValue
from wagtail.rich_text import RichText

from wagtail_precise_mail.emails.checks.base import EmailCheck, Finding, email_checks
from wagtail_precise_mail.emails.checks.facts import BlockFacts, EmailFacts
from wagtail_precise_mail.emails.checks.markup import parse as parse_markup
from wagtail_precise_mail.emails.merge import as_read
from wagtail_precise_mail.emails.voice import words_in


@email_checks.register("words_to_avoid")
class WordsToAvoid(EmailCheck):
    """Subject, preheader and body have none of the words that the email brand avoids."""

    label = gettext_lazy("Words of the brand")

    def run(self, facts: EmailFacts) -> Iterator[Finding]:
        if not (words := facts.brand.words_to_avoid):
            return
        for field, place in (("subject", _("Subject")), ("preheader", _("Preheader"))):
            for word in words_in(as_read(getattr(facts.email, field)), words):
                yield self._at(word, place=place, field=field)
        tops = [block for block in facts.blocks if block.is_top]
        for top, piece in zip(tops, facts.source.pieces, strict=False):
            for word in words_in(facts.words_of(piece.text), words):
                for block in _written_in(word, top, facts):
                    yield self._at(word, block=block)

    def _at(self, word: str, **place: Any) -> Finding:
        message = _("“%(word)s” is a word that your brand avoids.") % {"word": word}
        return self.finding(message, _("Say it in other words; the list is in the email brand."), **place)


def _written_in(word: str, top: BlockFacts, facts: EmailFacts) -> list[BlockFacts]:
    """Return the blocks in which somebody typed a word; the one of the body where it comes from the site."""
    inside = [block for block in facts.blocks if block is top or block.place.startswith(f"{top.place} › ")]
    return [block for block in inside if words_in(" ".join(_typed(block.value)), [word])] or [top]


def _typed(value: Any) -> Iterator[str]:
    # Not into streams: what stands in them are blocks of their own.
    if isinstance(value, RichText):
        yield parse_markup(value.source).get_text(" ")
    elif isinstance(value, str):
        yield value
    elif isinstance(value, StructValue):
        for inner in value.values():
            yield from _typed(inner)
    elif isinstance(value, ListValue):
        for inner in value:
            yield from _typed(inner)
