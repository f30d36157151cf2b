"""What every test shares: what the machine offers, and a clean house."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from django.core.cache import cache
from django.middleware import csrf
from pytest_django import Settings

from tests.fidelity import official
from wagtail_precise_mail.contacts import addresses

_NEEDS = {
    "postgres": lambda: os.environ.get("DATABASE_URL", "").startswith("postgres"),
    "redis": lambda: bool(os.environ.get("REDIS_URL")),
    "realdata": lambda: real_data_folder() is not None,
    "browser": lambda: chromium_path() is not None,
    "mjml": lambda: official.is_installed(),
}
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


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what this machine cannot run; in CI, where it must run, let it fail instead."""
    required = set(filter(None, os.environ.get("PRECISE_MAIL_REQUIRED", "").split(",")))
    missing = {need for need, check in _NEEDS.items() if not check()}
    if broken := required & missing:
        raise pytest.UsageError("; ".join(f"{need}: {_REASONS[need]}" for need in sorted(broken)))
    for item in items:
        for need in missing:
            if item.get_closest_marker(need):
                item.add_marker(pytest.mark.skip(reason=_REASONS[need]))


@pytest.fixture(autouse=True)
def _empty_cache() -> None:
    """Wagtail remembers the paths of sites, and numbers come again in every test."""
    cache.clear()


@pytest.fixture(autouse=True)
def _plain_csrf_tokens(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tokens without letters by chance: a test that looks for "C9" in a page must not find it in one."""
    monkeypatch.setattr(csrf, "_get_new_csrf_string", lambda: "z" * csrf.CSRF_SECRET_LENGTH)


@pytest.fixture(autouse=True)
def _known_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process looks once whether stored addresses fit its settings; a test that counts queries may be the first."""
    monkeypatch.setattr(addresses, "require_fitting_keys", lambda: None)


@pytest.fixture
def in_clear(settings: Settings) -> None:
    """For what only works while addresses are not encrypted, such as a search for a part of one."""
    keys = {"encryption_keys", "address_keys"}
    kept = {key: value for key, value in settings.WAGTAIL_PRECISE_MAIL.items() if key not in keys}
    settings.WAGTAIL_PRECISE_MAIL = kept


@pytest.fixture
def real_data() -> Path:
    """The folder of real data; use with the marker ``realdata``."""
    folder = real_data_folder()
    assert folder is not None
    return folder
