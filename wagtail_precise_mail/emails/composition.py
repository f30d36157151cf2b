"""From an email to its parts: blocks to MJML and text, MJML to HTML, and both split at the marks."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol

from django.core.exceptions import ValidationError
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from wagtail.blocks import StreamValue
from wagtail.models import Site

from wagtail_precise_mail.emails.brand import load_brand
from wagtail_precise_mail.emails.context import GUTTER, RenderContext
from wagtail_precise_mail.emails.frame import (
    automatic_footer,
    font_css,
    footer_mjml,
    footer_text,
    header_mjml,
)
from wagtail_precise_mail.emails.languages import direction, language_of, site_language
from wagtail_precise_mail.emails.links import relative_addresses
from wagtail_precise_mail.emails.look import Look, apply_look
from wagtail_precise_mail.emails.marks import Place
from wagtail_precise_mail.emails.mjml import clean_markup, compile_mjml
from wagtail_precise_mail.emails.notes import with_notes
from wagtail_precise_mail.emails.settings_group import audience_of
from wagtail_precise_mail.emails.text import join
from wagtail_precise_mail.emails.values import one_line, storable
from wagtail_precise_mail.emails.web_lines import Line, join_line, web_line
from wagtail_precise_mail.exceptions import RenderError

PAYLOAD_VERSION = 3
"""Of the JSON in ``CompiledEmail.payload``; old ones stay readable, because sent emails keep theirs."""


class Written(Protocol):
    """What is composed: an email, or the object of one of its revisions."""

    subject: str
    preheader: str
    body: StreamValue


@dataclass(frozen=True)
class Piece:
    """One block of the body, rendered."""

    label: str
    mjml: str
    text: str


@dataclass(frozen=True)
class Source:
    """An email before MJML.

    Attributes:
        hash: equal sources, whenever and by whomever they are composed, have equal hashes.
    """

    mjml: str
    text: str
    subject: str
    preheader: str
    pieces: list[Piece]
    context: RenderContext

    @property
    def hash(self) -> str:
        marks = self.context.marks
        written = [marks.neutral(text) for text in (self.mjml, self.text, self.subject, self.preheader)]
        whole = json.dumps([PAYLOAD_VERSION, self.context.language, self.context.base_url, written, marks.table()])
        return hashlib.sha256(whole.encode()).hexdigest()


def compose(
    email: Written, *, site: Site, base_url: str, at: datetime, is_draft: bool = False, is_page: bool = False
) -> Source:
    """Return the source of an email, in its language.

    Args:
        base_url: scheme and host in front of its links and images.
        is_draft: show notes in place of blocks that cannot be rendered, rather than fail.
        is_page: it becomes a page of the site, without a way out and the lines that lead to the web.

    Raises:
        RenderError: a block cannot be rendered (a page or product is gone, a merge tag is wrong), with its name.
    """
    context = make_context(site=site, base_url=base_url, at=at, is_draft=is_draft, language=language_of(email, site))
    context = replace(context, is_page=is_page)
    # Words of ours, such as the unsubscribe link, follow the email and not the colleague who looks at it.
    with translation.override(context.language):
        return _compose(email, context)


def make_context(
    *, site: Site, base_url: str, at: datetime, is_draft: bool = False, language: str = ""
) -> RenderContext:
    """Return a new context for an email of a site; without a language it has the site's."""
    return RenderContext(
        site=site,
        base_url=base_url.rstrip("/"),
        brand=load_brand(site),
        language=language or site_language(site),
        at=at,
        is_draft=is_draft,
    )


def compile_source(source: Source) -> dict[str, Any]:
    """Return the payload of a source: everything that is filled for each contact, as JSON.

    Raises:
        RenderError: MJML refuses it, with the block to blame.
    """
    marks = source.context.marks
    html = _to_html(source).replace("</body>", f"{marks.system('html_tail')}</body>", 1)
    payload = {
        "version": PAYLOAD_VERSION,
        "language": source.context.language,
        "site": source.context.site.pk,
        "subject": marks.split(source.subject, escape="header"),
        "preheader": marks.split(source.preheader, escape="header"),
        "html": marks.split(html, escape="html"),
        "text": with_notes(marks.split(source.text, escape="text")),
        "links": marks.links,
        "kept": marks.kept,
        "lists": {name: {**spec, "shown": sorted(source.context.shared.shown)} for name, spec in marks.lists.items()},
    }
    written: dict[str, Any] = storable(payload)
    return written


def render_document(template: str, facts: dict[str, Any]) -> str:
    """Return one MJML document; there is no mj-include in it."""
    return render_to_string(template, facts)


def render_stream(stream: StreamValue, context: RenderContext, *, in_column: bool = False) -> list[Piece]:
    """Return the blocks of a stream, each as MJML and as text.

    Raises:
        RenderError: a block cannot be rendered, with its name.
    """
    pieces, follows_ground = [], False
    for number, child in enumerate(stream, 1):
        label = _("%(block)s, block %(number)s") % {"block": child.block.label, "number": number}
        inner = context.at_block(child.id or f"{child.block_type}-{number}", label)
        pieces.append(_render_child(child, inner, in_column=in_column, follows_ground=follows_ground))
        follows_ground = bool(Look.of(child.value).background)
    return pieces


def _compose(email: Written, context: RenderContext) -> Source:
    subject = _merge_line(email.subject, context.at_block("subject", _("Subject")))
    preheader = _merge_line(email.preheader, context.at_block("preheader", _("Preheader")))
    for child in email.body:
        child.block.announce(child.value, context)
    frame = frame_of(context)
    pieces = render_stream(email.body, context)
    frame |= own_frame(context)
    preheader = context.shared.frame.get("preheader") or preheader
    web, invitation = (Line(), Line()) if context.is_page else (web_line(email, context), join_line(email, context))
    frame |= {"is_flush": is_flush(email.body, pieces), "web_line": web.mjml, "join_line": invitation.mjml}
    document = _document(subject, preheader, pieces, frame)
    text = join(*(piece.text for piece in pieces), frame["footer_text"], web.text, invitation.text)
    _check_way_out(document, text, context)
    return Source(document, f"{text}\n", subject, preheader, pieces, context)


def is_flush(body: StreamValue, pieces: Sequence[Piece]) -> bool:
    """Whether the first block that is seen reaches the edge of the panel, for everybody who gets the email."""
    shown = (child for child, piece in zip(body, pieces, strict=True) if piece.mjml.strip())
    first = next(shown, None)
    if first is None or not first.block.bleeds(first.value):
        return False
    return not (first.value.get("audience") or {}).get("show")


def _render_child(child: Any, context: RenderContext, *, in_column: bool, follows_ground: bool) -> Piece:
    try:
        return _render_whole(child, context, in_column=in_column, follows_ground=follows_ground)
    except (RenderError, ValidationError) as error:
        failure = _blame(error, context)
        if not context.is_draft:
            raise failure from error
        # A column may be rendered for several rows.
        if str(failure) not in map(str, context.shared.failures):
            context.shared.failures.append(failure)
        return _note(failure, in_column=in_column)


def _render_whole(child: Any, context: RenderContext, *, in_column: bool, follows_ground: bool) -> Piece:
    """A block with its settings: its ground, the space around it, and who sees it."""
    block, value = child.block, child.value
    audience, look = audience_of(value.get("audience")), Look.of(value)
    context = context.on(look.background)
    render = block.compile if in_column else block.compile_section
    written = render(value, context)
    mjml = apply_look(written, look, context.brand, in_column=in_column, follows_ground=follows_ground)
    # The HTML passes through a normalizer; the words of the text part come here as they were stored.
    text = clean_markup(block.text(value, context))
    place = Place.COLUMN if in_column else Place.SECTION
    if block.editions:
        mjml = context.only_in(block.editions, mjml, place)
        text = context.only_in(block.editions, text, Place.INLINE) if text else ""
    if audience is not None:
        mjml = context.only_for(audience, mjml, place)
        text = context.only_for(audience, text, Place.INLINE)
    return Piece(context.block_label, mjml, text)


def _blame(error: RenderError | ValidationError, context: RenderContext) -> RenderError:
    if not isinstance(error, RenderError):
        return RenderError(" ".join(error.messages), block=context.block_label, block_id=context.block_id)
    failure = error if error.block else RenderError(error.message, block=context.block_label, line=error.line)
    failure.block_id = failure.block_id or context.block_id
    return failure


def _note(error: RenderError, *, in_column: bool) -> Piece:
    template = "wagtail_precise_mail/emails/note.mjml"
    mjml = render_to_string(template, {"message": str(error), "is_section": not in_column, "gutter": GUTTER})
    return Piece(error.block, mjml, f"[{error}]")


def _merge_line(text: str, context: RenderContext) -> str:
    line = one_line(text)
    try:
        return context.merge_text(line)
    except ValidationError as error:
        failure = _blame(error, context)
        if not context.is_draft:
            raise failure from error
        context.shared.failures.append(failure)
        return line


def frame_of(context: RenderContext) -> dict[str, Any]:
    """What stands around every body: the header, and the sender with the way out; blocks may bring their own."""
    brand, own = context.brand, context.shared.frame
    facts: dict[str, Any] = {
        "brand": brand,
        "language": context.language,
        "direction": direction(context.language),
        "start": context.start,
        # All three were cleaned: they are rules and names of fonts, and nothing else.
        "font_css": mark_safe(font_css(context)),
        "mso_font": mark_safe(brand.plain_font),
        "mso_heading_font": mark_safe(brand.plain_heading_font),
    }
    if "header" not in own:
        facts["header"] = header_mjml(context.at_block("header", _("Header")))
    if "footer" not in own:
        footer, place = automatic_footer(context), context.at_block("footer", _("Footer"))
        facts |= {"footer": footer_mjml(footer, place), "footer_text": footer_text(footer, place)}
    return facts | own_frame(context)


def own_frame(context: RenderContext) -> dict[str, SafeString]:
    """Return the parts of the frame that blocks have brought so far."""
    parts = {"footer_text": "", **context.shared.frame} if "footer" in context.shared.frame else context.shared.frame
    return {part: mark_safe(written) for part, written in parts.items() if part != "preheader"}


def _document(subject: str, preheader: str, pieces: list[Piece], frame: dict[str, Any]) -> str:
    body = mark_safe("\n".join(piece.mjml for piece in pieces))
    # Inboxes fill the line with what follows; these invisible characters keep the body out of it.
    padding = mark_safe("&#847;&#8199;" * 50)
    facts = {**frame, "subject": subject, "preheader": preheader, "padding": padding, "body": body}
    return render_document(frame["brand"].theme.document, facts)


def _check_way_out(document: str, text: str, context: RenderContext) -> None:
    if context.is_page:
        return
    # A theme may bring a footer of its own: one without the link would send mail that nobody can stop.
    mark = context.marks.system("unsubscribe_url")
    if mark in document and mark in text:
        return
    error = RenderError(_("The footer of this theme has no unsubscribe link: ask your developer."))
    if not context.is_draft:
        raise error
    context.shared.failures.append(error)


def _to_html(source: Source) -> str:
    try:
        return _compile(source.mjml, source.context)
    except RenderError as error:
        raise _culprit(source) or error from error


def _compile(mjml: str, context: RenderContext) -> str:
    html = compile_mjml(mjml)
    # Previews may show pictures of the admin, by the address that they have there.
    for url in [] if context.is_draft else relative_addresses(html, context.marks.find):
        raise RenderError(_("“%(url)s” leads nowhere from a mail: write the whole address.") % {"url": url[:100]})
    return html


def _culprit(source: Source) -> RenderError | None:
    """Return the error of the first block that is refused by itself; it names the block and not a line of ours."""
    for piece in source.pieces:
        try:
            _compile(f"<mjml><mj-body>{piece.mjml}</mj-body></mjml>", source.context)
        except RenderError as error:
            return RenderError(error.message, block=piece.label)
    return None
