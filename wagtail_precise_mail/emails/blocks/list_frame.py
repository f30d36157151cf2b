"""What lists of products and of pages have in common: heading, rows in three layouts, words when there is nothing."""

from __future__ import annotations

from dataclasses import dataclass

from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext_lazy as _
from wagtail.blocks import ChoiceBlock, StructValue

from wagtail_precise_mail.emails.blocks.base import EmailBlock
from wagtail_precise_mail.emails.context import BODY_WIDTH, GUTTER, RenderContext
from wagtail_precise_mail.emails.lists import ItemList
from wagtail_precise_mail.emails.marks import Place
from wagtail_precise_mail.emails.text import underline, wrap

GAP = 10
"""Pixels left and right of each column."""

LAYOUTS = [("above", _("Cards, picture above")), ("beside", _("Picture beside")), ("compact", _("One line each"))]
COLUMNS = [("1", _("One")), ("2", _("Two")), ("3", _("Three"))]

_TEMPLATES = "wagtail_precise_mail/emails/blocks"


@dataclass(frozen=True)
class Piece:
    """One item of a list in pieces of MJML.

    Attributes:
        picture: for a column.
        words: an mj-text.
        row: a row of a table.
    """

    picture: str
    words: str
    row: str


class ListBlock(EmailBlock):
    """A list whose items come with each reader. Subclasses give the items and write one of them."""

    layout = ChoiceBlock(label=_("Layout"), choices=LAYOUTS, default="above")
    columns = ChoiceBlock(
        label=_("Cards in a row"), choices=COLUMNS, default="2", help_text=_("Three fit small pictures only.")
    )

    def items(self, value: StructValue, context: RenderContext) -> ItemList:
        """Return the list that the block shows."""
        raise NotImplementedError

    def piece(self, value: StructValue, items: ItemList, context: RenderContext, width: int) -> Piece:
        """Return one item; ``width`` is that of its picture in pixels."""
        raise NotImplementedError

    def item_text(self, value: StructValue, items: ItemList, context: RenderContext) -> str:
        """Return the lines of one item in the text part."""
        raise NotImplementedError

    def words_instead(self, value: StructValue) -> str:
        """Return what stands in the place of the list for readers for whom it has nothing."""
        return value.get("empty_words") or ""

    def compile(self, value: StructValue, context: RenderContext) -> SafeString:
        """Return the list for a column: items below each other."""
        items = self.items(value, context)
        piece = self.piece(value, items, context, context.width)
        if value.get("layout") == "compact":
            body = _rows(items, piece)
        else:
            body = items.repeat(piece.picture + piece.words, Place.COLUMN)
        head = items.filled(self._heading(value, context), Place.COLUMN)
        return head + body + items.empty(_words(self.words_instead(value), context), Place.COLUMN)

    def compile_section(self, value: StructValue, context: RenderContext) -> SafeString:
        return self.section_of(value, self.items(value, context), context)

    def section_of(self, value: StructValue, items: ItemList, context: RenderContext) -> SafeString:
        """Return the block for the body, with whatever items."""
        # The space above and below belongs to the list, not to each of its rows: empty sections take it.
        edge = _render("edge.mjml", {}) if value.get("background") or value.get("padding") else mark_safe("")
        head, words = self.as_section(self._heading(value, context)) or edge, self.words_instead(value)
        pieces = [
            items.filled(head, Place.SECTION) if head else "",
            self._body(value, items, context),
            items.empty(self.as_section(_words(words, context)), Place.SECTION) if words else "",
            items.filled(edge, Place.SECTION) if edge else "",
        ]
        return mark_safe("".join(pieces))

    def text(self, value: StructValue, context: RenderContext) -> str:
        items = self.items(value, context)
        heading = context.merge_text(value.get("heading") or "")
        head = items.filled(f"{_underlined(heading, context)}\n\n", Place.INLINE) if heading else ""
        lines = self.item_text(value, items, context)
        empty = context.merge_text(self.words_instead(value))
        return head + items.repeat(f"{lines}\n\n", Place.INLINE) + items.empty(wrap(empty), Place.INLINE)

    def _body(self, value: StructValue, items: ItemList, context: RenderContext) -> SafeString:
        layout, per_row = value.get("layout"), int(value.get("columns") or 2)
        if layout == "compact":
            rows = _rows(items, self.piece(value, items, context, context.width))
            return items.filled(self.as_section(rows), Place.SECTION)
        if layout == "beside":
            piece = self.piece(value, items, context, picture_width(value))
            facts = {"piece": piece, "gutter": GUTTER - GAP, "gap": GAP}
            return items.repeat(_render("list_beside.mjml", facts), Place.SECTION)
        inner = context.in_column(picture_width(value))
        piece = self.piece(value, items, inner, inner.width)
        cells = [items.slot(number, mark_safe(piece.picture + piece.words), Place.COLUMN) for number in range(per_row)]
        facts = {"cells": cells, "gutter": GUTTER - GAP, "gap": GAP}
        return items.repeat(_render("list_cards.mjml", facts), Place.SECTION, per_row=per_row)

    def _heading(self, value: StructValue, context: RenderContext) -> SafeString:
        if not (heading := value.get("heading") or ""):
            return mark_safe("")
        size, line_height = (27, 1.25) if context.width >= 300 else (22, 1.3)
        facts = {"title": context.merge(heading), "level": 2, "size": size, "line_height": line_height}
        facts |= {"space": 16, "space_above": 8, "align": value.get("align") or "left", "brand": context.brand}
        return _render("heading.mjml", facts)


def picture_width(value: StructValue) -> int:
    """Return the pixels of an item's picture, by the layout of its list."""
    if value.get("layout") == "compact":
        return 72
    if value.get("layout") == "beside":
        return 160
    return (BODY_WIDTH - 2 * (GUTTER - GAP)) // int(value.get("columns") or 2) - 2 * GAP


def _rows(items: ItemList, piece: Piece) -> SafeString:
    return _render("rows.mjml", {"rows": items.repeat(piece.row, Place.ROW)})


def _words(words: str, context: RenderContext) -> SafeString:
    if not words:
        return mark_safe("")
    return mark_safe(f"<mj-text>{context.merge(words)}</mj-text>")


def _underlined(words: str, context: RenderContext) -> str:
    marks = context.marks
    length = len(marks.remove(words)) + 8 * len(marks.find(words))
    return underline(words, length=length, character="-")


def _render(template: str, facts: dict[str, object]) -> SafeString:
    return mark_safe(render_to_string(f"{_TEMPLATES}/{template}", facts))
