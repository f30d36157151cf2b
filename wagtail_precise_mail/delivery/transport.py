"""Where the mail server is: the one place that reads Django's email settings."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.conf import settings

from wagtail_precise_mail.conf import options


@dataclass(frozen=True)
class Transport:
    """How to reach the mail server. ``timeout`` is in seconds, for each single reply."""

    host: str
    port: int
    user: str = ""
    password: str = field(default="", repr=False)
    use_tls: bool = False
    use_ssl: bool = False
    timeout: float = 30
    keyfile: str | None = None
    certfile: str | None = None

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


def transport() -> Transport:
    """Return the mail server of the settings: ``MAILERS["default"]`` (Django 6.1), or else ``EMAIL_HOST`` and so on."""
    mailers = getattr(settings, "MAILERS", None)
    if mailers:
        return _from_options(mailers.get("default", {}).get("OPTIONS", {}))
    return Transport(
        host=settings.EMAIL_HOST,
        port=settings.EMAIL_PORT,
        user=settings.EMAIL_HOST_USER,
        password=settings.EMAIL_HOST_PASSWORD,
        use_tls=settings.EMAIL_USE_TLS,
        use_ssl=settings.EMAIL_USE_SSL,
        timeout=settings.EMAIL_TIMEOUT or options().smtp_timeout_seconds,
        keyfile=settings.EMAIL_SSL_KEYFILE,
        certfile=settings.EMAIL_SSL_CERTFILE,
    )


def _from_options(given: dict[str, Any]) -> Transport:
    return Transport(
        host=given.get("host") or "localhost",
        port=given.get("port") or 25,
        user=given.get("username") or "",
        password=given.get("password") or "",
        use_tls=bool(given.get("use_tls")),
        use_ssl=bool(given.get("use_ssl")),
        timeout=given.get("timeout") or options().smtp_timeout_seconds,
        keyfile=given.get("ssl_keyfile"),
        certfile=given.get("ssl_certfile"),
    )
