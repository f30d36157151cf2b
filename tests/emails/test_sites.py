"""An email of another site than the default one: its brand in preview, checks, gallery and test mail."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from wagtail.models import Locale, Page, Site

from tests.factories.emails import default_site, make_brand, make_email
from wagtail_precise_mail.emails.admin.checks import checked_context
from wagtail_precise_mail.emails.bridge.making import email_from_page
from wagtail_precise_mail.emails.models import BrandSettings, Email
from wagtail_precise_mail.emails.preview import email_preview
from wagtail_precise_mail.emails.sites import site_of
from wagtail_precise_mail.emails.starters import starters

pytestmark = pytest.mark.django_db


@pytest.fixture
def trade() -> Site:
    """A second site, with a company of its own and no postal address."""
    make_brand()
    page = Page.get_first_root_node().add_child(title="Trade", slug="trade", locale=Locale.get_active())
    site = Site.objects.create(hostname="trade.example.com", root_page=page, site_name="Trade")
    BrandSettings.objects.create(site=site, company_name="Kettle Trade Ltd", primary_color="#8a1c5b")
    return site


def html_of(email: Email) -> str:
    return email_preview(email, "contact", may_see_contacts=False).content.decode()


def test_email_without_a_site_shows_the_default_brand(trade: Site) -> None:
    assert site_of(make_email()) == default_site()
    assert "Fern &amp; Kettle" in html_of(make_email())


def test_email_shows_the_brand_of_its_site(trade: Site) -> None:
    html = html_of(make_email(site=trade))
    assert "Kettle Trade Ltd" in html
    assert "Fern &amp; Kettle" not in html


def test_email_of_a_deleted_site_shows_the_default_brand(trade: Site) -> None:
    email = make_email(site=trade)
    trade.delete()
    email.refresh_from_db()
    assert site_of(email) == default_site()


def test_checks_look_at_the_brand_of_the_email(trade: Site, rf: Any, admin_user: User) -> None:
    request = rf.get("/")
    request.user = admin_user
    of_default, of_trade = (checked_context(make_email(site=site), request) for site in (None, trade))
    keys = [
        [one.finding.key for group in shown["groups"] for one in group.findings] for shown in (of_default, of_trade)
    ]
    assert "postal_address" not in keys[0]
    assert "postal_address" in keys[1]


def test_gallery_shows_and_makes_emails_of_the_chosen_site(trade: Site, admin_client: Client) -> None:
    url, key = reverse("precise_mail_starters"), next(iter(dict(starters.items())))
    page = admin_client.get(url, {"site": trade.pk}).content.decode()
    preview_url = f"{reverse('precise_mail_starter_preview', args=[key])}?site={trade.pk}"
    assert preview_url in page
    assert "Kettle Trade Ltd" in admin_client.get(preview_url).content.decode()
    empty = admin_client.get(f"{reverse(Email.snippet_viewset.get_url_name('add'))}?site={trade.pk}").content.decode()
    assert f'<option value="{trade.pk}" selected>' in empty
    admin_client.post(url, {"starter": key, "site": trade.pk})
    assert Email.objects.get().site == trade


@pytest.mark.parametrize("site", ["9999", "nonsense", "1; drop", ""])
def test_gallery_of_no_site_is_not_an_error_page(site: str, trade: Site, admin_client: Client) -> None:
    answer = admin_client.get(reverse("precise_mail_starters"), {"site": site})
    assert answer.status_code == (404 if site == "9999" else 200)


def test_gallery_of_one_site_asks_for_none(admin_client: Client) -> None:
    make_brand()
    assert 'name="site" method' not in admin_client.get(reverse("precise_mail_starters")).content.decode()
    assert "For the site" not in admin_client.get(reverse("precise_mail_starters")).content.decode()


def test_email_from_a_page_belongs_to_the_site_of_the_page(trade: Site) -> None:
    page = trade.root_page.add_child(title="Offer", slug="offer", locale=Locale.get_active())
    assert email_from_page(page, by=None).email.site == trade


def test_editor_offers_sites_only_where_there_are_several(admin_client: Client) -> None:
    make_brand()
    url = reverse(Email.snippet_viewset.get_url_name("edit"), args=[make_email().pk])
    assert 'name="site"' not in admin_client.get(url).content.decode()
    Site.objects.create(hostname="trade.example.com", root_page=default_site().root_page)
    assert 'name="site"' in admin_client.get(url).content.decode()
