"""Social networks in mails: their icons, and which of them can be told of an email."""

from __future__ import annotations

from django.templatetags.static import static

from wagtail_precise_mail.emails.link_blocks import NETWORKS
from wagtail_precise_mail.emails.links import absolute

SHAREABLE = ("facebook", "x", "linkedin", "whatsapp", "telegram", "weibo")
"""Networks that take what is shared from a link. Delivery knows their addresses."""


def name_of(network: str) -> str:
    """Return what people call a network; its key for one that is unknown here."""
    return str(NETWORKS.get(network, network))


def icon_url(network: str, *, on: str, base_url: str) -> str:
    """Return the absolute address of a network's icon, 72 pixels wide and transparent around its sign.

    Args:
        on: the color of the sign: "#ffffff" takes the white one, everything else the near-black one.
    """
    name = network if network in NETWORKS else "website"
    ink = "light" if on == "#ffffff" else "dark"
    return absolute(static(f"wagtail_precise_mail/emails/networks/{name}-{ink}.png"), base_url)
