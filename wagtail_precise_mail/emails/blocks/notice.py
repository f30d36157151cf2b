"""The body of letters that the package writes itself: a few paragraphs, and a button that is signed for the reader."""

from __future__ import annotations

from typing import Any

from wagtail.blocks import CharBlock, ListBlock, StreamBlock, StreamValue, StructValue

from wagtail_precise_mail.contacts.letters import Letter
from wagtail_precise_mail.emails.blocks.base import EmailBlock
from wagtail_precise_mail.emails.body import email_blocks
from wagtail_precise_mail.emails.context import RenderContext
from wagtail_precise_mail.emails.text import join, wrap


class NoticeBlock(EmailBlock):
    """Not in the picker: nobody but the package writes these."""

    paragraphs = ListBlock(CharBlock())
    button = CharBlock(required=False)
    link = CharBlock(required=False)
    url = CharBlock(required=False)

    mjml_template = "wagtail_precise_mail/emails/blocks/notice.mjml"

    class Meta:
        icon = "mail"

    def prepare(self, value: StructValue, context: RenderContext) -> dict[str, Any]:
        button, link = value["button"], value["link"]
        href = context.personal_link(link) if link else context.link(value["url"] or "", button)
        return {"paragraphs": list(value["paragraphs"]), "button": button, "href": href if button else ""}

    def text(self, value: StructValue, context: RenderContext) -> str:
        facts = self.facts(value, context)
        button = f"{facts['button']}:\n{facts['href']}" if facts["button"] else ""
        return join(*(wrap(paragraph) for paragraph in facts["paragraphs"]), button)


def make_notice(letter: Letter) -> StreamValue:
    """Return the body of a letter: its paragraphs, its block if it has one, and its button."""
    button = {"button": letter.button, "link": letter.link, "url": letter.url}
    parts: list[tuple[str, dict[str, Any]]] = [("notice", {"paragraphs": list(letter.paragraphs), **button})]
    kinds: list[tuple[str, EmailBlock]] = [("notice", NoticeBlock())]
    if letter.block:
        kinds.append((letter.block, email_blocks.get(letter.block)()))
        above = {"paragraphs": list(letter.paragraphs), "button": "", "link": "", "url": ""}
        parts = [("notice", above), (letter.block, {}), ("notice", {"paragraphs": [], **button})]
    raw = [{"type": key, "value": value, "id": f"{key}-{number}"} for number, (key, value) in enumerate(parts)]
    body: StreamValue = StreamBlock(kinds).to_python(raw)
    return body
