"""Heading, text, image, button, divider."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from wagtail.blocks import CharBlock, ChoiceBlock, PageChooserBlock, RichTextBlock, StructValue
from wagtail.blocks.struct_block import StructBlockValidationError
from wagtail.images.blocks import ImageBlock as WagtailImageBlock
from wagtail.rich_text import RichText

from wagtail_precise_mail.emails.blocks.base import EmailBlock
from wagtail_precise_mail.emails.blocks.samples import sample_picture
from wagtail_precise_mail.emails.body import email_blocks
from wagtail_precise_mail.emails.context import RenderContext
from wagtail_precise_mail.emails.languages import localized
from wagtail_precise_mail.emails.links import page_url, with_tags
from wagtail_precise_mail.emails.richtext import FEATURES, mail_text
from wagtail_precise_mail.emails.text import underline, wrap
from wagtail_precise_mail.exceptions import RenderError

# By level: size of the type, height of its lines, space above and below it.
_SIZES = {1: (36, 1.15, 0, 16), 2: (27, 1.25, 8, 16), 3: (20, 1.3, 4, 10)}


@email_blocks.register("heading")
class HeadingBlock(EmailBlock):
    """A heading of one of three levels."""

    title = CharBlock(label=_("Heading"), max_length=250)
    level = ChoiceBlock(
        label=_("Level"), choices=[("1", _("Title")), ("2", _("Section")), ("3", _("Subsection"))], default="2"
    )

    mjml_template = "wagtail_precise_mail/emails/blocks/heading.mjml"
    merge_fields = ("title",)

    class Meta:
        icon = "title"
        label = _("Heading")
        group = _("Text")
        description = _("A title of the email or of a part of it.")
        preview_value = {"title": "A quiet morning, well brewed", "level": "1", "align": "left"}
        label_format = "{title}"

    def prepare(self, value: StructValue, context: RenderContext) -> dict[str, Any]:
        level = int(value.get("level") or 2)
        size, line_height, above, space = _SIZES[level]
        if context.width < 300:
            size = min(size, 22)
        return {
            "title": context.merge(value.get("title") or ""),
            "words": context.merge_text(value.get("title") or ""),
            "level": level,
            "size": size,
            "line_height": line_height,
            "space": space,
            "space_above": above,
            "align": value.get("align") or context.start,
        }

    def text(self, value: StructValue, context: RenderContext) -> str:
        facts = self.facts(value, context)
        words = facts["words"]
        if not words or facts["level"] == 3:
            return wrap(words)
        length = len(context.marks.remove(words)) + 8 * len(context.marks.find(words))
        return underline(words, length=length, character="=" if facts["level"] == 1 else "-")


@email_blocks.register("rich_text")
class TextBlock(EmailBlock):
    """Paragraphs, lists and links."""

    content = RichTextBlock(label=_("Text"), features=FEATURES)

    mjml_template = "wagtail_precise_mail/emails/blocks/rich_text.mjml"
    merge_fields = ("content",)

    class Meta:
        icon = "pilcrow"
        label = _("Text")
        group = _("Text")
        description = _("Paragraphs, lists and links. Merge fields greet each contact by name.")
        preview_value = {
            "content": RichText(
                '<p>Dear {{ contact.first_name | default: "friend" }},</p><p>the kettle is on. Here is what we have '
                "been <b>growing, reading and pouring</b> this month.</p>"
            )
        }

    def prepare(self, value: StructValue, context: RenderContext) -> dict[str, Any]:
        written = mail_text(value.get("content") or RichText(""), context)
        return {"html": written.html, "words": written.text}

    def text(self, value: StructValue, context: RenderContext) -> str:
        return str(self.facts(value, context)["words"])


class LinkChildren(EmailBlock):
    """For blocks that lead to a page of the site or to an address."""

    def href(self, value: StructValue, context: RenderContext, label: str) -> str:
        """Return the address behind a block, or "" when it has none.

        Raises:
            RenderError: the address may not stand in a mail.
        """
        if page := localized(value.get("page"), context.language):
            # While the email is written the page may be, too: the checks say so, and the preview shows the block.
            if not page.live and not context.is_draft:
                raise RenderError(gettext("The page “%(page)s” is not published.") % {"page": page.title})
            url = page_url(page, context.base_url, context.site.pk)
            if not url:
                raise RenderError(gettext("The page “%(page)s” has no address.") % {"page": page.title})
            return context.link(url, label)
        if not (written := value.get("url") or ""):
            return ""
        if not (href := context.editors_link(written, label)):
            raise RenderError(gettext("“%(url)s” is not an address for a mail.") % {"url": written[:100]})
        return href

    def clean(self, value: StructValue) -> StructValue:
        cleaned = super().clean(value)
        written = cleaned.get("url") or ""
        if not self.is_deferred_validation and written and not with_tags(written, "https://example.com"):
            message = _("Use an address such as https://example.com/page; merge fields may stand after the host only.")
            raise StructBlockValidationError(block_errors={"url": ValidationError(message)})
        return cleaned


@email_blocks.register("image")
class ImageBlock(LinkChildren):
    """A picture over the whole width, with a link and a caption if wanted."""

    image = WagtailImageBlock(label=_("Picture"))
    caption = CharBlock(label=_("Caption"), required=False, max_length=250)
    page = PageChooserBlock(label=_("Leads to a page"), required=False)
    url = CharBlock(label=_("or to an address"), required=False, max_length=2000)

    mjml_template = "wagtail_precise_mail/emails/blocks/image.mjml"
    merge_fields = ("caption", "url")

    class Meta:
        icon = "image"
        label = _("Image")
        group = _("Pictures")
        description = _("A picture with its description for people who do not see it.")
        preview_value = {"caption": "Our garden in June"}

    def prepare(self, value: StructValue, context: RenderContext) -> dict[str, Any]:
        if not (image := value.get("image")):
            raise RenderError(gettext("Choose an image: there is none, or it was deleted."))
        alt = "" if getattr(image, "decorative", False) else getattr(image, "contextual_alt_text", None) or ""
        return {
            "picture": context.picture(image, alt),
            "caption": context.merge(value.get("caption") or ""),
            "words": context.merge_text(value.get("caption") or ""),
            "href": self.href(value, context, alt or image.title),
        }

    def text(self, value: StructValue, context: RenderContext) -> str:
        facts = self.facts(value, context)
        words = facts["words"] or (f"[{facts['picture'].alt}]" if facts["picture"].alt else "")
        return "\n".join(filter(None, [wrap(words), facts["href"]]))

    def preview_mjml(self, context: RenderContext) -> str:
        facts = {"picture": sample_picture(context, context.width, 320), "caption": "Our garden in June"}
        return self.as_section(self.render_mjml(self.mjml_template, facts, context))


@email_blocks.register("button")
class ButtonBlock(LinkChildren):
    """The call to action."""

    label = CharBlock(label=_("Words"), max_length=80)
    page = PageChooserBlock(label=_("Leads to a page"), required=False)
    url = CharBlock(
        label=_("or to an address"), required=False, max_length=2000, help_text=_("Merge fields may follow the host.")
    )
    style = ChoiceBlock(label=_("Look"), choices=[("filled", _("Filled")), ("outline", _("Outline"))], default="filled")

    mjml_template = "wagtail_precise_mail/emails/blocks/button.mjml"
    merge_fields = ("label", "url")

    class Meta:
        icon = "link"
        label = _("Button")
        group = _("Text")
        description = _("What the reader should do. Every email needs one, two are enough.")
        preview_value = {"label": "See the new teas", "url": "https://example.com/", "style": "filled", "align": "left"}
        label_format = "{label}"

    def clean(self, value: StructValue) -> StructValue:
        cleaned = super().clean(value)
        if not self.is_deferred_validation and not (cleaned.get("page") or cleaned.get("url")):
            message = ValidationError(_("Choose a page or write an address."))
            raise StructBlockValidationError(block_errors={"page": message})
        return cleaned

    def prepare(self, value: StructValue, context: RenderContext) -> dict[str, Any]:
        label = value.get("label") or ""
        words = context.merge_text(label)
        href = self.href(value, context, label)
        if not (href and label):
            raise RenderError(gettext("A button needs words and somewhere to lead to."))
        return {
            "label": context.merge(label),
            "words": words,
            "href": href,
            "align": value.get("align") or context.start,
            "is_outline": value.get("style") == "outline",
        }

    def text(self, value: StructValue, context: RenderContext) -> str:
        facts = self.facts(value, context)
        return f"{wrap(facts['words'], first='→ ', rest='  ')}\n{facts['href']}"


@email_blocks.register("divider")
class DividerBlock(EmailBlock):
    """A line or a space between two parts."""

    style = ChoiceBlock(label=_("Look"), choices=[("line", _("Line")), ("space", _("Space"))], default="line")

    mjml_template = "wagtail_precise_mail/emails/blocks/divider.mjml"

    class Meta:
        icon = "minus"
        label = _("Divider")
        group = _("Layout")
        description = _("A line or a space between two parts.")
        preview_value = {"style": "line"}

    def prepare(self, value: StructValue, context: RenderContext) -> dict[str, Any]:
        return {"is_line": value.get("style") != "space"}

    def text(self, value: StructValue, context: RenderContext) -> str:
        return "* * *" if self.facts(value, context)["is_line"] else ""
