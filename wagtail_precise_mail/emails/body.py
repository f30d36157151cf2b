"""The registry of email blocks, and the stream blocks that are built from it when a body is first used."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _

from wagtail_precise_mail.emails.streams import EmailStreamBlock
from wagtail_precise_mail.registry import Registry

if TYPE_CHECKING:
    from wagtail_precise_mail.emails.blocks.base import EmailBlock

email_blocks: Registry[type[EmailBlock]] = Registry("email block")

RAW_MJML = "raw_mjml"
"""Key of the block that only people with a permission of its own may write."""

unlisted_blocks: Registry[type[EmailBlock]] = Registry("unlisted email block")
"""Blocks that are in every stream and in no picker: the one that stands for a block whose code is gone."""

GROUPS = (_("Text"), _("Pictures"), _("Layout"), _("From the site"), _("Shop"), _("Reader"), _("Frame"))
"""The groups of the picker in their order; groups of other packages follow."""


def make_body_block() -> EmailStreamBlock:
    """Return the blocks of an email: every registered one."""
    return _stream(lambda key, block: True)


def make_saved_body_block() -> EmailStreamBlock:
    """Return the blocks of a saved block: every one but saved blocks, so that none can hold itself."""
    return _stream(lambda key, block: block.may_be_saved)


def make_page_body_block(
    further: Iterable[tuple[str, type[EmailBlock]]], *, stream_class: type[EmailStreamBlock]
) -> EmailStreamBlock:
    """Return the blocks of a landing page: those of an email that make sense there, and further ones."""
    return _stream(lambda key, block: block.fits_on_page, further=further, stream_class=stream_class, required=False)


def make_column_block() -> EmailStreamBlock:
    """Return the blocks that fit in a column: MJML has no sections inside columns."""
    return _stream(lambda key, block: block.fits_in_column, required=False)


def make_variant_block(**options: Any) -> EmailStreamBlock:
    """Return the blocks of a variant: everything but variants in variants and saved blocks."""
    return _stream(lambda key, block: block.may_be_saved and key != "variants", required=False, **options)


def _stream(
    fits: Callable[[str, type[EmailBlock]], bool],
    *,
    further: Iterable[tuple[str, type[EmailBlock]]] = (),
    stream_class: type[EmailStreamBlock] = EmailStreamBlock,
    **options: Any,
) -> EmailStreamBlock:
    """Return the blocks that fit, by group and in the order of their registration."""
    children = [(key, block()) for key, block in email_blocks.items() if fits(key, block)]
    children += [(key, block()) for key, block in further]
    groups = [str(group) for group in GROUPS]
    groups += [group for _key, block in children if (group := str(block.meta.group)) not in groups]
    listed = sorted(children, key=lambda child: groups.index(str(child[1].meta.group)))
    unlisted = [(key, block()) for key, block in unlisted_blocks.items()]
    return stream_class([*unlisted, *listed], hidden={key for key, _block in unlisted}, **options)
