"""What every public page shares: the site's name and look, and headers that keep the token in its address private."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import translation
from wagtail.models import Site

from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.registry import Registry

# The address bar holds a signed token: it must not travel on as a referrer, nor be indexed, framed or cached.
_PRIVATE = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex, nofollow",
}


@dataclass(frozen=True)
class PublicLook:
    """The look of a site's public pages.

    Attributes:
        name: of the company, or "".
        logo_url, logo_dark_url: of pictures for light and for dark grounds, or "".
        light, dark: values of the CSS variables in ``public.css``, by their names without dashes in front; they were
            checked: they go into a style sheet as they are.
    """

    name: str = ""
    logo_url: str = ""
    logo_dark_url: str = ""
    light: Mapping[str, str] = field(default_factory=dict)
    dark: Mapping[str, str] = field(default_factory=dict)


public_looks: Registry[Callable[[Site], PublicLook]] = Registry("look of public pages")
"""The last one that is registered wins. Emails bring the brand; without any, pages have our colors."""


def public_context(request: HttpRequest) -> dict[str, Any]:
    """Return what the base template of public pages needs."""
    site = Site.find_for_request(request)
    look = look_of(site) if site else PublicLook()
    name = look.name or (site and site.site_name) or getattr(settings, "WAGTAIL_SITE_NAME", "") or request.get_host()
    return {"site_name": name, "site_url": site.root_url if site else "/", "look": look}


def look_of(site: Site) -> PublicLook:
    """Return the look of a site's public pages."""
    makers = [make for _key, make in public_looks.items()]
    return makers[-1](site) if makers else PublicLook()


def site_of_page(request: HttpRequest) -> Site:
    """Return the site that a public page belongs to, else the default one.

    Raises:
        Site.DoesNotExist: Wagtail has no site at all.
    """
    return Site.find_for_request(request) or Site.objects.get(is_default_site=True)


def visitor_of(request: HttpRequest) -> str:
    """Return who asks, as far as counting needs it: the address that the request came from."""
    return str(request.META.get("REMOTE_ADDR", ""))


def page_language(contact: Contact | None) -> str:
    """Return the contact's language when the site speaks it, or a form of it ("zh-hans" for "zh-cn"), else the
    visitor's."""
    try:
        return translation.get_supported_language_variant(contact.locale.lower().replace("_", "-") if contact else "")
    except LookupError:
        return translation.get_language() or settings.LANGUAGE_CODE


def make_private(response: HttpResponseBase) -> HttpResponseBase:
    """Add the headers of a page whose address is a secret."""
    for header, value in _PRIVATE.items():
        response[header] = value
    return response
