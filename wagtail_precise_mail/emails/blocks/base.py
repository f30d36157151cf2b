"""What every block of an email has in common."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.forms import Media
from django.template.loader import render_to_string
from django.utils.functional import cached_property
from django.utils.safestring import SafeString
from wagtail.admin.telepath import register
from wagtail.blocks import StreamValue, StructBlock, StructValue
from wagtail.blocks.struct_block import StructBlockAdapter, StructBlockValidationError
from wagtail.rich_text import RichText

from wagtail_precise_mail.emails.context import GUTTER, RenderContext
from wagtail_precise_mail.emails.merge import parse
from wagtail_precise_mail.emails.merge_widgets import add_merge_button, merge_media
from wagtail_precise_mail.emails.preview import picker_preview
from wagtail_precise_mail.emails.richtext import check_merge_tags


class EmailBlock(StructBlock):
    """A piece of an email: fields for the editor, MJML and plain text for the contact.

    A subclass declares child blocks, names its ``mjml_template``, prepares what the template shows in
    :meth:`prepare`, and writes :meth:`text`. It must cope with empty values: previews show half-written blocks.
    """

    mjml_template = ""
    """What goes into a column."""

    merge_fields: tuple[str, ...] = ()
    """Child blocks (plain or rich text) in which merge tags count."""

    fits_in_column = True
    """False for what needs a section of its own: MJML allows no section inside a column."""

    may_be_saved = True
    """Whether saved blocks may contain it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in self.merge_fields:
            add_merge_button(self.child_blocks[name])

    def prepare(self, value: StructValue, context: RenderContext) -> dict[str, Any]:
        """Return what the template and the text part show.

        Raises:
            RenderError: something that the block needs is missing.
            ValidationError: a merge tag is wrong.
        """
        raise NotImplementedError

    def text(self, value: StructValue, context: RenderContext) -> str:
        """Return the block as plain text, or "" when it says nothing."""
        raise NotImplementedError

    def streams(self, value: StructValue) -> list[StreamValue]:
        """Return the streams of blocks inside this block, for checks that read the whole email."""
        return []

    def announce(self, value: StructValue, context: RenderContext) -> None:
        """Tell the others what this block is about: called for every block before the first is rendered."""
        for stream in self.streams(value):
            for child in stream:
                child.block.announce(child.value, context)

    def facts(self, value: StructValue, context: RenderContext) -> dict[str, Any]:
        """Return what :meth:`prepare` gives, computed once per email."""
        return context.once(value, lambda: self.prepare(value, context))

    def compile(self, value: StructValue, context: RenderContext) -> SafeString:
        """Return MJML for the inside of a column, ``context.width`` pixels wide."""
        return self.render_mjml(self.mjml_template, self.facts(value, context), context)

    def compile_section(self, value: StructValue, context: RenderContext) -> SafeString:
        """Return MJML for the body: a section around :meth:`compile`, unless overridden."""
        return self.as_section(self.compile(value, context))

    def as_section(self, content: SafeString) -> SafeString:
        """Return content in a section with one column; nothing for nothing."""
        if not content.strip():
            return SafeString("")
        return render_to_string("wagtail_precise_mail/emails/section.mjml", {"content": content, "gutter": GUTTER})

    def render_mjml(self, template: str, facts: dict[str, Any], context: RenderContext) -> SafeString:
        """Return a rendered MJML template; values are escaped by Django."""
        return render_to_string(template, {**facts, "brand": context.brand, "width": context.width})

    def clean(self, value: StructValue) -> StructValue:
        cleaned = super().clean(value)
        # Half-written tags may be saved as a draft: autosave must not stop over them.
        if not self.is_deferred_validation and (errors := dict(self._merge_errors(cleaned))):
            raise StructBlockValidationError(block_errors=errors)
        return cleaned

    def merge_errors(self, value: StructValue) -> list[ValidationError]:
        """Return what is wrong with the block's merge tags."""
        return [error for _name, error in self._merge_errors(value)]

    def _merge_errors(self, value: StructValue) -> list[tuple[str, ValidationError]]:
        errors = []
        for name in self.merge_fields:
            written = value.get(name)
            try:
                if isinstance(written, RichText):
                    check_merge_tags(written)
                else:
                    parse(written or "")
            except ValidationError as error:
                errors.append((name, error))
        return errors

    # The block picker frames this: a whole page, compiled like the email itself.

    def get_preview_template(self, value: Any, context: Any = None) -> str:
        return "wagtail_precise_mail/emails/block_preview.html"

    def get_preview_context(self, value: Any, parent_context: Any = None) -> dict[str, Any]:
        return {**(parent_context or {}), "email_html": picker_preview(self)}

    def preview_mjml(self, context: RenderContext) -> str:
        """Return the MJML of the picker's preview: the ``preview_value``, unless overridden."""
        return self.compile_section(self.get_preview_value(), context)


class EmailBlockAdapter(StructBlockAdapter):
    """Brings what the fields with merge tags need."""

    @cached_property
    def media(self) -> Media:
        return super().media + merge_media()


register(EmailBlockAdapter(), EmailBlock)
