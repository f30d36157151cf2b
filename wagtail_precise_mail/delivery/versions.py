"""The languages of a send: one compiled email for each, and which of them a message is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.delivery.models import OutboxMessage, Send, SendVersion
from wagtail_precise_mail.emails.languages import choose_language
from wagtail_precise_mail.emails.readers import Reader, ReaderLoader

if TYPE_CHECKING:
    from wagtail_precise_mail.emails.models import CompiledEmail


@dataclass(frozen=True)
class Versions:
    """The compiled emails of one send by their language.

    Attributes:
        original: the language of the email that the others are translations of; "" where the send has but one.
    """

    compiled: Mapping[str, CompiledEmail]
    original: str

    @classmethod
    def of(cls, send: Send) -> Versions:
        """Return the versions of a send; ``versions__compiled`` may have been prefetched."""
        is_known = "versions" in getattr(send, "_prefetched_objects_cache", {})
        kept = send.versions.all() if is_known else send.versions.select_related("compiled")
        rows = {row.language: row.compiled for row in kept}
        original = next((language for language, one in rows.items() if one.pk == send.compiled_id), "")
        # Sends of one language keep no word about it.
        return cls(rows, original) if len(rows) > 1 and original else cls({"": send.compiled}, "")

    def choose(self, contact: Contact | None) -> str:
        """Return the key of the version that a contact gets."""
        if len(self.compiled) == 1:
            return self.original
        return choose_language(contact.locale if contact else "", self.compiled, default=self.original)


def keep_versions(send: Send, translations: Mapping[str, CompiledEmail], *, at: datetime) -> None:
    """Keep every language of a new send, with what its lists show to nobody in particular.

    Raises:
        RenderError: a segment that the email asks for no longer exists.
    """
    language = str(send.compiled.payload.get("language", ""))
    versions = {**translations, language: send.compiled}
    SendVersion.objects.bulk_create(
        SendVersion(send=send, language=code, compiled=one, public_data=_public_data(one, send.base_url, at))
        for code, one in versions.items()
    )


def version_of(message: OutboxMessage) -> CompiledEmail:
    """Return the compiled email that a message was made of. Reads ``message.send``."""
    if message.language:
        row = message.send.versions.select_related("compiled").filter(language=message.language).first()
        if row:
            return row.compiled
    return message.send.compiled


def _public_data(compiled: CompiledEmail, base_url: str, at: datetime) -> dict:
    if not compiled.payload.get("lists"):
        return {}
    reader = ReaderLoader(compiled.payload).load([Contact()], at=at, base_url=base_url)[0]
    return Reader(lists=reader.lists).to_json()
