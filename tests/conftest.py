"""What every test shares: what the machine offers, and a clean house."""

from __future__ import annotations

import gc
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.cache import cache
from django.db import connection
from django.middleware import csrf
from django.test import SimpleTestCase
from pytest_django import DjangoDbBlocker, Settings

from tests import template_database
from tests.fidelity import official
from tests.wagtail_tasks import IdleBackend
from wagtail_precise_mail.contacts import addresses
from wagtail_precise_mail.tracking.hit_pages import hit_buffer

_NEEDS = {
    "postgres": lambda: os.environ.get("DATABASE_URL", "").startswith("postgres"),
    "redis": lambda: bool(os.environ.get("REDIS_URL")),
    "realdata": lambda: real_data_folder() is not None,
    "browser": lambda: chromium_path() is not None,
    "mjml": lambda: official.is_installed(),
}
# What tests without the marker ask for when they use a database; `django_db_setup` stands behind those of our own.
_DATABASE_FIXTURES = {"db", "transactional_db", "django_db_setup"}
_REASONS = {
    "postgres": "DATABASE_URL names no PostgreSQL database",
    "redis": "REDIS_URL names no Redis server",
    "realdata": "PRECISE_MAIL_DATA names no folder with online-retail.csv.gz",
    "browser": "there is no Chromium on this machine",
    "mjml": "there is no node, or no official MJML: run make mjml",
}


def real_data_folder() -> Path | None:
    """Where the real order file is, if this machine has it."""
    folder = Path(os.environ.get("PRECISE_MAIL_DATA", "/nonexistent"))
    return folder if (folder / "online-retail.csv.gz").exists() else None


def chromium_path() -> str | None:
    """Debian's Chromium, if it is installed."""
    return shutil.which("chromium")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip what this machine cannot run; in CI, where it must run, let it fail instead."""
    if os.environ.get("PRECISE_MAIL_ONLY_DATABASE") and _NEEDS["postgres"]():
        _leave_out_what_needs_no_database(config, items)
    required = set(filter(None, os.environ.get("PRECISE_MAIL_REQUIRED", "").split(",")))
    missing = {need for need, check in _NEEDS.items() if not check()}
    if broken := required & missing:
        raise pytest.UsageError("; ".join(f"{need}: {_REASONS[need]}" for need in sorted(broken)))
    for item in items:
        for need in missing:
            if item.get_closest_marker(need):
                item.add_marker(pytest.mark.skip(reason=_REASONS[need]))


def pytest_collection_finish() -> None:
    """Keep the garbage collector from what stays: thousands of tests and all of Django, a tenth of a run."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 10)


def _leave_out_what_needs_no_database(config: pytest.Config, items: list[pytest.Item]) -> None:
    """They say the same on PostgreSQL, and ran on SQLite; pytest tells how many it left out."""
    kept = [item for item in items if _needs_this_run(item)]
    config.hook.pytest_deselected(items=[item for item in items if not _needs_this_run(item)])
    items[:] = kept


def _needs_this_run(item: pytest.Item) -> bool:
    if any(item.get_closest_marker(name) for name in ("django_db", "slow", *_NEEDS)):
        return True
    if isinstance(item, pytest.Function):
        uses_database = not _DATABASE_FIXTURES.isdisjoint(item.fixturenames)
        return uses_database or (item.cls is not None and issubclass(item.cls, SimpleTestCase))
    return True


@pytest.fixture(scope="session")
def django_db_keepdb() -> bool:
    """The database of the tests is a copy of a template, so there is nothing to create, and little to lose."""
    return True


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[None]:
    """Copy the template to where this worker expects its database, and take the copy away at the end."""
    name = connection.creation._get_test_db_name()
    with django_db_blocker.unblock():
        template_database.copy_to(name)
    yield
    with django_db_blocker.unblock():
        template_database.remove(name)


@pytest.fixture(autouse=True)
def _empty_cache() -> None:
    """Wagtail remembers the paths of sites, and numbers come again in every test."""
    cache.clear()


@pytest.fixture(autouse=True)
def _hits_stay_in_memory(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A thread would write them, outside of the test's transaction; tests say when (tests/tracking/hits.py)."""
    monkeypatch.setattr(hit_buffer, "start", lambda: None)
    yield
    hit_buffer.forget()


@pytest.fixture(autouse=True)
def _plain_csrf_tokens(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tokens without letters by chance: a test that looks for "C9" in a page must not find it in one."""
    monkeypatch.setattr(csrf, "_get_new_csrf_string", lambda: "z" * csrf.CSRF_SECRET_LENGTH)


@pytest.fixture(autouse=True)
def _known_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process looks once whether stored addresses fit its settings; a test that counts queries may be the first."""
    monkeypatch.setattr(addresses, "require_fitting_keys", lambda: None)


@pytest.fixture
def reference_index(monkeypatch: pytest.MonkeyPatch) -> None:
    """For what Wagtail calls usage: what is saved says what it refers to, as on a real site."""
    monkeypatch.setattr(IdleBackend, "is_idle", False)


@pytest.fixture
def search_index(settings: Settings, reference_index: None) -> None:
    """For what is found by Wagtail's search: what is saved is indexed, as on a real site."""
    settings.WAGTAILSEARCH_BACKENDS = {"default": {**settings.WAGTAILSEARCH_BACKENDS["default"], "AUTO_UPDATE": True}}


@pytest.fixture
def in_clear(settings: Settings) -> None:
    """For what only works while addresses are not encrypted, such as a search for a part of one."""
    keys = {"encryption_keys", "address_keys"}
    kept = {key: value for key, value in settings.WAGTAIL_PRECISE_MAIL.items() if key not in keys}
    settings.WAGTAIL_PRECISE_MAIL = kept


@pytest.fixture(scope="module", autouse=True)
def _no_dead_rows(django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Many rows that were rolled back still lie in the tables of PostgreSQL, and every later test reads past them.

    They wait for a vacuum, which a server for tests may not do by itself.
    """
    yield
    if connection.vendor != "postgresql" or not str(connection.settings_dict["NAME"]).startswith("test_"):
        return
    if connection.in_atomic_block:  # a fixture of more than a module holds it, and a vacuum cannot be part of it
        return
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_stat_user_tables WHERE n_dead_tup > 5000")
        for (name,) in cursor.fetchall():
            cursor.execute(f"VACUUM ANALYZE {connection.ops.quote_name(name)}")


@pytest.fixture
def real_data() -> Path:
    """The folder of real data; use with the marker ``realdata``."""
    folder = real_data_folder()
    assert folder is not None
    return folder
