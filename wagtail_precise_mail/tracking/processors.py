"""What tracking does to messages on their way out: links lead through ours, and a pixel stands at the end."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from django.utils.functional import cached_property
from django.utils.html import format_html

from wagtail_precise_mail.conf import options
from wagtail_precise_mail.delivery.processors import MessageProcessor, message_processors
from wagtail_precise_mail.paths import token_path
from wagtail_precise_mail.tracking.tokens import is_trackable, make_click_token, make_open_token

if TYPE_CHECKING:
    from wagtail_precise_mail.contacts.models import Contact
    from wagtail_precise_mail.delivery.models import OutboxMessage
    from wagtail_precise_mail.emails.personalize import LinkInfo


@message_processors.register("tracking")
class TrackingProcessor(MessageProcessor):
    """Touches nothing in the mails of contacts who are not tracked."""

    @cached_property
    def _click_path(self) -> Callable[[str], str]:
        return token_path("click")

    @cached_property
    def _open_path(self) -> Callable[[str], str]:
        return token_path("open")

    def rewrite_link(self, message: OutboxMessage, contact: Contact, link: LinkInfo, base_url: str) -> str:
        if not is_tracked(contact) or not is_trackable(link.url):
            return link.url
        token = make_click_token(message.pk, link_index=link.index, block_id=link.block_id, url=link.url)
        return base_url.rstrip("/") + self._click_path(token)

    def html_tail(self, message: OutboxMessage, contact: Contact, base_url: str) -> str:
        if not is_tracked(contact):
            return ""
        path = self._open_path(make_open_token(message.pk))
        # Not display:none, which several clients take as a reason not to load it.
        return format_html(
            '<img src="{}" width="1" height="1" alt="" style="display:block;width:1px;height:1px;border:0">',
            base_url.rstrip("/") + path,
        )


def is_tracked(contact: Contact) -> bool:
    """Whether opens and clicks of a contact are anybody's business."""
    return options().is_tracking_enabled and contact.is_tracking_allowed
