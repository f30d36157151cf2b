"""Typed options, read once from the dict ``WAGTAIL_PRECISE_MAIL`` in the settings."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cache
from typing import Any

from django.conf import settings
from django.core.signals import setting_changed

from wagtail_precise_mail.exceptions import ConfigurationError

SETTING = "WAGTAIL_PRECISE_MAIL"


@dataclass(frozen=True)
class Options:
    """Every option with its default. Lengths of time say their unit in the name."""

    base_url: str = ""
    """Scheme and host in front of links in mails; "" takes the default Wagtail site's root URL."""

    message_id_domain: str = ""
    """Domain of Message-ID headers; "" takes the domain of the sender's address."""

    channel: str = "smtp"
    """Key of the channel by which messages leave."""

    claim_size: int = 50
    """Outbox messages that a worker claims at once."""

    handoff_size: int = 10
    """Messages committed to handoff at once: as many can become unknown when a worker dies."""

    lease_seconds: int = 300
    """How long a claimed message belongs to its worker; must exceed ``task_seconds``."""

    task_seconds: int = 20
    """After how long a delivery task ends and asks for a successor; must stay below the cluster's timeout."""

    freeze_chunk_size: int = 5000
    """Contacts that are frozen into outbox messages in one transaction."""

    max_attempts: int = 5
    """Attempts at one message, each after a received temporary refusal, before it is given up."""

    retry_seconds: int = 300
    """Wait after the first temporary refusal; doubled by each further one."""

    channel_attempts: int = 3
    """Tries in a row, about a minute apart, that find the mail server out of reach before a send is paused."""

    smtp_timeout_seconds: int = 30
    """How long to wait for an SMTP server's reply."""

    smtp_messages_per_connection: int = 100
    """Messages after which a kept-open connection is replaced."""

    low_stock_count: int = 5
    """Pieces in stock from which on mails say how many are left."""

    import_batch_size: int = 5000
    """Order lines per transaction of an import."""

    is_tracking_enabled: bool = True
    """Whether opens and clicks are counted at all; each contact can be left out besides."""

    conversion_window_days: int = 5
    """An order this many days after a click at the most belongs to that click."""

    scanner_click_count: int = 4
    """Different links of one message clicked within ``scanner_click_seconds`` are a scanner's."""

    scanner_click_seconds: int = 3
    """See ``scanner_click_count``."""

    html_size_limit: int = 102_000
    """Bytes of HTML above which Gmail clips a mail."""

    api_tokens: tuple[str, ...] = ()
    """Bearer tokens that may post orders; empty keeps the API closed."""

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if field.type == "int" and (not isinstance(value, int) or isinstance(value, bool) or value < 1):
                raise ConfigurationError(f"{SETTING}[{field.name!r}] must be a whole number above 0, not {value!r}.")
            if field.type == "bool" and not isinstance(value, bool):
                raise ConfigurationError(f"{SETTING}[{field.name!r}] must be True or False, not {value!r}.")
            if field.type == "str" and not isinstance(value, str):
                raise ConfigurationError(f"{SETTING}[{field.name!r}] must be a string, not {value!r}.")
        # A lone string would be taken apart, and each of its characters would open the API.
        if not isinstance(self.api_tokens, tuple) or not all(isinstance(t, str) and t for t in self.api_tokens):
            raise ConfigurationError(f"{SETTING}['api_tokens'] must be a list of strings that are not empty.")
        if self.lease_seconds <= self.task_seconds:
            raise ConfigurationError(
                f"{SETTING}['lease_seconds'] ({self.lease_seconds}) must exceed 'task_seconds' ({self.task_seconds})."
            )


@cache
def options() -> Options:
    """Return the options in force.

    Raises:
        ConfigurationError: an unknown key, or a value of the wrong kind.
    """
    given: Any = getattr(settings, SETTING, {})
    if not isinstance(given, dict):
        raise ConfigurationError(f"{SETTING} must be a dict, not {type(given).__name__}.")
    known = {field.name for field in fields(Options)}
    if unknown := sorted(set(given) - known):
        raise ConfigurationError(
            f"{SETTING} has unknown keys: {', '.join(unknown)}. Known: {', '.join(sorted(known))}."
        )
    values: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in given.items()}
    return Options(**values)


def _forget(*, setting: str, **kwargs: Any) -> None:
    if setting == SETTING:
        options.cache_clear()


setting_changed.connect(_forget)
