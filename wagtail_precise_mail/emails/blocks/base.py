"""What every block of an email has in common."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.forms import Media
from django.template.loader import render_to_string
from django.utils.functional import cached_property
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from wagtail.admin.telepath import register
from wagtail.blocks import ChoiceBlock, StreamValue, StructBlock, StructValue
from wagtail.blocks.struct_block import BlockGroup, StructBlockAdapter, StructBlockValidationError

from wagtail_precise_mail.emails.attribute_words import check_words
from wagtail_precise_mail.emails.context import GUTTER, RenderContext
from wagtail_precise_mail.emails.editions import Edition
from wagtail_precise_mail.emails.localize import segments_of, with_segments
from wagtail_precise_mail.emails.merge_widgets import add_merge_button, merge_media
from wagtail_precise_mail.emails.preview import picker_preview
from wagtail_precise_mail.emails.settings_group import (
    AIDA_ROLES,
    ALIGNMENTS,
    BACKGROUNDS,
    PADDINGS,
    SETTINGS,
    AudienceBlock,
)


class EmailBlock(StructBlock):
    """A piece of an email: fields for the editor, MJML and plain text for the contact.

    A subclass declares child blocks, names its ``mjml_template``, prepares what the template shows in
    :meth:`prepare`, and writes :meth:`text`. It must cope with empty values: previews show half-written blocks.

    Every block has the settings below, in a group of their own; a subclass sets those to None that make no sense for
    it. They are applied around what the block renders: a block need not know of them.
    """

    audience: AudienceBlock | None = AudienceBlock(label=_("Audience"), required=False)
    padding = ChoiceBlock(label=_("Space above and below"), choices=PADDINGS, required=False)
    background = ChoiceBlock(label=_("Background"), choices=BACKGROUNDS, required=False)
    align = ChoiceBlock(label=_("Align"), choices=ALIGNMENTS, required=False)
    aida = ChoiceBlock(label=_("Part in the story (AIDA)"), choices=AIDA_ROLES, required=False)

    mjml_template = ""
    """What goes into a column."""

    merge_fields: tuple[str, ...] = ()
    """Child blocks (plain or rich text) in which merge tags count."""

    untranslated: tuple[str, ...] = ()
    """Child blocks with text that is the same in every language, such as codes."""

    fits_in_column = True
    """False for what needs a section of its own: MJML allows no section inside a column."""

    fits_on_page = True
    """False for what makes sense in a mail only: landing pages are made of the other blocks."""

    may_be_saved = True
    """Whether saved blocks may contain it."""

    nature = ""
    """"promotion" for what sells, "editorial" for what is worth reading by itself, "" for neither."""

    editions: tuple[Edition, ...] = ()
    """Where the block is shown: such as ``OWN`` for what only the contact may have; () is everywhere."""

    aida_role = ""
    """What the block is there for when its settings do not say: a key of ``AIDA_ROLES``."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in self.merge_fields:
            add_merge_button(self.child_blocks[name])

    def get_form_layout(self) -> BlockGroup:
        """Return the layout of the form: whatever the block says, with the settings of every block behind its own."""
        layout = super().get_form_layout()
        named = set(layout.get_sorted_block_names())
        if self.meta.form_layout is None:  # then it names every child, the settings among them
            layout = BlockGroup([name for name in self.child_blocks if name not in SETTINGS])
            named -= set(SETTINGS)
        common = [name for name in SETTINGS if name in self.child_blocks and name not in named]
        return BlockGroup(layout.children, settings=[*layout.settings, *common])

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

    def bleeds(self, value: StructValue) -> bool:
        """Whether the block reaches the edges of the panel: as the first of an email it leaves no space above."""
        return False

    def starts_at(self, value: StructValue) -> datetime | None:
        """Return the moment before which the block must not be read, or None."""
        return None

    def expires_at(self, value: StructValue) -> datetime | None:
        """Return the moment from which the block must not be sent any more, or None."""
        return None

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
        common = {"brand": context.brand, "width": context.width, "start": context.start}
        return render_to_string(template, {**facts, **common})

    def clean(self, value: StructValue) -> StructValue:
        cleaned = super().clean(value)
        # Half-written tags may be saved as a draft: autosave must not stop over them.
        if not self.is_deferred_validation and (errors := dict(self._merge_errors(cleaned))):
            raise StructBlockValidationError(block_errors=errors)
        return cleaned

    def merge_errors(self, value: StructValue) -> list[ValidationError]:
        """Return what is wrong with the block's merge tags."""
        return [error for _child, error in self._merge_errors(value)]

    def _merge_errors(self, value: StructValue) -> list[tuple[str, ValidationError]]:
        errors = []
        for name in self.merge_fields:
            written = value.get(name)
            try:
                check_words(written)
            except ValidationError as error:
                errors.append((name, error))
        return errors

    # wagtail-localize asks blocks for these two: what translators get, and the block with their words.

    def get_translatable_segments(self, value: StructValue) -> list[Any]:
        """Return the words of the block for wagtail-localize."""
        return segments_of(value)

    def restore_translated_segments(self, value: StructValue, segments: list[Any]) -> StructValue:
        """Return the block with what wagtail-localize brings."""
        return with_segments(value, segments)

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
