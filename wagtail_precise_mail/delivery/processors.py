"""What other rooms and packages do to every message on its way out: rewrite links, add a pixel, add headers."""

from __future__ import annotations

from abc import ABC
from collections.abc import Mapping
from typing import TYPE_CHECKING

from wagtail_precise_mail.registry import Registry

if TYPE_CHECKING:
    from wagtail_precise_mail.contacts.models import Contact
    from wagtail_precise_mail.delivery.models import OutboxMessage, Send
    from wagtail_precise_mail.emails.personalize import CommonLink, LinkInfo


class MessageProcessor(ABC):  # noqa: B024  every method has a default that does nothing
    """One hand in the making of messages. Must be quick and must not query: it runs for every message.

    Processors run in the order of their registration. Test mails pass none of them, so that trying a mail counts
    nowhere.
    """

    def changes_links(self, contact: Contact) -> bool:
        """Whether :meth:`rewrite_link` has anything to do in the mails of a contact; asked once for each."""
        return True

    def rewrite_link(self, message: OutboxMessage, contact: Contact, link: LinkInfo, base_url: str) -> str:
        """Return the address to write instead of ``link.url``, which earlier processors may have rewritten already."""
        return link.url

    def common_link(self, send: Send, link: LinkInfo, base_url: str) -> CommonLink | None:
        """Return what :meth:`rewrite_link` makes of a link that leads everybody to the same place, as far as that is
        the same in all messages of a send whose links it changes: asked once, and not for each message.

        None, the default, asks :meth:`rewrite_link` for each message.
        """
        return None

    def link_ending(self, message: OutboxMessage) -> str:
        """Return what follows those of its common links that have an ending."""
        return ""

    def html_tail(self, message: OutboxMessage, contact: Contact, base_url: str) -> str:
        """Return HTML for the end of the body."""
        return ""

    def headers(self, message: OutboxMessage, contact: Contact, base_url: str) -> Mapping[str, str]:
        """Return further headers; values with line ends are refused."""
        return {}


message_processors: Registry[type[MessageProcessor]] = Registry("message processor")
