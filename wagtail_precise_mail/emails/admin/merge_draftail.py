"""Merge tags in rich text: chips in the editor, ``<span data-wpm-merge>{{ ... }}</span>`` in the database.

The span holds the tag as it is typed elsewhere, so that whatever reads the text (checks, comparison of versions,
search, translation) finds it, and so that it stays a merge tag should the span get lost.
"""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _
from draftjs_exporter.dom import DOM
from wagtail import hooks
from wagtail.admin.rich_text.converters.html_to_contentstate import InlineEntityElementHandler
from wagtail.admin.rich_text.editors.draftail.features import EntityFeature
from wagtail.rich_text.feature_registry import FeatureRegistry

from wagtail_precise_mail.emails.admin.picking import PICK, chip_text
from wagtail_precise_mail.emails.merge import Tag, parse

FEATURE = "wpm-merge"
"""The name of the feature, for ``RichTextBlock(features=[...])``."""

ENTITY = "WPM_MERGE"


class MergeElementHandler(InlineEntityElementHandler):
    """From the database to the editor: the words of the tag become the chip."""

    mutability = "IMMUTABLE"

    def handle_endtag(self, name: str, state: Any, contentstate: Any) -> None:
        block, place = state.current_block, state.current_entity_ranges[-1]
        written = block.text[place.offset :]
        tag = _one_tag(written)
        if tag is None:  # a field that is gone, or damage: shown as it is, and refused when it is published
            state.current_entity_ranges.pop()
            block.entity_ranges.remove(place)
            return
        block.text = block.text[: place.offset] + chip_text(tag)
        contentstate.entity_map[place.key].data = {"tag": str(tag)}
        _stretch_styles(block, place.offset)
        super().handle_endtag(name, state, contentstate)


def merge_element(props: dict[str, Any]) -> Any:
    """From the editor to the database: the chip becomes the words of the tag."""
    written = str(props.get("tag") or "")
    tag = _one_tag(written)
    if tag is None:  # as text: it stays to be seen, and is refused when it is published
        return _with_words(props["children"], written) if written else props["children"]
    return DOM.create_element("span", {"data-wpm-merge": ""}, _with_words(props["children"], str(tag)))


@hooks.register("register_rich_text_features")
def register_merge_feature(features: FeatureRegistry) -> None:
    """Make the feature known; blocks ask for it by its name."""
    data = {
        "type": ENTITY,
        "icon": "tag",
        "description": _("Merge field"),
        "attributes": ["tag"],
        "chooserUrls": {"mergeFields": reverse_lazy(PICK)},
    }
    features.register_editor_plugin(
        "draftail",
        FEATURE,
        EntityFeature(
            data,
            js=["wagtail_precise_mail/emails/merge.js", "wagtail_precise_mail/emails/merge-draftail.js"],
            css={"all": ["wagtail_precise_mail/emails/merge.css"]},
        ),
    )
    features.register_converter_rule(
        "contentstate",
        FEATURE,
        {
            "from_database_format": {"span[data-wpm-merge]": MergeElementHandler(ENTITY)},
            "to_database_format": {"entity_decorators": {ENTITY: merge_element}},
        },
    )


def _one_tag(text: str) -> Tag | None:
    try:
        parts = parse(text)
    except ValidationError:
        return None
    return parts[0] if len(parts) == 1 and isinstance(parts[0], Tag) else None


def _stretch_styles(block: Any, offset: int) -> None:
    """Let styles inside the element cover the whole chip: its words are others than those they were measured with."""
    for style in block.inline_style_ranges:
        if style.offset >= offset and style.length is not None:
            style.offset, style.length = offset, len(block.text) - offset


def _with_words(node: Any, words: str) -> Any:
    """Return words in the styles of a node; those of the first piece where a part of the chip has another style."""
    children = getattr(node, "children", None)
    if not children:
        return words
    node.children = [_with_words(children[0], words)]
    return node
