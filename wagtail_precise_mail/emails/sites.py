"""The site that an email belongs to, and the address in front of its links."""

from __future__ import annotations

from typing import Any

from wagtail.models import Site

from wagtail_precise_mail.conf import options
from wagtail_precise_mail.exceptions import ConfigurationError


def default_site() -> Site:
    """Return the site whose brand an email shows where nothing else decides.

    Raises:
        ConfigurationError: Wagtail has no site at all.
    """
    site = Site.objects.select_related("root_page").order_by("-is_default_site", "pk").first()
    if site is None:
        raise ConfigurationError("Create a site in Wagtail's settings: emails take brand and addresses from it.")
    return site


def site_of(email: Any) -> Site:
    """Return the site that an email is written for; the default one where it names none, as saved blocks do.

    Raises:
        ConfigurationError: Wagtail has no site at all.
    """
    return getattr(email, "site", None) or default_site()


def has_several_sites() -> bool:
    """Whether there is anything to choose: forms ask for a site only then."""
    return Site.objects.count() > 1


def base_url_of(site: Site) -> str:
    """Return scheme and host in front of a site's links in mails, without a slash at the end."""
    return (options().base_url or site.root_url).rstrip("/")
