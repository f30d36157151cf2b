"""Blocks that are kept in one place and shown in many emails."""

from __future__ import annotations

from typing import Any

from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from wagtail.blocks import StreamValue, StructValue
from wagtail.snippets.blocks import SnippetChooserBlock

from wagtail_precise_mail.emails.blocks.base import EmailBlock
from wagtail_precise_mail.emails.body import email_blocks
from wagtail_precise_mail.emails.composition import render_stream
from wagtail_precise_mail.emails.context import RenderContext
from wagtail_precise_mail.emails.text import join
from wagtail_precise_mail.exceptions import RenderError


@email_blocks.register("saved_block")
class SavedBlockBlock(EmailBlock):
    """The published version of a saved block, read when the email is compiled."""

    saved_block = SnippetChooserBlock("wagtail_precise_mail.SavedBlock", label=_("Saved block"))

    fits_in_column = False
    aida = None
    may_be_saved = False

    class Meta:
        icon = "snippet"
        label = _("Saved block")
        group = _("From the site")
        description = _("Blocks kept in one place: a change there reaches every email that was not sent yet.")
        preview_value: dict[str, Any] = {}

    def prepare(self, value: StructValue, context: RenderContext) -> dict[str, Any]:
        saved = context.localized(value.get("saved_block"))
        if saved is None:
            raise RenderError(gettext("Choose a saved block: there is none, or it was deleted."))
        if not saved.live:
            raise RenderError(gettext("The saved block “%(name)s” is not published.") % {"name": saved.name})
        return {"pieces": render_stream(saved.body, context)}

    def announce(self, value: StructValue, context: RenderContext) -> None:
        saved = context.localized(value.get("saved_block"))
        for child in saved.body if saved and saved.live else ():
            child.block.announce(child.value, context)

    def streams(self, value: StructValue) -> list[StreamValue]:
        saved = value.get("saved_block")
        return [saved.body] if saved and saved.live else []

    def compile_section(self, value: StructValue, context: RenderContext) -> SafeString:
        return mark_safe("\n".join(piece.mjml for piece in self.facts(value, context)["pieces"]))

    def text(self, value: StructValue, context: RenderContext) -> str:
        return join(*(piece.text for piece in self.facts(value, context)["pieces"]))

    def preview_mjml(self, context: RenderContext) -> str:
        template = "wagtail_precise_mail/emails/blocks/saved_sample.mjml"
        return self.as_section(self.render_mjml(template, {"name": gettext("Until soon")}, context))
