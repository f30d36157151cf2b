"""A list of products, chosen when the email leaves: for everybody, or for each reader."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.template.loader import render_to_string
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from wagtail.blocks import BooleanBlock, CharBlock, ChoiceBlock, IntegerBlock, ListBlock, StructValue
from wagtail.blocks.struct_block import BlockGroup, StructBlockValidationError

from wagtail_precise_mail.commerce.choosers import CategoryChooserBlock, ProductChooserBlock
from wagtail_precise_mail.emails.blocks import list_frame
from wagtail_precise_mail.emails.blocks.commerce import ROW
from wagtail_precise_mail.emails.blocks.items import pictures, thumbnail, thumbnail_size
from wagtail_precise_mail.emails.blocks.list_frame import Piece
from wagtail_precise_mail.emails.blocks.pages import sizes
from wagtail_precise_mail.emails.blocks.product_words import OPTIONAL, product_text, product_words
from wagtail_precise_mail.emails.blocks.samples import sample_item
from wagtail_precise_mail.emails.body import email_blocks
from wagtail_precise_mail.emails.context import PHONE_PIXELS, RenderContext
from wagtail_precise_mail.emails.lists import ItemList
from wagtail_precise_mail.emails.sources import products

SELECTIONS = [
    (
        _("The same for all"),
        [
            ("picked", _("Picked below")),
            ("category", _("The newest of a category")),
            ("newest", _("The newest")),
            ("best_selling", _("Best-selling")),
            ("on_offer", _("On offer")),
        ],
    ),
    (
        _("By what each reader bought"),
        [
            (products.FOR_YOU, _("For you: from all that they bought")),
            ("related", _("Of the categories of the last order")),
            ("bought_together", _("Bought together with the last order")),
            ("favorites", _("Favorites of their categories that they lack")),
            ("buy_again", _("To buy again")),
            ("new_in_categories", _("New in the categories that they buy from")),
        ],
    ),
    (
        _("By what each reader looked at"),
        [
            (products.VIEWED, _("Viewed last in the shop")),
            (products.ALSO_VIEWED, _("Viewed by those who viewed the same")),
        ],
    ),
]
FALLBACKS = [
    ("best_selling", _("Best-selling products")),
    ("newest", _("The newest products")),
    ("on_offer", _("Products on offer")),
    ("words", _("The words below")),
]


@email_blocks.register("product_list")
class ProductListBlock(list_frame.ListBlock):
    """Products that can be bought and have a picture, without those that a reader has and would not buy again.

    What is chosen, prices and stock are read when a mail leaves. Contacts who do not allow tracking see best-selling
    products in place of those by what they bought or looked at; in place of what is new in their categories, they see
    nothing.
    """

    heading = CharBlock(label=_("Heading"), required=False, max_length=250)
    selection = ChoiceBlock(label=_("Which products"), choices=SELECTIONS, default="best_selling")
    products = ListBlock(ProductChooserBlock(), label=_("Picked products"), default=[])
    category = CategoryChooserBlock(label=_("Category"), required=False, help_text=_("With those below it."))
    days = IntegerBlock(
        label=_("Days"),
        required=False,
        min_value=1,
        max_value=3650,
        help_text=_(
            "Best-selling: sold in so many days (90). To buy again: bought so many days ago or earlier (30). New in "
            "their categories: for so many days (30)."
        ),
    )
    count = IntegerBlock(label=_("How many"), default=4, min_value=1, max_value=12)
    fallback = ChoiceBlock(
        label=_("Fill up with"),
        choices=FALLBACKS,
        required=False,
        help_text=_("Empty: the list gets shorter, and with nothing in it disappears."),
    )
    empty_words = CharBlock(label=_("Words when there is nothing"), required=False, max_length=300)
    show_price = BooleanBlock(label=_("Show the price"), required=False, default=True)
    show_rating = BooleanBlock(label=_("Show the rating"), required=False, default=True)
    show_stock = BooleanBlock(label=_("Say when few are left"), required=False, default=True)
    show_description = BooleanBlock(label=_("Show the description"), required=False, default=False)
    show_reason = BooleanBlock(
        label=_("Say why"), required=False, default=False, help_text=_("“Because you bought …”, where it is so.")
    )
    link_label = CharBlock(label=_("Words of the link"), required=False, max_length=80, help_text=_("Empty: none."))
    min_margin = IntegerBlock(
        label=_("At least so much margin, in percent"),
        required=False,
        min_value=1,
        max_value=99,
        help_text=_("Of the price, after the cost; products of unknown cost are left out. Not for picked products."),
    )
    skip_sent_days = IntegerBlock(
        label=_("Leave out what they were sent in days"), required=False, min_value=1, max_value=365
    )
    is_slot_for_consenting = BooleanBlock(
        label=_("Only for contacts with a consent"),
        required=False,
        default=False,
        help_text=_(
            "For mails that everybody gets, such as order confirmations: it stays empty without a consent, and in "
            "countries for which your site turned it off."
        ),
    )

    merge_fields = ("heading", "empty_words", "link_label")

    nature = "promotion"

    class Meta:
        icon = "list-ul"
        label = _("Product list")
        group = _("Shop")
        description = _("Products by a rule, for each reader, with the prices at the time of sending.")
        preview_value = {"layout": "above", "columns": "3", "show_price": True, "show_rating": True}
        label_format = "{selection}: {heading}"
        form_layout = BlockGroup(
            children=[
                "heading",
                "selection",
                "count",
                BlockGroup(
                    ["products", "category", "days"],
                    heading=_("Picked products, category, days"),
                    icon="crosshairs",
                    classname="collapsed",
                    label_format="",
                ),
                BlockGroup(
                    ["fallback", "empty_words"],
                    heading=_("When there are too few"),
                    icon="circle-plus",
                    classname="collapsed",
                    label_format="{fallback}",
                ),
            ],
            settings=[
                "layout",
                "columns",
                *(f"show_{name}" for name in OPTIONAL),
                "show_reason",
                "link_label",
                "min_margin",
                "skip_sent_days",
                "is_slot_for_consenting",
            ],
        )

    def clean(self, value: StructValue) -> StructValue:
        cleaned = super().clean(value)
        if self.is_deferred_validation:
            return cleaned
        errors = {}
        if cleaned["selection"] == "picked" and not [one for one in cleaned["products"] if one]:
            errors["products"] = ValidationError(_("Pick a product."))
        if cleaned["selection"] == "category" and not cleaned["category"]:
            errors["category"] = ValidationError(_("Choose a category."))
        if cleaned["fallback"] == "words" and not cleaned["empty_words"]:
            errors["empty_words"] = ValidationError(_("Write what stands here when there is no product."))
        if cleaned["fallback"] == "words" and cleaned["is_slot_for_consenting"]:
            errors["fallback"] = ValidationError(_("A list only for contacts with a consent says nothing to others."))
        if errors:
            raise StructBlockValidationError(block_errors=errors)
        return cleaned

    def announce(self, value: StructValue, context: RenderContext) -> None:
        """Nothing is shown to all: that depends on the reader."""

    def words_instead(self, value: StructValue) -> str:
        """Return nothing for a slot: those who did not agree read nothing in its place, either."""
        return "" if value.get("is_slot_for_consenting") else super().words_instead(value)

    def items(self, value: StructValue, context: RenderContext) -> ItemList:
        fallback = value.get("fallback") or ""
        words = {
            "selection": value.get("selection") or products.INSTEAD,
            "products": [product.pk for product in value.get("products") or [] if product],
            "category": category.pk if (category := value.get("category")) else None,
            "days": value.get("days"),
            "fallback": fallback if fallback in products.SHARED else "",
            "show_reason": bool(value.get("show_reason")),
            "is_for_consenting": bool(value.get("is_slot_for_consenting")),
            "skip_sent_days": value.get("skip_sent_days"),
            "min_margin": value.get("min_margin"),
            **_picture_size(value),
        }
        self._warn(words, context)
        source = "personal_products" if words["selection"] in products.PERSONAL else "products"
        return context.item_list(source, count=_count(value), **words)

    def piece(self, value: StructValue, items: ItemList, context: RenderContext, width: int) -> Piece:
        type_sizes = sizes(context)
        label = context.merge(value.get("link_label") or "")
        words = product_words(items, context.brand, show=_shown(value), size=type_sizes["text_size"], link_label=label)
        facts = {**type_sizes, "words": words, "brand": context.brand, "thumb": thumbnail_size(context)}
        facts["picture"] = thumbnail(items, context.brand, thumbnail_size(context))
        return Piece(
            picture=pictures(items, context.brand, width),
            words=render_to_string("wagtail_precise_mail/emails/blocks/product_words.mjml", facts),
            row=render_to_string(ROW, facts),
        )

    def item_text(self, value: StructValue, items: ItemList, context: RenderContext) -> str:
        return product_text(items, show=_shown(value), link=items.link())

    def preview_mjml(self, context: RenderContext) -> str:
        samples = context.item_list("fixed", count=3, items=[sample_item(context, number) for number in range(3)])
        return self.section_of(self.get_preview_value(), samples, context)

    def _warn(self, words: dict[str, Any], context: RenderContext) -> None:
        if words["selection"] == "picked" and not words["products"]:
            context.warn(gettext("Pick products: there are none, or they were deleted."))
        if words["selection"] == "category" and not words["category"]:
            context.warn(gettext("Choose a category: there is none, or it was deleted."))


def _count(value: StructValue) -> int:
    return min(12, max(1, int(value.get("count") or 4)))


def _shown(value: StructValue) -> list[str]:
    return [name for name in OPTIONAL if value.get(f"show_{name}")]


def _picture_size(value: StructValue) -> dict[str, float]:
    """Pixels and shape of the pictures: phones show those of cards over the whole width."""
    width = list_frame.picture_width(value)
    is_large = value.get("layout") not in ("compact", "beside")
    return {"pixels": max(2 * width, PHONE_PIXELS) if is_large else 2 * width, "ratio": 1.6 if width > 400 else 1}
