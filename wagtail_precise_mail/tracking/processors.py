"""What tracking does to messages on their way out: links lead through ours, and a pixel stands at the end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape
from typing import TYPE_CHECKING

from django.utils.functional import cached_property

from wagtail_precise_mail.conf import options
from wagtail_precise_mail.delivery.processors import MessageProcessor, message_processors
from wagtail_precise_mail.paths import token_path
from wagtail_precise_mail.tracking.permission import is_tracked
from wagtail_precise_mail.tracking.tokens import (
    TRAP_INDEX,
    is_trackable,
    make_click_token,
    make_click_tokens,
    make_open_token,
    pack_link,
)
from wagtail_precise_mail.tracking.visits import OwnPages, is_middleware_installed

if TYPE_CHECKING:
    from wagtail_precise_mail.contacts.models import Contact
    from wagtail_precise_mail.delivery.models import OutboxMessage
    from wagtail_precise_mail.emails.personalize import LinkInfo


@message_processors.register("tracking")
class TrackingProcessor(MessageProcessor):
    """Touches nothing in the mails of contacts who are not tracked."""

    def __init__(self) -> None:
        self._last: tuple[Sequence[LinkInfo], list[bytes]] = ((), [])

    @cached_property
    def _click_path(self) -> Callable[[str], str]:
        return token_path("click")

    @cached_property
    def _open_path(self) -> Callable[[str], str]:
        return token_path("open")

    @cached_property
    def _own_pages(self) -> OwnPages:
        return OwnPages()

    @cached_property
    def _carries_visitors(self) -> bool:
        return is_middleware_installed()

    def changes_links(self, contact: Contact) -> bool:
        return is_tracked(contact)

    def rewrite_link(self, message: OutboxMessage, contact: Contact, link: LinkInfo, base_url: str) -> str:
        return self.rewrite_links(message, contact, [link], base_url)[0]

    def rewrite_links(
        self, message: OutboxMessage, contact: Contact, links: Sequence[LinkInfo], base_url: str
    ) -> list[str]:
        if not is_tracked(contact):
            return [link.url for link in links]
        packed = self._pack(links)
        tokens = iter(make_click_tokens(message.pk, filter(None, packed)))
        base_url, path = base_url.rstrip("/"), self._click_path
        return [base_url + path(next(tokens)) if one else link.url for one, link in zip(packed, links, strict=True)]

    def _pack(self, links: Sequence[LinkInfo]) -> list[bytes]:
        # Those that everybody gets are the same object each time.
        if self._last[0] is not links:
            self._last = links, [self._packed(link) for link in links]
        return self._last[1]

    def _packed(self, link: LinkInfo) -> bytes:
        """Return what the token of a link says beside the message, or nothing where it stays as it is."""
        if not is_trackable(link.url):
            return b""
        is_own_page = self._carries_visitors and link.url in self._own_pages
        return pack_link(link.index, link.block_id, link.url, is_own_page)

    def html_tail(self, message: OutboxMessage, contact: Contact, base_url: str) -> str:
        if not is_tracked(contact):
            return ""
        base_url = base_url.rstrip("/")
        trap = self._trap(message, base_url) if options().has_scanner_trap and is_trackable(base_url) else ""
        # Not display:none, which several clients take as a reason not to load it.
        pixel = escape(base_url + self._open_path(make_open_token(message.pk)))
        return (
            f'{trap}<img src="{pixel}" width="1" height="1" alt="" style="display:block;width:1px;height:1px;border:0">'
        )

    def _trap(self, message: OutboxMessage, base_url: str) -> str:
        """Return the hidden link: empty, so that nothing shows even where styles are taken away or pictures are off."""
        token = make_click_token(message.pk, link_index=TRAP_INDEX, block_id="", url=base_url + "/")
        url = escape(base_url + self._click_path(token))
        return f'<a href="{url}" rel="nofollow" tabindex="-1" aria-hidden="true" style="display:none;mso-hide:all"></a>'
