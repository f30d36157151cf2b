"""What the preview panel and the block picker show: the real email, made harmless for the admin."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Protocol

from django.http import HttpResponse
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.utils import timezone, translation
from django.utils.functional import Promise
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext_lazy as _
from wagtail.blocks import StreamValue
from wagtail.models import Site

from wagtail_precise_mail.emails.brand import Brand, BrandFields, brand_of
from wagtail_precise_mail.emails.colors import AA_TEXT
from wagtail_precise_mail.emails.composition import (
    Source,
    Written,
    compile_source,
    compose,
    frame_of,
    make_context,
    render_document,
    render_stream,
)
from wagtail_precise_mail.emails.context import GUTTER, Picture, RenderContext
from wagtail_precise_mail.emails.contrast import color_pairs, dark_pairs
from wagtail_precise_mail.emails.editions import Edition
from wagtail_precise_mail.emails.inboxes import NARROWEST, inbox_lines
from wagtail_precise_mail.emails.merge import as_read
from wagtail_precise_mail.emails.personalize import FilledEmail, Personalizer
from wagtail_precise_mail.emails.preview_looks import dark, light, without_pictures
from wagtail_precise_mail.emails.preview_readers import SEGMENT_MODE, Samples, made_up_contact, preview_reader
from wagtail_precise_mail.emails.readers import Reader, ReaderLoader
from wagtail_precise_mail.emails.settings_group import audience_ids
from wagtail_precise_mail.emails.sites import base_url_of, default_site, site_of
from wagtail_precise_mail.exceptions import InvalidRules, RenderError
from wagtail_precise_mail.segments.models import Segment

MODES: list[tuple[str, str | Promise]] = [
    ("contact", _("As the sample contact")),
    ("dark", _("In dark mode")),
    ("images_off", _("Without pictures")),
    ("text", _("Plain text")),
    ("inbox", _("In the inbox")),
    ("fallbacks", _("With nothing known about the contact")),
]

SIZES: list[dict[str, Any]] = [
    {"name": "phone", "icon": "mobile-alt", "device_width": 375, "label": _("Preview on a phone")},
    {"name": "desktop", "icon": "desktop", "device_width": 700, "label": _("Preview on a desktop")},
]


PAGE_MODES: list[tuple[str, str | Promise]] = [
    ("fallbacks", _("As a stranger")),
    ("contact", _("As the sample contact")),
    ("dark", _("In dark mode")),
]

BRAND_MODES: list[tuple[str, str | Promise]] = [("light", _("In light mode")), ("dark", _("In dark mode"))]


class Previewed(Written, Samples, Protocol):
    """What is previewed: an email with whom to show it as."""


class Previewable(Protocol):
    """A block that can draw itself for the picker."""

    def preview_mjml(self, context: RenderContext) -> str:
        """Return the MJML of the picker's preview."""

    def bleeds(self, value: Any) -> bool:
        """Whether the block reaches the edges of the panel."""

    def get_preview_value(self) -> Any:
        """Return the value that the preview shows."""


@dataclass
class _Compiled:
    payload: dict[str, Any]


def email_preview(
    email: Previewed, mode: str, *, may_see_contacts: bool = True, may_see_addresses: bool = True
) -> HttpResponse:
    """Return an email as one of :func:`preview_modes`; one that cannot be rendered gives a page that says why.

    Args:
        may_see_contacts: whether who looks may know about contacts; else somebody made up is shown.
        may_see_addresses: whether they may read whole addresses.
    """
    try:
        filled, source = _fill(email, mode, may_see_contacts=may_see_contacts, may_see_addresses=may_see_addresses)
    except (RenderError, InvalidRules) as error:
        return _page("preview_error.html", {"error": error, "message": getattr(error, "message", str(error))})
    if mode == "text":
        return _page("preview_text.html", {"email": filled})
    if mode == "inbox":
        return _page("preview_inbox.html", _inbox_facts(filled, source.context.brand))
    return _html(_LOOKS.get(mode, str)(filled.html))


def subject_preview(email: Previewed, *, may_see_contacts: bool) -> str:
    """Return the subject as the sample contact reads it; without one, as somebody does of whom nothing is known.

    Args:
        may_see_contacts: whether who looks may know about contacts and read their whole addresses.
    """
    mode = "contact" if may_see_contacts and email.sample_contact else "fallbacks"
    try:
        payload, reader, _source = _compile(email, mode, may_see_contacts=may_see_contacts)
    except (RenderError, InvalidRules):  # what keeps the email from being made is said where it is sent
        return as_read(email.subject)
    return Personalizer(_Compiled(payload)).headline(reader)[0]


def preview_modes(email: Previewed) -> list[tuple[str, str | Promise]]:
    """Return the modes of an email: everybody's, and one for each segment for which it has parts of its own."""
    return [*MODES, *segment_modes(email.body)]


def segment_modes(body: StreamValue) -> list[tuple[str, str | Promise]]:
    """Return one mode for each segment for which a body has parts of its own."""
    segments = Segment.objects.filter(pk__in=audience_ids(body)).order_by("name")
    label = _("As a member of “%(segment)s”")
    return [(f"{SEGMENT_MODE}{one.pk}", str(label) % {"segment": one.name}) for one in segments]


def body_preview(body: StreamValue) -> HttpResponse:
    """Return blocks without the frame of an email: for saved blocks."""
    context = _draft_context()
    with translation.override(context.language):
        mjml = "\n".join(piece.mjml for piece in render_stream(body, context))
        return _bare(mjml, context)


def page_preview(page: Written, mode: str, *, site: Site, samples: Samples, may_see_contacts: bool) -> HttpResponse:
    """Return a landing page as one of :data:`PAGE_MODES`, or as a member of a segment; its links lead nowhere.

    Args:
        samples: whom to show it as.
        may_see_contacts: whether who looks may know about contacts; else somebody made up is shown.
    """
    try:
        source = compose(page, site=site, base_url=base_url_of(site), at=timezone.now(), is_draft=True, is_page=True)
        payload = compile_source(source)
        reader = preview_reader(payload, samples, mode, source.context, may_see_contacts=may_see_contacts)
        filled = _inert(payload, reader, edition=Edition.LANDING)
    except (RenderError, InvalidRules) as error:
        return _page("preview_error.html", {"error": error, "message": getattr(error, "message", str(error))})
    return _html(dark(filled.html) if mode == "dark" else filled.html)


def brand_preview(fields: BrandFields, mode: str = "light") -> HttpResponse:
    """Return a specimen of a brand as one of :data:`BRAND_MODES`, with how well its colors can be read."""
    site = fields.site
    context = replace(_draft_context(), site=site, brand=brand_of(fields, site))
    with translation.override(context.language):
        try:
            html = _inert(compile_source(Source(_specimen(context), "", "", "", [], context)), Reader()).html
        except RenderError as error:
            return _page("preview_error.html", {"error": error, "message": error.message})
    return _html(dark(html) if mode == "dark" else light(html))


def _specimen(context: RenderContext) -> str:
    facts = {
        "brand": context.brand,
        "pairs": list(zip(color_pairs(context.brand), dark_pairs(context.brand), strict=True)),
        "least": AA_TEXT,
        "picture": Picture(static("wagtail_precise_mail/emails/sample.svg"), 520, 390, ""),
        "gutter": GUTTER,
    }
    body = mark_safe(render_document("wagtail_precise_mail/emails/specimen.mjml", facts))
    return render_document(context.brand.theme.document, {**frame_of(context), "body": body})


def picker_preview(block: Previewable) -> SafeString:
    """Return the whole HTML page that the block picker frames."""
    context = _draft_context()
    with translation.override(context.language):
        is_flush = block.bleeds(block.get_preview_value())
        return mark_safe(_bare(block.preview_mjml(context), context, is_flush=is_flush).content.decode())


def _draft_context() -> RenderContext:
    site = default_site()
    return make_context(site=site, base_url=base_url_of(site), at=timezone.now(), is_draft=True)


def _bare(mjml: str, context: RenderContext, *, is_flush: bool = False) -> HttpResponse:
    facts = {**frame_of(context), "body": mark_safe(mjml), "own": context.shared.frame, "is_flush": is_flush}
    document = render_document("wagtail_precise_mail/emails/picker.mjml", facts)
    try:
        payload = compile_source(Source(document, "", "", "", [], context))
    except RenderError as error:
        return _page("preview_error.html", {"error": error, "message": error.message})
    known = ReaderLoader(payload).load([made_up_contact()], at=context.at, base_url=context.base_url)
    return _html(_inert(payload, known[0]).html)


def _fill(email: Previewed, mode: str, **rights: bool) -> tuple[FilledEmail, Source]:
    payload, reader, source = _compile(email, mode, **rights)
    return _inert(payload, reader, keep_links=mode == "text"), source


def _compile(email: Previewed, mode: str, **rights: bool) -> tuple[dict[str, Any], Reader, Source]:
    site = site_of(email)
    source = compose(email, site=site, base_url=base_url_of(site), at=timezone.now(), is_draft=True)
    payload = compile_source(source)
    return payload, preview_reader(payload, email, mode, source.context, **rights), source


def _inert(
    payload: dict[str, Any], reader: Reader, *, keep_links: bool = False, edition: Edition = Edition.MAIL
) -> FilledEmail:
    # Links lead nowhere: a click in the preview must not load the site into the editor's frame.
    return Personalizer(_Compiled(payload), edition=edition).fill(
        reader,
        rewrite_link=lambda link: link.url if keep_links else "#",
        system={"unsubscribe_url": "#"},
    )


def _inbox_facts(filled: FilledEmail, brand: Brand) -> dict[str, Any]:
    # Without a preheader, inboxes show the first words of the body.
    words = filled.preheader or " ".join(filled.text.split())[:200]
    return {
        "email": filled,
        "brand": brand,
        "sender": brand.sender_name or brand.company_name,
        "lines": inbox_lines(filled.subject, words),
        "narrowest": NARROWEST,
    }


_LOOKS: dict[str, Callable[[str], str]] = {"dark": dark, "images_off": without_pictures}


def _page(template: str, facts: dict[str, Any]) -> HttpResponse:
    return _html(render_to_string(f"wagtail_precise_mail/emails/{template}", facts))


def _html(html: str) -> HttpResponse:
    response = HttpResponse(html)
    # The preview's frame is of the admin's origin and not sandboxed: without this header a script in it would be, too.
    response["Content-Security-Policy"] = "sandbox allow-same-origin"
    return response
