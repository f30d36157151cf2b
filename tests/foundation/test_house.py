"""The house itself: its layers hold, its migrations are whole, and a planted fault is found."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import call_command

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.django_db
def test_migrations_match_the_models() -> None:
    call_command("makemigrations", "--check", "--dry-run", verbosity=0)


def _lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--config", str(folder / "pyproject.toml"), "--no-cache"],
        cwd=folder,
        env={"PYTHONPATH": str(folder), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def copied_house(tmp_path: Path) -> Path:
    shutil.copytree(
        ROOT / "wagtail_precise_mail",
        tmp_path / "wagtail_precise_mail",
        ignore=shutil.ignore_patterns("__pycache__", "static", "templates"),
    )
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


@pytest.mark.slow
@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("contacts/services.py", "import wagtail_precise_mail.campaigns.models"),
        ("segments/models.py", "import wagtail_precise_mail.emails.models"),
        ("emails/models.py", "import wagtail_precise_mail.emails.services"),
        ("delivery/services.py", "import django_q.tasks"),
    ],
)
def test_planted_upward_import_fails_the_layering_lint(copied_house: Path, module: str, line: str) -> None:
    path = copied_house / "wagtail_precise_mail" / module
    path.write_text(f"{path.read_text()}\n{line}  # planted\n")

    result = _lint_imports(copied_house)

    assert result.returncode != 0, result.stdout
    assert "BROKEN" in result.stdout


@pytest.mark.slow
def test_the_house_as_it_stands_keeps_its_layers(copied_house: Path) -> None:
    result = _lint_imports(copied_house)

    assert result.returncode == 0, result.stdout
