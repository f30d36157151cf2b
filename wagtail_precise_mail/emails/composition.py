"""From an email to its parts: blocks to MJML and text, MJML to HTML, and both split at the marks."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from django.core.exceptions import ValidationError
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from wagtail.blocks import StreamValue
from wagtail.models import Site

from wagtail_precise_mail.emails.brand import load_brand
from wagtail_precise_mail.emails.context import GUTTER, RenderContext
from wagtail_precise_mail.emails.languages import babel_locale, site_language
from wagtail_precise_mail.emails.mjml import compile_mjml
from wagtail_precise_mail.emails.text import join, wrap
from wagtail_precise_mail.emails.values import one_line
from wagtail_precise_mail.exceptions import RenderError

PAYLOAD_VERSION = 1
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


def compose(email: Written, *, site: Site, base_url: str, at: datetime, is_draft: bool = False) -> Source:
    """Return the source of an email, in the language of the site.

    Args:
        base_url: scheme and host in front of its links and images.
        is_draft: show notes in place of blocks that cannot be rendered, rather than fail.

    Raises:
        RenderError: a block cannot be rendered (a page or product is gone, a merge tag is wrong), with its name.
    """
    context = make_context(site=site, base_url=base_url, at=at, is_draft=is_draft)
    # Words of ours, such as the unsubscribe link, follow the email and not the colleague who looks at it.
    with translation.override(context.language):
        return _compose(email, context)


def make_context(*, site: Site, base_url: str, at: datetime, is_draft: bool = False) -> RenderContext:
    """Return a new context for an email of a site."""
    return RenderContext(
        site=site,
        base_url=base_url.rstrip("/"),
        brand=load_brand(site),
        language=site_language(site),
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
    return {
        "version": PAYLOAD_VERSION,
        "language": source.context.language,
        "subject": marks.split(source.subject, escape="header"),
        "preheader": marks.split(source.preheader, escape="header"),
        "html": marks.split(html, escape="html"),
        "text": marks.split(source.text, escape="text"),
        "links": marks.links,
    }


def render_document(template: str, facts: dict[str, Any]) -> str:
    """Return one MJML document; there is no mj-include in it."""
    return render_to_string(f"wagtail_precise_mail/emails/{template}", facts)


def render_stream(stream: StreamValue, context: RenderContext, *, in_column: bool = False) -> list[Piece]:
    """Return the blocks of a stream, each as MJML and as text.

    Raises:
        RenderError: a block cannot be rendered, with its name.
    """
    pieces = []
    for number, child in enumerate(stream, 1):
        label = _("%(block)s, block %(number)s") % {"block": child.block.label, "number": number}
        inner = context.at_block(child.id or f"{child.block_type}-{number}", label)
        pieces.append(_render_child(child, inner, in_column=in_column))
    return pieces


def _compose(email: Written, context: RenderContext) -> Source:
    subject = _merge_line(email.subject, context.at_block("subject", _("Subject")))
    preheader = _merge_line(email.preheader, context.at_block("preheader", _("Preheader")))
    frame = frame_of(context)
    for child in email.body:
        child.block.announce(child.value, context)
    pieces = render_stream(email.body, context)
    document = _document(subject, preheader, pieces, frame)
    text = join(*(piece.text for piece in pieces), _text_footer(frame))
    return Source(document, f"{text}\n", subject, preheader, pieces, context)


def _render_child(child: Any, context: RenderContext, *, in_column: bool) -> Piece:
    render = child.block.compile if in_column else child.block.compile_section
    try:
        return Piece(context.block_label, render(child.value, context), child.block.text(child.value, context))
    except (RenderError, ValidationError) as error:
        failure = _blame(error, context)
        if not context.is_draft:
            raise failure from error
        context.shared.failures.append(failure)
        return _note(failure, in_column=in_column)


def _blame(error: RenderError | ValidationError, context: RenderContext) -> RenderError:
    if isinstance(error, RenderError):
        return error if error.block else RenderError(error.message, block=context.block_label, line=error.line)
    return RenderError(" ".join(error.messages), block=context.block_label)


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
    """What stands around every body: the logo, the address of the sender, the way out."""
    brand, marks = context.brand, context.marks
    header = context.at_block("header", _("Header"))
    logo = header.picture(brand.logo, brand.company_name, width=180) if brand.logo else None
    return {
        "brand": brand,
        "language": context.language,
        "direction": "rtl" if babel_locale(context.language).text_direction == "rtl" else "ltr",
        "logo": logo,
        "home": header.link("/", brand.company_name),
        "unsubscribe_url": marks.system("unsubscribe_url"),
    }


def _document(subject: str, preheader: str, pieces: list[Piece], frame: dict[str, Any]) -> str:
    body = mark_safe("\n".join(piece.mjml for piece in pieces))
    # Inboxes fill the line with what follows; these invisible characters keep the body out of it.
    padding = mark_safe("&#847;&#8199;" * 50)
    facts = {**frame, "subject": subject, "preheader": preheader, "padding": padding, "body": body}
    return render_document("document.mjml", facts)


def _text_footer(frame: dict[str, Any]) -> str:
    brand = frame["brand"]
    sender = "\n".join([brand.company_name, *brand.address_lines])
    return join("-" * 40, wrap(sender), f"{_('Unsubscribe')}:\n{frame['unsubscribe_url']}")


def _to_html(source: Source) -> str:
    try:
        return compile_mjml(source.mjml)
    except RenderError as error:
        raise RenderError(error.message, block=_culprit(source), line=error.line) from error


def _culprit(source: Source) -> str:
    """Return the name of the block that MJML refuses by itself, or ""."""
    for piece in source.pieces:
        try:
            compile_mjml(f"<mjml><mj-body>{piece.mjml}</mj-body></mjml>")
        except RenderError:
            return piece.label
    return ""
