"""The markup that a block of the project, or raw MJML, brings into the mail."""

from __future__ import annotations

import re

from bs4 import BeautifulSoup
from django.utils import translation

from wagtail_precise_mail.emails.checks.facts import BlockFacts, EmailFacts
from wagtail_precise_mail.emails.composition import make_context
from wagtail_precise_mail.emails.soup import read_markup

_memo_name = "_markup_by_block"
_HALF_CHARACTERS = re.compile(r"[\ud800-\udfff]")


def parse(markup: str) -> BeautifulSoup:
    """Return markup as a tree, whatever it is: Beautiful Soup stops at half a character (a lone surrogate)."""
    return read_markup(_HALF_CHARACTERS.sub("\ufffd", markup))


def markup_of(block: BlockFacts, facts: EmailFacts) -> str:
    """Return the MJML of one block by itself; "" when it cannot be rendered, which is another check's business."""
    memo: dict[int, str] = facts.__dict__.setdefault(_memo_name, {})
    if id(block) not in memo:
        memo[id(block)] = _render(block, facts)
    return memo[id(block)]


def _render(block: BlockFacts, facts: EmailFacts) -> str:
    # A context of its own: what the block warns of was heard when the email was composed.
    language = facts.context.language
    context = make_context(
        site=facts.site, base_url=facts.context.base_url, at=facts.at, is_draft=True, language=language
    )
    try:
        with translation.override(context.language):
            return str(block.block.compile_section(block.value, context.at_block(block.id, block.place)))
    except Exception:
        return ""
