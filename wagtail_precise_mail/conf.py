"""Typed options, read once from the dict ``WAGTAIL_PRECISE_MAIL`` in the settings."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, fields
from functools import cache
from typing import Any

from django.conf import settings
from django.core.signals import setting_changed

from wagtail_precise_mail.exceptions import ConfigurationError

SETTING = "WAGTAIL_PRECISE_MAIL"
PRICE_CHANGES = ("warn", "stop")
CROSS_SELL_RULES = ("allowed", "with_consent", "off")
"""What ``cross_sell_jurisdictions`` may say, the strictest last."""
CHECK_LEVELS = ("off", "hint", "warning", "error")
"""What ``check_levels`` may say; the keys are known where the checks are registered."""


@dataclass(frozen=True)
class Options:
    """Every option with its default. Lengths of time say their unit in the name."""

    base_url: str = ""
    """Scheme and host in front of links in mails; "" takes the default Wagtail site's root URL."""

    language_fallbacks: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """What readers of a language get where an email has no translation for them: such as
    ``{"zh-hant": ["zh-hans", "en"]}``, best first. After these comes the original."""

    message_id_domain: str = ""
    """Domain of Message-ID headers; "" takes the domain of the sender's address."""

    verified_sender_domains: tuple[str, ...] = ()
    """Domains, such as "example.com", whose addresses (and those of domains below) need no confirmation as senders."""

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

    digest_hour: int = field(default=8, metadata={"least": 0})
    """Hour of the reader's own clock, 0 to 23, from which on digests leave, for twelve hours."""

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
    """Rows per transaction of an import."""

    import_size_limit_mb: int = 100
    """Megabytes of a file of contacts that is taken in the admin."""

    import_keep_days: int = 30
    """Days for which an import of contacts can be undone and its refused rows are kept."""

    domain_resolver: str = ""
    """Dotted path of a function that says whether a domain takes mail, such as
    ``"wagtail_precise_mail.contacts.hygiene.domains.resolve_mail_domain"``; "" asks nobody."""

    is_tracking_enabled: bool = True
    """Whether opens and clicks are counted at all; each contact can be left out besides."""

    conversion_window_days: int = 5
    """An order this many days after a click at the most belongs to that click."""

    visitor_cookie_days: int = field(default=0, metadata={"least": 0})
    """How long the site knows a contact who came by a link in a mail; 0 until the browser is closed."""

    product_view_days: int = 90
    """How long it is kept which products a contact looked at."""

    scanner_click_count: int = 4
    """Different links of one message clicked within ``scanner_click_seconds`` are a scanner's."""

    scanner_click_seconds: int = 3
    """See ``scanner_click_count``."""

    preference_link_days: int = 90
    """How long the link to the settings works that stands in every mail."""

    details_link_days: int = 30
    """How long the links of the block "Is this still right?" work, which show and correct some details."""

    data_link_minutes: int = 120
    """How long the link to their own data works that contacts ask for."""

    encryption_keys: tuple[str, ...] = field(default=(), repr=False)
    """Keys that personal data is encrypted with at rest, from ``precise_mail_encrypt --new-key``: the first encrypts,
    all decrypt. "" in front encrypts no more. () keeps everything in clear."""

    address_keys: tuple[str, ...] = field(default=(), repr=False)
    """Secrets that the fingerprints of addresses are made with, each on top of the one before; only ever add one at the
    end, and run ``precise_mail_encrypt``. () uses none: then addresses can be guessed from their fingerprints."""

    retention_days: dict[str, int] = field(default_factory=dict)
    """Days that data are kept, by the key of a retention rule; 0 keeps them for good. The others keep their own."""

    html_size_limit: int = 102_000
    """Bytes of HTML above which Gmail clips a mail."""

    price_change: str = "warn"
    """What a campaign does whose prices are not those that were approved: "warn" sends and says so, "stop" pauses."""

    check_levels: dict[str, str] = field(default_factory=dict)
    """Levels of checks of emails by their key: "off", "hint", "warning" or "error"; the others keep their own."""

    misleading_claims: dict[str, list[str]] = field(default_factory=dict)
    """Phrases that a subject must not promise, by the language ("en"); replaces the list of that language."""

    contact_attributes: tuple[str, ...] = ()
    """Further fields of contacts that merge fields may name, also before a contact has them; with any here, a name that
    is neither listed nor occurs is an error. () goes by what occurs."""

    max_words: int = 400
    """Words of an email above which the editor is asked to shorten it; a Chinese character is half a word."""

    max_promotion_percent: int = 80
    """Share of promotion among the blocks of an email above which the editor is warned."""

    max_promotion_percent_over_time: int = 80
    """Share of promotion in all that a contact was sent within ``promotion_days``, above which campaigns warn."""

    promotion_days: int = 30
    """See ``max_promotion_percent_over_time``."""

    cross_sell_jurisdictions: dict[str, str] = field(default_factory=lambda: {"*": "with_consent"})
    """Whether mails that need no consent, such as order confirmations, may show products to readers of a country (ISO
    3166): "allowed" (to all who did not say no), "with_consent" or "off". "*" is every other country, "" an unknown
    one; without "", the strictest rule counts there."""

    cross_sell_max_products: int = 4
    """Products that such a mail may show besides what it is about."""

    cross_sell_max_percent: int = 40
    """Share of such a mail that may sell, of its height without header and footer."""

    api_tokens: tuple[str, ...] = ()
    """Bearer tokens that may post orders; empty keeps the API closed."""

    records_ip: bool = False
    """Whether the consent ledger keeps IP addresses: personal data, which not every law lets you keep as evidence."""

    client_ip_header: str = ""
    """Key of ``request.META`` in which your own proxy writes the visitor's address, such as "HTTP_X_REAL_IP"."""

    confirmation_mailer: str = "outbox"
    """Key of what sends the mail that asks somebody to confirm their sign-up."""

    sign_up_link_hours: int = 72
    """How long the link in that mail works."""

    sign_up_mails_per_day: int = 3
    """Such mails to one address in 24 hours, however often somebody enters it."""

    sign_ups_per_ip_and_hour: int = 20
    """Sign-ups from one IP address (of IPv6, one /64 network)."""

    sign_ups_per_site_and_hour: int = 2000
    """Sign-ups on one site."""

    sign_up_seconds: int = 2
    """A form that comes back sooner than this was not filled in by a person."""

    sign_up_captcha: str = ""
    """Key of the captcha in sign-up forms; "" has none."""

    sign_up_origins: tuple[str, ...] = ()
    """Other sites whose scripts may use the sign-up API, such as "https://www.example.com"; empty: none."""

    def __post_init__(self) -> None:
        for option in fields(self):
            value = getattr(self, option.name)
            least = option.metadata.get("least", 1)
            if option.type == "int" and (not isinstance(value, int) or isinstance(value, bool) or value < least):
                what = "above 0" if least else "from 0"
                raise ConfigurationError(f"{SETTING}[{option.name!r}] must be a whole number {what}, not {value!r}.")
            if option.type == "bool" and not isinstance(value, bool):
                raise ConfigurationError(f"{SETTING}[{option.name!r}] must be True or False, not {value!r}.")
            if option.type == "str" and not isinstance(value, str):
                raise ConfigurationError(f"{SETTING}[{option.name!r}] must be a string, not {value!r}.")
        self._check_levels()
        self._check_claims()
        self._check_jurisdictions()
        self._check_retention()
        if self.price_change not in PRICE_CHANGES:
            known = " or ".join(repr(value) for value in PRICE_CHANGES)
            raise ConfigurationError(f"{SETTING}['price_change'] must be {known}, not {self.price_change!r}.")
        if not isinstance(self.language_fallbacks, dict) or not all(
            isinstance(code, str)
            and isinstance(others, list | tuple)
            and all(isinstance(other, str) and other for other in others)
            for code, others in self.language_fallbacks.items()
        ):
            raise ConfigurationError(
                f"{SETTING}['language_fallbacks'] must be a dict of lists of language codes, such as "
                "{'zh-hant': ['zh-hans', 'en']}."
            )
        if not isinstance(self.contact_attributes, tuple) or not all(
            isinstance(key, str) and re.fullmatch(r"[A-Za-z0-9_-]{1,100}", key) for key in self.contact_attributes
        ):
            raise ConfigurationError(
                f"{SETTING}['contact_attributes'] must be a list of names such as ['points']: letters, digits, - and _."
            )
        # A lone string would be taken apart, and each of its characters would open the API.
        if not isinstance(self.api_tokens, tuple) or not all(isinstance(t, str) and t for t in self.api_tokens):
            raise ConfigurationError(f"{SETTING}['api_tokens'] must be a list of strings that are not empty.")
        self._check_domains()
        self._check_keys()
        if not isinstance(self.sign_up_origins, tuple) or not all(
            isinstance(origin, str) and re.fullmatch(r"https?://[^/*]+", origin) for origin in self.sign_up_origins
        ):
            raise ConfigurationError(
                f"{SETTING}['sign_up_origins'] must be a list of origins without a path, such as "
                "'https://www.example.com'."
            )
        if self.digest_hour > 23:
            raise ConfigurationError(f"{SETTING}['digest_hour'] must be between 0 and 23, not {self.digest_hour}.")
        if self.lease_seconds <= self.task_seconds:
            raise ConfigurationError(
                f"{SETTING}['lease_seconds'] ({self.lease_seconds}) must exceed 'task_seconds' ({self.task_seconds})."
            )

    def _check_domains(self) -> None:
        domains = self.verified_sender_domains
        # A lone string would be taken apart; "com" or "" would vouch for strangers.
        if not isinstance(domains, tuple) or not all(isinstance(one, str) and _is_domain(one) for one in domains):
            raise ConfigurationError(
                f"{SETTING}['verified_sender_domains'] must be a list of domains like 'example.com', not {domains!r}."
            )

    def _check_keys(self) -> None:
        # No key may stand in the messages: they go to logs.
        for name, usable in (("encryption_keys", _is_fernet_key), ("address_keys", _is_secret)):
            keys = getattr(self, name)
            if not isinstance(keys, tuple) or not all(isinstance(key, str) and usable(key) for key in keys):
                raise ConfigurationError(
                    f"{SETTING}[{name!r}] must be a list of keys. Make one: manage.py precise_mail_encrypt --new-key"
                )
        if any(self.encryption_keys[:1]) and not self.address_keys:
            raise ConfigurationError(
                f"{SETTING}['encryption_keys'] needs 'address_keys' beside it: without them, addresses could be "
                "guessed from their fingerprints."
            )

    def _check_levels(self) -> None:
        levels = self.check_levels
        if not isinstance(levels, dict) or not all(level in CHECK_LEVELS for level in levels.values()):
            known = ", ".join(repr(level) for level in CHECK_LEVELS)
            raise ConfigurationError(
                f"{SETTING}['check_levels'] must be a dict of keys of checks and levels ({known}), not {levels!r}."
            )

    def _check_jurisdictions(self) -> None:
        rules = self.cross_sell_jurisdictions
        if not isinstance(rules, dict) or not all(
            isinstance(country, str) and rule in CROSS_SELL_RULES for country, rule in rules.items()
        ):
            known = ", ".join(repr(rule) for rule in CROSS_SELL_RULES)
            raise ConfigurationError(
                f"{SETTING}['cross_sell_jurisdictions'] must be a dict of countries and rules ({known}), not {rules!r}."
            )

    def _check_retention(self) -> None:
        days = self.retention_days
        if not isinstance(days, dict) or not all(
            isinstance(value, int) and not isinstance(value, bool) and value >= 0 for value in days.values()
        ):
            raise ConfigurationError(
                f"{SETTING}['retention_days'] must be a dict of keys of retention rules and whole numbers of days, "
                f"not {days!r}."
            )

    def _check_claims(self) -> None:
        claims = self.misleading_claims
        # A lone string would be taken apart, and each of its characters would be a claim.
        if not isinstance(claims, dict) or not all(isinstance(phrases, list) for phrases in claims.values()):
            raise ConfigurationError(
                f"{SETTING}['misleading_claims'] must be a dict of languages and lists of phrases, not {claims!r}."
            )
        if not all(isinstance(phrase, str) and phrase.strip() for phrases in claims.values() for phrase in phrases):
            raise ConfigurationError(f"{SETTING}['misleading_claims'] must have phrases that are not empty.")


def _is_fernet_key(key: str) -> bool:
    return not key or re.fullmatch(r"[A-Za-z0-9_-]{43}=", key) is not None


def _is_secret(key: str) -> bool:
    return len(key) >= 32


def _is_domain(value: str) -> bool:
    labels = value.split(".")
    return len(labels) > 1 and all(labels) and not any(mark in value for mark in "@/* \t\n")


@cache
def options() -> Options:
    """Return the options in force.

    Raises:
        ConfigurationError: an unknown key, or a value of the wrong kind.
    """
    given: Any = getattr(settings, SETTING, {})
    if not isinstance(given, dict):
        raise ConfigurationError(f"{SETTING} must be a dict, not {type(given).__name__}.")
    known = {option.name for option in fields(Options)}
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
