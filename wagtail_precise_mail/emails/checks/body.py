"""The body as a whole: that there is one, its call to action, its outline."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail.rich_text import RichText

from wagtail_precise_mail.emails.checks.base import EmailCheck, Finding, Level, email_checks
from wagtail_precise_mail.emails.checks.facts import BlockFacts, EmailFacts
from wagtail_precise_mail.emails.checks.markup import markup_of, parse
from wagtail_precise_mail.emails.composition import Piece

BUTTON_LIMIT = 3
"""Buttons above which none is *the* call to action."""

_OWN_LEVELS = {"hero": 1, "offer": 2}
"""Levels of the headings that blocks bring by themselves."""

_BUTTONS = ("<mj-button", "wpm-fill", "wpm-outline")
"""By what buttons are known in MJML: those of raw MJML, and ours, which are tables where two stand side by side."""

_LONG = 5
"""Blocks above which a button at the top alone is too far away."""


@email_checks.register("body_empty")
class BodyEmpty(EmailCheck):
    """The email has a block."""

    label = gettext_lazy("Body is there")
    level = Level.ERROR

    def run(self, facts: EmailFacts) -> Iterator[Finding]:
        if not facts.blocks:
            yield self.finding(_("The email is empty."), _("Add a block."), place=_("Body"))


@email_checks.register("call_to_action")
class CallToAction(EmailCheck):
    """There is a button, and there are not more than three."""

    label = gettext_lazy("Call to action")

    def run(self, facts: EmailFacts) -> Iterator[Finding]:
        if not facts.blocks:
            return
        with_button = [number for number, piece in enumerate(facts.source.pieces) if _has_button(piece)]
        count = sum(block.kind == "button" for block in facts.blocks)
        if not with_button:
            yield self.finding(
                _("There is no button."),
                _("Add one near the end: say what the reader should do."),
                place=_("Body"),
            )
        elif count > BUTTON_LIMIT:
            yield self.finding(
                _("There are %(count)s buttons.") % {"count": count},
                _("Keep one to %(limit)s: many calls are none.") % {"limit": BUTTON_LIMIT},
                place=_("Body"),
            )


@email_checks.register("call_to_action_end")
class CallToActionEnd(EmailCheck):
    """A long email has a button in its second half, too."""

    label = gettext_lazy("Call to action near the end")
    level = Level.HINT

    def run(self, facts: EmailFacts) -> Iterator[Finding]:
        pieces = facts.source.pieces
        with_button = [number for number, piece in enumerate(pieces) if _has_button(piece)]
        if with_button and len(pieces) > _LONG and with_button[-1] < len(pieces) / 2:
            yield self.finding(
                _("The last button is far from the end."),
                _("Repeat it near the end: whoever has read everything should not have to scroll back."),
                place=_("Body"),
            )


@email_checks.register("heading_order")
class HeadingOrder(EmailCheck):
    """Headings are an outline: one title at the top, and no level is left out."""

    label = gettext_lazy("Order of headings")

    def run(self, facts: EmailFacts) -> Iterator[Finding]:
        before = 0
        for block, level in _headings(facts):
            if level == 1 and before:
                yield self.finding(
                    _("A title follows other headings."),
                    _("Keep one title, at the top; use sections below it."),
                    block=block,
                )
            elif before and level > before + 1:
                yield self.finding(
                    _("A heading of level %(level)s follows one of level %(before)s.")
                    % {"level": level, "before": before},
                    _("Screen readers read headings as an outline: leave no level out."),
                    block=block,
                )
            before = level


def _has_button(piece: Piece) -> bool:
    return any(sign in piece.mjml for sign in _BUTTONS)


def _headings(facts: EmailFacts) -> Iterator[tuple[BlockFacts, int]]:
    for block in facts.blocks:
        for level in _levels(block, facts):
            yield block, level


def _levels(block: BlockFacts, facts: EmailFacts) -> Iterator[int]:
    if block.kind in _OWN_LEVELS:
        yield from [_OWN_LEVELS[block.kind]] if block.get("title") else []
    elif block.kind == "heading":
        yield int(block.get("level") or 2)
    elif block.brings_markup:
        yield from _levels_in(markup_of(block, facts))
    else:
        for value in block.value.values() if hasattr(block.value, "values") else []:
            if isinstance(value, RichText):
                yield from _levels_in(value.source)


def _levels_in(html: str) -> Iterator[int]:
    tags: Any = parse(html).find_all(["h1", "h2", "h3", "h4", "h5", "h6"])
    for tag in tags:
        yield int(tag.name[1])
