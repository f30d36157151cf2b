"""A page of the site as a card."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from wagtail.blocks import BooleanBlock, CharBlock, ChoiceBlock, IntegerBlock, PageChooserBlock, StructValue
from wagtail.blocks.struct_block import BlockGroup

from wagtail_precise_mail.emails.blocks.base import EmailBlock
from wagtail_precise_mail.emails.blocks.samples import sample_picture
from wagtail_precise_mail.emails.body import email_blocks
from wagtail_precise_mail.emails.cards import Card, card_of, shorten
from wagtail_precise_mail.emails.context import GUTTER, RenderContext
from wagtail_precise_mail.emails.days import long_date
from wagtail_precise_mail.emails.text import wrap
from wagtail_precise_mail.exceptions import RenderError

LAYOUTS = [("above", _("Picture above")), ("beside", _("Picture beside")), ("none", _("No picture"))]
_IS_NARROW = 300


@email_blocks.register("page")
class PageBlock(EmailBlock):
    """Title, summary, picture and link of a page, read when the email is compiled."""

    page = PageChooserBlock(label=_("Page"))
    layout = ChoiceBlock(label=_("Layout"), choices=LAYOUTS, default="above")
    max_length = IntegerBlock(
        label=_("Characters of the summary"), default=200, min_value=0, max_value=1000, help_text=_("0 shows none.")
    )
    show_meta = BooleanBlock(
        label=_("Show its day and author"), required=False, default=True, help_text=_("Where the page has them.")
    )
    link_label = CharBlock(label=_("Words of the link"), required=False, max_length=80, help_text=_("“Read more”"))

    mjml_template = "wagtail_precise_mail/emails/blocks/page.mjml"
    merge_fields = ("link_label",)
    nature = "editorial"

    class Meta:
        icon = "doc-full"
        label = _("Page")
        group = _("From the site")
        description = _("A page of the site: its title, summary and picture, with a link to it.")
        preview_value = {"layout": "beside"}
        form_layout = BlockGroup(children=["page", "layout"], settings=["max_length", "show_meta", "link_label"])

    def announce(self, value: StructValue, context: RenderContext) -> None:
        if page := context.localized(value.get("page")):
            context.shared.shown.add(f"page:{page.pk}")

    def prepare(self, value: StructValue, context: RenderContext) -> dict[str, Any]:
        page = context.localized(value.get("page"))
        if page is None:
            raise RenderError(gettext("Choose a page: there is none, or it was deleted."))
        if not page.live:
            raise RenderError(gettext("The page “%(page)s” is not published.") % {"page": page.title})
        card = card_of(page.specific, base_url=context.base_url, site_id=context.site.pk)
        if not (href := context.link(card.url, card.title)):
            raise RenderError(gettext("The page “%(page)s” has no address.") % {"page": page.title})
        label = value.get("link_label") or gettext("Read more")
        limit = value.get("max_length")
        return {
            **sizes(context),
            "card": card,
            "title": card.title,
            "summary": shorten(card.summary, 200 if limit is None else limit),
            "meta": _meta(card, context) if value.get("show_meta", True) else "",
            "href": href,
            "link_label": context.merge(label),
            "words": context.merge_text(label),
            "layout": value.get("layout") or "above",
        }

    def compile(self, value: StructValue, context: RenderContext) -> SafeString:
        facts = self.facts(value, context)
        picture = self._picture(facts, context, 0) if facts["layout"] != "none" else None
        return self.render_mjml(self.mjml_template, {**facts, "picture": picture}, context)

    def compile_section(self, value: StructValue, context: RenderContext) -> SafeString:
        facts = self.facts(value, context)
        if facts["layout"] != "beside" or not facts["card"].image:
            return self.as_section(self.compile(value, context))
        picture = self._picture(facts, context, 206)
        return self.render_mjml(BESIDE, {**facts, "picture": picture, "gutter": GUTTER - 10}, context)

    def text(self, value: StructValue, context: RenderContext) -> str:
        facts = self.facts(value, context)
        return "\n".join(filter(None, [wrap(facts["title"]), facts["meta"], wrap(facts["summary"]), facts["href"]]))

    def preview_mjml(self, context: RenderContext) -> str:
        facts = {
            **sizes(context),
            "title": "Seven ferns that like the dark",
            "summary": "They ask for little: a north window, a cool floor, and to be left alone.",
            "meta": f"{long_date(date(2026, 6, 14), context.language)} · Ada Moss",
            "href": "#",
            "link_label": gettext("Read more"),
            "picture": sample_picture(context, 206, 155),
            "gutter": GUTTER - 10,
        }
        return self.render_mjml(BESIDE, facts, context)

    def _picture(self, facts: dict[str, Any], context: RenderContext, width: int) -> Any:
        card = facts["card"]
        return (
            context.picture(card.image, card.alt, ratio=4 / 3 if width else 16 / 10, width=width)
            if card.image
            else None
        )


BESIDE = "wagtail_precise_mail/emails/blocks/page_beside.mjml"


def _meta(card: Card, context: RenderContext) -> str:
    day = long_date(card.published_on, context.language) if card.published_on else ""
    return " · ".join(filter(None, [day, card.author]))


def sizes(context: RenderContext) -> dict[str, int]:
    """Return the sizes of type in a card, by the room that it has."""
    if context.width < _IS_NARROW:
        return {"title_size": 18, "text_size": 15}
    return {"title_size": 22, "text_size": 16}
