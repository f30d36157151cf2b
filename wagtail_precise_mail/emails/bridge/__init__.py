"""The bridge from pages to emails: how a page becomes an email of its own."""

from wagtail_precise_mail.emails.bridge.mapping import (
    Converter,
    LeftOut,
    MappedBody,
    body_of,
    map_body,
    register_page_body,
)
from wagtail_precise_mail.emails.bridge.mixin import EmailableMixin
from wagtail_precise_mail.emails.bridge.pieces import RawBlock

__all__ = [
    "Converter",
    "EmailableMixin",
    "LeftOut",
    "MappedBody",
    "RawBlock",
    "body_of",
    "map_body",
    "register_page_body",
]
