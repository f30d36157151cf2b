"""The blocks of an email's body. Importing this registers the ones that come with the package."""

from wagtail_precise_mail.emails.blocks import (
    basic,
    columns,
    commerce,
    coupons,
    orders,
    page_lists,
    pages,
    product_lists,
    saved,
    variants,
)
from wagtail_precise_mail.emails.blocks.base import EmailBlock
from wagtail_precise_mail.emails.body import email_blocks

__all__ = [
    "EmailBlock",
    "basic",
    "columns",
    "commerce",
    "coupons",
    "email_blocks",
    "orders",
    "page_lists",
    "pages",
    "product_lists",
    "saved",
    "variants",
]
