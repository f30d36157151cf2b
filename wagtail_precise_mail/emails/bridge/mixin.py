"""What a page model inherits from to say how it becomes an email."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from wagtail_precise_mail.emails.bridge.mapping import Converter, MappedBody, map_body
from wagtail_precise_mail.emails.cards import Card, default_card


class EmailableMixin:
    """For page models: how they become a card in an email, and an email of their own.

    Plain Python without a field: inheriting from it makes no migration.
    """

    # Migrations that create a page model name its bases by their path: this module keeps its place.

    email_blocks: ClassVar[Mapping[str, Converter | None]] = {}
    """A converter for each kind of block that the defaults do not understand, by its name in the stream."""

    email_body_fields: ClassVar[Sequence[str] | None] = None
    """Names of the fields that are the body; None takes every stream and rich text."""

    def get_email_card(self) -> Card:
        """Return the title, summary and picture of this page in an email."""
        return default_card(self)

    def get_email_body(self) -> MappedBody:
        """Return the body of this page as blocks of an email."""
        return map_body(self, blocks=self.email_blocks, fields=self.email_body_fields)
