"""``make chaos``: send a campaign while everything dies, then count. Prints a table; ends with 1 if anything is wrong.

    python -m tests.chaos                              on SQLite and PostgreSQL, with both brokers
    python -m tests.chaos --short                      the form of .ci/run
    python -m tests.chaos --on sqlite-orm --messages 20000 --kills 100 --seed 7

PostgreSQL is that of ``CHAOS_DATABASE_URL``, where a database of its own is made; Redis that of ``CHAOS_REDIS_URL``.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.chaos.databases import Databases

WHERE = ("sqlite-orm", "sqlite-redis", "postgresql-orm", "postgresql-redis")
_ROWS = (
    "messages", "arrived", "duplicates", "lost", "wrong", "accepted", "rejected", "skipped", "unknown",
    "unknown that arrived", "unknown at most", "left in mid-send", "worker processes", "cluster main processes",
    "whole clusters", "supervisors", "web server", "mail server", "database connections", "misdeeds of the server",
    "resumed by a person", "seconds", "seconds to stop",
)  # fmt: skip


def main() -> int:
    """Run the storm at each place in a process of its own, since settings are read once."""
    arguments = _parse()
    results: dict[str, dict[str, Any]] = {}
    databases = Databases()
    for where in arguments.on or WHERE:
        results[where] = _run(where, arguments, databases)
    _print(results)
    return 0 if all(result.get("is right") for result in results.values()) else 1


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--on", choices=WHERE, action="append", help="one place; repeat it for several")
    parser.add_argument("--messages", type=int, default=20_000)
    parser.add_argument("--kills", type=int, default=100, help="of worker processes; others come on top")
    parser.add_argument("--clusters", type=int, default=2, help="with two workers each")
    parser.add_argument("--badness", type=float, default=0.006, help="chance of a misdeed of the server at each verb")
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--short", action="store_true", help="1,500 messages and 15 kills")
    parser.add_argument("--keep", action="store_true", help="leave the logs")
    arguments = parser.parse_args()
    if arguments.short:
        arguments.messages, arguments.kills = 1500, 15
    arguments.seed = int(time.time()) if arguments.seed is None else arguments.seed
    return arguments


def _run(where: str, arguments: argparse.Namespace, databases: Databases) -> dict[str, Any]:
    folder = Path(tempfile.mkdtemp(prefix=f"precise-mail-chaos-{where}-"))
    database, _dash, broker = where.partition("-")
    name = f"chaos_{os.getpid()}_{where.replace('-', '_')}"
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.chaos.settings",
        "EXAMPLE_VAR": str(folder),
        "CHAOS_NAME": name,
    }
    for variable in ("DATABASE_URL", "REDIS_URL"):
        environment.pop(variable, None)
    environment |= databases.make(database, folder, name)
    if broker == "redis":
        environment["REDIS_URL"] = os.environ.get("CHAOS_REDIS_URL", "redis://127.0.0.1:6379/9")
    print(f"{where}: {arguments.messages} messages, {arguments.kills} kills, seed {arguments.seed}", flush=True)
    values = ("messages", "kills", "clusters", "badness", "seed")
    given = json.dumps({"folder": str(folder), "name": name, **{key: getattr(arguments, key) for key in values}})
    try:
        subprocess.run([sys.executable, "-m", "tests.chaos.at", given], env=environment, check=False)
        result = folder / "result.json"
        found: dict[str, Any] = json.loads(result.read_text()) if result.exists() else {"failed": "see above"}
    finally:
        databases.drop(database, name)
    if arguments.keep or not found.get("is right"):
        print(f"{where}: the logs are in {folder}", flush=True)
    else:
        shutil.rmtree(folder, ignore_errors=True)
    return found


def _print(results: dict[str, dict[str, Any]]) -> None:
    width = max(map(len, _ROWS)) + 2
    print("\n" + " " * width + "".join(f"{where:>18}" for where in results))
    for row in _ROWS:
        cells = [result.get(row, "-") for result in results.values()]
        print(f"{row:<{width}}" + "".join(f"{cell:>18}" for cell in cells))
    for where, result in results.items():
        failed = [result["failed"]] if "failed" in result else []
        for sentence in result.get("sentences", failed):
            print(f"{where}: {sentence}")
    print("\n" + ("Everybody is accounted for." if all(r.get("is right") for r in results.values()) else "WRONG."))


if __name__ == "__main__":
    sys.exit(main())
