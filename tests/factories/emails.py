"""The least that is valid of emails, their brand, pictures and pages."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from itertools import count
from typing import Any

from django.core.files.base import ContentFile
from PIL import Image as PillowImage
from wagtail.images import get_image_model
from wagtail.models import Locale, Page, Site
from wagtail.test.utils.form_data import streamfield

from wagtail_precise_mail.emails.models import BrandSettings, CompiledEmail, Email, SavedBlock
from wagtail_precise_mail.emails.senders import SenderIdentity
from wagtail_precise_mail.emails.services import compile_email

COMPILED_AT = datetime(2026, 3, 1, 9, tzinfo=UTC)
BASE_URL = "https://shop.example.com"

_numbers = count(1)


def raw_block(kind: str, block_id: str = "", **value: Any) -> dict[str, Any]:
    """A block as it is stored in the column."""
    return {"type": kind, "value": value, "id": block_id or f"00000000-0000-0000-0000-{next(_numbers):012d}"}


def block_form(**value: Any) -> dict[str, Any]:
    """A block as its form posts it, with nothing chosen among the settings of every block."""
    audience = {"show": "", "segments": streamfield([])}
    return {"audience": audience, "padding": "", "background": "", "align": "", "aida": "", **value}


def make_email(*blocks: dict[str, Any], **overrides: Any) -> Email:
    """An email with a subject, a preheader and the given raw blocks; one paragraph when there are none."""
    number = next(_numbers)
    body = list(blocks) or [raw_block("rich_text", content="<p>Hello.</p>")]
    return Email.objects.create(
        **{
            "name": f"Email {number}",
            "subject": "News from the garden",
            "preheader": "What grows this week",
            "body": body,
            **overrides,
        }
    )


def make_saved_block(*blocks: dict[str, Any], **overrides: Any) -> SavedBlock:
    """A published saved block."""
    return SavedBlock.objects.create(**{"name": f"Saved {next(_numbers)}", "body": list(blocks), **overrides})


def make_brand(**overrides: Any) -> BrandSettings:
    """The brand of the default site, with everything that the law asks for, and a verified sender."""
    values = {
        "company_name": "Fern & Kettle",
        "postal_address": "12 Moss Lane\nBristol BS1 4QA",
        **overrides,
    }
    if "sender" not in values:
        values["sender"] = make_identity()
    return BrandSettings.objects.update_or_create(site=default_site(), defaults=values)[0]


def make_identity(
    address: str = "hello@shop.example.com", *, is_verified: bool = True, **overrides: Any
) -> SenderIdentity:
    """A sender with this address, verified; the same one when it is asked for again."""
    verified = {"verified_at": COMPILED_AT, "verified_address": address, "verified_by": SenderIdentity.Means.LINK}
    never = {"verified_at": None, "verified_address": "", "verified_by": ""}
    values = {"name": "Fern & Kettle", **(verified if is_verified else never), **overrides}
    return SenderIdentity.objects.update_or_create(address=address, defaults=values)[0]


def make_image(title: str = "Fern", *, size: tuple[int, int] = (1600, 1200), name: str = "fern.jpg") -> Any:
    """A one-colored image in the library."""
    file = io.BytesIO()
    PillowImage.new("RGB", size, "#1f6f5c").save(file, "PNG" if name.endswith(".png") else "JPEG")
    return get_image_model().objects.create(title=title, file=ContentFile(file.getvalue(), name=name))


def make_svg() -> Any:
    """A vector graphic in the library."""
    drawing = b'<svg xmlns="http://www.w3.org/2000/svg" width="40" height="40"><rect width="40" height="40"/></svg>'
    return get_image_model().objects.create(
        title="Drawing", file=ContentFile(drawing, name="drawing.svg"), width=40, height=40
    )


def default_site() -> Site:
    """The site that Wagtail's migrations made, or one like it: tests with real transactions empty the database."""
    return Site.objects.filter(is_default_site=True).first() or _make_site()


def _make_site() -> Site:
    Locale.objects.get_or_create(language_code="en")
    root = Page.get_first_root_node() or Page.add_root(title="Root", slug="root")
    home = root.add_child(instance=Page(title="Home", slug="home"))
    return Site.objects.create(hostname="localhost", root_page=home, is_default_site=True)


def compiled(email: Email, **overrides: Any) -> CompiledEmail:
    """The email, compiled for the default site."""
    arguments = {"site": default_site(), "base_url": BASE_URL, "at": COMPILED_AT, **overrides}
    return compile_email(email, **arguments)
