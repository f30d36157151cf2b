"""Numbered system checks: settings with which mail gets lost, late or slow, found before a mail does.

Each is described in docs/reference/checks.md. An Error keeps Django from starting, a Warning and an Info do not.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urlsplit

from django.apps import AppConfig, apps
from django.conf import settings
from django.core.checks import CheckMessage, Error, Info, Warning, register
from django.urls import NoReverseMatch, reverse

from wagtail_precise_mail.commerce.forecasting import is_available
from wagtail_precise_mail.conf import Options, options
from wagtail_precise_mail.delivery.channels import channels, open_channel
from wagtail_precise_mail.delivery.domains.services import is_available as can_check_domains
from wagtail_precise_mail.delivery.webhooks.security import are_any_secured
from wagtail_precise_mail.emails.checks.base import require_known_checks
from wagtail_precise_mail.emails.cross_selling import require_known_countries
from wagtail_precise_mail.encryption import require_package
from wagtail_precise_mail.exceptions import ConfigurationError, UnknownKey
from wagtail_precise_mail.tracking.timing import require_known_industry
from wagtail_precise_mail.tracking.visits import MIDDLEWARE, is_middleware_installed

_SMTP_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
# Django's own, where the settings say nothing.
_NO_ADDRESS = "webmaster@localhost"
_SYNCS_LIVE_STATUS = "WAGTAILLOCALIZE_SYNC_LIVE_STATUS_ON_TRANSLATE"
# What django-q2 does when Q_CLUSTER says nothing.
_DEFAULT_RETRY = 60
_DEFAULT_SAVE_LIMIT = 250


@register
def check_options(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Report options that cannot work at all."""
    try:
        options()
        require_known_checks()
        require_known_countries()
        require_known_industry()
        require_package()
    except ConfigurationError as error:
        return [Error(str(error), id="wagtail_precise_mail.E001")]
    return _channel()


def _channel() -> list[CheckMessage]:
    try:
        open_channel()
    except UnknownKey:
        known = ", ".join(channels)
        return [
            Error(
                f"There is no channel {options().channel!r}.",
                hint=f"Registered: {known}.",
                id="wagtail_precise_mail.E002",
            )
        ]
    except ConfigurationError as error:
        return [Error(str(error), hint="See WAGTAIL_PRECISE_MAIL['channel'].", id="wagtail_precise_mail.E001")]
    return []


@register
def check_queue(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Report settings of django-q2 with which tasks pile up, repeat or disappear."""
    opts = _options()
    return [] if opts is None else [*_time_limits(opts), *_queue_keeping()]


@register
def check_database(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Report settings of the database with which workers and editors get in each other's way."""
    return list(_database(dict(settings.DATABASES.get("default", {}))))


@register
def check_addresses(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Report links in mails that would lead nowhere, and mail that leaves by another way than Django's."""
    opts = _options()
    return [] if opts is None else [*_links(opts), *_mail_backend(opts), *_own_address(opts)]


@register
def check_translations(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Report that wagtail-localize publishes translations that nobody has written yet."""
    if not apps.is_installed("wagtail_localize") or not getattr(settings, _SYNCS_LIVE_STATUS, True):
        return []
    return [
        Warning(
            f"{_SYNCS_LIVE_STATUS} is not False, so “Translate” publishes translations of live emails at once, before "
            "anybody has written them; campaigns send what is published.",
            hint=f"{_SYNCS_LIVE_STATUS} = False",
            id="wagtail_precise_mail.W011",
        )
    ]


@register
def check_visitors(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Report that nobody who comes from a mail is known."""
    if is_middleware_installed():
        return []
    return [
        Info(
            f"MIDDLEWARE has no {MIDDLEWARE!r}, so visitors of landing pages are strangers: no name, no goal, and no "
            "viewed products.",
            hint=f"Add {MIDDLEWARE!r} below SecurityMiddleware.",
            id="wagtail_precise_mail.I005",
        )
    ]


@register
def check_webhooks(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Report that anybody could tell what became of our mail."""
    try:
        reverse("anymail:postmark_tracking_webhook")
    except NoReverseMatch:
        return []
    if are_any_secured():
        return []
    return [
        Error(
            "The webhooks of django-anymail are open to everybody, so all that comes by them is refused.",
            hint="Set ANYMAIL['WEBHOOK_SECRET'], or your provider's key, such as ANYMAIL['RESEND_SIGNING_SECRET'].",
            id="wagtail_precise_mail.E020",
        )
    ]


@register
def check_forecasts(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Report that nothing is forecast."""
    if is_available():
        return []
    return [
        Info(
            "NumPy and SciPy are not installed, so there are no forecasts and no clusters, and conditions on forecasts "
            "hold for nobody.",
            hint="pip install 'wagtail-precise-mail[predict]'",
            id="wagtail_precise_mail.I006",
        )
    ]


@register
def check_deliverability(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Report that nobody looks at the domains of senders."""
    if can_check_domains():
        return []
    return [
        Info(
            "dnspython or publicsuffixlist is not installed, so SPF, DKIM and DMARC of senders are not checked.",
            hint="pip install 'wagtail-precise-mail[deliverability]'",
            id="wagtail_precise_mail.I007",
        )
    ]


def _options() -> Options | None:
    try:
        return options()
    except ConfigurationError:  # reported by check_options
        return None


def _time_limits(opts: Options) -> Iterator[CheckMessage]:
    """The chain: a task ends by itself, is stopped, is handed out again, loses its messages; in this order."""
    cluster = _cluster()
    timeout, retry = cluster.get("timeout"), cluster.get("retry") or _DEFAULT_RETRY
    if not timeout or timeout >= retry:
        yield Warning(
            f"Q_CLUSTER: 'timeout' ({timeout}) should be set, and below 'retry' ({retry}).",
            hint="Otherwise a task that still runs is handed to a second worker. For example timeout 60, retry 120.",
            id="wagtail_precise_mail.W001",
        )
    needed = opts.task_seconds + opts.smtp_timeout_seconds
    if timeout and timeout < needed:
        yield Warning(
            f"Q_CLUSTER: 'timeout' ({timeout}) should be at least {needed}: 'task_seconds' ({opts.task_seconds}) and "
            f"'smtp_timeout_seconds' ({opts.smtp_timeout_seconds}) of WAGTAIL_PRECISE_MAIL.",
            hint="Otherwise workers are stopped while they wait for a slow mail server, and the outcome of the message "
            "in their hands is unknown.",
            id="wagtail_precise_mail.W002",
        )
    if timeout and opts.lease_seconds <= timeout:
        yield Warning(
            f"WAGTAIL_PRECISE_MAIL: 'lease_seconds' ({opts.lease_seconds}) should exceed Q_CLUSTER's 'timeout' "
            f"({timeout}).",
            hint="Otherwise messages are taken from workers that are alive, and become unknown.",
            id="wagtail_precise_mail.W003",
        )


def _queue_keeping() -> Iterator[CheckMessage]:
    cluster = _cluster()
    if not cluster.get("ack_failures") and not cluster.get("max_attempts"):
        yield Warning(
            "Q_CLUSTER: neither 'ack_failures' nor 'max_attempts' is set, so a task that fails is repeated for ever.",
            hint="Set 'ack_failures': True. The outbox does not depend on repeated tasks.",
            id="wagtail_precise_mail.W004",
        )
    if (limit := cluster.get("save_limit", _DEFAULT_SAVE_LIMIT)) is not None and limit >= 0:
        yield Info(
            f"Q_CLUSTER: 'save_limit' is {limit}. Pruning old results makes each task 3 to 7 times slower.",
            hint="Set 'save_limit': -1, which keeps failures only.",
            id="wagtail_precise_mail.I001",
        )
    if cluster.get("redis") or cluster.get("django_redis"):
        yield Info(
            "Q_CLUSTER uses Redis, which forgets the tasks of a worker that dies.",
            hint="No mail is lost by that: the outbox is swept every minute. Other tasks of your site may be lost.",
            id="wagtail_precise_mail.I002",
        )
    if cluster.get("sync"):
        yield Warning(
            "Q_CLUSTER: 'sync' runs tasks inside of requests, so whoever presses a button waits for the whole send.",
            hint="Use it in tests only.",
            id="wagtail_precise_mail.W005",
        )


def _database(database: dict[str, Any]) -> Iterator[CheckMessage]:
    if database.get("CONN_MAX_AGE") == 0:
        yield Info(
            "DATABASES: 'CONN_MAX_AGE' is 0, so workers open a connection for every call to the queue.",
            hint="Set it to None: workers are 4 to 6 times faster.",
            id="wagtail_precise_mail.I003",
        )
    if not str(database.get("ENGINE", "")).endswith("sqlite3"):
        return
    given = database.get("OPTIONS", {})
    if given.get("transaction_mode") != "IMMEDIATE" or "wal" not in str(given.get("init_command", "")).lower():
        yield Warning(
            "DATABASES: SQLite without write-ahead log and IMMEDIATE transactions answers “database is locked” when "
            "workers and editors write at the same time.",
            hint="OPTIONS = {'transaction_mode': 'IMMEDIATE', 'timeout': 20, "
            "'init_command': 'PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;'}",
            id="wagtail_precise_mail.W006",
        )


def _links(opts: Options) -> Iterator[CheckMessage]:
    try:
        reverse("wagtail_precise_mail:unsubscribe", args=["token"])
    except NoReverseMatch:
        yield Error(
            "The URLs of wagtail_precise_mail are missing, so no mail could have an unsubscribe link.",
            hint="Add path('mail/', include('wagtail_precise_mail.urls')) to the site's urls.py, above Wagtail's own.",
            id="wagtail_precise_mail.E003",
        )
    base_url = opts.base_url
    if base_url and (urlsplit(base_url).scheme not in ("http", "https") or not urlsplit(base_url).netloc):
        yield Error(
            f"WAGTAIL_PRECISE_MAIL: 'base_url' ({base_url!r}) is not a URL.",
            hint="Scheme and host without a path, such as 'https://shop.example.com'.",
            id="wagtail_precise_mail.E004",
        )
    elif base_url and urlsplit(base_url).path not in ("", "/"):
        yield Warning(
            f"WAGTAIL_PRECISE_MAIL: 'base_url' ({base_url!r}) has a path, which would stand twice in links.",
            hint="Scheme and host only, such as 'https://shop.example.com'.",
            id="wagtail_precise_mail.W007",
        )
    if not base_url:
        yield Info(
            "WAGTAIL_PRECISE_MAIL: 'base_url' is empty, so links in mails take the host and port of Wagtail's site.",
            hint="Set it where the site is reached under another address, such as behind a proxy with HTTPS.",
            id="wagtail_precise_mail.I004",
        )
    elif urlsplit(base_url).scheme == "http" and not settings.DEBUG:
        yield Warning(
            "WAGTAIL_PRECISE_MAIL: 'base_url' is not HTTPS, so mail programs offer no unsubscribe button (RFC 8058).",
            id="wagtail_precise_mail.W008",
        )


def _mail_backend(opts: Options) -> Iterator[CheckMessage]:
    backend = _configured_backend()
    if opts.channel == "smtp" and backend != _SMTP_BACKEND:
        yield Warning(
            f"Django's mail goes to {backend}, but campaigns leave by SMTP all the same.",
            hint="Set WAGTAIL_PRECISE_MAIL['channel'] = 'memory' where nothing may leave.",
            id="wagtail_precise_mail.W009",
        )


def _own_address(opts: Options) -> Iterator[CheckMessage]:
    # With domains that are vouched for, senders need no confirmation.
    if settings.DEFAULT_FROM_EMAIL == _NO_ADDRESS and not opts.verified_sender_domains:
        yield Warning(
            f"DEFAULT_FROM_EMAIL is {_NO_ADDRESS}, so few mail servers take the confirmations of senders.",
            hint="Set it to an address of your own, or name your domains in "
            "WAGTAIL_PRECISE_MAIL['verified_sender_domains'].",
            id="wagtail_precise_mail.W010",
        )


def _configured_backend() -> str:
    mailers = getattr(settings, "MAILERS", None)
    if mailers:
        return str(mailers.get("default", {}).get("BACKEND", _SMTP_BACKEND))
    return str(settings.EMAIL_BACKEND)


def _cluster() -> dict[str, Any]:
    return dict(getattr(settings, "Q_CLUSTER", {}))
