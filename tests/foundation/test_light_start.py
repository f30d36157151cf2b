"""What every process of a site loads before it does anything."""

from __future__ import annotations

import subprocess
import sys

# What few requests and tasks need: each takes megabytes in every process, and workers are counted in dozens.
_HEAVY = ("numpy", "scipy", "openpyxl", "dns", "duckdb", "pandas")
_LOOK = """
import sys
import django
django.setup()
from django.urls import get_resolver
get_resolver().url_patterns
from wagtail_precise_mail.delivery import services
print(*{name.partition(".")[0] for name in sys.modules} & set(sys.argv[1:]))
"""


def test_a_worker_starts_without_what_few_tasks_need() -> None:
    found = subprocess.run([sys.executable, "-c", _LOOK, *_HEAVY], capture_output=True, text=True, check=True)
    assert found.stdout.split() == []
