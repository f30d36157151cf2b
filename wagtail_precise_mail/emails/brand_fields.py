"""What a brand is read from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from wagtail.models import Site

if TYPE_CHECKING:
    from wagtail.images.models import AbstractImage

    from wagtail_precise_mail.emails.senders import SenderIdentity


class BrandFields(Protocol):
    """What a brand is made of: a row of ``BrandSettings``, saved or not."""

    site: Site
    company_name: str
    postal_address: str
    phone: str
    contact_address: str
    sender: SenderIdentity | None
    join_url: str
    shows_join_line: bool
    logo: AbstractImage | None
    logo_dark: AbstractImage | None
    logo_width: int
    theme: str
    primary_color: str
    text_color: str
    background_color: str
    panel_color: str
    heading_color: str
    link_color: str
    accent_color: str
    font_family: str
    web_font: str
    heading_font_family: str
    heading_web_font: str
    own_font_name: str
    own_font_url: str
    button_shape: str
    button_size: str
    spacing: str
    corner_radius: int | None
    reason: str
    footer_text: str
    footer_links: Any
    social_accounts: Any
    signer_name: str
    signer_job: str
    signer_photo: AbstractImage | None
    tone: str
    words_to_avoid: str
