"""A product whose price is drawn when the mail is opened."""

from __future__ import annotations

from typing import Any

from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from wagtail.blocks import StructValue

from wagtail_precise_mail.commerce.choosers import ProductChooserBlock
from wagtail_precise_mail.commerce.models import Product
from wagtail_precise_mail.emails.blocks.base import EmailBlock
from wagtail_precise_mail.emails.blocks.samples import sample_picture
from wagtail_precise_mail.emails.body import email_blocks
from wagtail_precise_mail.emails.context import RenderContext
from wagtail_precise_mail.emails.live.drawing import height_of
from wagtail_precise_mail.emails.live.lettering import can_write
from wagtail_precise_mail.emails.live.tokens import LivePrice, make_live_token
from wagtail_precise_mail.emails.live.words import words_of
from wagtail_precise_mail.emails.text import wrap
from wagtail_precise_mail.emails.values import clean
from wagtail_precise_mail.exceptions import RenderError
from wagtail_precise_mail.paths import token_path


@email_blocks.register("live_price")
class LivePriceBlock(EmailBlock):
    """A picture with name, price, discount and stock of a product as they are at the moment of opening.

    Those who see no pictures read the price at the time of sending, and that it is of then.
    """

    product = ProductChooserBlock(label=_("Product"))

    align = None
    mjml_template = "wagtail_precise_mail/emails/blocks/live_price.mjml"
    nature = "promotion"
    aida_role = "desire"

    class Meta:
        icon = "history"
        label = _("Live price")
        group = _("Shop")
        description = _("A product with the price and the stock of the moment in which the mail is opened.")

    def announce(self, value: StructValue, context: RenderContext) -> None:
        """Keep lists and replacements from showing the product once more."""
        if product := value.get("product"):
            context.shared.product_ids.add(product.pk)
            context.shared.shown.add(f"product:{product.pk}")

    def prepare(self, value: StructValue, context: RenderContext) -> dict[str, Any]:
        product = value.get("product")
        if product is None:
            raise RenderError(gettext("Choose a product: there is none, or it was deleted."))
        self._warn(product, context)
        picture = LivePrice.of(product.pk, context.brand, language=context.language, width=context.width)
        words = {"product": clean(str(product)), "price": words_of(product, context.language).price}
        return {
            "src": f"{context.base_url}{token_path('live_price')(make_live_token(picture))}",
            "href": context.link(product.url, words["product"]) if product.url else "",
            "alt": gettext("%(product)s: %(price)s when this mail was sent") % words
            if words["price"]
            else words["product"],
            "size": (picture.width, height_of(picture.width)),
        }

    def text(self, value: StructValue, context: RenderContext) -> str:
        facts = self.facts(value, context)
        return "\n".join(filter(None, [wrap(facts["alt"]), facts["href"]]))

    def preview_mjml(self, context: RenderContext) -> str:
        picture = sample_picture(context, context.width, height_of(context.width))
        facts = {"src": picture.url, "href": "", "alt": "", "size": (picture.width, picture.height)}
        return self.as_section(SafeString(self.render_mjml(self.mjml_template, facts, context)))

    def _warn(self, product: Product, context: RenderContext) -> None:
        if not product.is_available:
            context.warn(gettext("“%(product)s” is sold out: the picture will say so.") % {"product": product})
        if not can_write(clean(str(product))):
            context.warn(
                gettext("The font of live pictures cannot write “%(product)s”: its name is left out.")
                % {"product": product}
            )
