"""Blocks into segments of wagtail-localize, and back."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from wagtail.blocks import Block, CharBlock, ChooserBlock, RichTextBlock, StructValue
from wagtail.documents.blocks import DocumentChooserBlock
from wagtail.images.blocks import ImageBlock, ImageChooserBlock
from wagtail.rich_text import RichText
from wagtail_localize.segments import OverridableSegmentValue, StringSegmentValue, TemplateSegmentValue
from wagtail_localize.segments.extract import StreamFieldSegmentExtractor
from wagtail_localize.segments.ingest import StreamFieldSegmentsWriter, organise_template_segments
from wagtail_localize.strings import extract_strings, restore_strings

from wagtail_precise_mail.emails.body import RAW_MJML
from wagtail_precise_mail.emails.localize.words import with_chips, with_code, without_chips, without_code

_IMAGE = {"alt_text": "contextual_alt_text", "decorative": "decorative"}


class Extractor(StreamFieldSegmentExtractor):
    """Takes the words out of blocks.

    Pictures and files may be others in a language, and so may addresses. Pages and saved blocks follow the language by
    themselves when the email is rendered; products, segments and all the rest are the same for everybody.
    """

    def handle_struct_block(self, struct_block: StructValue, raw_value: Any = None) -> list[Any]:
        kept = getattr(struct_block.block, "untranslated", ())
        return [
            segment.wrap(name)
            for name, child in struct_block.block.child_blocks.items()
            if name not in kept
            for segment in self._segments(name, child, struct_block.get(name))
        ]

    def _segments(self, name: str, child: Block, value: Any) -> list[Any]:
        if _is_mjml(child):
            return _mjml_segments(value or "")
        if _is_address(name, child):
            return [OverridableSegmentValue("", value)] if value else []
        found: list[Any] = self.handle_block(child, value)
        return found

    def handle_block(self, block_type: Block, block_value: Any, raw_value: Any = None) -> list[Any]:
        if block_value is None:
            return []
        if isinstance(block_type, RichTextBlock):
            block_value = RichText(without_chips(block_value.source))
        elif isinstance(block_type, ChooserBlock):
            may_differ = isinstance(block_type, ImageChooserBlock | DocumentChooserBlock)
            return [OverridableSegmentValue("", block_value.pk)] if may_differ else []
        found: list[Any] = super().handle_block(block_type, block_value, raw_value=raw_value)
        return found

    def handle_image_block(self, block: ImageBlock, image_block_value: Any, raw_value: Any = None) -> list[Any]:
        alt = getattr(image_block_value, "contextual_alt_text", None)
        words = [StringSegmentValue("alt_text", alt)] if alt else []
        return [OverridableSegmentValue("image", image_block_value.pk), *words]

    def handle_list_block(self, list_block: Any, raw_value: Any = None) -> list[Any]:
        return [
            segment.wrap(item.id)
            for item in list_block.bound_blocks
            for segment in self.handle_block(item.block, item.value)
        ]


class Writer(StreamFieldSegmentsWriter):
    """Puts translated words into blocks."""

    def handle_struct_block(self, struct_block: StructValue, segments: list[Any]) -> StructValue:
        by_name = defaultdict(list)
        for segment in segments:
            name, inner = segment.unwrap()
            by_name[name].append(inner)
        for name, inner in by_name.items():
            child, value = struct_block.block.child_blocks[name], struct_block.get(name)
            write = _with_mjml if _is_mjml(child) else self.handle_block
            struct_block[name] = write(child, value, inner)
        return struct_block

    def handle_block(self, block_type: Block, block_value: Any, segments: list[Any]) -> Any:
        written = super().handle_block(block_type, block_value, segments)
        return RichText(with_chips(written.source)) if isinstance(block_type, RichTextBlock) else written

    def handle_image_block(self, block: ImageBlock, image_block_value: Any, segments: list[Any]) -> Any:
        written = super().handle_image_block(block, image_block_value, segments)
        for name in _IMAGE.values():  # another picture knows nothing of the words for the first
            if getattr(written, name, None) is None:
                setattr(written, name, getattr(image_block_value, name, None))
        return written


def _is_mjml(child: Block) -> bool:
    return getattr(child, "holds", "") == RAW_MJML


def _is_address(name: str, child: Block) -> bool:
    return isinstance(child, CharBlock) and (name == "url" or name.endswith("_url"))


def _mjml_segments(mjml: str) -> list[Any]:
    template, strings = extract_strings(without_code(mjml))
    words = [StringSegmentValue("", string, attrs=attrs) for string, attrs in strings]
    return [TemplateSegmentValue("", "html", template, len(strings)), *words] if words else []


def _with_mjml(child: Block, value: str, segments: list[Any]) -> str:
    _format, template, strings = organise_template_segments(segments)
    return with_code(restore_strings(template, strings), value)
