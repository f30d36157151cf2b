"""Writes what is ready to be sent: brand, segment, email and campaign. Nothing here pretends that it was sent."""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth.models import User
from wagtail.models import Site

from example_site.demo.art.scenes import logo
from example_site.demo.seed.shopfront import keep_picture
from wagtail_precise_mail.emails.models import BrandSettings


def make_mailing(admin: User, *, site: Site, at: datetime, picture_size: int) -> None:
    """Write what is missing."""
    _make_brand(site)


def _make_brand(site: Site) -> None:
    brand = BrandSettings.for_site(site)
    if brand.company_name:
        return
    brand.company_name = "Fern & Kettle Ltd."
    brand.postal_address = "The Old Seed Store, 4 Mill Lane\nHebden Bridge HX7 0AA\nUnited Kingdom"
    brand.sender_name = "Ruth from Fern & Kettle"
    brand.sender_address = "ruth@example.com"
    brand.reply_to = "hello@example.com"
    brand.logo = keep_picture(logo(), title="Logo", name="logo", description="Fern & Kettle")
    brand.primary_color = "#1f5a48"
    brand.text_color = "#22302c"
    brand.background_color = "#f1e9d9"
    brand.panel_color = "#fffdf8"
    brand.save()
