"""A migrated, empty database that is made once and copied for every run: migrating one takes a minute.

Its name holds a fingerprint of all migrations and versions, so that a change of any makes another one.

``python -m tests.template_database NAME`` makes a copy for another process.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import django
import wagtail
from django.apps import apps
from django.conf import settings
from django.db import connection

from wagtail_precise_mail.encryption import is_encrypting

_FOLDER = Path(tempfile.gettempdir()) / f"precise-mail-test-databases-{os.getuid()}"


def copy_to(name: str) -> None:
    """Make the database ``name`` (of SQLite: the file) a copy of the template, which is built where there is none."""
    _FOLDER.mkdir(exist_ok=True)
    template = _template()
    with _alone(template):
        if connection.vendor == "sqlite":
            _copy_file(Path(template), Path(name))
        else:
            _copy_postgres(template, name)


def remove(name: str) -> None:
    """Take away a copy."""
    connection.close()
    if connection.vendor == "sqlite":
        _unlink(Path(name))
        return
    with connection.creation._nodb_cursor() as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS {connection.ops.quote_name(name)} WITH (FORCE)")


def _template() -> str:
    key = _fingerprint()
    return str(_FOLDER / f"{key}.sqlite3") if connection.vendor == "sqlite" else f"precise_mail_template_{key}"


def _fingerprint() -> str:
    found = hashlib.sha256()
    parts = [sys.version, django.__version__, wagtail.__version__, *settings.INSTALLED_APPS]
    # What migrations and their listeners see of the settings of this run.
    parts += [str(is_encrypting()), str(getattr(settings, "WAGTAIL_PAGE_MODEL", ""))]
    for app in apps.get_app_configs():
        for file in sorted((Path(app.path) / "migrations").glob("*.py")):
            parts += [f"{app.label}.{file.name}", file.read_text()]
    for part in parts:
        found.update(part.encode() + b"\0")
    return found.hexdigest()[:20]


@contextmanager
def _alone(template: str) -> Iterator[None]:
    """Hold off other workers and other runs."""
    with (_FOLDER / f"{Path(template).name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def _named(name: str) -> Iterator[None]:
    """Let the test database have another name for a moment."""
    test, before = connection.settings_dict["TEST"], connection.settings_dict["NAME"]
    was = test["NAME"]
    test["NAME"] = name
    try:
        yield
    finally:
        connection.close()
        test["NAME"] = was
        settings.DATABASES[connection.alias]["NAME"] = connection.settings_dict["NAME"] = before


def _build(name: str) -> None:
    with _named(name):
        connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)


def _copy_file(template: Path, target: Path) -> None:
    if not template.exists():
        half = template.with_suffix(".half")
        _build(str(half))
        half.rename(template)
    _unlink(target)
    shutil.copy(template, target)


def _unlink(file: Path) -> None:
    for rest in ("", "-wal", "-shm"):
        Path(f"{file}{rest}").unlink(missing_ok=True)


def _copy_postgres(template: str, target: str) -> None:
    half, quote = f"{template}_half", connection.ops.quote_name
    with connection.creation._nodb_cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [template])
        if not cursor.fetchone():
            _build(half)
            cursor.execute(f"ALTER DATABASE {quote(half)} RENAME TO {quote(template)}")
        cursor.execute(f"DROP DATABASE IF EXISTS {quote(target)} WITH (FORCE)")
        cursor.execute(f"CREATE DATABASE {quote(target)} TEMPLATE {quote(template)}")


if __name__ == "__main__":
    django.setup()
    copy_to(sys.argv[1])
