"""The blocks of a landing page: those of emails, and the button that reaches the goal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from wagtail.blocks import CharBlock, PageChooserBlock, StreamValue, StructValue
from wagtail.blocks.stream_block import StreamBlockValidationError
from wagtail.blocks.struct_block import StructBlockValidationError

from wagtail_precise_mail.emails.blocks.base import EmailBlock
from wagtail_precise_mail.emails.body import make_page_body_block
from wagtail_precise_mail.emails.context import RenderContext
from wagtail_precise_mail.emails.links import absolute, page_url
from wagtail_precise_mail.emails.streams import EmailStreamBlock
from wagtail_precise_mail.exceptions import RenderError

GOAL = "goal"
"""The type of the button, and the field in which its form posts the id of the block."""

FORM = "wpm-goal"
"""The id of the form that every goal button of a page belongs to; it stands at the end of the body."""

# Any host will do: what is asked is whether an address can be one at all.
_SOME_BASE = "https://example.com"


class GoalBlock(EmailBlock):
    """A button that posts: pressing it reaches the goal, and leads on. Without JavaScript, and not by a link, which
    scanners follow."""

    label = CharBlock(label=_("Words"), max_length=80)
    page = PageChooserBlock(label=_("Then leads to a page"), required=False)
    url = CharBlock(label=_("or to an address"), required=False, max_length=2000)

    mjml_template = "wagtail_precise_mail/campaigns/landing/goal.mjml"
    merge_fields = ("label",)
    aida_role = "action"
    fits_in_column = False
    may_be_saved = False

    class Meta:
        icon = "crosshairs"
        label = _("Goal button")
        group = _("Text")
        description = _("What the visitor should do here. Pressing it is counted as the goal, and leads on.")
        preview_value = {"label": "Save me a place", "url": "https://example.com/"}
        label_format = "{label}"

    def prepare(self, value: StructValue, context: RenderContext) -> dict[str, Any]:
        page = value.get("page")
        if page and not page.live and not context.is_draft:
            raise RenderError(gettext("The page “%(page)s” is not published.") % {"page": page.title})
        if not target_of(value, base_url=context.base_url, site_id=context.site.pk):
            raise RenderError(gettext("Choose where the goal button leads to: a page, or an address of the web."))
        label = value.get("label") or ""
        return {
            "label": context.merge(label),
            "words": context.merge_text(label),
            "align": value.get("align") or context.start,
            "block_id": context.block_id,
            "form": FORM,
            "field": GOAL,
        }

    def text(self, value: StructValue, context: RenderContext) -> str:
        return str(self.facts(value, context)["words"])

    def clean(self, value: StructValue) -> StructValue:
        cleaned = super().clean(value)
        if self.is_deferred_validation:
            return cleaned
        page, url = cleaned.get("page"), cleaned.get("url") or ""
        if bool(page) == bool(url):
            error = ValidationError(_("Choose a page or write an address, not both."))
            raise StructBlockValidationError(block_errors={"page": error})
        if url and not _web_address(url, _SOME_BASE):
            error = ValidationError(_("Use an address such as https://example.com/page."))
            raise StructBlockValidationError(block_errors={"url": error})
        return cleaned


class LandingStreamBlock(EmailStreamBlock):
    """The body of a landing page: what makes sense in a mail only is refused, also inside of columns and variants."""

    def clean(self, value: StreamValue) -> StreamValue:
        cleaned: StreamValue = super().clean(value)
        errors = {
            number: ValidationError(_("“%(block)s” works in mails only: take it out.") % {"block": unfit})
            for number, child in enumerate(cleaned)
            if (unfit := next(_unfit(child), None))
        }
        if errors:
            raise StreamBlockValidationError(block_errors=errors)
        return cleaned


def make_landing_body_block() -> EmailStreamBlock:
    """Return the blocks of a landing page."""
    return make_page_body_block([(GOAL, GoalBlock)], stream_class=LandingStreamBlock)


def target_of(value: StructValue, *, base_url: str, site_id: int) -> str:
    """Return where a goal button leads to, "" when that is no address of the web."""
    page = value.get("page")
    return page_url(page, base_url, site_id) if page else _web_address(value.get("url") or "", base_url)


def goal_buttons(body: StreamValue) -> list[Any]:
    """Return the goal buttons of a body. The other blocks, with what was chosen in them, are not read."""
    return [body[place] for place, raw in enumerate(body.raw_data) if raw["type"] == GOAL]


def _web_address(url: str, base_url: str) -> str:
    target = absolute(url, base_url)
    return target if target.startswith(("http://", "https://")) else ""


def _unfit(child: Any) -> Iterator[str]:
    if not child.block.fits_on_page:
        yield str(child.block.label)
    # A saved block is written for mails; what does not fit is left out of the page.
    for stream in child.block.streams(child.value) if child.block_type != "saved_block" else ():
        for inner in stream:
            yield from _unfit(inner)
