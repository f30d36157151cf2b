"""What stands at the top of an email: a picture, the one thing to say, and what to do about it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from wagtail.blocks import CharBlock, ChoiceBlock, PageChooserBlock, StructValue, TextBlock
from wagtail.blocks.struct_block import BlockGroup
from wagtail.images.blocks import ImageBlock as WagtailImageBlock

from wagtail_precise_mail.emails.blocks.basic import BUTTON_STYLES, LinkChildren
from wagtail_precise_mail.emails.blocks.images import alt_of
from wagtail_precise_mail.emails.blocks.samples import sample_picture
from wagtail_precise_mail.emails.body import email_blocks
from wagtail_precise_mail.emails.brand import Brand, contrast, mix
from wagtail_precise_mail.emails.context import BODY_WIDTH, GUTTER, Picture, RenderContext
from wagtail_precise_mail.emails.effects import shade
from wagtail_precise_mail.emails.rights import credit_of
from wagtail_precise_mail.emails.text import join, underline, wrap

LAYOUTS = [
    ("background", _("Words on the picture")),
    ("above", _("Picture above")),
    ("beside", _("Picture beside")),
]
INK = "#ffffff"
"""Of the words on a picture; the picture is shaded until they can be read."""

_FOLDER = "wagtail_precise_mail/emails/blocks"
_CALM_CONTRAST = 9
"""Of the words on the shade alone: above what the law asks for, so that a little of it darkens much."""


@email_blocks.register("hero")
class HeroBlock(LinkChildren):
    """Picture, title, words and button; without a picture a field of the brand's color."""

    image = WagtailImageBlock(label=_("Picture"), required=False)
    title = CharBlock(label=_("Title"), max_length=150)
    words = TextBlock(label=_("Words"), required=False, rows=3, max_length=600)
    label = CharBlock(label=_("Button"), required=False, max_length=80)
    page = PageChooserBlock(label=_("The button leads to a page"), required=False)
    url = CharBlock(label=_("or to an address"), required=False, max_length=2000)
    layout = ChoiceBlock(label=_("Layout"), choices=LAYOUTS, default="background")
    style = ChoiceBlock(label=_("Look of the button"), choices=BUTTON_STYLES, default="filled")

    mjml_template = f"{_FOLDER}/hero_column.mjml"
    merge_fields = ("title", "words", "label", "url")
    background = None

    class Meta:
        icon = "view"
        label = _("Hero")
        group = _("Pictures")
        description = _("The opening: a large picture with a title, a few words and a button.")
        preview_value = {
            "title": "The kettle is on",
            "words": "Three teas for the quiet season, and the pot they deserve.",
            "label": "See the new teas",
            "url": "https://example.com/",
            "layout": "background",
        }
        label_format = "{title}"
        form_layout = BlockGroup(
            children=["image", "layout", "title", "words", "label", "page", "url"], settings=["style"]
        )

    def bleeds(self, value: StructValue) -> bool:
        layout = _layout(value)
        return layout == "background" or (layout == "above" and bool(value.get("image")))

    def prepare(self, value: StructValue, context: RenderContext) -> dict[str, Any]:
        written = {name: value.get(name) or "" for name in ("title", "words", "label")}
        image = value.get("image")
        return {
            "title": context.merge(written["title"]),
            "lines": [context.merge(line) for line in written["words"].splitlines() if line.strip()],
            "label": context.merge(written["label"]),
            "plain": {name: context.merge_text(text) for name, text in written.items()},
            "href": self.href(value, context, written["label"]) if written["label"] else "",
            "image": image,
            "alt": alt_of(image) if image else "",
            "credit": credit_of(image, context) if image else "",
            "is_outline": value.get("style") == "outline",
            "align": value.get("align") or context.start,
        }

    def compile(self, value: StructValue, context: RenderContext) -> SafeString:
        facts = self.facts(value, context)
        picture = context.picture(facts["image"], facts["alt"], ratio=16 / 10) if facts["image"] else None
        size = 22 if context.width < 300 else _title_size(context)
        return self.render_mjml(self.mjml_template, {**facts, "picture": picture, "title_size": size}, context)

    def compile_section(self, value: StructValue, context: RenderContext) -> SafeString:
        facts = self.facts(value, context)
        layout = _layout(value) if facts["image"] else "background"
        if not (facts["image"] or facts["title"] or facts["lines"]):
            return SafeString("")
        return self._in_layout(layout, facts, self._picture(layout, facts, context), context)

    def text(self, value: StructValue, context: RenderContext) -> str:
        facts = self.facts(value, context)
        plain = facts["plain"]
        length = len(context.marks.remove(plain["title"])) + 8 * len(context.marks.find(plain["title"]))
        title = underline(plain["title"], length=length, character="=") if plain["title"] else ""
        link = f"{wrap(plain['label'], first='→ ', rest='  ')}\n{facts['href']}" if facts["href"] else ""
        return join(title, wrap(plain["words"]), link)

    def preview_mjml(self, context: RenderContext) -> str:
        facts = self.prepare(self.get_preview_value(), context)
        return self._in_layout("background", facts, sample_picture(context, BODY_WIDTH, 400, name="dusk"), context)

    def _picture(self, layout: str, facts: dict[str, Any], context: RenderContext) -> Picture | None:
        if not (image := facts["image"]):
            return None
        if layout == "background":
            effect = shade(ground_of(context.brand), INK)
            return context.picture(image, "", ratio=3 / 2, width=BODY_WIDTH, effect=effect)
        if layout == "above":
            return context.picture(image, facts["alt"], ratio=16 / 9, width=BODY_WIDTH)
        return context.picture(image, facts["alt"], ratio=4 / 5, width=230)

    def _in_layout(
        self, layout: str, facts: dict[str, Any], picture: Picture | None, context: RenderContext
    ) -> SafeString:
        more = {
            "picture": picture,
            "gutter": GUTTER,
            "gap": 10,
            "title_size": round(_title_size(context) * (0.85 if layout == "beside" else 1.1)),
            "ground": ground_of(context.brand),
            # The credit stands below the picture, on the panel.
            "muted_color": context.brand.muted_color,
        }
        inner = on_picture(context) if layout == "background" else context
        return self.render_mjml(f"{_FOLDER}/hero_{layout}.mjml", {**facts, **more}, inner)


def ground_of(brand: Brand) -> str:
    """Return the primary color, dark enough for :data:`INK` to be read on it with ease."""
    for step in range(20):
        candidate = mix(brand.primary_color, "#000000", step / 20)
        if contrast(candidate, INK) >= _CALM_CONTRAST:
            return candidate
    return "#000000"


def on_picture(context: RenderContext) -> RenderContext:
    """Return the context for words on a shaded picture: light words, and a light button with dark ones."""
    brand = replace(context.brand.on("dark"), panel_color=ground_of(context.brand), text_color=INK, primary_color=INK)
    return replace(context, brand=brand)


def _title_size(context: RenderContext) -> int:
    size, _on_phones = context.brand.theme.heading_sizes[0]
    return size


def _layout(value: StructValue) -> str:
    layout = str(value.get("layout") or "")
    return layout if layout in dict(LAYOUTS) else "background"
