"""Settings of the example site: SQLite, the ORM broker and the local inbox, unless the environment says otherwise.

Environment: ``DATABASE_URL``, ``REDIS_URL``, ``EMAIL_URL`` (smtp://user:password@host:port), ``PORT``.
"""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import unquote, urlsplit

import dj_database_url

ROOT = Path(__file__).resolve().parent
VAR = Path(os.environ.get("EXAMPLE_VAR", ROOT.parent / "var"))
PORT = int(os.environ.get("PORT", "8000"))

SECRET_KEY = os.environ.get("SECRET_KEY", "the-example-site-is-for-your-own-machine-only")
DEBUG = os.environ.get("DEBUG", "1") == "1"
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]", "testserver"]

INSTALLED_APPS = [
    "example_site.demo",
    "example_site.magazine",
    "example_site.shop",
    "example_site.inbox",
    "wagtail_precise_mail",
    "django_q",
    "wagtail.contrib.forms",
    "wagtail.contrib.redirects",
    "wagtail.contrib.settings",
    "wagtail.contrib.simple_translation",
    "wagtail.embeds",
    "wagtail.sites",
    "wagtail.users",
    "wagtail.snippets",
    "wagtail.documents",
    "wagtail.images",
    "wagtail.search",
    "wagtail.admin",
    "wagtail",
    "modelcluster",
    "taggit",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.humanize",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "wagtail_precise_mail.tracking.middleware.VisitorMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "wagtail.contrib.redirects.middleware.RedirectMiddleware",
]

ROOT_URLCONF = "example_site.urls"
WSGI_APPLICATION = "example_site.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [ROOT / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "wagtail.contrib.settings.context_processors.settings",
                "example_site.shop.context_processors.shop",
            ],
        },
    },
]

VAR.mkdir(parents=True, exist_ok=True)
DATABASES = {
    "default": dj_database_url.parse(
        os.environ.get("DATABASE_URL") or f"sqlite:///{VAR / 'example.sqlite3'}",
        # A new connection for every queue call is the largest cost of a worker.
        conn_max_age=None,
    )
}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # Without these, the web server, the workers and autosave lock each other out of SQLite.
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

Q_CLUSTER = {
    "name": "example",
    "workers": 2,
    "timeout": 60,
    "retry": 120,
    "queue_limit": 4,
    "save_limit": -1,
    "ack_failures": True,
    "catch_up": False,
    "label": "Background tasks",
}
if redis_url := os.environ.get("REDIS_URL"):
    Q_CLUSTER["redis"] = redis_url
else:
    Q_CLUSTER["orm"] = "default"

_email = urlsplit(os.environ.get("EMAIL_URL") or f"smtp://127.0.0.1:{int(os.environ.get('INBOX_PORT', '8025'))}")
EMAIL_HOST = _email.hostname or "127.0.0.1"
EMAIL_PORT = _email.port or 25
EMAIL_HOST_USER = unquote(_email.username or "")
EMAIL_HOST_PASSWORD = unquote(_email.password or "")
EMAIL_USE_TLS = _email.scheme == "smtp+tls"
EMAIL_USE_SSL = _email.scheme == "smtps"

DEFAULT_FROM_EMAIL = "Fern & Kettle <postmaster@example.com>"

# The local inbox keeps its mails in a file of its own, and shows them to everybody: for your own machine only.
INBOX_PATH = VAR / "inbox.sqlite3"
INBOX_IS_OPEN = DEBUG

LANGUAGE_CODE = "en"
LANGUAGES = WAGTAIL_CONTENT_LANGUAGES = [("en", "English"), ("de", "German"), ("zh-hans", "Simplified Chinese")]
# The languages of the admin: those that every word of the plugin is translated into.
WAGTAILADMIN_PERMITTED_LANGUAGES = [("en", "English"), ("zh-hans", "Simplified Chinese")]
TIME_ZONE = "UTC"
USE_I18N = True
WAGTAIL_I18N_ENABLED = True
USE_TZ = True

STATIC_URL = "/static/"
STATIC_ROOT = VAR / "static"
STATICFILES_DIRS = [ROOT / "static"]
MEDIA_URL = "/media/"
MEDIA_ROOT = VAR / "media"

# The example site asks nobody outside: no avatars, no look for newer versions.
WAGTAIL_GRAVATAR_PROVIDER_URL = None
WAGTAIL_ENABLE_UPDATE_CHECK = False
WAGTAIL_ENABLE_WHATS_NEW_BANNER = False
WAGTAIL_SITE_NAME = "Fern & Kettle"
WAGTAILADMIN_BASE_URL = os.environ.get("BASE_URL", f"http://localhost:{PORT}")
WAGTAILSEARCH_BACKENDS = {"default": {"BACKEND": "wagtail.search.backends.database"}}
WAGTAILDOCS_EXTENSIONS = ["pdf", "txt"]

WAGTAIL_PRECISE_MAIL = {
    "base_url": WAGTAILADMIN_BASE_URL,
    # Comma-separated, from `manage.py precise_mail_encrypt --new-key`; without them the example keeps people in clear.
    "encryption_keys": [key for key in os.environ.get("MAIL_ENCRYPTION_KEYS", "").split(",") if key],
    "address_keys": [key for key in os.environ.get("MAIL_ADDRESS_KEYS", "").split(",") if key],
    # Invented records for the checks of example.com; without this line, the name servers of the machine are asked.
    "dns_resolver": "example_site.demo.names.ExampleNames",
    "dkim_selectors": {"example.com": ["mail"]},
    "sending_hosts": ["mail.example.com"],
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "loggers": {"wagtail_precise_mail": {"handlers": ["console"], "level": "INFO"}},
}
