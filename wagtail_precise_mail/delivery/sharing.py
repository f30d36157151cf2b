"""Passing a mail on: the networks that can be told of it, and the page where others sign up."""

from __future__ import annotations

from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from django.utils import timezone

from wagtail_precise_mail.delivery.models import OutboxMessage, Send
from wagtail_precise_mail.delivery.signals import passed_on
from wagtail_precise_mail.emails.links import absolute

MAIL = "mail"
LINK = "link"
NETWORKS = {
    "facebook": ("Facebook", "https://www.facebook.com/sharer/sharer.php?u={url}"),
    "x": ("X", "https://x.com/intent/post?url={url}&text={title}"),
    "linkedin": ("LinkedIn", "https://www.linkedin.com/sharing/share-offsite/?url={url}"),
    "whatsapp": ("WhatsApp", "https://wa.me/?text={title}%20{url}"),
    "telegram": ("Telegram", "https://t.me/share/url?url={url}&text={title}"),
    "weibo": ("Weibo", "https://service.weibo.com/share/share.php?url={url}&title={title}"),
}
"""By key: the name, and where to go with the ``{url}`` and the ``{title}`` of what is shared."""


def network_url(key: str, *, url: str, title: str) -> str:
    """Return the address at a network where somebody can share a page.

    Raises:
        KeyError: there is no such network.
    """
    return NETWORKS[key][1].format(url=quote(url, safe=""), title=quote(title, safe=""))


def mail_url(*, url: str, title: str) -> str:
    """Return the ``mailto:`` address that opens a new mail about a page."""
    return f"mailto:?subject={quote(title, safe='')}&body={quote(url, safe='')}"


def pass_on(message: OutboxMessage, *, via: str) -> None:
    """Announce that the contact of a message passes it on. Reads ``message.send``; tests count nowhere.

    Args:
        via: :data:`MAIL`, :data:`LINK`, or a key of :data:`NETWORKS`.
    """
    if not message.send.is_test:
        passed_on.send_robust(sender=OutboxMessage, message=message, via=via, at=timezone.now())


def join_url(address: str, send: Send) -> str:
    """Return the address of a sign-up page, with where its visitors come from; "" for an address that is none."""
    target = absolute(address, send.base_url)
    if not target.startswith(("http://", "https://")):
        return ""
    parts = urlsplit(target)
    query = [pair for pair in parse_qsl(parts.query, keep_blank_values=True) if pair[0] != "source"]
    return urlunsplit(parts._replace(query=urlencode([*query, ("source", join_source(send))])))


def join_source(send: Send) -> str:
    """Return what is known of somebody who signs up after a mail was passed on to them."""
    return f"forward-{send.origin_kind}-{send.origin_id or send.pk}"
