"""Foreign keys to pages work with a swapped model of pages, and with Wagtail 7.4, which knows no such thing."""

from __future__ import annotations

from pathlib import Path

from django.apps import apps
from django.db.models import ForeignKey
from wagtail.models import Page

import wagtail_precise_mail
from wagtail_precise_mail.fields import page_model, page_model_name

MIGRATIONS = Path(wagtail_precise_mail.__file__).parent / "migrations"


def test_model_of_pages_is_wagtails_unless_it_is_swapped(settings: object) -> None:
    assert page_model() is Page
    settings.WAGTAIL_PAGE_MODEL = "testapp.OwnPage"  # type: ignore[attr-defined]
    assert page_model_name() == "testapp.OwnPage"


def test_every_foreign_key_to_pages_names_the_swappable_model() -> None:
    ours = apps.get_app_config("wagtail_precise_mail").get_models()
    fields = [field for model in ours for field in model._meta.get_fields() if isinstance(field, ForeignKey)]
    pages = [field for field in fields if field.related_model is Page]
    assert pages
    # Since 8.0 Django knows the setting behind a swappable name by itself.
    assert all(str(field.deconstruct()[3]["to"]).lower() == "wagtailcore.page" for field in pages)


def test_migrations_ask_for_the_setting_only_where_it_exists() -> None:
    """makemigrations writes ``settings.WAGTAIL_PAGE_MODEL``, which Wagtail 7.4 lacks, or there a name that is fixed."""
    written = "".join(path.read_text() for path in MIGRATIONS.glob("0*.py"))
    by_hand = 'PAGE_MODEL = getattr(settings, "WAGTAIL_PAGE_MODEL", "wagtailcore.Page")'
    assert by_hand in written, f"Write {by_hand} above the migration, and use it for dependencies and foreign keys."
    assert "settings.WAGTAIL_PAGE_MODEL" not in written
    assert "to='wagtailcore.page'" not in written.lower()
