"""What tracking does to messages on their way out: links lead through ours, and a pixel stands at the end."""

from __future__ import annotations

from functools import lru_cache
from html import escape
from typing import TYPE_CHECKING

from django.utils.functional import cached_property

from wagtail_precise_mail.conf import options
from wagtail_precise_mail.delivery.processors import MessageProcessor, message_processors
from wagtail_precise_mail.emails.programs import CommonLink
from wagtail_precise_mail.paths import around_token
from wagtail_precise_mail.tracking.permission import is_tracked
from wagtail_precise_mail.tracking.tokens import (
    TRAP_INDEX,
    is_trackable,
    make_link_token,
    make_message_token,
)
from wagtail_precise_mail.tracking.visits import OwnPages, is_middleware_installed

if TYPE_CHECKING:
    from wagtail_precise_mail.contacts.models import Contact
    from wagtail_precise_mail.delivery.models import OutboxMessage, Send
    from wagtail_precise_mail.emails.personalize import LinkInfo


@message_processors.register("tracking")
class TrackingProcessor(MessageProcessor):
    """Touches nothing in the mails of contacts who are not tracked."""

    def __init__(self) -> None:
        # Made for each send, and not for each message: lists show the same products to many.
        self._beginning = lru_cache(maxsize=5000)(self._make_beginning)
        self._message_token = lru_cache(maxsize=1)(make_message_token)

    @cached_property
    def _click_path(self) -> tuple[str, str]:
        return around_token("click")

    @cached_property
    def _open_path(self) -> tuple[str, str]:
        return around_token("open")

    @cached_property
    def _own_pages(self) -> OwnPages:
        return OwnPages()

    @cached_property
    def _carries_visitors(self) -> bool:
        return is_middleware_installed()

    def changes_links(self, contact: Contact) -> bool:
        return is_tracked(contact)

    def rewrite_link(self, message: OutboxMessage, contact: Contact, link: LinkInfo, base_url: str) -> str:
        if not is_tracked(contact) or not is_trackable(link.url):
            return link.url
        beginning = self._beginning(message.send_id, link.index, link.block_id, link.url, base_url)
        return beginning + self.link_ending(message)

    def common_link(self, send: Send, link: LinkInfo, base_url: str) -> CommonLink:
        if not is_trackable(link.url):
            return CommonLink(link.url)
        url = self._beginning(send.pk, link.index, link.block_id, link.url, base_url)
        return CommonLink(url, has_ending=True)

    def link_ending(self, message: OutboxMessage) -> str:
        return self._message_token(message.send_id, message.pk) + self._click_path[1]

    def _make_beginning(self, send_id: int, link_index: int, block_id: str, url: str, base_url: str) -> str:
        is_own_page = self._carries_visitors and link_index != TRAP_INDEX and url in self._own_pages
        token = make_link_token(send_id, link_index=link_index, block_id=block_id, url=url, is_own_page=is_own_page)
        return f"{base_url.rstrip('/')}{self._click_path[0]}{token}."

    def html_tail(self, message: OutboxMessage, contact: Contact, base_url: str) -> str:
        if not is_tracked(contact):
            return ""
        base_url = base_url.rstrip("/")
        trap = self._trap(message, base_url) if options().has_scanner_trap and is_trackable(base_url) else ""
        # Not display:none, which several clients take as a reason not to load it.
        before, after = self._open_path
        pixel = escape(base_url + before + self._message_token(message.send_id, message.pk) + after)
        return (
            f'{trap}<img src="{pixel}" width="1" height="1" alt="" style="display:block;width:1px;height:1px;border:0">'
        )

    def _trap(self, message: OutboxMessage, base_url: str) -> str:
        """Return the hidden link: empty, so that nothing shows even where styles are taken away or pictures are off."""
        beginning = self._beginning(message.send_id, TRAP_INDEX, "", base_url + "/", base_url)
        url = escape(beginning + self.link_ending(message))
        return f'<a href="{url}" rel="nofollow" tabindex="-1" aria-hidden="true" style="display:none;mso-hide:all"></a>'
