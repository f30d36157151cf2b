"""Settings of the storm: the example site with short leases, so that what dies is missed within seconds."""

from __future__ import annotations

import os

from tests.settings import *  # noqa: F403
from tests.settings import DATABASES, EXAMPLE_Q_CLUSTER, VAR, WAGTAIL_PRECISE_MAIL

# Above task_seconds + smtp_timeout_seconds, and below lease_seconds, as the system checks ask for.
Q_CLUSTER = {**EXAMPLE_Q_CLUSTER, "name": os.environ["CHAOS_NAME"], "timeout": 9, "retry": 20, "workers": 2}
WAGTAIL_PRECISE_MAIL = {
    **WAGTAIL_PRECISE_MAIL,
    "base_url": "",
    "lease_seconds": 12,
    "task_seconds": 4,
    "smtp_timeout_seconds": 3,
    "retry_seconds": 1,
    "heartbeat_seconds": 3,
    "freeze_chunk_size": 400,
    "claim_size": 30,
    "handoff_size": int(os.environ.get("CHAOS_HANDOFF_SIZE", "10")),
}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["OPTIONS"]["init_command"] = "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"
    DATABASES["default"]["NAME"] = str(VAR / "chaos.sqlite3")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(process)d %(levelname)s %(name)s %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "loggers": {"wagtail_precise_mail": {"handlers": ["console"], "level": "INFO"}},
}
