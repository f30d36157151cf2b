"""UTM parameters: by them the statistics of a site tell visitors who came by mail, and by which one."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, quote, urlsplit

from django.utils.functional import cached_property
from django.utils.text import slugify

from wagtail_precise_mail.conf import options
from wagtail_precise_mail.delivery.models import OutboxMessage, Send
from wagtail_precise_mail.delivery.processors import MessageProcessor, message_processors
from wagtail_precise_mail.emails.programs import CommonLink
from wagtail_precise_mail.tracking.permission import is_tracked
from wagtail_precise_mail.tracking.visits import OwnPages

if TYPE_CHECKING:
    from wagtail_precise_mail.contacts.models import Contact
    from wagtail_precise_mail.emails.personalize import LinkInfo


@message_processors.register("utm")
class UtmProcessor(MessageProcessor):
    """Adds ``utm_parameters`` to links to sites of ours, and to ``utm_hosts``. Nobody is named by them.

    Contacts who are not tracked get their links as they are.
    """

    def __init__(self) -> None:
        self._names: dict[int, str] = {}

    @cached_property
    def _own_pages(self) -> OwnPages:
        return OwnPages()

    def changes_links(self, contact: Contact) -> bool:
        return bool(options().utm_parameters) and is_tracked(contact)

    def rewrite_link(self, message: OutboxMessage, contact: Contact, link: LinkInfo, base_url: str) -> str:
        return self._with_words(message.send_id, link) if self.changes_links(contact) else link.url

    def common_link(self, send: Send, link: LinkInfo, base_url: str) -> CommonLink:
        return CommonLink(self._with_words(send.pk, link))

    def _with_words(self, send_id: int, link: LinkInfo) -> str:
        if not self._is_counted(link.url):
            return link.url
        words = {"email": self._email_name(send_id), "send": send_id, "block": link.block_id, "link": link.index}
        return with_parameters(
            link.url, {name: value.format(**words) for name, value in options().utm_parameters.items()}
        )

    def _is_counted(self, url: str) -> bool:
        if not url.startswith(("http://", "https://")):
            return False
        return url in self._own_pages or (urlsplit(url).hostname or "") in options().utm_hosts

    def _email_name(self, send_id: int) -> str:
        # Asked once for a batch, which is of one send.
        if send_id not in self._names:
            name = Send.objects.filter(pk=send_id).values_list("compiled__email__name", flat=True).first() or ""
            self._names[send_id] = slugify(name, allow_unicode=True)
        return self._names[send_id]


def with_parameters(url: str, parameters: dict[str, str]) -> str:
    """Return an address with further parameters; the rest stays as it was, and what it says already stays said."""
    address, hash_mark, fragment = url.partition("#")
    path, _question_mark, query = address.partition("?")
    said = {name for name, _value in parse_qsl(query, keep_blank_values=True)}
    more = [f"{name}={quote(value, safe='')}" for name, value in parameters.items() if value and name not in said]
    query = "&".join([query, *more] if query else more)
    return f"{path}?{query}{hash_mark}{fragment}" if query else url
