"""Conditions against SQL by hand: counted by the same cursor, in turns, so that a busy machine is busy for both.

A reference finds rows of contacts, as every use of a segment needs them, in the fastest of several shapes. How long
Python took to build ours stands beside it. To which of two equal statements PostgreSQL gives parallel workers is luck:
``PRECISE_MAIL_BENCH_WORKERS=0`` gives them to none. Ours may not read all lines or all mail events when the reference
does not.
SQLite has no reference: there nothing may take seconds.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Iterable
from typing import Any

from django.db import connection

from tests.benchmarks.store import AT

LIMIT = 1.3
SQLITE_SECONDS = 1.0
# As many rounds as fit into some seconds, for slow ones at least three.
ROUNDS, SECONDS, TIMEOUT, RETRIES = 40, 4, 600, 2
BIG = ("orderline", "messageevent")
"""Tables that nobody may read as a whole without need."""

T = "wagtail_precise_mail_"
C = f"{T}contact c"
NOW = f"timestamptz '{AT.isoformat()}'"

Rule = dict[str, Any]
Case = tuple[list[Rule], list[str]]


def ago(days: int) -> str:
    """SQL of the moment so many days before the end."""
    return f"({NOW} - interval '{days} days')"


def count(sql: str) -> str:
    """SQL that counts rows."""
    return f"SELECT count(*) FROM ({sql}) found"


def distinct(sql: str) -> list[str]:
    """Return shapes of "contacts with any such row": FROM and WHERE of rows o."""
    return [
        f"SELECT count(DISTINCT o.contact_id) FROM {sql}",
        count(f"SELECT o.contact_id FROM {sql} GROUP BY 1"),
    ]


def measure_all(cases: dict[str, Case]) -> int:
    """Measure those that ``PRECISE_MAIL_BENCH_ONLY`` names, with their plans, or all; return how many missed."""
    chosen = [one for one in os.environ.get("PRECISE_MAIL_BENCH_ONLY", "").split(",") if one]
    if connection.vendor == "postgresql":
        if workers := os.environ.get("PRECISE_MAIL_BENCH_WORKERS"):
            run(f"SET max_parallel_workers_per_gather = {int(workers)}")
        run(f"SET statement_timeout = {TIMEOUT * 1000}")
    return sum(
        [
            measure(name, rules, shapes, shows_plan=bool(chosen))
            for name, (rules, shapes) in cases.items()
            if not chosen or any(one in name for one in chosen)
        ]
    )


def run(*statements: str) -> None:
    with connection.cursor() as cursor:
        for one in statements:
            cursor.execute(one)


def measure(name: str, rules: list[Rule], shapes: list[str], *, shows_plan: bool) -> bool:
    """Time one case and print it; return whether a limit was missed."""
    from wagtail_precise_mail.segments.queries import members
    from wagtail_precise_mail.segments.rules import Rules

    # Natural keys are looked up once: that is what a segment pays when it is read, not when it is asked.
    read = Rules.from_json({"rules": rules})
    start = time.perf_counter()
    ours_sql, params = members(read, at=AT).order_by().values("pk").query.sql_with_params()
    building = 1000 * (time.perf_counter() - start)
    ours_sql = count(ours_sql)
    if connection.vendor != "postgresql":
        return _measure_alone(name, lambda: scalar(ours_sql, params), building)
    shapes = [one for shape in shapes for one in with_contacts(shape)]
    runs = [lambda: scalar(ours_sql, params), *map(_asking, shapes)]
    found, (ours, *others) = _in_turns(name, runs)
    for _again in range(RETRIES):
        if ours / min(others) > LIMIT:  # what other programs took at the wrong time does not come three times
            found, taken = _in_turns(name, runs)
            ours, *others = map(min, zip([ours, *others], taken, strict=True))
    best = shapes[others.index(min(others))]
    ratio = ours / min(others)
    mine, theirs = plan(ours_sql, params), plan(best)
    needless = scanned(mine) - scanned(theirs) & set(BIG)
    is_missed = ratio > LIMIT or bool(needless)
    print(
        f"{name:38} {found:7} found  ours {ours:8.1f} ms  reference {min(others):8.1f} ms  built {building:.0f} ms"
        f"  ratio {ratio:5.2f}  limit {LIMIT}  scans {_listed(scanned(mine))} ({_listed(scanned(theirs))})"
        f"{'  NEEDLESS' if needless else ''}{'  MISSED' if is_missed else ''}",
        flush=True,
    )
    if shows_plan:
        print(plan(ours_sql, params, analyze=True), best, plan(best, analyze=True), sep="\n")
    return is_missed


def _measure_alone(name: str, ours: Callable[[], int], building: float) -> bool:
    found, [taken] = _in_turns(name, [ours])
    is_missed = taken > 1000 * SQLITE_SECONDS
    print(
        f"{name:38} {found:7} found  ours {taken:8.1f} ms  built {building:.0f} ms"
        f"  limit {1000 * SQLITE_SECONDS:.0f} ms{'  MISSED' if is_missed else ''}",
        flush=True,
    )
    return is_missed


def _in_turns(name: str, runs: list[Callable[[], int]]) -> tuple[int, list[float]]:
    """Return what all of them counted, and the fastest round of each in milliseconds: others only add to it."""
    times: list[list[float]] = [[] for _run in runs]
    end = time.perf_counter() + SECONDS
    for number in range(ROUNDS + 1):
        if number > 3 and time.perf_counter() > end:
            break
        counts = []
        for one, taken in zip(runs, times, strict=True):
            start = time.perf_counter()
            counts.append(one())
            if number:  # the first round warms the caches
                taken.append(1000 * (time.perf_counter() - start))
        if len(set(counts)) != 1:
            raise AssertionError(f"{name}: the shapes disagree: {counts}")
    return counts[0], [min(taken) for taken in times]


def plan(sql: str, params: Any = None, *, analyze: bool = False) -> str:
    """Return how the database means to answer, or how it did."""
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {'(ANALYZE, BUFFERS) ' if analyze else ''}{sql}", params)
        return "\n".join(row[0] for row in cursor.fetchall())


def scanned(text: str) -> set[str]:
    """Return the tables that a plan reads from one end to the other, without those of contacts."""
    return set(re.findall(rf"Seq Scan on {T}(\w+)", text)) - {"contact"}


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)) or "-"


def with_contacts(sql: str) -> list[str]:
    """Return the shapes that find rows of contacts for one that finds their ids."""
    if "LEFT JOIN" in sql or (" EXCEPT " in sql and f"FROM {C}" in sql):
        return [sql]
    found = re.match(r"SELECT count\(DISTINCT (\S+)\) FROM (.*)", sql, re.DOTALL)
    ids = f"SELECT {found[1]} FROM {found[2]}" if found else ""
    if not ids and (found := re.match(r"SELECT count\(\*\) FROM \((SELECT .*)\) found$", sql, re.DOTALL)):
        ids = found[1]
    if not ids:
        return [sql]
    return [
        f"SELECT count(*) FROM {C} WHERE c.id IN ({ids})",
        f"SELECT count(*) FROM {C} JOIN (SELECT DISTINCT * FROM ({ids}) x(id)) s ON s.id = c.id",
    ]


def _asking(sql: str) -> Callable[[], int]:
    return lambda: scalar(sql)


def scalar(sql: str, params: Any = None) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return int(cursor.fetchone()[0])
