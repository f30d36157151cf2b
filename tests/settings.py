"""Settings of the tests: the example site, without its disk and its waiting."""

from __future__ import annotations

import base64
import hashlib
import os
import tempfile
from pathlib import Path
from typing import Any

os.environ.setdefault("EXAMPLE_VAR", tempfile.mkdtemp(prefix="precise-mail-tests-"))

from example_site.settings import *  # noqa: F403
from example_site.settings import DATABASES, INSTALLED_APPS, Q_CLUSTER, VAR

INSTALLED_APPS = [*INSTALLED_APPS, "tests.testapp"]
if os.environ.get("PRECISE_MAIL_LOCALIZE"):
    # In the place of Wagtail's own, as its makers ask for; a run of its own, for it changes the admin of all snippets.
    INSTALLED_APPS = [app for app in INSTALLED_APPS if app != "wagtail.contrib.simple_translation"]
    INSTALLED_APPS += ["wagtail_localize", "wagtail_localize.locales"]
    WAGTAILLOCALIZE_SYNC_LIVE_STATUS_ON_TRANSLATE = False
SECRET_KEY = "tests"
DEBUG = False
# Tests choose when tasks run: `background.enqueue` writes them to the ORM broker and nobody takes them.
# By the ORM broker whatever the environment says, for they look into its table; the demo's check runs on Redis.
EXAMPLE_Q_CLUSTER = Q_CLUSTER
Q_CLUSTER = {**{key: value for key, value in Q_CLUSTER.items() if key != "redis"}, "name": "tests", "orm": "default"}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
MEDIA_ROOT = Path(VAR) / "media"
(Path(VAR) / "static").mkdir(exist_ok=True)
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # A test database need not survive a power failure.
    DATABASES["default"]["OPTIONS"]["init_command"] = "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF;"
    DATABASES["default"]["TEST"] = {"NAME": str(Path(VAR) / "test.sqlite3")}
else:
    DATABASES["default"]["OPTIONS"] = {"options": "-c synchronous_commit=off"}
WAGTAIL_PRECISE_MAIL: dict[str, Any] = {"base_url": "https://shop.example.com"}
if os.environ.get("PRECISE_MAIL_ENCRYPT"):
    # The same tests with personal data encrypted at rest.
    WAGTAIL_PRECISE_MAIL |= {
        "encryption_keys": [base64.urlsafe_b64encode(hashlib.sha256(b"tests").digest()).decode()],
        "address_keys": ["a secret of the tests, long enough to be one"],
    }
WAGTAILADMIN_BASE_URL = "https://shop.example.com"
