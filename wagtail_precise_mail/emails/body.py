"""The registry of email blocks, and the stream blocks that are built from it when a body is first used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from wagtail.blocks import StreamBlock

from wagtail_precise_mail.registry import Registry

if TYPE_CHECKING:
    from wagtail_precise_mail.emails.blocks.base import EmailBlock

email_blocks: Registry[type[EmailBlock]] = Registry("email block")


def make_body_block() -> StreamBlock:
    """Return the blocks of an email: every registered one."""
    return StreamBlock([(key, block()) for key, block in email_blocks.items()])


def make_saved_body_block() -> StreamBlock:
    """Return the blocks of a saved block: every one but saved blocks, so that none can hold itself."""
    return StreamBlock([(key, block()) for key, block in email_blocks.items() if block.may_be_saved])


def make_column_block() -> StreamBlock:
    """Return the blocks that fit in a column: MJML has no sections inside columns."""
    children = [(key, block()) for key, block in email_blocks.items() if block.fits_in_column]
    return StreamBlock(children, required=False)


def make_variant_block(**options: Any) -> StreamBlock:
    """Return the blocks of a variant: everything but variants in variants and saved blocks."""
    children = [(key, block()) for key, block in email_blocks.items() if block.may_be_saved and key != "variants"]
    return StreamBlock(children, required=False, **options)
