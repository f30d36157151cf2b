"""A small demo, made once for the folder and rolled back after it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.db import transaction
from django.urls import reverse
from wagtail.snippets.models import create_extra_permissions

from example_site.demo.seed import seed
from example_site.inbox.store import InboxStore
from tests.rows import check_once

HERE = Path(__file__).parent
AT = datetime(2026, 11, 20, 9, tzinfo=UTC)


def small_seed() -> None:
    """Everything, with a twentieth of the people and tiny pictures."""
    # Wagtail makes "publish" when it migrates after its viewsets were found, which a test database does not.
    reverse("wagtailadmin_home")
    create_extra_permissions(apps.get_app_config("wagtailsnippets"))
    seed(scale=0.05, picture_size=48, at=AT)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that want an empty database go first: the demo stays until the last test of the folder.

    Those that empty the database, or use none, stay where they are, behind all others.
    """
    places = [place for place, item in enumerate(items) if HERE in item.path.parents and _is_rolled_back(item)]
    ours = sorted((items[place] for place in places), key=_wants_demo)
    for place, item in zip(places, ours, strict=True):
        items[place] = item


def _is_rolled_back(item: pytest.Item) -> bool:
    marker = item.get_closest_marker("django_db")
    return marker is not None and not marker.kwargs.get("transaction")


def _wants_demo(item: pytest.Item) -> bool:
    return isinstance(item, pytest.Function) and "demo" in item.fixturenames


@pytest.fixture(scope="package")
def demo(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """The seeded site."""
    with django_db_blocker.unblock(), transaction.atomic():
        small_seed()
        check_once()
        yield
        transaction.set_rollback(True)


@pytest.fixture
def inbox(tmp_path: Path, settings: Any) -> InboxStore:
    """An empty inbox that the pages read."""
    settings.INBOX_PATH = tmp_path / "inbox.sqlite3"
    return InboxStore(settings.INBOX_PATH)
