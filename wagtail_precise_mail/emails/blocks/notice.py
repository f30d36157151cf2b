"""The body of letters that the package writes itself: a few paragraphs, and a button that is signed for the reader."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from wagtail.blocks import CharBlock, ListBlock, StreamBlock, StreamValue, StructValue

from wagtail_precise_mail.emails.blocks.base import EmailBlock
from wagtail_precise_mail.emails.context import RenderContext
from wagtail_precise_mail.emails.text import join, wrap


class NoticeBlock(EmailBlock):
    """Not in the picker: nobody but the package writes these."""

    paragraphs = ListBlock(CharBlock())
    button = CharBlock()
    link = CharBlock()

    mjml_template = "wagtail_precise_mail/emails/blocks/notice.mjml"

    class Meta:
        icon = "mail"

    def prepare(self, value: StructValue, context: RenderContext) -> dict[str, Any]:
        return {
            "paragraphs": list(value["paragraphs"]),
            "button": value["button"],
            "href": context.personal_link(value["link"]),
        }

    def text(self, value: StructValue, context: RenderContext) -> str:
        facts = self.facts(value, context)
        return join(*(wrap(paragraph) for paragraph in facts["paragraphs"]), f"{facts['button']}:\n{facts['href']}")


def make_notice(paragraphs: Sequence[str], *, button: str, link: str) -> StreamValue:
    """Return a body with some paragraphs and one button.

    Args:
        link: a key of ``personal_links``.
    """
    stream = StreamBlock([("notice", NoticeBlock())])
    value = {"paragraphs": list(paragraphs), "button": button, "link": link}
    raw = [{"type": "notice", "value": value, "id": "notice"}]
    body: StreamValue = stream.to_python(raw)
    return body
