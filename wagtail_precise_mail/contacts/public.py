"""What every public page shares: the site's name, and headers that keep the token in its address private."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import translation
from wagtail.models import Site

from wagtail_precise_mail.contacts.models import Contact

# The address bar holds a signed token: it must not travel on as a referrer, nor be indexed, framed or cached.
_PRIVATE = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex, nofollow",
}


def public_context(request: HttpRequest) -> dict[str, Any]:
    """Return what the base template of public pages needs."""
    site = Site.find_for_request(request)
    return {
        "site_name": (site and site.site_name) or getattr(settings, "WAGTAIL_SITE_NAME", "") or request.get_host(),
        "site_url": site.root_url if site else "/",
    }


def page_language(contact: Contact | None) -> str:
    """Return the contact's language when the site speaks it, else the visitor's."""
    known = contact.locale.lower() if contact else ""
    return known if known in dict(settings.LANGUAGES) else translation.get_language() or settings.LANGUAGE_CODE


def make_private(response: HttpResponseBase) -> HttpResponseBase:
    """Add the headers of a page whose address is a secret."""
    for header, value in _PRIVATE.items():
        response[header] = value
    return response
