"""Typed options, read once from the dict ``WAGTAIL_PRECISE_MAIL`` in the settings."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from functools import cache
from typing import Any

from django.conf import settings
from django.core.signals import setting_changed

from wagtail_precise_mail.exceptions import ConfigurationError
from wagtail_precise_mail.option_checks import (
    CHECK_LEVELS,
    CROSS_SELL_RULES,
    PRICE_CHANGES,
    RETRIED_REPLIES,
    SETTING,
    check_options,
)

__all__ = ["CHECK_LEVELS", "CROSS_SELL_RULES", "PRICE_CHANGES", "RETRIED_REPLIES", "SETTING", "Options", "options"]


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
    """Outbox messages that a worker claims at once, to begin with."""

    claim_size_limit: int = 500
    """How many it claims at once where they leave quickly: whatever is looked up is looked up for all of a claim."""

    workers_per_send: int = field(default=0, metadata={"least": 0})
    """Workers that serve one send at once; 0 is all of a cluster but one. SQLite has one writer: there it is 1."""

    handoff_size: int = 10
    """Messages committed to handoff at once: as many can become unknown when a worker dies."""

    lease_seconds: int = 300
    """How long a claimed message belongs to its worker; must exceed ``task_seconds``."""

    task_seconds: int = 6
    """After how long a delivery task ends and asks for a successor; must stay below the cluster's timeout. A cluster
    that is told to end waits so long for its workers, and supervisors kill after ten seconds."""

    heartbeat_seconds: int = 30
    """How often the supervisor asks its cluster for a sign of life, and has it look for work that was left alone."""

    metrics_tokens: tuple[str, ...] = ()
    """Bearer tokens that may read the metrics and the details of the health check, each of 16 characters at least;
    empty: people with the permission only."""

    freeze_chunk_size: int = 10_000
    """Contacts that are frozen into outbox messages in one transaction."""

    base_currency: str = ""
    """Currency that all figures are in, such as "GBP"; empty: that of the first order kept."""

    forecast_days: int = 365
    """How many days ahead forecasts of contacts look."""

    digest_hour: int = field(default=8, metadata={"least": 0})
    """Hour of the reader's own clock, 0 to 23, from which on digests leave, for twelve hours."""

    retry_seconds: int = 300
    """Wait after the first temporary refusal; doubled by each further one, up to four hours."""

    retry_hours: dict[str, int] = field(default_factory=dict)
    """For how many hours a message is tried again after its first failure, by the class of the reply, such as
    ``{"throttled": 24, "temporary": 48}``; the others keep their own, and 0 gives up at once."""

    unknown_retries: int = field(default=1, metadata={"least": 0})
    """How often mail that needs no consent, such as a confirmation, is sent once more when the server's answer was
    lost, with the same Message-ID; 0 never. Marketing mail is not sent again by itself."""

    channel_attempts: int = 3
    """Tries in a row, about a minute apart, that find the mail server out of reach before a send is paused."""

    smtp_timeout_seconds: int = 30
    """How long to wait for an SMTP server's reply."""

    smtp_messages_per_connection: int = 100
    """Messages after which a kept-open connection is replaced."""

    smtp_connections: int = 4
    """Connections to the mail server that one worker keeps open at the most; it opens them little by little, as long as
    there is more to send."""

    smtp_dsn: bool = False
    """Whether servers that can are asked to report failures and delays with the reference of the message (DSN)."""
    mx_groups: dict[str, list[str]] = field(default_factory=dict)
    """Further domains of mailbox providers, or providers of your own, for limits: ``{"gmail": ["our-client.example"]}``
    for one whose mail Google receives. It comes before what MX records say. Keys are up to 40 letters, digits and
    underscores."""

    slowed_messages_per_minute: int = 600
    """Rate that a mailbox provider without a limit is taken to have when it asks us to be slower; half of it is left
    then, and half again each time."""

    seed_minutes: int = 60
    """After how long a mail to a seed address that was accepted and is not in its mailbox is missing."""

    refusal_window: int = 100
    """Messages of a worker among which refusals are counted, beginning with half of them."""

    refusal_percent: int = 50
    """Share of refusals among them that pauses a send before the rest of its list goes the same way."""

    alarm_days: int = 7
    """Days of marketing mail by which a sender is judged."""

    alarm_minimum: int = 500
    """Messages in these days below which no share is judged."""

    complaint_warn_percent: float = 0.1
    """Share of accepted messages called spam from which on people are warned."""

    complaint_stop_percent: float = 0.3
    """Share of accepted messages called spam that stops the marketing mail of a sender."""

    bounce_warn_percent: float = 2.0
    """Share of messages to addresses that do not exist from which on people are warned."""

    bounce_stop_percent: float = 5.0
    """Share of messages to addresses that do not exist that stops the marketing mail of a sender."""

    block_warn_percent: float = 2.0
    """Share of messages that receivers blocked from which on people are warned."""

    block_stop_percent: float = 10.0
    """Share of messages that receivers blocked that stops the marketing mail of a sender."""

    usual_volume_factor: int = 10
    """So many times the most of one of the last 30 days, leaving within a day, stops a sender until somebody looks."""

    usual_volume_minimum: int = 10_000
    """Messages within a day below which that stops nobody."""

    live_seconds: int = 60
    """How long proxies of mail programs may keep a live picture before they ask for it again."""

    live_font: str = ""
    """Path of a font file for live pictures; "" takes the one that comes with Pillow, which has ASCII letters only."""

    bounce_address: str = ""
    """Mailbox that bounces go to, such as "bounces@example.com": each message gets its own address there, with a token
    behind a "+". "" takes the address of the sender, which names no message."""

    bounce_mailbox: str = field(default="", repr=False)
    """Where the worker finds that mailbox: "imaps://user:password@mail.example.com/INBOX", or the path of a Maildir; ""
    leaves it to ``precise_mail_process_bounces``."""

    soft_bounce_limit: int = 5
    """Mails to one address that come back for reasons that should pass, before it is suppressed."""

    soft_bounce_half_life_days: int = 30
    """After how long such a bounce counts half."""

    full_mailbox_limit: int = 3
    """Mails to one address, on as many different days and with none delivered in between, that come back because its
    mailbox is full, before it is suppressed."""

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

    dns_resolver: str = ""
    """Dotted path of a class of :class:`.delivery.domains.dns.Resolver` that checks of sender domains ask; "" asks the
    name servers of this machine."""

    dkim_selectors: dict[str, list[str]] = field(default_factory=dict)
    """By the domain of senders, the selectors of the keys that their mail is signed with, such as
    ``{"example.com": ["mail", "k1@provider.example"]}``, the second being a key of another domain; a domain without any
    is asked for common ones."""

    sending_hosts: tuple[str, ...] = ()
    """Names or IP addresses of the servers that hand mail over to the world, such as "mail.example.com"; () is not
    known."""

    is_tracking_enabled: bool = True
    """Whether opens and clicks are counted at all; each contact can be left out besides."""

    conversion_window_days: int = 5
    """An order this many days after a click at the most belongs to that click."""

    visitor_cookie_days: int = field(default=0, metadata={"least": 0})
    """How long the site knows a contact who came by a link in a mail; 0 until the browser is closed."""

    recommender_must_win: bool = False
    """Whether lists "for you" show best sellers as long as the last evaluation found the recommender no better."""

    product_view_days: int = 90
    """How long it is kept which products a contact looked at."""

    engagement_days: tuple[int, ...] = (30, 90, 180)
    """Days of silence from which on a contact is cooling, dormant and lost."""

    engagement_mails: tuple[int, ...] = ()
    """Mails into that silence which each of these stages needs besides, such as ``(5, 12, 25)``; () takes as many as
    the shop sends in these days."""

    send_hour: int = field(default=10, metadata={"least": 0})
    """Hour of the day, 0 to 23, that is proposed for mails where no clicks or orders tell a better one."""

    industry: str = ""
    """What the shop sells, such as "food" or "travel": a time for mail to a segment to begin with, where its members
    did too little to tell one. "" takes ``send_hour`` on any day."""

    visit_consent: str = ""
    """Dotted path of a function that says whether whoever sends a request agreed to be watched on the site, such as
    ``"shop.consent.may_watch"``; "" asks with our own form, and keeps the answer in a cookie."""

    scanner_click_count: int = 4
    """Different links of one message clicked within ``scanner_click_seconds`` are a scanner's."""

    scanner_click_seconds: int = 3
    """See ``scanner_click_count``."""

    utm_parameters: dict[str, str] = field(default_factory=dict)
    """Parameters that links to your sites get, by name, such as ``{"utm_source": "newsletter", "utm_medium": "email",
    "utm_campaign": "{email}"}``: in the values, ``{email}`` is the name of the email, ``{send}``, ``{block}`` and
    ``{link}`` numbers and keys of ours."""

    utm_hosts: tuple[str, ...] = ()
    """Hosts besides those of Wagtail's sites that get them, such as "shop.example.com"."""

    has_scanner_trap: bool = True
    """Whether tracked mails end with a link that nobody sees: whoever follows it is a scanner."""

    scanner_trap_seconds: int = 60
    """Opens and clicks of a message this long before or after somebody followed its hidden link are a scanner's."""

    scanner_networks: tuple[str, ...] = ()
    """Networks that no person clicks from, such as data centers: "203.0.113.0/24", or the dotted path of a function
    that returns such networks. A visitor's address is compared with them and not kept."""

    hit_buffer_seconds: int = field(default=1, metadata={"least": 0})
    """How long opens and clicks wait in the memory of a web process, to be written together; a process that is killed
    loses them. 0 writes each at once, for servers that run no threads."""

    hit_count_seconds: int = field(default=5, metadata={"least": 0})
    """How long after opens and clicks were written a worker is asked to count them."""

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
        check_options(self)


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
