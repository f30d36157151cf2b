"""Installing into a fresh Wagtail site, as the README says it."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import zipfile
from contextlib import closing
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def _run(*command: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    env = {key: value for key, value in os.environ.items() if not key.startswith(("DJANGO_", "DATABASE_", "REDIS_"))}
    return subprocess.run(
        [str(part) for part in command], cwd=cwd, env=env, capture_output=True, text=True, check=False
    )


@pytest.mark.slow
def test_a_fresh_wagtail_site_needs_two_apps_one_include_and_migrate(tmp_path: Path) -> None:
    python, wagtail = Path(sys.executable), Path(sys.executable).with_name("wagtail")
    started = _run(wagtail, "start", "mysite", cwd=tmp_path)
    assert started.returncode == 0, started.stderr
    site = tmp_path / "mysite"
    settings = site / "mysite" / "settings" / "base.py"
    settings.write_text(
        settings.read_text().replace(
            "INSTALLED_APPS = [",
            'INSTALLED_APPS = [\n    "wagtail_precise_mail",\n    "django_q",\n    "wagtail.contrib.settings",',
        )
    )
    urls = site / "mysite" / "urls.py"
    urls.write_text(
        urls.read_text().replace(
            "urlpatterns = [", 'urlpatterns = [\n    path("mail/", include("wagtail_precise_mail.urls")),', 1
        )
    )

    migrated = _run(python, "manage.py", "migrate", "-v0", cwd=site)
    assert migrated.returncode == 0, migrated.stderr
    checked = _run(python, "manage.py", "check", cwd=site)
    assert checked.returncode == 0, checked.stderr
    answer = _run(
        python,
        "manage.py",
        "shell",
        "-v0",
        "-c",
        "from django.test import Client; print(Client().get('/mail/c/forged').status_code)",
        cwd=site,
    )
    assert answer.stdout.strip().endswith("400"), answer.stdout + answer.stderr

    # Out again, without a trace.
    left = _run(python, "manage.py", "migrate", "-v0", "wagtail_precise_mail", "zero", cwd=site)
    assert left.returncode == 0, left.stderr
    with closing(sqlite3.connect(site / "db.sqlite3")) as database:
        tables = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    assert "wagtailcore_page" in tables
    assert [name for name in tables if name.startswith("wagtail_precise_mail")] == []


@pytest.mark.slow
def test_the_wheel_carries_templates_static_files_and_types(tmp_path: Path) -> None:
    built = _run(Path(sys.executable).with_name("hatchling"), "build", "-t", "wheel", "-d", tmp_path, cwd=ROOT)
    assert built.returncode == 0, built.stderr
    [wheel] = tmp_path.glob("*.whl")

    names = zipfile.ZipFile(wheel).namelist()

    assert "wagtail_precise_mail/py.typed" in names
    assert any(name.endswith(".mjml") for name in names)
    assert any("/static/" in name and name.endswith(".js") for name in names)
    assert any("/migrations/0001_" in name for name in names)
    assert not any(name.startswith(("tests/", "example_site/")) for name in names)
