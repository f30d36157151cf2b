"""One picture, with what belongs to it."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from wagtail.blocks import CharBlock, ChoiceBlock, PageChooserBlock, StructValue
from wagtail.blocks.struct_block import BlockGroup
from wagtail.images.blocks import ImageBlock as WagtailImageBlock
from wagtail.images.models import AbstractImage

from wagtail_precise_mail.emails.blocks.basic import LinkChildren
from wagtail_precise_mail.emails.blocks.samples import sample_picture
from wagtail_precise_mail.emails.body import email_blocks
from wagtail_precise_mail.emails.context import RenderContext
from wagtail_precise_mail.emails.rights import credit_of
from wagtail_precise_mail.emails.text import wrap
from wagtail_precise_mail.exceptions import RenderError

WIDTHS = {"full": (_("Full"), 1.0), "medium": (_("Medium"), 0.66), "small": (_("Small"), 0.36)}
"""Widths of a picture: name, and share of the room."""


@email_blocks.register("image")
class ImageBlock(LinkChildren):
    """A picture, with a link, a caption and its credit if there are any."""

    image = WagtailImageBlock(label=_("Picture"))
    caption = CharBlock(label=_("Caption"), required=False, max_length=250)
    page = PageChooserBlock(label=_("Leads to a page"), required=False)
    url = CharBlock(label=_("or to an address"), required=False, max_length=2000)
    width = ChoiceBlock(
        label=_("Width"), choices=[(key, label) for key, (label, _share) in WIDTHS.items()], default="full"
    )

    mjml_template = "wagtail_precise_mail/emails/blocks/image.mjml"
    merge_fields = ("caption", "url")

    class Meta:
        icon = "image"
        label = _("Image")
        group = _("Pictures")
        description = _("A picture with its description for people who do not see it.")
        preview_value = {"caption": "Our garden in June"}
        form_layout = BlockGroup(children=["image", "caption", "page", "url"], settings=["width"])

    def prepare(self, value: StructValue, context: RenderContext) -> dict[str, Any]:
        if not (image := value.get("image")):
            raise RenderError(gettext("Choose an image: there is none, or it was deleted."))
        alt = alt_of(image)
        _label, share = WIDTHS.get(value.get("width") or "", WIDTHS["full"])
        return {
            "picture": context.picture(image, alt, width=round(context.width * share)),
            "is_full": share == 1,
            "caption": context.merge(value.get("caption") or ""),
            "credit": credit_of(image, context),
            "words": context.merge_text(value.get("caption") or ""),
            "href": self.href(value, context, alt or image.title),
            "align": value.get("align") or "center",
        }

    def text(self, value: StructValue, context: RenderContext) -> str:
        facts = self.facts(value, context)
        words = facts["words"] or (f"[{facts['picture'].alt}]" if facts["picture"].alt else "")
        return "\n".join(filter(None, [wrap(words), wrap(facts["credit"]), facts["href"]]))

    def preview_mjml(self, context: RenderContext) -> str:
        facts = {
            "picture": sample_picture(context, context.width, 320),
            "is_full": True,
            "caption": "Our garden in June",
            "credit": "Photo: Ada Moss",
            "align": "center",
        }
        return self.as_section(self.render_mjml(self.mjml_template, facts, context))


def alt_of(image: AbstractImage) -> str:
    """Return what is read in place of an image that an editor chose; "" for one that only decorates."""
    return "" if getattr(image, "decorative", False) else getattr(image, "contextual_alt_text", None) or ""
