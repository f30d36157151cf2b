"""What articles and other pages are written with."""

from __future__ import annotations

from typing import Any

from wagtail import blocks
from wagtail.images.blocks import ImageBlock

from example_site.shop.queries import shown_products
from wagtail_precise_mail.commerce.choosers import ProductChooserBlock
from wagtail_precise_mail.contacts.blocks import SignUpBlock


class TipBlock(blocks.StructBlock):
    """Advice in a box beside the text."""

    title = blocks.CharBlock()
    text = blocks.RichTextBlock(features=["bold", "italic", "link"])

    class Meta:
        icon = "help"
        template = "magazine/blocks/tip.html"


class StepsBlock(blocks.StructBlock):
    """A numbered list: how it is done, step by step."""

    steps = blocks.ListBlock(blocks.RichTextBlock(features=["bold", "italic", "link"]))

    class Meta:
        icon = "list-ol"
        template = "magazine/blocks/steps.html"


class ProductsBlock(blocks.StructBlock):
    """Products that the text is about."""

    title = blocks.CharBlock(default="From the shop")
    products = blocks.ListBlock(ProductChooserBlock())

    def get_context(self, value: Any, parent_context: dict[str, Any] | None = None) -> dict[str, Any]:
        context = super().get_context(value, parent_context=parent_context)
        ids = [product.pk for product in value["products"] if product]
        found = shown_products().in_bulk(ids)
        context["products"] = [found[pk] for pk in ids if pk in found]
        return context

    class Meta:
        icon = "tag"
        template = "magazine/blocks/products.html"


class StoryBlock(blocks.StreamBlock):
    """The body of a page."""

    heading = blocks.CharBlock(form_classname="title", icon="title", template="magazine/blocks/heading.html")
    paragraph = blocks.RichTextBlock(icon="pilcrow", features=["bold", "italic", "link", "ul", "ol"])
    image = ImageBlock(template="magazine/blocks/image.html")
    quote = blocks.BlockQuoteBlock(icon="openquote", template="magazine/blocks/quote.html")
    tip = TipBlock()
    steps = StepsBlock()
    products = ProductsBlock()
    sign_up = SignUpBlock()
