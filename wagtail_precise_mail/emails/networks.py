"""Social networks: their names, their icons, and where something is shared on them."""

from __future__ import annotations

from urllib.parse import quote

from django.templatetags.static import static
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from wagtail_precise_mail.emails.links import absolute

NETWORKS: dict[str, str | Promise] = {
    "bluesky": "Bluesky",
    "facebook": "Facebook",
    "instagram": "Instagram",
    "linkedin": "LinkedIn",
    "mastodon": "Mastodon",
    "pinterest": "Pinterest",
    "telegram": "Telegram",
    "threads": "Threads",
    "tiktok": "TikTok",
    "wechat": "WeChat",
    "weibo": "Weibo",
    "whatsapp": "WhatsApp",
    "x": "X",
    "xiaohongshu": "Xiaohongshu",
    "youtube": "YouTube",
    "website": _("Website"),
}
"""Their names by the keys that are stored."""

SHARE_ADDRESSES = {
    "bluesky": "https://bsky.app/intent/compose?text={title}%20{url}",
    "facebook": "https://www.facebook.com/sharer/sharer.php?u={url}",
    "linkedin": "https://www.linkedin.com/sharing/share-offsite/?url={url}",
    "telegram": "https://t.me/share/url?url={url}&text={title}",
    "threads": "https://www.threads.net/intent/post?text={title}%20{url}",
    "weibo": "https://service.weibo.com/share/share.php?url={url}&title={title}",
    "whatsapp": "https://wa.me/?text={title}%20{url}",
    "x": "https://x.com/intent/post?url={url}&text={title}",
}
"""Where the networks that can be written to from a link take what is shared."""


def name_of(network: str) -> str:
    """Return what people call a network; its key for one that is unknown here."""
    return str(NETWORKS.get(network, network))


def share_address(network: str, url: str, title: str) -> str:
    """Return the address at which a page is shared on a network.

    Raises:
        KeyError: nothing can be shared there by a link.
    """
    return SHARE_ADDRESSES[network].format(url=quote(url, safe=""), title=quote(title, safe=""))


def icon_url(network: str, *, on: str, base_url: str) -> str:
    """Return the absolute address of a network's icon, 72 pixels wide and transparent around its sign.

    Args:
        on: the color of the sign: "#ffffff" takes the white one, everything else the near-black one.
    """
    name = network if network in NETWORKS else "website"
    ink = "light" if on == "#ffffff" else "dark"
    return absolute(static(f"wagtail_precise_mail/emails/networks/{name}-{ink}.png"), base_url)
