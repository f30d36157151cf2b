"""Foreign keys to pages work with a swapped model of pages, and with Wagtail 7.4, which knows no such thing."""

from __future__ import annotations

from pathlib import Path

from django.apps import apps
from django.db.models import ForeignKey
from wagtail.models import Page

import wagtail_precise_mail
from wagtail_precise_mail.fields import PageForeignKey, page_model, page_model_name

MIGRATIONS = Path(wagtail_precise_mail.__file__).parent / "migrations"


def test_model_of_pages_is_wagtails_unless_it_is_swapped(settings: object) -> None:
    assert page_model() is Page
    settings.WAGTAIL_PAGE_MODEL = "testapp.OwnPage"
    assert page_model_name() == "testapp.OwnPage"


def test_every_foreign_key_to_pages_leaves_the_model_open() -> None:
    ours = apps.get_app_config("wagtail_precise_mail").get_models()
    fields = [field for model in ours for field in model._meta.local_fields if isinstance(field, ForeignKey)]
    # What is a page itself says so by its class; its migration looks who is the base.
    fields = [field for field in fields if not field.remote_field.parent_link]
    pages = [field for field in fields if field.related_model is Page]
    assert pages
    assert all(isinstance(field, PageForeignKey) for field in pages)


def test_migrations_name_no_model_of_pages() -> None:
    """They would be right for sites that did not swap it only, or need a setting that Wagtail 7.4 does not have."""
    written = "".join(path.read_text() for path in MIGRATIONS.glob("0*.py"))
    assert "wagtail_precise_mail.fields.PageForeignKey(" in written
    assert "WAGTAIL_PAGE_MODEL" not in written
    assert "wagtailcore.page'" not in written.lower()
