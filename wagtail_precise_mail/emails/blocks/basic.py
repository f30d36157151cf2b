"""Heading, text, button, divider, space."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from wagtail.blocks import CharBlock, ChoiceBlock, PageChooserBlock, RichTextBlock, StructValue
from wagtail.blocks.struct_block import BlockGroup, StructBlockValidationError
from wagtail.rich_text import RichText

from wagtail_precise_mail.emails.blocks.base import EmailBlock
from wagtail_precise_mail.emails.blocks.samples import between_words
from wagtail_precise_mail.emails.body import email_blocks
from wagtail_precise_mail.emails.context import RenderContext
from wagtail_precise_mail.emails.links import page_url, with_tags
from wagtail_precise_mail.emails.richtext import FEATURES, mail_text
from wagtail_precise_mail.emails.text import underline, wrap
from wagtail_precise_mail.exceptions import RenderError

# By level: height of the lines, space above and below.
_LINES = {2: ("1.25", 8, 16), 3: ("1.3", 4, 10)}

HEIGHTS = {
    "small": (_("Small"), 16),
    "medium": (_("Medium"), 32),
    "large": (_("Large"), 56),
    "huge": (_("Very large"), 88),
}
"""Heights of a space: name, and pixels."""

BUTTON_STYLES = [("filled", _("Filled")), ("outline", _("Outline"))]


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
        theme = context.brand.theme
        size, _on_phones = theme.heading_sizes[level - 1]
        line_height, above, space = _LINES.get(level, (theme.heading_line, 0, 16))
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
        return underline(words, character="=" if facts["level"] == 1 else "-")


@email_blocks.register("rich_text")
class TextBlock(EmailBlock):
    """Paragraphs, lists and links."""

    content = RichTextBlock(label=_("Text"), features=FEATURES)

    mjml_template = "wagtail_precise_mail/emails/blocks/rich_text.mjml"
    merge_fields = ("content",)
    nature = "editorial"

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

    link_prefixes: tuple[str, ...] = ("",)
    """What stands before "page" and "url" in the names of the children, once per link."""

    def href(self, value: StructValue, context: RenderContext, label: str, *, prefix: str = "") -> str:
        """Return the address behind a block, or "" when it has none.

        Raises:
            RenderError: the address may not stand in a mail.
        """
        if page := context.localized(value.get(f"{prefix}page")):
            # While the email is written the page may be, too: the checks say so, and the preview shows the block.
            if not page.live and not context.is_draft:
                raise RenderError(gettext("The page “%(page)s” is not published.") % {"page": page.title})
            url = page_url(page, context.base_url, context.site.pk)
            if not url:
                raise RenderError(gettext("The page “%(page)s” has no address.") % {"page": page.title})
            return context.link(url, label)
        if not (written := value.get(f"{prefix}url") or ""):
            return ""
        if not (href := context.editors_link(written, label)):
            raise RenderError(gettext("“%(url)s” is not an address for a mail.") % {"url": written[:100]})
        return href

    def clean(self, value: StructValue) -> StructValue:
        cleaned = super().clean(value)
        if self.is_deferred_validation:
            return cleaned
        if errors := dict(self._link_errors(cleaned)):
            raise StructBlockValidationError(block_errors=errors)
        return cleaned

    def _link_errors(self, value: StructValue) -> Iterator[tuple[str, ValidationError]]:
        for name in (f"{prefix}url" for prefix in self.link_prefixes):
            if (written := value.get(name) or "") and not with_tags(written, "https://example.com"):
                message = _(
                    "Use an address such as https://example.com/page; merge fields may stand after the host only."
                )
                yield name, ValidationError(message)


@email_blocks.register("button")
class ButtonBlock(LinkChildren):
    """The call to action, and beside it, if wanted, a second one that asks for less."""

    label = CharBlock(label=_("Words"), max_length=80)
    page = PageChooserBlock(label=_("Leads to a page"), required=False)
    url = CharBlock(
        label=_("or to an address"), required=False, max_length=2000, help_text=_("Merge fields may follow the host.")
    )
    style = ChoiceBlock(label=_("Look"), choices=BUTTON_STYLES, default="filled")
    second_label = CharBlock(label=_("Second button"), required=False, max_length=80)
    second_page = PageChooserBlock(label=_("Its page"), required=False)
    second_url = CharBlock(label=_("Its address"), required=False, max_length=2000)
    second_style = ChoiceBlock(label=_("Its look"), choices=BUTTON_STYLES, default="outline")

    mjml_template = "wagtail_precise_mail/emails/blocks/button.mjml"
    merge_fields = ("label", "url", "second_label", "second_url")
    link_prefixes = ("", "second_")

    class Meta:
        icon = "link"
        label = _("Button")
        group = _("Text")
        description = _(
            "What the reader should do; beside it, if wanted, a second button for those who are not sure yet."
        )
        preview_value = {
            "label": "See the new teas",
            "url": "https://example.com/",
            "style": "filled",
            "second_label": "Ask us first",
            "second_url": "https://example.com/",
            "second_style": "outline",
        }
        label_format = "{label}"
        form_layout = BlockGroup(
            children=[
                "label",
                "page",
                "url",
                "style",
                BlockGroup(
                    children=["second_label", "second_page", "second_url", "second_style"],
                    heading=_("A second button beside it"),
                    classname="collapsed",
                    icon="plus",
                ),
            ]
        )

    def _link_errors(self, value: StructValue) -> Iterator[tuple[str, ValidationError]]:
        yield from super()._link_errors(value)
        if not (value.get("page") or value.get("url")):
            yield "page", ValidationError(_("Choose a page or write an address."))
        has_second_link = bool(value.get("second_page") or value.get("second_url"))
        if value.get("second_label") and not has_second_link:
            yield "second_page", ValidationError(_("Choose a page or write an address."))
        elif has_second_link and not value.get("second_label"):
            yield "second_label", ValidationError(_("Write what stands on the second button."))

    def prepare(self, value: StructValue, context: RenderContext) -> dict[str, Any]:
        buttons = [self._button(value, context, "")]
        if value.get("second_label") or value.get("second_page") or value.get("second_url"):
            buttons.append(self._button(value, context, "second_"))
        return {"buttons": buttons, "align": value.get("align") or context.start}

    def _button(self, value: StructValue, context: RenderContext, prefix: str) -> dict[str, Any]:
        label = value.get(f"{prefix}label") or ""
        href = self.href(value, context, label, prefix=prefix)
        if not (href and label):
            raise RenderError(gettext("A button needs words and somewhere to lead to."))
        return {
            "label": context.merge(label),
            "words": context.merge_text(label),
            "href": href,
            "is_outline": value.get(f"{prefix}style") == "outline",
        }

    def text(self, value: StructValue, context: RenderContext) -> str:
        buttons = self.facts(value, context)["buttons"]
        return "\n".join(f"{wrap(one['words'], first='→ ', rest='  ')}\n{one['href']}" for one in buttons)


@email_blocks.register("divider")
class DividerBlock(EmailBlock):
    """A line or a space between two parts."""

    style = ChoiceBlock(label=_("Look"), choices=[("line", _("Line")), ("space", _("Space"))], default="line")

    mjml_template = "wagtail_precise_mail/emails/blocks/divider.mjml"
    align = None
    aida = None

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

    def preview_mjml(self, context: RenderContext) -> str:
        return self.as_section(between_words(self.compile(self.get_preview_value(), context)))


@email_blocks.register("spacer")
class SpacerBlock(EmailBlock):
    """Nothing, of a height."""

    height = ChoiceBlock(
        label=_("Height"), choices=[(key, label) for key, (label, _pixels) in HEIGHTS.items()], default="medium"
    )

    mjml_template = "wagtail_precise_mail/emails/blocks/spacer.mjml"
    padding = None
    align = None
    aida = None

    class Meta:
        icon = "order"
        label = _("Space")
        group = _("Layout")
        description = _("Room to breathe between two parts.")
        preview_value = {"height": "large"}
        label_format = "{height}"

    def prepare(self, value: StructValue, context: RenderContext) -> dict[str, Any]:
        _label, pixels = HEIGHTS.get(value.get("height") or "", HEIGHTS["medium"])
        return {"pixels": pixels}

    def text(self, value: StructValue, context: RenderContext) -> str:
        return ""

    def preview_mjml(self, context: RenderContext) -> str:
        return self.as_section(between_words(self.compile(self.get_preview_value(), context)))
