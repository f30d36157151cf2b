"""A list of pages, chosen when the email leaves, without what a reader was sent already."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from wagtail.blocks import BooleanBlock, CharBlock, ChoiceBlock, IntegerBlock, ListBlock, PageChooserBlock, StructValue
from wagtail.blocks.struct_block import BlockGroup, StructBlockValidationError
from wagtail.models import Page, get_page_models

from wagtail_precise_mail.emails.blocks import list_frame
from wagtail_precise_mail.emails.blocks.items import pictures, thumbnail, thumbnail_size
from wagtail_precise_mail.emails.blocks.list_frame import Piece
from wagtail_precise_mail.emails.blocks.pages import sizes
from wagtail_precise_mail.emails.blocks.product_words import more_link
from wagtail_precise_mail.emails.blocks.samples import sample_page
from wagtail_precise_mail.emails.body import email_blocks
from wagtail_precise_mail.emails.brand import Brand
from wagtail_precise_mail.emails.context import PHONE_PIXELS, RenderContext
from wagtail_precise_mail.emails.lists import ItemList
from wagtail_precise_mail.emails.marks import Place

WORDS = "wagtail_precise_mail/emails/blocks/page_item.mjml"
ROW = "wagtail_precise_mail/emails/blocks/page_row.html"
DAYS = 30
"""For how long a page that was sent is not sent again, unless an editor says otherwise."""


def page_types() -> list[tuple[str, str]]:
    """Return the page types of the project, by their names."""
    models = [model for model in get_page_models() if model is not Page]
    return sorted(
        [(model._meta.label, model._meta.verbose_name.capitalize()) for model in models], key=lambda pair: pair[1]
    )


@email_blocks.register("page_list")
class PageListBlock(list_frame.ListBlock):
    """Live pages that everybody may see, of the site and language that sends; the newest first, or picked ones.

    They are read when a mail leaves: what is published until then is in it. Nobody gets a page twice in some days,
    nor one that the email shows elsewhere.
    """

    heading = CharBlock(label=_("Heading"), required=False, max_length=250)
    selection = ChoiceBlock(
        label=_("Which pages"), choices=[("newest", _("The newest")), ("picked", _("Picked below"))], default="newest"
    )
    page_type = ChoiceBlock(label=_("Of the type"), choices=page_types, required=False, help_text=_("Empty: any."))
    tag = CharBlock(label=_("With the tag"), required=False, max_length=100)
    below = PageChooserBlock(label=_("Below the page"), required=False)
    pages = ListBlock(PageChooserBlock(), label=_("Picked pages"), default=[])
    count = IntegerBlock(label=_("How many"), default=3, min_value=1, max_value=12)
    skip_sent_days = IntegerBlock(
        label=_("Leave out what they were sent in days"),
        default=DAYS,
        min_value=0,
        max_value=365,
        help_text=_("0 sends pages again."),
    )
    empty_words = CharBlock(
        label=_("Words when there is nothing"), required=False, max_length=300, help_text=_("Empty: it disappears.")
    )
    max_length = IntegerBlock(
        label=_("Characters of the summary"), default=140, min_value=0, max_value=1000, help_text=_("0 shows none.")
    )
    show_date = BooleanBlock(label=_("Show the date"), required=False, default=False)
    link_label = CharBlock(label=_("Words of the link"), required=False, max_length=80, help_text=_("Empty: none."))

    untranslated = ("tag",)
    merge_fields = ("heading", "empty_words", "link_label")

    nature = "editorial"

    class Meta:
        icon = "list-ul"
        label = _("Page list")
        group = _("From the site")
        description = _("The newest pages at the time of sending, without those that a reader was sent before.")
        preview_value = {"layout": "above", "columns": "2", "max_length": 140, "count": 2}
        label_format = "{selection}: {heading}"
        form_layout = BlockGroup(
            children=[
                "heading",
                "selection",
                "count",
                BlockGroup(
                    ["page_type", "tag", "below", "pages"],
                    heading=_("Only some, or picked ones"),
                    icon="crosshairs",
                    classname="collapsed",
                    label_format="",
                ),
                "empty_words",
            ],
            settings=["layout", "columns", "max_length", "show_date", "link_label", "skip_sent_days"],
        )

    def clean(self, value: StructValue) -> StructValue:
        cleaned = super().clean(value)
        if not self.is_deferred_validation and cleaned["selection"] == "picked" and not any(cleaned["pages"]):
            raise StructBlockValidationError(block_errors={"pages": ValidationError(_("Pick a page."))})
        return cleaned

    def announce(self, value: StructValue, context: RenderContext) -> None:
        """Nothing is shown to all: that depends on the reader."""

    def items(self, value: StructValue, context: RenderContext) -> ItemList:
        below, width = value.get("below"), list_frame.picture_width(value)
        words: dict[str, Any] = {
            "page_type": value.get("page_type") or "",
            "tag": (value.get("tag") or "").strip(),
            "below": below.pk if below else None,
            "summary_length": value.get("max_length") or 0,
            "skip_sent_days": value.get("skip_sent_days") or 0,
            "pixels": 144 if value.get("layout") == "compact" else max(2 * width, PHONE_PIXELS),
            "ratio": 1 if value.get("layout") == "compact" else 1.6,
        }
        if value.get("selection") == "picked":
            words["pages"] = [page.pk for page in value.get("pages") or [] if page]
            if not words["pages"]:
                context.warn(gettext("Pick pages: there are none, or they were deleted."))
        return context.item_list("pages", count=min(12, max(1, int(value.get("count") or 3))), **words)

    def piece(self, value: StructValue, items: ItemList, context: RenderContext, width: int) -> Piece:
        type_sizes = sizes(context)
        label = context.merge(value.get("link_label") or "")
        words = item_words(value, items, context.brand, type_sizes["text_size"], label)
        facts = {**type_sizes, **words, "brand": context.brand, "href": items.link(), "title": items.value("name")}
        facts["thumb"] = thumbnail_size(context)
        facts["picture"] = thumbnail(items, context.brand, thumbnail_size(context))
        return Piece(
            pictures(items, context.brand, width), render_to_string(WORDS, facts), render_to_string(ROW, facts)
        )

    def item_text(self, value: StructValue, items: ItemList, context: RenderContext) -> str:
        date = items.when("date", f" ({items.value('date')})", Place.INLINE) if value.get("show_date") else ""
        summary = items.when("summary", f"\n{items.value('summary')}", Place.INLINE)
        return f"{items.value('name')}{date}{summary}\n{items.link()}"

    def preview_mjml(self, context: RenderContext) -> str:
        samples = context.item_list("fixed", count=2, items=[sample_page(context, number) for number in range(2)])
        return self.section_of(self.get_preview_value(), samples, context)


def item_words(value: StructValue, items: ItemList, brand: Brand, size: int, label: str) -> dict[str, SafeString]:
    """Return date, summary and link, each in its region or ""."""
    soft = '<p class="wpm-soft" style="margin:0 0 6px;font-size:{}px;color:{}">{}</p>'
    date = format_html(soft, size - 2, brand.muted_color, items.value("date"))
    summary = format_html(
        '<p style="margin:0 0 12px;font-size:{}px;line-height:1.55">{}</p>', size, items.value("summary")
    )
    none = mark_safe("")
    return {
        "date": items.when("date", date, Place.INLINE) if value.get("show_date") else none,
        "summary": items.when("summary", summary, Place.INLINE),
        "more": more_link(items, brand, label, size) if label else none,
    }
