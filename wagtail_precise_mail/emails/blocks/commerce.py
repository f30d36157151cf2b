"""A product of the shop as a card."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from wagtail.blocks import BooleanBlock, CharBlock, ChoiceBlock, StructValue, TextBlock
from wagtail.blocks.struct_block import BlockGroup

from wagtail_precise_mail.commerce.catalog import for_sale
from wagtail_precise_mail.commerce.choosers import ProductChooserBlock
from wagtail_precise_mail.commerce.models import Product
from wagtail_precise_mail.emails.blocks.base import EmailBlock
from wagtail_precise_mail.emails.blocks.items import KnownItem, picture_mjml, thumbnail, thumbnail_size
from wagtail_precise_mail.emails.blocks.pages import sizes
from wagtail_precise_mail.emails.blocks.product_words import OPTIONAL, product_text, product_words
from wagtail_precise_mail.emails.blocks.samples import sample_picture, sample_product
from wagtail_precise_mail.emails.body import email_blocks
from wagtail_precise_mail.emails.cards import shorten
from wagtail_precise_mail.emails.context import GUTTER, Picture, RenderContext
from wagtail_precise_mail.emails.links import absolute
from wagtail_precise_mail.emails.product_facts import product_facts
from wagtail_precise_mail.emails.text import wrap
from wagtail_precise_mail.emails.values import clean
from wagtail_precise_mail.exceptions import RenderError

BESIDE = "wagtail_precise_mail/emails/blocks/product_beside.mjml"
BESIDE_WIDTH = 206
ROW = "wagtail_precise_mail/emails/blocks/product_row.html"
ROWS = "wagtail_precise_mail/emails/blocks/rows.mjml"

SUMMARY_LENGTH = 140
LAYOUTS = [("beside", _("Picture beside")), ("above", _("Picture above")), ("compact", _("One line"))]


@email_blocks.register("product")
class ProductBlock(EmailBlock):
    """Picture, name, price and link of a product, read when the email is compiled.

    A product that cannot be bought then makes room: for the chosen replacement, else for the next one of its category
    that the email does not show yet. When there is neither, the block says nothing.
    """

    product = ProductChooserBlock(label=_("Product"))
    replacement = ProductChooserBlock(
        label=_("When it is sold out, show"),
        required=False,
        help_text=_("Empty: the next available product of the same category."),
    )
    layout = ChoiceBlock(label=_("Layout"), choices=LAYOUTS, default="beside")
    show_price = BooleanBlock(label=_("Show the price"), required=False, default=True)
    show_rating = BooleanBlock(label=_("Show the rating"), required=False, default=True)
    show_stock = BooleanBlock(label=_("Say when few are left"), required=False, default=True)
    show_description = BooleanBlock(label=_("Show the description"), required=False, default=False)
    description = TextBlock(
        label=_("Own words"),
        required=False,
        max_length=600,
        rows=2,
        help_text=_("In place of the description. They go away with the product when it is replaced."),
    )
    link_label = CharBlock(label=_("Words of the link"), required=False, max_length=80, help_text=_("“View product”"))

    mjml_template = "wagtail_precise_mail/emails/blocks/product.mjml"
    merge_fields = ("link_label", "description")
    nature = "promotion"

    class Meta:
        icon = "tag"
        label = _("Product")
        group = _("Shop")
        description = _("A product with its picture and the price at the time of sending.")
        preview_value = {"layout": "beside"}
        form_layout = BlockGroup(
            children=["product", "replacement", "description"],
            settings=["layout", *(f"show_{name}" for name in OPTIONAL), "link_label"],
        )

    def announce(self, value: StructValue, context: RenderContext) -> None:
        """Keep the product from being somebody's replacement; what is shown in the end is known when it is rendered."""
        if product := value.get("product"):
            context.shared.product_ids.add(product.pk)

    def prepare(self, value: StructValue, context: RenderContext) -> dict[str, Any]:
        chosen = value.get("product")
        if chosen is None:
            raise RenderError(gettext("Choose a product: there is none, or it was deleted."))
        product = context.once_per_email(value, lambda: self._available(chosen, value.get("replacement"), context))
        if product is None:
            return {"product": None}
        own_words = (value.get("description") or "") if product == chosen else ""
        show = [name for name in OPTIONAL if value.get(f"show_{name}") or (name == "description" and own_words)]
        summary = own_words or shorten(product.description, SUMMARY_LENGTH)
        facts = product_facts(product, locale=context.language, summary=summary)
        href = context.link(product.url, facts["name"]) if product.url else ""
        html = {"summary": context.merge(own_words)} if own_words else {}
        in_text = {**facts, "summary": context.merge_text(own_words)} if own_words else facts
        return {
            **self._card_facts(KnownItem.of(facts, href, html), show, context, value.get("link_label") or ""),
            "product": product,
            "text": product_text(KnownItem.plain(in_text, href), show=show, link=href),
            "layout": value.get("layout") or "beside",
        }

    def compile(self, value: StructValue, context: RenderContext) -> SafeString:
        facts = self.facts(value, context)
        if facts["product"] is None:
            return SafeString("")
        if facts["layout"] == "compact":
            return self._row(facts, context)
        return self._card(self.mjml_template, facts, self._picture(facts["product"], context, context.width), context)

    def compile_section(self, value: StructValue, context: RenderContext) -> SafeString:
        facts = self.facts(value, context)
        is_beside = facts["product"] and facts["layout"] == "beside"
        if not is_beside or not (picture := self._picture(facts["product"], context, BESIDE_WIDTH)):
            return self.as_section(self.compile(value, context))
        return self._card(BESIDE, facts, picture, context)

    def text(self, value: StructValue, context: RenderContext) -> str:
        facts = self.facts(value, context)
        return "\n".join(wrap(line) for line in facts["text"].splitlines()) if facts["product"] else ""

    def preview_mjml(self, context: RenderContext) -> str:
        facts = self._card_facts(KnownItem.of(sample_product(context), "#"), OPTIONAL, context)
        return self._card(BESIDE, facts, sample_picture(context, BESIDE_WIDTH, BESIDE_WIDTH), context)

    def _card_facts(
        self, item: KnownItem, show: Collection[str], context: RenderContext, link_label: str = ""
    ) -> dict[str, Any]:
        type_sizes = sizes(context)
        label = context.merge(link_label or gettext("View product"))
        words = product_words(item, context.brand, show=show, size=type_sizes["text_size"], link_label=label)
        return {**type_sizes, "item": item, "words": words}

    def _card(
        self, template: str, facts: dict[str, Any], picture: Picture | None, context: RenderContext
    ) -> SafeString:
        pictures = picture_mjml(picture, context.brand, facts["item"].link()) if picture else ""
        return self.render_mjml(template, {**facts, "pictures": pictures, "gutter": GUTTER - 10}, context)

    def _row(self, facts: dict[str, Any], context: RenderContext) -> SafeString:
        size = thumbnail_size(context)
        picture = self._picture(facts["product"], context, size)
        item = facts["item"].with_picture(picture.url if picture else "")
        rows = self.render_mjml(ROW, {**facts, "picture": thumbnail(item, context.brand, size), "thumb": size}, context)
        return self.render_mjml(ROWS, {"rows": rows}, context)

    def _available(self, chosen: Product, replacement: Product | None, context: RenderContext) -> Product | None:
        shown = context.shared.product_ids
        product = next((one for one in (chosen, replacement) if one and one.is_available), None)
        product = product or self._next_of_category(chosen, shown)
        if product is None:
            context.warn(gettext("“%(product)s” is sold out and nothing replaces it.") % {"product": chosen})
            return None
        if product != chosen:
            names = {"product": chosen, "replacement": product}
            context.warn(gettext("“%(product)s” is sold out; “%(replacement)s” is shown in its place.") % names)
        shown.add(product.pk)
        context.shared.shown.add(f"product:{product.pk}")
        return product

    def _next_of_category(self, chosen: Product, shown: set[int]) -> Product | None:
        if chosen.category_id is None:
            return None
        others = for_sale().filter(category=chosen.category_id).exclude(pk__in=[*shown, chosen.pk])
        return others.order_by("name", "pk").first()

    def _picture(self, product: Product, context: RenderContext, width: int) -> Picture | None:
        if product.image:
            return context.picture(product.image, clean(str(product)), ratio=1 if width < 300 else 1.6, width=width)
        url = absolute(product.image_url, context.base_url)
        return Picture(url, width, width, clean(str(product))) if url.startswith("http") else None
