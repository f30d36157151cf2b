"""The blocks of an email's body. Importing this registers the ones that come with the package."""

from wagtail_precise_mail.emails.blocks import (
    basic,
    columns,
    commerce,
    frame,
    hero,
    images,
    letter,
    links,
    media,
    missing,
    offers,
    pages,
    raw,
    saved,
    survey,
    variants,
    words,
)
from wagtail_precise_mail.emails.blocks.base import EmailBlock
from wagtail_precise_mail.emails.body import email_blocks

__all__ = [
    "EmailBlock",
    "basic",
    "columns",
    "commerce",
    "email_blocks",
    "frame",
    "hero",
    "images",
    "letter",
    "links",
    "media",
    "missing",
    "offers",
    "pages",
    "raw",
    "saved",
    "survey",
    "variants",
    "words",
]
