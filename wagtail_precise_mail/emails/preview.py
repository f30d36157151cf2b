"""What the preview panel and the block picker show: the real email, made harmless for the admin."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Protocol

from django.http import HttpResponse
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.functional import Promise
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext_lazy as _
from wagtail.blocks import StreamValue

from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.emails.brand import Brand, BrandFields, brand_of, color_pairs
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
from wagtail_precise_mail.emails.context import GUTTER, RenderContext
from wagtail_precise_mail.emails.merge_fields import contact_values, made_up_values, values_of_nobody
from wagtail_precise_mail.emails.personalize import FilledEmail, Personalizer
from wagtail_precise_mail.emails.sites import base_url_of, default_site
from wagtail_precise_mail.exceptions import RenderError

MODES: list[tuple[str, str | Promise]] = [
    ("contact", _("As the sample contact")),
    ("fallbacks", _("With nothing known about the contact")),
    ("text", _("Plain text")),
    ("inbox", _("In the inbox")),
]

SIZES: list[dict[str, Any]] = [
    {"name": "phone", "icon": "mobile-alt", "device_width": 375, "label": _("Preview on a phone")},
    {"name": "desktop", "icon": "desktop", "device_width": 700, "label": _("Preview on a desktop")},
]


class Previewed(Written, Protocol):
    """What is previewed: an email with the contact to show it as."""

    sample_contact: Contact | None


class Previewable(Protocol):
    """A block that can draw itself for the picker."""

    def preview_mjml(self, context: RenderContext) -> str:
        """Return the MJML of the picker's preview."""


@dataclass
class _Compiled:
    payload: dict[str, Any]


def email_preview(email: Previewed, mode: str) -> HttpResponse:
    """Return an email as one of :data:`MODES`; an email that cannot be rendered gives a page that says why."""
    try:
        filled, source = _fill(email, with_values=mode != "fallbacks", keep_links=mode == "text")
    except RenderError as error:
        return _page("preview_error.html", {"error": error})
    if mode == "text":
        return _page("preview_text.html", {"email": filled})
    if mode == "inbox":
        return _page("preview_inbox.html", _inbox_line(filled, source.context.brand))
    return _html(filled.html)


def sample_values(contact: Contact | None) -> dict[str, str]:
    """Return the merge values of the contact to preview as, or of somebody made up."""
    return contact_values(contact) if contact else made_up_values()


def body_preview(body: StreamValue) -> HttpResponse:
    """Return blocks without the frame of an email: for saved blocks."""
    context = _draft_context()
    with translation.override(context.language):
        mjml = "\n".join(piece.mjml for piece in render_stream(body, context))
        return _bare(mjml, context)


def brand_preview(fields: BrandFields) -> HttpResponse:
    """Return a specimen of a brand, with what is wrong with its colors."""
    site = fields.site
    context = replace(_draft_context(), site=site, brand=brand_of(fields, site))
    with translation.override(context.language):
        facts = {"brand": context.brand, "pairs": color_pairs(context.brand), "gutter": GUTTER}
        frame = {**frame_of(context), "body": mark_safe(render_document("specimen.mjml", facts))}
        document = render_document("document.mjml", frame)
        return _html(_inert(compile_source(Source(document, "", "", "", [], context)), {}).html)


def picker_preview(block: Previewable) -> SafeString:
    """Return the whole HTML page that the block picker frames."""
    context = _draft_context()
    with translation.override(context.language):
        return mark_safe(_bare(block.preview_mjml(context), context).content.decode())


def _draft_context() -> RenderContext:
    site = default_site()
    return make_context(site=site, base_url=base_url_of(site), at=timezone.now(), is_draft=True)


def _bare(mjml: str, context: RenderContext) -> HttpResponse:
    document = render_document("picker.mjml", {**frame_of(context), "body": mark_safe(mjml)})
    try:
        payload = compile_source(Source(document, "", "", "", [], context))
    except RenderError as error:
        return _page("preview_error.html", {"error": error})
    return _html(_inert(payload, sample_values(None)).html)


def _fill(email: Previewed, *, with_values: bool, keep_links: bool) -> tuple[FilledEmail, Source]:
    site = default_site()
    source = compose(email, site=site, base_url=base_url_of(site), at=timezone.now(), is_draft=True)
    values = sample_values(email.sample_contact) if with_values else values_of_nobody()
    return _inert(compile_source(source), values, keep_links=keep_links), source


def _inert(payload: dict[str, Any], values: dict[str, str], *, keep_links: bool = False) -> FilledEmail:
    # Links lead nowhere: a click in the preview must not load the site into the editor's frame.
    return Personalizer(_Compiled(payload)).fill(
        values,
        rewrite_link=lambda link: link.url if keep_links else "#",
        system={"unsubscribe_url": "#"},
    )


def _inbox_line(filled: FilledEmail, brand: Brand) -> dict[str, Any]:
    # Without a preheader, inboxes show the first words of the body.
    words = " ".join(filled.text.split())[:120]
    return {"email": filled, "brand": brand, "sender": brand.sender_name or brand.company_name, "first_line": words}


def _page(template: str, facts: dict[str, Any]) -> HttpResponse:
    return _html(render_to_string(f"wagtail_precise_mail/emails/{template}", facts))


def _html(html: str) -> HttpResponse:
    response = HttpResponse(html)
    # The preview's frame is of the admin's origin and not sandboxed: without this header a script in it would be, too.
    response["Content-Security-Policy"] = "sandbox allow-same-origin"
    return response
