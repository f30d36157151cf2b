"""Visits of the site: ``{% load precise_mail_visits %}{% visit_script product=product %}{% visit_consent_form %}``."""

from __future__ import annotations

from typing import Any

from django import template
from django.urls import reverse

from wagtail_precise_mail.conf import options
from wagtail_precise_mail.tracking.viewing import CONSENT_COOKIE, has_consented

register = template.Library()


@register.inclusion_tag("wagtail_precise_mail/tracking/visits/script.html", takes_context=True)
def visit_script(context: dict[str, Any], product: Any = None, search: str = "") -> dict[str, Any]:
    """Render the script that tells us about this page, for those who agreed; else nothing at all.

    Args:
        product: the product that the page shows, or its SKU.
        search: what was searched for, on a page of results.
    """
    request = context.get("request")
    return {
        "is_watched": request is not None and options().is_tracking_enabled and has_consented(request),
        "url": reverse("wagtail_precise_mail:site_view"),
        "product": getattr(product, "sku", product) or "",
        "search": search,
    }


@register.inclusion_tag("wagtail_precise_mail/tracking/visits/consent.html", takes_context=True)
def visit_consent_form(context: dict[str, Any]) -> dict[str, Any]:
    """Render our own question whether somebody may be watched; nothing where the site asks with its own."""
    request = context["request"]
    return {
        "request": request,
        "csrf_token": context.get("csrf_token"),
        "is_asked": options().is_tracking_enabled and not options().visit_consent,
        "answer": request.COOKIES.get(CONSENT_COOKIE, ""),
        "next": request.get_full_path(),
    }
