"""Serving landing pages: composed like an email, filled for whoever comes, and what its goal button does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.middleware.csrf import get_token
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.utils.html import format_html

from wagtail_precise_mail.campaigns.landing import compiling
from wagtail_precise_mail.campaigns.landing.blocks import FORM, GOAL, goal_buttons, target_of
from wagtail_precise_mail.campaigns.landing.goals import Goal
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.delivery.webversion import WebPage, to_document
from wagtail_precise_mail.emails.editions import Edition
from wagtail_precise_mail.emails.personalize import Personalizer
from wagtail_precise_mail.emails.sites import base_url_of
from wagtail_precise_mail.segments.models import Segment
from wagtail_precise_mail.tracking.visitors import Visitor, record_goal, visitor_of

if TYPE_CHECKING:
    from wagtail_precise_mail.campaigns.landing.models import LandingPageMixin

POLICY = (
    "default-src 'none'; img-src * data:; media-src *; style-src 'unsafe-inline' *; font-src * data:; "
    "base-uri 'none'; form-action 'self' http: https:; frame-ancestors 'self'"
)
"""What editors put into a landing page gets no more rights than it has in a mail program, but for the goal button."""


@dataclass
class Samples:
    """Whom previews show a landing page as."""

    sample_contact: Contact | None = None
    sample_segment: Segment | None = None


def samples_of(page: LandingPageMixin) -> Samples:
    """Return whom previews show: as the email of the campaign does."""
    email = page.campaign.email if page.campaign else None
    return Samples(email.sample_contact, email.sample_segment) if email else Samples()


def show(page: Any, request: HttpRequest) -> HttpResponse:
    """Return a landing page for whoever comes. Nothing is written."""
    site, at, visitor = page.landing_site, timezone.now(), visitor_of(request)
    known = visitor if visitor and visitor.contact else None
    payload, reader = compiling.payload_and_reader(page, site, known, at=at)
    filled = Personalizer(compiling.Payload(payload), edition=Edition.LANDING).fill(
        reader,
        rewrite_link=lambda link: link.url,
        system={"unsubscribe_url": "#", "html_tail": _goal_form(page, request)},
    )
    web_page = WebPage(
        html=filled.html,
        title=getattr(page, "seo_title", "") or page.title,
        description=getattr(page, "search_description", ""),
        canonical_url=page.get_full_url(request) or "",
        language=str(payload.get("language", "")),
    )
    response = HttpResponse(to_document(web_page, is_indexed=page.is_indexable))
    return _with_headers(response, page, known, language=web_page.language)


def press_goal(page: Any, request: HttpRequest) -> HttpResponse:
    """Keep that the goal was reached, if a mail led here, and lead on: strangers, too."""
    block_id, site = request.POST.get(GOAL, ""), page.landing_site
    button = next((one for one in goal_buttons(page.body) if one.id == block_id), None)
    if button is None:  # the page was changed in the meantime
        return HttpResponseRedirect(request.get_full_path())
    if page.goal == Goal.PRESS:
        record_goal(request, name=page.title, url=page.get_full_url(request) or "", block_id=block_id)
    target = target_of(button.value, base_url=base_url_of(site), site_id=site.pk)
    response = HttpResponseRedirect(target or request.get_full_path())
    response["Cache-Control"] = "private, no-store"
    return response


def _goal_form(page: Any, request: HttpRequest) -> str:
    if not goal_buttons(page.body):
        return ""
    token = get_token(request)
    markup = '<form id="{}" method="post"><input type="hidden" name="csrfmiddlewaretoken" value="{}"></form>'
    return format_html(markup, FORM, token)


def _with_headers(response: HttpResponse, page: Any, known: Visitor | None, *, language: str) -> HttpResponse:
    # The same address says something else to somebody else.
    patch_vary_headers(response, ["Cookie"])
    if known or goal_buttons(page.body):
        response["Cache-Control"] = "private"
    if not page.is_indexable:
        response["X-Robots-Tag"] = "noindex, nofollow"
    if page.content_security_policy:
        response["Content-Security-Policy"] = page.content_security_policy
    response["X-Content-Type-Options"] = "nosniff"
    if language:
        response["Content-Language"] = language
    return response
