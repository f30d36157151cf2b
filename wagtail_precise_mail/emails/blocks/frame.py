"""Preheader, header and legal footer: the parts of an email that stand around its body.

They say what stands there in place of the automatic ones. Wherever they are in the list of blocks, the header is shown
above the body and the footer below it.
"""

from __future__ import annotations

import unicodedata
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from wagtail.blocks import BooleanBlock, CharBlock, ListBlock, StructValue, TextBlock
from wagtail.blocks.struct_block import StructBlockValidationError

from wagtail_precise_mail.emails.blocks.base import EmailBlock
from wagtail_precise_mail.emails.body import email_blocks
from wagtail_precise_mail.emails.brand import FrameLink
from wagtail_precise_mail.emails.context import RenderContext
from wagtail_precise_mail.emails.frame import (
    Footer,
    ReadyLink,
    footer_mjml,
    footer_text,
    header_mjml,
    ready_links,
)
from wagtail_precise_mail.emails.link_blocks import MENU_LIMIT, LinkBlock
from wagtail_precise_mail.emails.values import one_line


class FrameBlock(EmailBlock):
    """A block that is shown in the frame of the email, and so takes no room in the body."""

    # Everybody gets it: an email has one frame, and nobody may miss the way out.
    audience = None
    padding = None
    background = None

    fits_in_column = False
    may_be_saved = False
    part = ""
    """Which part of the frame it is: a key of ``Shared.frame``."""

    def frame(self, value: StructValue, context: RenderContext) -> dict[str, str]:
        """Return the parts of the frame."""
        raise NotImplementedError

    def announce(self, value: StructValue, context: RenderContext) -> None:
        context.shared.frame.setdefault(self.part, "")

    def compile_section(self, value: StructValue, context: RenderContext) -> SafeString:
        taken = context.shared.frame
        parts = self.frame(value, context)
        if taken.get(self.part) and taken[self.part] != parts.get(self.part):
            context.warn(gettext("The email has two of these; the first one is shown. Remove this one."))
        else:
            taken.update(parts)
        return SafeString("")

    def text(self, value: StructValue, context: RenderContext) -> str:
        return ""

    def preview_mjml(self, context: RenderContext) -> str:
        self.compile_section(self.get_preview_value(), context)
        return '<mj-section><mj-column><mj-spacer height="40px" /></mj-column></mj-section>'


@email_blocks.register("preheader")
class PreheaderBlock(FrameBlock):
    """The line that inboxes show after the subject."""

    words = CharBlock(
        label=_("Words"),
        max_length=250,
        help_text=_("Shown in place of the email's own preheader. Phones show about 90 characters."),
    )

    merge_fields = ("words",)
    part = "preheader"
    fits_on_page = False
    align = None

    class Meta:
        icon = "comment"
        label = _("Preheader")
        group = _("Frame")
        description = _("The line that inboxes show after the subject; it cannot be seen in the email itself.")
        preview_value = {"words": "Three teas for the quiet season, and the pot they deserve."}
        label_format = "{words}"

    def prepare(self, value: StructValue, context: RenderContext) -> dict[str, Any]:
        return {"words": context.merge_text(one_line(value.get("words") or ""))}

    def frame(self, value: StructValue, context: RenderContext) -> dict[str, str]:
        words = self.facts(value, context)["words"]
        return {"preheader": words} if words else {}

    def preview_mjml(self, context: RenderContext) -> str:
        words = escape(self.get_preview_value()["words"])
        return self.as_section(mark_safe(f'<mj-text color="{context.brand.muted_color}">{words}</mj-text>'))


@email_blocks.register("header")
class HeaderBlock(FrameBlock):
    """The logo, with a menu."""

    links = ListBlock(LinkBlock(), label=_("Menu"), max_num=MENU_LIMIT, default=[], required=False)

    part = "header"

    class Meta:
        icon = "bars"
        label = _("Header")
        group = _("Frame")
        description = _("The logo with a menu of up to five links, in place of the logo alone.")

    def prepare(self, value: StructValue, context: RenderContext) -> dict[str, Any]:
        links = [
            FrameLink(link.get("label") or "", link.get("page"), link.get("url") or "")
            for link in value.get("links") or []
        ]
        return {"menu": ready_links(links, context)}

    def frame(self, value: StructValue, context: RenderContext) -> dict[str, str]:
        menu = self.facts(value, context)["menu"]
        return {"header": header_mjml(context, menu=menu, align=value.get("align") or "")}

    def text(self, value: StructValue, context: RenderContext) -> str:
        return "\n".join(f"{link.label}: {link.href}" for link in self.facts(value, context)["menu"])

    def preview_mjml(self, context: RenderContext) -> str:
        menu = [ReadyLink(words, "#") for words in ("Teas", "Plants", "Magazine")]
        context.shared.frame["header"] = header_mjml(context, menu=menu)
        return '<mj-section><mj-column><mj-spacer height="40px" /></mj-column></mj-section>'


@email_blocks.register("footer")
class FooterBlock(FrameBlock):
    """Who sends this, why, and how to stop it."""

    reason = TextBlock(
        label=_("Why people get this"),
        required=False,
        max_length=300,
        help_text=_("Empty: the sentence of the email brand."),
    )
    unsubscribe_label = CharBlock(
        label=_("Words of the unsubscribe link"), required=False, max_length=80, help_text=_("“Unsubscribe”")
    )
    show_links = BooleanBlock(label=_("Show the links of the email brand"), required=False, default=True)
    show_accounts = BooleanBlock(label=_("Show the social networks of the email brand"), required=False, default=True)

    merge_fields = ("reason",)
    part = "footer"
    fits_on_page = False

    class Meta:
        icon = "doc-empty"
        label = _("Legal footer")
        group = _("Frame")
        description = _("Company, address, contact and unsubscribe link, in place of the automatic footer.")
        preview_value = {
            "reason": "You get this because you asked for news from our garden.",
            "show_links": True,
            "show_accounts": True,
        }

    def clean(self, value: StructValue) -> StructValue:
        cleaned = super().clean(value)
        label = cleaned.get("unsubscribe_label") or ""
        if not self.is_deferred_validation and label and not _can_be_seen(label):
            message = ValidationError(_("Write words that can be seen: this is how people leave."))
            raise StructBlockValidationError(block_errors={"unsubscribe_label": message})
        return cleaned

    def prepare(self, value: StructValue, context: RenderContext) -> dict[str, Any]:
        reason = value.get("reason") or ""
        words = value.get("unsubscribe_label") or ""
        # A link that nobody can see is no way out.
        words = one_line(words) if _can_be_seen(words) else gettext("Unsubscribe")
        footer = Footer(
            reason=context.merge(reason) if reason else escape(context.brand.reason),
            plain_reason=context.merge_text(reason) if reason else context.brand.reason,
            unsubscribe=escape(words),
            plain_unsubscribe=words,
            align=value.get("align") or "",
            with_links=value.get("show_links", True),
            with_accounts=value.get("show_accounts", True),
        )
        return {"footer": footer}

    def frame(self, value: StructValue, context: RenderContext) -> dict[str, str]:
        footer = self.facts(value, context)["footer"]
        return {"footer": footer_mjml(footer, context), "footer_text": footer_text(footer, context)}


def _can_be_seen(words: str) -> bool:
    return any(unicodedata.category(character)[0] in "LN" for character in words)
