"""A product of the shop as a card."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from wagtail.blocks import BooleanBlock, CharBlock, ChoiceBlock, StructValue
from wagtail.blocks.struct_block import BlockGroup

from wagtail_precise_mail.commerce.choosers import ProductChooserBlock
from wagtail_precise_mail.commerce.models import Product
from wagtail_precise_mail.commerce.money import format_money
from wagtail_precise_mail.emails.blocks.base import EmailBlock
from wagtail_precise_mail.emails.blocks.pages import sizes
from wagtail_precise_mail.emails.blocks.samples import sample_picture
from wagtail_precise_mail.emails.body import email_blocks
from wagtail_precise_mail.emails.cards import shorten
from wagtail_precise_mail.emails.context import GUTTER, Picture, RenderContext
from wagtail_precise_mail.emails.links import absolute
from wagtail_precise_mail.emails.text import wrap
from wagtail_precise_mail.exceptions import RenderError

BESIDE = "wagtail_precise_mail/emails/blocks/product_beside.mjml"
SUMMARY_LENGTH = 140


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
    layout = ChoiceBlock(
        label=_("Layout"), choices=[("beside", _("Picture beside")), ("above", _("Picture above"))], default="beside"
    )
    show_price = BooleanBlock(label=_("Show the price"), required=False, default=True)
    show_description = BooleanBlock(label=_("Show the description"), required=False, default=False)
    link_label = CharBlock(label=_("Words of the link"), required=False, max_length=80, help_text=_("“View product”"))

    mjml_template = "wagtail_precise_mail/emails/blocks/product.mjml"
    merge_fields = ("link_label",)
    nature = "promotion"

    class Meta:
        icon = "tag"
        label = _("Product")
        group = _("From the site")
        description = _("A product with its picture and the price at the time of sending.")
        preview_value = {"layout": "beside"}
        form_layout = BlockGroup(
            children=["product", "replacement"], settings=["layout", "show_price", "show_description", "link_label"]
        )

    def announce(self, value: StructValue, context: RenderContext) -> None:
        if product := value.get("product"):
            context.shared.product_ids.add(product.pk)
            context.shared.shown.add(f"product:{product.pk}")

    def prepare(self, value: StructValue, context: RenderContext) -> dict[str, Any]:
        chosen = value.get("product")
        if chosen is None:
            raise RenderError(gettext("Choose a product: there is none, or it was deleted."))
        product = context.once_per_email(value, lambda: self._available(chosen, value.get("replacement"), context))
        if product is None:
            return {"product": None}
        name = str(product)
        label = value.get("link_label") or gettext("View product")
        price = value.get("show_price", True) and product.price is not None
        return {
            **sizes(context),
            "product": product,
            "name": name,
            "summary": shorten(product.description, SUMMARY_LENGTH) if value.get("show_description") else "",
            "price": self._price(product.price, product.currency, context) if price else "",
            "href": context.link(product.url, name) if product.url else "",
            "link_label": context.merge(label),
            "layout": value.get("layout") or "beside",
        }

    def compile(self, value: StructValue, context: RenderContext) -> SafeString:
        facts = self.facts(value, context)
        if facts["product"] is None:
            return SafeString("")
        picture = self._picture(facts["product"], context, context.width)
        return self.render_mjml(self.mjml_template, {**facts, "picture": picture}, context)

    def compile_section(self, value: StructValue, context: RenderContext) -> SafeString:
        facts = self.facts(value, context)
        has_picture = facts["product"] and (facts["product"].image or facts["product"].image_url)
        if not has_picture or facts["layout"] != "beside":
            return self.as_section(self.compile(value, context))
        picture = self._picture(facts["product"], context, 206)
        return self.render_mjml(BESIDE, {**facts, "picture": picture, "gutter": GUTTER - 10}, context)

    def text(self, value: StructValue, context: RenderContext) -> str:
        facts = self.facts(value, context)
        if facts["product"] is None:
            return ""
        line = ", ".join(filter(None, [facts["name"], facts["price"]]))
        return "\n".join(filter(None, [wrap(line), wrap(facts["summary"]), facts["href"]]))

    def preview_mjml(self, context: RenderContext) -> str:
        facts = {
            **sizes(context),
            "name": "Stoneware teapot",
            "price": self._price(Decimal("38"), "GBP", context),
            "href": "#",
            "link_label": gettext("View product"),
            "picture": sample_picture(context, 206, 206),
            "gutter": GUTTER - 10,
        }
        return self.render_mjml(BESIDE, facts, context)

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
        others = Product.objects.filter(category=chosen.category_id, kind=Product.Kind.PRODUCT, is_published=True)
        others = others.exclude(stock_count=0).exclude(pk__in=[*shown, chosen.pk])
        return others.order_by("name", "pk").first()

    def _price(self, amount: Decimal | None, currency: str, context: RenderContext) -> str:
        return format_money(amount, currency, locale=context.language)

    def _picture(self, product: Product, context: RenderContext, width: int) -> Picture | None:
        if product.image:
            return context.picture(product.image, str(product), ratio=1 if width < 300 else 16 / 10, width=width)
        url = absolute(product.image_url, context.base_url) if product.image_url else ""
        return Picture(url, width, width, str(product)) if url else None
