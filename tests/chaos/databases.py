"""Databases of the storm, copied from the template of the tests."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg


class Databases:
    """Makes and drops them."""

    def __init__(self) -> None:
        self.url = os.environ.get("CHAOS_DATABASE_URL", "postgres://postgres@127.0.0.1:5432/postgres")

    def make(self, kind: str, folder: Path, name: str) -> dict[str, str]:
        """Make a database, with its file in ``folder`` where it has one, and return the environment that names it."""
        if kind == "sqlite":
            _copy_template(str(folder / "chaos.sqlite3"), EXAMPLE_VAR=str(folder))
            return {}
        _copy_template(name, DATABASE_URL=self._url_of("postgres"), EXAMPLE_VAR=str(folder))
        return {"DATABASE_URL": self._url_of(name)}

    def drop(self, kind: str, name: str) -> None:
        if kind == "postgresql":
            self._execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def _url_of(self, name: str) -> str:
        return urlunsplit(urlsplit(self.url)._replace(path=f"/{name}"))

    def _execute(self, statement: str, values: list[str] | None = None) -> list[Any]:
        with psycopg.connect(self._url_of("postgres"), autocommit=True) as connection:
            cursor = connection.execute(statement.encode(), values)
            return cursor.fetchall() if cursor.description else []


def _copy_template(name: str, **where: str) -> None:
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.chaos.settings", "CHAOS_NAME": "chaos"}
    for variable in ("DATABASE_URL", "REDIS_URL"):
        environment.pop(variable, None)
    command = [sys.executable, "-m", "tests.template_database", name]
    subprocess.run(command, env={**environment, **where}, check=True)
