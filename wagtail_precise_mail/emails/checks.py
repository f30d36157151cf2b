"""What is worth knowing about an email before it goes out: errors stop it, warnings do not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import models
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail.blocks import StreamValue
from wagtail.models import Site

from wagtail_precise_mail.conf import options
from wagtail_precise_mail.emails.brand import AA_TEXT, Brand, color_pairs
from wagtail_precise_mail.emails.composition import Source, Written, compile_source, compose
from wagtail_precise_mail.emails.sites import base_url_of
from wagtail_precise_mail.exceptions import RenderError

SUBJECT_LENGTH = 60
"""Characters of a subject that inboxes on phones show at the most."""

BUTTON_LIMIT = 3
"""Buttons above which none is *the* call to action."""


class Level(models.TextChoices):
    """How bad a finding is."""

    ERROR = "error", gettext_lazy("error")
    WARNING = "warning", gettext_lazy("warning")


@dataclass(frozen=True)
class Finding:
    """One thing about an email that somebody should look at.

    Attributes:
        level: one of :class:`Level`; an error stops the email, a warning does not.
        message: what is wrong.
        remedy: what to do about it.
        place: where: a field or a block, in words.
    """

    level: str
    message: str
    remedy: str
    place: str = ""

    @property
    def is_error(self) -> bool:
        """Whether the email must not go out like this."""
        return self.level == Level.ERROR


def check_email(
    email: Written, site: Site, *, payload: dict[str, Any] | None = None, at: datetime | None = None
) -> list[Finding]:
    """Return what is wrong with an email as it would be sent now, errors first.

    Args:
        payload: of the compiled email, where there is one, so that its MJML is not compiled for the checks again.
        at: when the email would be sent; None means now.
    """
    source = compose(email, site=site, base_url=base_url_of(site), at=at or timezone.now(), is_draft=True)
    findings = [
        *_check_inbox_line(email.subject.strip(), source.preheader),
        *_check_brand(source.context.brand),
        *_check_body(email.body),
        *_check_rendering(source, payload),
    ]
    return sorted(findings, key=lambda finding: not finding.is_error)


def _error(message: str, remedy: str, place: str = "") -> Finding:
    return Finding(Level.ERROR, message, remedy, place)


def _warning(message: str, remedy: str, place: str = "") -> Finding:
    return Finding(Level.WARNING, message, remedy, place)


def _check_inbox_line(subject: str, preheader: str) -> Iterator[Finding]:
    if not subject:
        yield _error(
            _("The email has no subject."), _("Write one: it decides whether the mail is opened."), _("Subject")
        )
    elif len(subject) > SUBJECT_LENGTH and "{{" not in subject:
        yield _warning(
            _("The subject has %(count)s characters.") % {"count": len(subject)},
            _("Phones show about %(limit)s: put what matters first.") % {"limit": SUBJECT_LENGTH},
            _("Subject"),
        )
    if not preheader.strip():
        yield _warning(
            _("The email has no preheader."),
            _("Write the line that inboxes show after the subject; else they show the first words they find."),
            _("Preheader"),
        )


def _check_brand(brand: Brand) -> Iterator[Finding]:
    place = _("Email brand")
    if not brand.postal_address.strip():
        yield _error(_("The brand has no postal address."), _("Add it in the settings: the law asks for it."), place)
    if not brand.sender_address:
        yield _error(_("The brand has no sender address."), _("Add it in the settings: mail comes from it."), place)
    yield from check_contrast(brand)


def check_contrast(brand: Brand) -> Iterator[Finding]:
    """Yield the pairs of brand colors that are hard to read (WCAG 2.2, AA)."""
    for pair in color_pairs(brand):
        if not pair.is_readable:
            ratio = f"{pair.ratio:.1f}"
            yield _warning(
                _("%(pair)s is hard to read: its contrast is %(ratio)s to 1.") % {"pair": pair.name, "ratio": ratio},
                _("Choose colors with at least %(least)s to 1.") % {"least": AA_TEXT},
                _("Email brand"),
            )


def _check_body(body: StreamValue) -> Iterator[Finding]:
    outline = _Outline(body)
    if not outline.blocks:
        yield _error(_("The email is empty."), _("Add a block."), _("Body"))
        return
    buttons = outline.count("button")
    if not buttons:
        yield _warning(_("There is no button."), _("Add one near the end: say what the reader should do."), _("Body"))
    elif buttons > BUTTON_LIMIT:
        yield _warning(
            _("There are %(count)s buttons.") % {"count": buttons},
            _("Keep one to %(limit)s: many calls are none.") % {"limit": BUTTON_LIMIT},
            _("Body"),
        )
    yield from outline.check_headings()
    yield from outline.check_pictures()


class _Outline:
    """The blocks of a body in the order of reading, those of columns and saved blocks among them."""

    def __init__(self, body: StreamValue) -> None:
        self._body = body

    @cached_property
    def blocks(self) -> list[tuple[StreamValue.StreamChild, str]]:
        return list(_walk(self._body))

    def count(self, kind: str) -> int:
        return sum(child.block_type == kind for child, _place in self.blocks)

    def check_headings(self) -> Iterator[Finding]:
        before = 0
        for child, place in self.blocks:
            if child.block_type != "heading":
                continue
            level = int(child.value.get("level") or 2)
            if level == 1 and before:
                message = _("A title follows other headings.")
                yield _warning(message, _("Keep one title, at the top; use sections below it."), place)
            elif before and level > before + 1:
                message = _("A subsection follows a title without a section between them.")
                yield _warning(message, _("Screen readers read headings as an outline: leave no level out."), place)
            before = level

    def check_pictures(self) -> Iterator[Finding]:
        for child, place in self.blocks:
            image = child.value.get("image") if child.block_type == "image" else None
            if image and not getattr(image, "decorative", False) and not getattr(image, "contextual_alt_text", ""):
                message = _("The image “%(title)s” has no description.") % {"title": image.title}
                remedy = _("Describe it for people who do not see it: many mail programs hide images at first.")
                yield _error(message, remedy, place)


def _walk(stream: StreamValue) -> Iterator[tuple[StreamValue.StreamChild, str]]:
    for number, child in enumerate(stream, 1):
        yield child, _("%(block)s, block %(number)s") % {"block": child.block.label, "number": number}
        for inner in child.block.streams(child.value):
            yield from _walk(inner)


def _check_rendering(source: Source, payload: dict[str, Any] | None) -> Iterator[Finding]:
    shared = source.context.shared
    for failure in shared.failures:
        yield _error(failure.message, _("Correct this block: the email cannot be sent with it."), failure.block)
    for place, message in shared.warnings:
        yield _warning(message, _("Look at this block once more."), place)
    try:
        payload = payload or compile_source(source)
    except RenderError as error:
        yield _error(str(error), _("Remove this block, or ask your developer."), error.block)
        return
    size = sum(len(part.encode()) if isinstance(part, str) else 120 for part in payload["html"])
    if size > options().html_size_limit:
        yield _warning(
            _("The email has %(size)s kB of HTML.") % {"size": size // 1000},
            _("Gmail cuts off what is above %(limit)s kB, and the unsubscribe link with it: shorten it.")
            % {"limit": options().html_size_limit // 1000},
            _("Body"),
        )
