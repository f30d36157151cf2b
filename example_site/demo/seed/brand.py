"""Writes the email brand: the logos, the shop's typeface, what stands in the footer, and who signs."""

from __future__ import annotations

import json

from wagtail.models import Site

from example_site.demo.art.logo import logo
from example_site.demo.art.portrait import portrait
from example_site.demo.seed.shopfront import keep_picture
from example_site.magazine.models import FlexPage
from wagtail_precise_mail.emails.models import BrandSettings
from wagtail_precise_mail.emails.senders import SenderIdentity
from wagtail_precise_mail.emails.verification import verify


def make_brand(site: Site) -> BrandSettings:
    """Write the brand of a site that has none."""
    brand = BrandSettings.for_site(site)
    if brand.company_name:
        return brand
    _write_company(brand)
    _draw(brand)
    _choose_look(brand)
    _write_footer(brand)
    brand.save()
    return brand


def _write_company(brand: BrandSettings) -> None:
    brand.company_name = "Fern & Kettle Ltd."
    brand.postal_address = "The Old Seed Store, 4 Mill Lane\nHebden Bridge HX7 0AA\nUnited Kingdom"
    brand.phone = "+44 1632 960 442"  # a number that Ofcom keeps for drama
    brand.contact_address = "hello@example.com"
    brand.sender = make_sender("Fern & Kettle", "hello@example.com")
    brand.signer_name = "Ruth Ackroyd"
    brand.signer_job = "Tastes the teas at Fern & Kettle"
    brand.tone = "Warm and plain, like a letter to a neighbor. We tell what we did and saw; we never hurry anybody."
    brand.words_to_avoid = "hurry\nlast chance\nbest price\nunbeatable\n手慢无"


def make_sender(name: str, address: str, *, reply_to: str = "") -> SenderIdentity:
    """Write a sender that is missing, and vouch for it: nobody reads the mail of example.com."""
    facts = {"name": name, "reply_to": reply_to}
    sender = SenderIdentity.objects.get_or_create(address=address, defaults=facts)[0]
    verify(sender, means=SenderIdentity.Means.SERVER)
    return sender


def _draw(brand: BrandSettings) -> None:
    light, dark = logo(), logo(ink="#f2ecdd", mark="#3f8069", halo=None)
    name = "Fern & Kettle"
    brand.logo = keep_picture(light, title="Logo", name="logo", description=name, file_format="PNG")
    brand.logo_dark = keep_picture(
        dark, title="Logo for dark grounds", name="logo-dark", description=name, file_format="PNG"
    )
    brand.logo_width = 230
    brand.signer_photo = keep_picture(
        portrait(), title="Ruth Ackroyd", name="ruth", description="Ruth in her green apron"
    )


def _choose_look(brand: BrandSettings) -> None:
    brand.theme = "paper"
    brand.primary_color = "#1f5a48"
    brand.accent_color = "#a9492a"
    brand.background_color = "#f1e9d9"
    brand.panel_color = "#fffdf8"
    brand.heading_web_font = "fern_and_kettle"
    brand.button_shape = "pill"
    brand.corner_radius = 12


def _write_footer(brand: BrandSettings) -> None:
    pages = {page.slug: page.pk for page in FlexPage.objects.all()}
    links = [("About us", pages["about"]), ("Your data", pages["your-data"])]
    accounts = [("instagram", "https://example.com/instagram"), ("pinterest", "https://example.com/pinterest")]
    brand.reason = "You get this because you asked for news from our shop, or bought something in it."
    brand.footer_text = "Registered in England, company number 00000000."
    brand.footer_links = json.dumps(
        [{"type": "link", "value": {"label": label, "page": page, "url": ""}} for label, page in links]
    )
    brand.social_accounts = json.dumps(
        [{"type": "account", "value": {"network": network, "url": url}} for network, url in accounts]
    )
