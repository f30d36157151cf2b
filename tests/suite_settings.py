"""Settings of the suite: those of the tests, without what costs all of them and tells few of them anything.

Benchmarks, the storm and processes of their own keep ``tests.settings``, where searches and queries are as on a site.
"""

from __future__ import annotations

from tests.settings import *  # noqa: F403
from tests.settings import DATABASES, WAGTAILSEARCH_BACKENDS

# What searches by the index asks for the fixture `search_index`.
WAGTAILSEARCH_BACKENDS = {"default": {**WAGTAILSEARCH_BACKENDS["default"], "AUTO_UPDATE": False}}
# What asks who uses what takes the fixture `reference_index`.
TASKS = {"default": {"BACKEND": "tests.wagtail_tasks.IdleBackend"}}
if DATABASES["default"]["ENGINE"].endswith("postgresql"):
    # Tables of tests are tiny: compiling a query of theirs costs more than it ever saves.
    DATABASES["default"]["OPTIONS"]["options"] += " -c jit=off"
