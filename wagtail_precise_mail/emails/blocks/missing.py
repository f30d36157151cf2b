"""What stands in the place of a block whose code was removed from the project."""

from __future__ import annotations

from typing import Any

from django.forms import TextInput
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from wagtail.blocks import CharBlock, StructValue, TextBlock

from wagtail_precise_mail.emails.blocks.base import EmailBlock
from wagtail_precise_mail.emails.body import unlisted_blocks
from wagtail_precise_mail.emails.context import RenderContext
from wagtail_precise_mail.emails.streams import MISSING
from wagtail_precise_mail.exceptions import RenderError


@unlisted_blocks.register(MISSING)
class MissingBlock(EmailBlock):
    """Keeps what a block has stored that the project knows no more: it comes back when the code does."""

    audience = None
    padding = None
    background = None
    align = None
    aida = None

    untranslated = ("kind", "content")

    kind = CharBlock(label=_("Block"))
    content = TextBlock(label=_("What it held"), required=False, rows=4)

    class Meta:
        icon = "warning"
        label = _("Block that is gone")
        label_format = "{kind}"

    def __init__(self, local_blocks: Any = None, **kwargs: Any) -> None:
        super().__init__(local_blocks, **kwargs)
        self.child_blocks["kind"].field.widget = TextInput(attrs={"readonly": True, "class": "wpm-code"})
        self.child_blocks["content"].field.widget.attrs |= {"readonly": True, "class": "wpm-code"}
        self.child_blocks["content"].field.help_text = _(
            "This block is no longer part of this site. Delete it here, or ask your developer to bring it back."
        )

    def prepare(self, value: StructValue, context: RenderContext) -> dict[str, Any]:
        raise RenderError(gettext("The block “%(kind)s” is no longer part of this site.") % {"kind": value.get("kind")})

    def text(self, value: StructValue, context: RenderContext) -> str:
        return str(self.facts(value, context))

    @property
    def is_previewable(self) -> bool:
        return False
