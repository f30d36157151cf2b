"""Composing: a compiled email and a contact become an envelope."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from django.urls import reverse

from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.contacts.tokens import make_unsubscribe_token
from wagtail_precise_mail.delivery import mime
from wagtail_precise_mail.delivery.channels import Envelope
from wagtail_precise_mail.delivery.models import OutboxMessage, Send
from wagtail_precise_mail.delivery.processors import message_processors
from wagtail_precise_mail.emails.merge import tags_in
from wagtail_precise_mail.emails.merge_fields import contact_values, values_of, values_of_nobody
from wagtail_precise_mail.emails.personalize import LinkInfo, Personalizer

TEST_PREFIX = "[Test] "


class Composer:
    """Makes the messages of one send; what they have in common is prepared once.

    Raises:
        RenderError: the compiled email cannot be read.
    """

    def __init__(self, send: Send) -> None:
        self.send = send
        self.personalizer = Personalizer(send.compiled)
        self.field_names = {tag.field for tag in tags_in(send.compiled.payload)}
        # A test counts nowhere: no tracked links, no pixel.
        self.processors = [] if send.is_test else [make() for _key, make in message_processors.items()]

    def values_of(self, contacts: Sequence[Contact]) -> dict[int, dict[str, str]]:
        """Return the merge values that this email uses, for many contacts with few queries, by the contact's id."""
        return values_of(contacts, self.field_names)

    def compose(
        self,
        message: OutboxMessage,
        contact: Contact | None,
        *,
        at: datetime,
        values: Mapping[str, str] | None = None,
    ) -> Envelope:
        """Return the message as it leaves.

        Args:
            contact: None only in tests, which then show the fallbacks of merge fields.
            values: the contact's, from :meth:`values_of`; read here when left out.

        Raises:
            RenderError: this contact's values cannot be filled in.
        """
        send, reader = self.send, contact or Contact()
        unsubscribe_url = self._unsubscribe_url(message)
        if values is None:
            values = contact_values(contact, self.field_names) if contact else values_of_nobody()
        filled = self.personalizer.fill(
            values,
            rewrite_link=self._link_rewriter(message, reader),
            system={"unsubscribe_url": unsubscribe_url, "html_tail": self._html_tail(message, reader)},
        )
        headers = {
            name: value
            for processor in self.processors
            for name, value in processor.headers(message, reader, send.base_url).items()
        }
        content = mime.build(
            mime.Parts(
                from_name=send.from_name,
                from_address=send.from_address,
                to_address=message.address,
                reply_to=send.reply_to,
                subject=TEST_PREFIX + filled.subject if send.is_test else filled.subject,
                text=filled.text,
                html=filled.html,
                message_id=mime.make_message_id(message.pk, send.from_address),
                sent_at=at,
                unsubscribe_url=unsubscribe_url,
                headers=headers,
            )
        )
        return Envelope(mime.wire_address(send.from_address), mime.wire_address(message.address), content)

    def _unsubscribe_url(self, message: OutboxMessage) -> str:
        # In a test the link works and unsubscribes nobody: not the contact that the test only looks like.
        contact_id = 0 if self.send.is_test else message.contact_id or 0
        token = make_unsubscribe_token(contact_id, message.pk)
        return self.send.base_url + reverse("wagtail_precise_mail:unsubscribe", args=[token])

    def _link_rewriter(self, message: OutboxMessage, contact: Contact) -> Callable[[LinkInfo], str]:
        def rewrite(link: LinkInfo) -> str:
            for processor in self.processors:
                link = replace(link, url=processor.rewrite_link(message, contact, link, self.send.base_url))
            return link.url

        return rewrite

    def _html_tail(self, message: OutboxMessage, contact: Contact) -> str:
        return "".join(processor.html_tail(message, contact, self.send.base_url) for processor in self.processors)
