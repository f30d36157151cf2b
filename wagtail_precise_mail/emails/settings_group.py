"""What every block has under its settings button: who sees it, space, ground, alignment, and what it is there for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from wagtail.blocks import ChoiceBlock, ListBlock, StreamValue, StructBlock, StructValue
from wagtail.blocks.struct_block import StructBlockValidationError
from wagtail.snippets.blocks import SnippetChooserBlock

from wagtail_precise_mail.emails.audience import Expression, is_in, negate
from wagtail_precise_mail.exceptions import RenderError

SETTINGS = ("audience", "padding", "background", "align", "aida")
"""The children that every block has, unless it sets one to None."""

ALIGNMENTS = [("left", _("Left")), ("center", _("Center")), ("right", _("Right"))]
PADDINGS = [("none", _("None")), ("small", _("Small")), ("medium", _("Medium")), ("large", _("Large"))]
BACKGROUNDS = [("tint", _("Tinted")), ("primary", _("Primary color")), ("dark", _("Dark"))]
AIDA_ROLES = [
    ("attention", _("Attention")),
    ("interest", _("Interest")),
    ("desire", _("Desire")),
    ("action", _("Action")),
]


class AudienceBlock(StructBlock):
    """Everybody, only some segments, or all but some."""

    show = ChoiceBlock(
        label=_("Who sees it"),
        choices=[("only", _("Only members of")), ("except", _("Everybody but members of"))],
        required=False,
        help_text=_("Empty: everybody."),
    )
    segments = ListBlock(SnippetChooserBlock("wagtail_precise_mail.Segment"), label=_("Segments"), default=[])

    class Meta:
        icon = "group"
        label = _("Audience")
        label_format = "{show}"

    def clean(self, value: StructValue) -> StructValue:
        cleaned = super().clean(value)
        if self.is_deferred_validation:
            return cleaned
        if cleaned.get("show") and not list(cleaned.get("segments") or []):
            raise StructBlockValidationError(block_errors={"segments": ValidationError(_("Choose a segment."))})
        if cleaned.get("segments") and not cleaned.get("show"):
            raise StructBlockValidationError(block_errors={"show": ValidationError(_("Say who of them sees it."))})
        return cleaned


def audience_of(value: StructValue | None) -> Expression | None:
    """Return who sees what carries this audience, or None for everybody.

    Raises:
        RenderError: the segments are gone. What was meant for some must not be shown to all.
    """
    show = (value or {}).get("show")
    if not show:
        return None
    segments = [segment for segment in (value or {}).get("segments") or [] if segment is not None]
    if not segments:
        raise RenderError(gettext("Choose whom this is shown to: there is no segment, or it was deleted."))
    expression = is_in({segment.pk for segment in segments})
    return negate(expression) if show == "except" else expression


def audience_ids(body: StreamValue) -> set[int]:
    """Return the ids of all segments for which a body has parts of its own, whatever holds them."""
    return set(_segment_ids(body.get_prep_value()))


def _segment_ids(value: Any) -> Iterator[int]:
    # The stored form: blocks in blocks in columns need not be known here, nor their segments be loaded.
    if isinstance(value, dict):
        for name, inner in value.items():
            if name == "segments" and isinstance(inner, list):
                yield from (pk for item in inner if isinstance(pk := _plain(item), int))
            else:
                yield from _segment_ids(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _segment_ids(inner)


def _plain(item: Any) -> Any:
    return item.get("value") if isinstance(item, dict) else item
