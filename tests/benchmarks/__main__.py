"""``make bench``: ours and the reference side by side, with the ratio. No absolute time means anything here."""

from __future__ import annotations

import os
import sys
from importlib import import_module

import django

BENCHMARKS = [
    "bench_import",
    "bench_contacts",
    "bench_segments",
    "bench_freezing",
    "bench_filling",
    "bench_lists",
    "bench_figures",
    "bench_conditions",
    "bench_reactions",
    "bench_sending",
    "bench_endpoints",
]


def main() -> int:
    """Run the benchmarks named on the command line, or all; return how many missed their limit."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    django.setup()
    missed = 0
    for name in sys.argv[1:] or BENCHMARKS:
        print(f"\n{name}", flush=True)
        missed += import_module(f"tests.benchmarks.{name}").main() or 0
    return missed


if __name__ == "__main__":
    sys.exit(1 if main() else 0)
