"""Starters that read like a letter."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from wagtail_precise_mail.emails.starters.base import Material, RawBlock, Starter, block, starters


def _story(material: Material) -> list[RawBlock]:
    return [
        block("heading", title=_("How it began"), level="1"),
        block(
            "rich_text", content=f"<p>{_('Tell how something came to be: who, where, and what went wrong first.')}</p>"
        ),
        block("page", page=material.page(), layout="above"),
        block("button", label=_("Read the whole story"), page=material.page()),
    ]


starters.register("story")(
    Starter(
        label=gettext_lazy("Story"),
        description=gettext_lazy("One story in chapters, with a picture and a way to read on."),
        subject=gettext_lazy("How it began"),
        preheader=gettext_lazy("A story from behind the counter"),
        blocks=_story,
    )
)
