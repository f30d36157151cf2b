"""The issues that a reader who wants mail less often did not get one by one."""

from __future__ import annotations

from typing import Any

from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext_lazy as _
from wagtail.blocks import BooleanBlock, CharBlock, StructValue
from wagtail.blocks.struct_block import BlockGroup

from wagtail_precise_mail.emails.blocks import list_frame
from wagtail_precise_mail.emails.blocks.items import pictures, thumbnail, thumbnail_size
from wagtail_precise_mail.emails.blocks.list_frame import Piece
from wagtail_precise_mail.emails.blocks.page_lists import ROW, WORDS, item_words
from wagtail_precise_mail.emails.blocks.pages import sizes
from wagtail_precise_mail.emails.blocks.samples import sample_page
from wagtail_precise_mail.emails.body import email_blocks
from wagtail_precise_mail.emails.context import GUTTER, RenderContext
from wagtail_precise_mail.emails.digesting import DIGEST_BLOCK
from wagtail_precise_mail.emails.editions import OWN
from wagtail_precise_mail.emails.lists import ItemList
from wagtail_precise_mail.emails.marks import Place

MOST = 100
"""Issues in one mail: a quarter has fewer days than this."""


@email_blocks.register(DIGEST_BLOCK)
class DigestIssuesBlock(list_frame.ListBlock):
    """One entry per issue: subject, preheader, picture, and a link to what this reader would have got.

    In any other mail it shows nothing. Copies for others leave it out: its links are the reader's own.
    """

    heading = CharBlock(label=_("Heading"), required=False, max_length=250)
    show_pictures = BooleanBlock(label=_("Show a picture of each issue"), required=False, default=True)
    show_date = BooleanBlock(label=_("Show the date"), required=False, default=True)
    link_label = CharBlock(label=_("Words of the link"), required=False, max_length=80, default=_("Read this issue"))

    merge_fields = ("heading", "link_label")
    editions = OWN
    fits_on_page = False
    may_be_saved = False
    nature = "editorial"

    class Meta:
        icon = "history"
        label = _("Issues of a digest")
        group = _("Reader")
        description = _("What readers who want mail less often did not get one by one. Choose its email in the brand.")
        preview_value = {"layout": "beside", "show_pictures": True, "show_date": True, "link_label": "Read this issue"}
        label_format = "{heading}"
        form_layout = BlockGroup(
            children=["heading", "link_label"], settings=["layout", "columns", "show_pictures", "show_date"]
        )

    def announce(self, value: StructValue, context: RenderContext) -> None:
        """Nothing is shown to all: that depends on the reader."""

    def items(self, value: StructValue, context: RenderContext) -> ItemList:
        return context.item_list(DIGEST_BLOCK, count=MOST)

    def piece(self, value: StructValue, items: ItemList, context: RenderContext, width: int) -> Piece:
        shows_pictures, type_sizes = value.get("show_pictures", True), sizes(context)
        label = context.merge(value.get("link_label") or "")
        facts: dict[str, Any] = {
            **type_sizes,
            **item_words(value, items, context.brand, type_sizes["text_size"], label),
            "brand": context.brand,
            "href": items.link(),
            "title": items.value("name"),
            "thumb": thumbnail_size(context) if shows_pictures else 0,
            "picture": thumbnail(items, context.brand, thumbnail_size(context)) if shows_pictures else "",
        }
        picture = pictures(items, context.brand, width) if shows_pictures else mark_safe("")
        return Piece(picture, render_to_string(WORDS, facts), render_to_string(ROW, facts))

    def item_text(self, value: StructValue, items: ItemList, context: RenderContext) -> str:
        date = items.when("date", f" ({items.value('date')})", Place.INLINE) if value.get("show_date") else ""
        summary = items.when("summary", f"\n{items.value('summary')}", Place.INLINE)
        return f"{items.value('name')}{date}{summary}\n{items.link()}"

    def preview_mjml(self, context: RenderContext) -> str:
        pages = [{**sample_page(context, number), "date": "", "no_image": ""} for number in range(2)]
        return self.section_of(self.get_preview_value(), context.item_list("fixed", count=2, items=pages), context)

    def _body(self, value: StructValue, items: ItemList, context: RenderContext) -> SafeString:
        """Let the words of an issue have the whole width where there is no picture beside them."""
        if value.get("layout") != "beside":
            return super()._body(value, items, context)
        piece = self.piece(value, items, context, list_frame.picture_width(value))
        words = self.as_section(mark_safe(piece.words))
        if not value.get("show_pictures", True):
            return items.repeat(words, Place.SECTION)
        facts = {"piece": piece, "gutter": GUTTER - list_frame.GAP, "gap": list_frame.GAP}
        beside = render_to_string("wagtail_precise_mail/emails/blocks/list_beside.mjml", facts)
        return items.repeat(
            items.when("image_url", beside, Place.SECTION) + items.when("no_image", words, Place.SECTION),
            Place.SECTION,
        )
