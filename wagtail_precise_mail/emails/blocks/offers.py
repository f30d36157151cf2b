"""Offers: something for a while, on terms."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from wagtail.blocks import CharBlock, ChoiceBlock, DateTimeBlock, PageChooserBlock, StructValue, TextBlock
from wagtail.blocks.struct_block import BlockGroup, StructBlockValidationError

from wagtail_precise_mail.emails.blocks.basic import BUTTON_STYLES, LinkChildren
from wagtail_precise_mail.emails.body import email_blocks
from wagtail_precise_mail.emails.brand import mix, readable
from wagtail_precise_mail.emails.context import RenderContext
from wagtail_precise_mail.emails.days import moment_of
from wagtail_precise_mail.emails.text import join, underline, wrap
from wagtail_precise_mail.exceptions import RenderError


@email_blocks.register("offer")
class OfferBlock(LinkChildren):
    """Something special until a day. It never leaves before it starts or once it has ended, nor without its terms."""

    title = CharBlock(label=_("What is offered"), max_length=150)
    words = TextBlock(label=_("Words"), required=False, rows=3, max_length=600)
    start = DateTimeBlock(label=_("Starts"), required=False, help_text=_("Empty: it has started."))
    end = DateTimeBlock(label=_("Ends"), help_text=_("The email is not sent after it."))
    terms = TextBlock(
        label=_("Terms"), rows=3, max_length=1500, help_text=_("For whom, for what, how many: what the law asks for.")
    )
    code = CharBlock(label=_("Code"), required=False, max_length=40, help_text=_("The same for everybody."))
    label = CharBlock(label=_("Button"), required=False, max_length=80)
    page = PageChooserBlock(label=_("The button leads to a page"), required=False)
    url = CharBlock(label=_("or to an address"), required=False, max_length=2000)
    style = ChoiceBlock(label=_("Look of the button"), choices=BUTTON_STYLES, default="filled")

    mjml_template = "wagtail_precise_mail/emails/blocks/offer.mjml"
    untranslated = ("code",)
    merge_fields = ("title", "words", "terms", "label", "url")
    nature = "promotion"

    class Meta:
        icon = "date"
        label = _("Offer")
        group = _("Shop")
        description = _("Something special for a while: it says when it ends, and never leaves after that.")
        preview_value = {
            "title": "A tenth off every teapot",
            "words": "For the kitchens that have waited long enough.",
            "terms": "One per household, while stocks last. Not with other offers.",
            "code": "POUR10",
            "label": "To the teapots",
            "url": "https://example.com/",
        }
        label_format = "{title}"
        form_layout = BlockGroup(
            children=["title", "words", "start", "end", "terms", "code", "label", "page", "url"], settings=["style"]
        )

    def clean(self, value: StructValue) -> StructValue:
        cleaned = super().clean(value)
        start, end = cleaned.get("start"), cleaned.get("end")
        if not self.is_deferred_validation and start and end and start >= end:
            message = ValidationError(_("It has to end after it starts."))
            raise StructBlockValidationError(block_errors={"end": message})
        return cleaned

    def starts_at(self, value: StructValue) -> datetime | None:
        return value.get("start") or None

    def expires_at(self, value: StructValue) -> datetime | None:
        return value.get("end") or None

    def prepare(self, value: StructValue, context: RenderContext) -> dict[str, Any]:
        self._require_period(value, context)
        if not (value.get("terms") or "").strip():
            raise RenderError(gettext("The offer needs its terms: for whom it is, for what, and how many there are."))
        written = {name: value.get(name) or "" for name in ("title", "words", "terms", "label")}
        return self._written(value, written, context, gettext("Ends on %(moment)s"), value["end"])

    def text(self, value: StructValue, context: RenderContext) -> str:
        facts = self.facts(value, context)
        plain = facts["plain"]
        length = len(context.marks.remove(plain["title"])) + 8 * len(context.marks.find(plain["title"]))
        title = underline(plain["title"], length=length, character="-") if plain["title"] else ""
        code = gettext("Your code: %(code)s") % {"code": facts["code"]} if facts["code"] else ""
        link = f"{wrap(plain['label'], first='→ ', rest='  ')}\n{facts['href']}" if facts["href"] else ""
        return join(title, facts["ends"], wrap(plain["words"]), code, link, wrap(plain["terms"]))

    def preview_mjml(self, context: RenderContext) -> str:
        value = self.get_preview_value()
        written = {name: value[name] for name in ("title", "words", "terms", "label")}
        end = context.at.replace(month=6, day=14, hour=23, minute=59)
        facts = self._written(value, written, context, gettext("Ends on %(moment)s"), end)
        return self.as_section(self.render_mjml(self.mjml_template, facts, context))

    def _require_period(self, value: StructValue, context: RenderContext) -> None:
        start, end = self.starts_at(value), self.expires_at(value)
        if end is None:
            raise RenderError(gettext("The offer needs an end: without one it misleads."))
        if context.at >= end:
            ended = gettext("The offer ended on %(moment)s: choose a later end, or remove it.")
            raise RenderError(ended % {"moment": moment_of(end, context.language)})
        if start and context.at < start:
            early = gettext("The offer starts on %(moment)s: send the email after that.")
            message = early % {"moment": moment_of(start, context.language)}
            # A draft is written before the offer starts, and its writer wants to see it.
            if not context.is_draft:
                raise RenderError(message)
            context.warn(message)

    def _written(
        self, value: StructValue, written: dict[str, str], context: RenderContext, ends: str, end: datetime
    ) -> dict[str, Any]:
        section_size, _on_phones = context.brand.theme.heading_sizes[1]
        return {
            "title": context.merge(written["title"]),
            "lines": _lines(written["words"], context),
            "terms": _lines(written["terms"], context),
            "button": {
                "label": context.merge(written["label"]),
                "href": (href := self.href(value, context, written["label"]) if written["label"] else ""),
                "is_outline": value.get("style") == "outline",
            },
            "href": href,
            "code": value.get("code") or "",
            "ends": ends % {"moment": moment_of(end, context.language)},
            "plain": {name: context.merge_text(text) for name, text in written.items()},
            "align": value.get("align") or "center",
            **_colors(context),
            "is_narrow": context.width < 300,
            "size": min(22, section_size) if context.width < 300 else section_size,
        }


def _colors(context: RenderContext) -> dict[str, str]:
    """Return the colors of what stands in the box, so that it can be read there."""
    brand, box = context.brand, context.brand.box_color
    soft = readable(mix(brand.text_color, box, 0.25), box)
    return {"accent_color": readable(brand.accent_color, box), "soft_color": soft}


def _lines(text: str, context: RenderContext) -> list[SafeString]:
    return [context.merge(line) for line in text.splitlines() if line.strip()]
