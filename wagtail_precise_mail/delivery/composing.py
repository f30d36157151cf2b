"""Composing: a compiled email and a contact become an envelope."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import TypeAlias

from wagtail_precise_mail.conf import options
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.contacts.tokens import make_unsubscribe_token
from wagtail_precise_mail.delivery import mime
from wagtail_precise_mail.delivery.bounces.verp import make_return_path
from wagtail_precise_mail.delivery.channels import Envelope
from wagtail_precise_mail.delivery.digests.words import with_digest
from wagtail_precise_mail.delivery.feedback import feedback_id, telling_headers
from wagtail_precise_mail.delivery.models import OutboxMessage, Send
from wagtail_precise_mail.delivery.processors import MessageProcessor, message_processors
from wagtail_precise_mail.delivery.subject_labels import SubjectLabels
from wagtail_precise_mail.delivery.versions import Versions
from wagtail_precise_mail.emails.personal_links import LinkPurpose, personal_url
from wagtail_precise_mail.emails.personalize import CommonLink, LinkInfo, Personalizer, PersonalLink, RewriteLink
from wagtail_precise_mail.emails.readers import Reader, ReaderLoader
from wagtail_precise_mail.exceptions import RenderError
from wagtail_precise_mail.paths import Paths

TEST_PREFIX = "[Test] "

Hands: TypeAlias = tuple[MessageProcessor, ...]
"""Those that change the links of a message, in their order."""


class Composer:
    """Makes the messages of one send; what they have in common is prepared once.

    Raises:
        RenderError: the compiled email cannot be read.
    """

    def __init__(self, send: Send) -> None:
        self.send = send
        self.versions = Versions.of(send)
        self.loaders = {key: ReaderLoader(version.payload) for key, version in self.versions.compiled.items()}
        self._fixed_links = {key: Personalizer(one).fixed_links for key, one in self.versions.compiled.items()}
        self._personalizers: dict[tuple[str, Hands], Personalizer] = {}
        self._paths = Paths()
        self._labels = SubjectLabels(send, send.compiled.payload.get("site"))
        # A test counts nowhere: no tracked links, no pixel. And whoever is asked to agree did not agree to either yet.
        # Seeds get exactly what contacts get; what happens to their links and pixels is kept nowhere.
        is_seed = send.origin_kind == Send.SEED
        is_plain = (send.is_test and not is_seed) or send.origin_kind == Send.SIGN_UP
        self._prefix = TEST_PREFIX if send.is_test and not is_seed else ""
        self._feedback_id = feedback_id(send)
        self.processors = [] if is_plain else [make() for _key, make in message_processors.items()]

    def load(self, addressed: Sequence[tuple[OutboxMessage, Contact | None]], *, at: datetime) -> dict[int, Reader]:
        """Choose the language of some messages, and return what is known about their readers by the message's id.

        Costs a constant number of queries for each language. Lists are chosen now: prices, stock and what was bought
        since count.

        Raises:
            RenderError: a segment that the email asks for no longer exists.
        """
        by_language: dict[str, list[tuple[OutboxMessage, Contact | None]]] = defaultdict(list)
        for message, contact in addressed:
            message.language = self.versions.choose(contact)
            by_language[message.language].append((message, contact))
        found: dict[int, Reader] = {}
        for language, some in by_language.items():
            found |= self._load(self.loaders[language], some, at)
        return found

    def _load(
        self, loader: ReaderLoader, addressed: Sequence[tuple[OutboxMessage, Contact | None]], at: datetime
    ) -> dict[int, Reader]:
        contacts = {contact.pk: contact for _message, contact in addressed if contact}
        # A test takes nothing out of a pool of codes.
        messages = {contact.pk: message.pk for message, contact in addressed if contact and not self.send.is_test}
        base_url = self.send.base_url
        readers = loader.load(list(contacts.values()), at=at, base_url=base_url, messages=messages)
        if len(contacts) < len(addressed):
            readers |= loader.load([Contact()], at=at, base_url=base_url)
        return {
            message.pk: with_digest(readers[contact.pk if contact else 0], loader, contact)
            for message, contact in addressed
        }

    def compose(
        self, message: OutboxMessage, contact: Contact | None, *, at: datetime, known: Reader | None = None
    ) -> Envelope:
        """Return the message as it leaves.

        Args:
            contact: None only in tests, which then show the fallbacks of merge fields.
            known: what :meth:`load` said about the contact; None asks it for this one.

        Raises:
            RenderError: this contact's values cannot be filled in.
        """
        send, reader = self.send, contact or Contact()
        known = known or self.load([(message, contact)], at=at)[message.pk]
        if known.failure:
            raise RenderError(known.failure)
        unsubscribe_url = unsubscribe_url_of(send, message, self._paths)
        hands = tuple(one for one in self.processors if one.changes_links(reader))
        filled = self._personalizer(message.language, hands).encode(
            known,
            rewrite_link=self._link_rewriter(hands, message, reader),
            link_ending=hands[-1].link_ending(message) if hands else "",
            system={"unsubscribe_url": unsubscribe_url, "html_tail": self._html_tail(message, reader)},
            personal_link=personal_links_of(send, message, self._paths),
        )
        language = message.language or str(send.compiled.payload.get("language", ""))
        subject = self._labels.of(contact, language, filled.subject) + filled.subject
        message_id = mime.make_message_id(message.pk, send.from_address)
        reference = message_id.strip("<>").partition("@")[0]
        headers = telling_headers(send, reference, self._feedback_id)
        for processor in self.processors:
            headers |= processor.headers(message, reader, send.base_url)
        if options().bounce_address:
            # Some providers replace the Message-ID; this one comes back as it is.
            headers["X-Mail-Reference"] = reference
        pieces = mime.build(
            mime.Parts(
                from_name=send.from_name,
                from_address=send.from_address,
                to_address=message.address,
                reply_to=send.reply_to,
                subject=self._prefix + subject,
                text=filled.text,
                html=filled.html,
                message_id=message_id,
                sent_at=at,
                unsubscribe_url=unsubscribe_url,
                unsubscribe_mailto=unsubscribe_mailto_of(send, message),
                headers=headers,
            )
        )
        sender = make_return_path(message.pk, send.from_address)
        return Envelope(
            mime.wire_address(sender),
            mime.wire_address(message.address),
            pieces,
            reference=reference,
            send_id=send.pk or 0,
            tags=(f"{send.origin_kind}-{send.origin_id or send.pk}",),
            is_wire_ready=True,
        )

    def _personalizer(self, language: str, hands: Hands) -> Personalizer:
        """Return what fills one version for the contacts whose links these processors change."""
        made = self._personalizers.get((language, hands))
        if made is None:
            links = ((link.index, self._common_link(hands, link)) for link in self._fixed_links[language])
            common = {index: link for index, link in links if link}
            made = Personalizer(self.versions.compiled[language], common_links=common)
            self._personalizers[language, hands] = made
        return made

    def _common_link(self, hands: Hands, link: LinkInfo) -> CommonLink | None:
        made: CommonLink | None = CommonLink(link.url)
        for processor in hands:
            if made is None or made.has_ending:  # the next one has to see the whole address
                return None
            made = processor.common_link(self.send, replace(link, url=made.url), self.send.base_url)
        return made

    def _link_rewriter(self, hands: Hands, message: OutboxMessage, contact: Contact) -> RewriteLink:
        def rewrite(link: LinkInfo) -> str:
            for processor in hands:  # what one made is what the next one finds
                link = replace(link, url=processor.rewrite_link(message, contact, link, self.send.base_url))
            return link.url

        return rewrite

    def _html_tail(self, message: OutboxMessage, contact: Contact) -> str:
        return "".join(processor.html_tail(message, contact, self.send.base_url) for processor in self.processors)


def unsubscribe_url_of(send: Send, message: OutboxMessage, paths: Paths | None = None) -> str:
    """Return the address by which the one who got a message leaves."""
    token = make_unsubscribe_token(_reader_id(send, message), message.pk)
    return send.base_url + (paths or Paths())("unsubscribe", token)


def unsubscribe_mailto_of(send: Send, message: OutboxMessage) -> str:
    """Return the mailto address by which the one who got a message leaves, or "" where nobody reads such mail."""
    mailbox = options().bounce_address
    if not mailbox:
        return ""
    token = make_unsubscribe_token(_reader_id(send, message), message.pk)
    return f"mailto:{mailbox}?subject=unsubscribe%20{token}"


def personal_links_of(send: Send, message: OutboxMessage, paths: Paths | None = None) -> PersonalLink:
    """Return what makes the addresses that are signed for a message.

    Args:
        paths: of the batch that the message belongs to.
    """
    contact_id, paths = _reader_id(send, message), paths or Paths()

    def make(name: str, block_id: str, argument: str) -> str:
        purpose = LinkPurpose(message.pk, contact_id, block_id, argument, paths)
        return personal_url(name, purpose, base_url=send.base_url)

    return make


def _reader_id(send: Send, message: OutboxMessage) -> int:
    # In a test, links work and change nothing for the contact that the test only looks like.
    return 0 if send.is_test else message.contact_id or 0
