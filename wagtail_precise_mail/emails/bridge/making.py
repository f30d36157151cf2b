"""A new email made from a page: its words are copied, its pictures, products and the page itself are referred to."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import models, transaction
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail.log_actions import log
from wagtail.models import Page
from wagtail.rich_text import RichText

from wagtail_precise_mail.emails.bridge import pieces
from wagtail_precise_mail.emails.bridge.literal import literal, make_literal
from wagtail_precise_mail.emails.bridge.mapping import LeftOut, MappedBody, body_of
from wagtail_precise_mail.emails.bridge.pieces import RawBlock
from wagtail_precise_mail.emails.cards import Card, card_of, plain, shorten
from wagtail_precise_mail.emails.models import Email
from wagtail_precise_mail.emails.sites import base_url_of, default_site
from wagtail_precise_mail.emails.values import one_line

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser

logger = logging.getLogger(__name__)

PREHEADER_LENGTH = 140
"""Characters of a summary that inboxes have room for after the subject."""


class Extent(models.TextChoices):
    """How much of a page goes into the email."""

    WHOLE = "whole", gettext_lazy("The whole text")
    TEASER = "teaser", gettext_lazy("A teaser that leads to the page")


@dataclass(frozen=True)
class Made:
    """A new draft, and what of its page it does not have."""

    email: Email
    left_out: list[LeftOut]


def email_from_page(page: Page, *, by: AbstractBaseUser | None, extent: str = Extent.WHOLE) -> Made:
    """Make a draft of an email from a page, live or not.

    Args:
        page: the version that is taken; of a page that is edited right now, that is its latest revision.
        by: who makes it.
        extent: one of :class:`Extent`; a page without a body always gives a teaser.
    """
    page = page.specific
    site = page.get_site() or default_site()
    card = card_of(page, base_url=base_url_of(site), site_id=site.pk)
    body = body_of(page) if extent == Extent.WHOLE else MappedBody()
    blocks = _whole(page, card, body) if body.blocks else [pieces.page_card(page)]
    title = one_line(card.title) or one_line(page.title) or page.slug
    email = Email(
        name=shorten(one_line(page.title) or page.slug, 150),
        subject=shorten(literal(title), 250),
        preheader=literal(shorten(one_line(plain(card.summary)), PREHEADER_LENGTH)),
        body=_stored(blocks),
        source_page_id=page.pk,
        site_id=site.pk,
        live=False,
        has_unpublished_changes=True,
        locale_id=page.locale_id,
    )
    with transaction.atomic():
        email.save()
        revision = email.save_revision(user=by)
        log(email, "wagtail.create", user=by, revision=revision, content_changed=True)
    logger.info("Made email %s from page %s; %d blocks were left out.", email.pk, page.pk, len(body.left_out))
    return Made(email, body.left_out)


def _whole(page: Page, card: Card, body: MappedBody) -> list[RawBlock]:
    blocks = [pieces.heading(card.title or page.title, level=1)]
    if card.image:
        blocks.append(pieces.picture(card.image, alt=card.alt or None, page=page))
    lead = plain(card.summary).strip()
    if lead and not _words(body.blocks).startswith(_squeezed(lead)[:80]):
        blocks.append(pieces.paragraphs(lead))
    # The words are the page's readers', not the colleague's who presses the button.
    with translation.override(page.locale.language_code):
        last = pieces.button(_("Read it on the site"), page=page)
    return _without_gaps([*blocks, *body.blocks, last])


def _without_gaps(blocks: list[RawBlock]) -> list[RawBlock]:
    """Return blocks whose headings leave no level out: a page's own subsections may stand below no section here."""
    before, found = 0, []
    for key, value in blocks:
        if key == "heading":
            before = min(int(value.get("level") or 2), before + 1)
            value = {**value, "level": str(before)}
        found.append((key, value))
    return found


def _stored(blocks: list[RawBlock]) -> Any:
    """Return blocks as they are stored, with words of the page that are no merge tags."""
    stream_block = Email._meta.get_field("body").stream_block
    raw = stream_block.normalize(blocks).get_prep_value()
    make_literal(stream_block, raw)
    return stream_block.to_python(raw)


def _words(blocks: list[RawBlock]) -> str:
    """Return the first words of a body, to see whether it begins with its summary."""
    texts = [value.get("content") or value.get("title") for key, value in blocks if key in ("rich_text", "heading")]
    return _squeezed(" ".join(plain(text.source if isinstance(text, RichText) else text) for text in texts))


def _squeezed(text: str) -> str:
    return "".join(text.split()).casefold()
