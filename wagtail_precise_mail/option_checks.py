"""What the values of options must be, each with a sentence that says so."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import fields
from typing import TYPE_CHECKING

from wagtail_precise_mail.exceptions import ConfigurationError

if TYPE_CHECKING:
    from wagtail_precise_mail.conf import Options

SETTING = "WAGTAIL_PRECISE_MAIL"
PRICE_CHANGES = ("warn", "stop")
CROSS_SELL_RULES = ("allowed", "with_consent", "off")
"""What ``cross_sell_jurisdictions`` may say, the strictest last."""
RETRIED_REPLIES = ("temporary", "address", "content", "blocked", "throttled", "auth", "connection", "unknown")
"""The keys of ``retry_hours``."""
CHECK_LEVELS = ("off", "hint", "warning", "error")
"""What ``check_levels`` may say; the keys are known where the checks are registered."""


def check_options(given: Options) -> None:
    """Refuse values of the wrong kind.

    Raises:
        ConfigurationError: with the option and what it must be.
    """
    for option in fields(given):
        value = getattr(given, option.name)
        least = option.metadata.get("least", 1)
        if option.type == "int" and (not isinstance(value, int) or isinstance(value, bool) or value < least):
            what = "above 0" if least else "from 0"
            raise ConfigurationError(f"{SETTING}[{option.name!r}] must be a whole number {what}, not {value!r}.")
        if option.type == "bool" and not isinstance(value, bool):
            raise ConfigurationError(f"{SETTING}[{option.name!r}] must be True or False, not {value!r}.")
        if option.type == "str" and not isinstance(value, str):
            raise ConfigurationError(f"{SETTING}[{option.name!r}] must be a string, not {value!r}.")
    _check_levels(given)
    _check_claims(given)
    _check_jurisdictions(given)
    _check_retention(given)
    _check_retries(given)
    if given.price_change not in PRICE_CHANGES:
        known = " or ".join(repr(value) for value in PRICE_CHANGES)
        raise ConfigurationError(f"{SETTING}['price_change'] must be {known}, not {given.price_change!r}.")
    if not isinstance(given.language_fallbacks, dict) or not all(
        isinstance(code, str)
        and isinstance(others, list | tuple)
        and all(isinstance(other, str) and other for other in others)
        for code, others in given.language_fallbacks.items()
    ):
        raise ConfigurationError(
            f"{SETTING}['language_fallbacks'] must be a dict of lists of language codes, such as "
            "{'zh-hant': ['zh-hans', 'en']}."
        )
    if not isinstance(given.contact_attributes, tuple) or not all(
        isinstance(key, str) and re.fullmatch(r"[A-Za-z0-9_-]{1,100}", key) for key in given.contact_attributes
    ):
        raise ConfigurationError(
            f"{SETTING}['contact_attributes'] must be a list of names such as ['points']: letters, digits, - and _."
        )
    # A lone string would be taken apart, and each of its characters would open the API.
    if not isinstance(given.api_tokens, tuple) or not all(isinstance(t, str) and t for t in given.api_tokens):
        raise ConfigurationError(f"{SETTING}['api_tokens'] must be a list of strings that are not empty.")
    # They open the metrics to whoever guesses one.
    if not isinstance(given.metrics_tokens, tuple) or not all(
        isinstance(token, str) and len(token) >= 16 for token in given.metrics_tokens
    ):
        raise ConfigurationError(
            f"{SETTING}['metrics_tokens'] must be a list of strings of 16 characters at least. Make one: "
            "python -c 'import secrets; print(secrets.token_urlsafe())'"
        )
    _check_domains(given)
    _check_networks(given)
    _check_utm(given)
    _check_bounces(given)
    _check_mail_servers(given)
    _check_groups(given)
    _check_alarms(given)
    _check_keys(given)
    if not isinstance(given.sign_up_origins, tuple) or not all(
        isinstance(origin, str) and re.fullmatch(r"https?://[^/*]+", origin) for origin in given.sign_up_origins
    ):
        raise ConfigurationError(
            f"{SETTING}['sign_up_origins'] must be a list of origins without a path, such as 'https://www.example.com'."
        )
    if given.base_currency and not re.fullmatch("[A-Z]{3}", given.base_currency):
        raise ConfigurationError(
            f"{SETTING}['base_currency'] must be a code such as 'GBP', not {given.base_currency!r}."
        )
    _check_engagement(given)
    for name in ("send_hour", "digest_hour"):
        if (hour := getattr(given, name)) > 23:
            raise ConfigurationError(f"{SETTING}[{name!r}] must be between 0 and 23, not {hour}.")
    if given.lease_seconds <= given.task_seconds:
        raise ConfigurationError(
            f"{SETTING}['lease_seconds'] ({given.lease_seconds}) must exceed 'task_seconds' ({given.task_seconds})."
        )


def _check_domains(given: Options) -> None:
    domains = given.verified_sender_domains
    # A lone string would be taken apart; "com" or "" would vouch for strangers.
    if not isinstance(domains, tuple) or not all(isinstance(one, str) and _is_domain(one) for one in domains):
        raise ConfigurationError(
            f"{SETTING}['verified_sender_domains'] must be a list of domains like 'example.com', not {domains!r}."
        )


def _check_utm(given: Options) -> None:
    known = dict.fromkeys(("email", "send", "block", "link"), "")
    try:
        for name, value in given.utm_parameters.items():
            value.format(**known)
            if not re.fullmatch(r"[A-Za-z0-9_]+", name):
                raise ValueError
    except (AttributeError, TypeError, ValueError, LookupError):
        raise ConfigurationError(
            f"{SETTING}['utm_parameters'] must be a dict of names and values such as {{'utm_source': 'newsletter', "
            f"'utm_campaign': '{{email}}'}}; values may have {{email}}, {{send}}, {{block}} and {{link}}."
        ) from None
    # A lone string would be taken apart, and each of its characters would be a host.
    if not isinstance(given.utm_hosts, tuple) or not all(isinstance(one, str) and one for one in given.utm_hosts):
        raise ConfigurationError(f"{SETTING}['utm_hosts'] must be a list of hosts such as 'shop.example.com'.")


def _check_networks(given: Options) -> None:
    networks = given.scanner_networks
    # A lone string would be taken apart, and "0.0.0.0/0" of it be nobody's.
    if not isinstance(networks, tuple) or not all(isinstance(one, str) and _is_network(one) for one in networks):
        raise ConfigurationError(
            f"{SETTING}['scanner_networks'] must be a list of networks like '203.0.113.0/24' and of dotted paths "
            f"of functions that return such, not {networks!r}."
        )


def _check_bounces(given: Options) -> None:
    # 64 characters before the @ are allowed, and the token needs 41 of them (RFC 5321).
    if given.bounce_address and not re.fullmatch(r"[\w.-]{1,23}@[\w-]+(\.[\w-]+)+", given.bounce_address, re.ASCII):
        raise ConfigurationError(
            f"{SETTING}['bounce_address'] must be like 'bounces@example.com', with at most 23 characters before "
            f"the @ and no +, not {given.bounce_address!r}."
        )


def _check_keys(given: Options) -> None:
    # No key may stand in the messages: they go to logs.
    for name, usable in (("encryption_keys", _is_fernet_key), ("address_keys", _is_secret)):
        keys = getattr(given, name)
        if not isinstance(keys, tuple) or not all(isinstance(key, str) and usable(key) for key in keys):
            raise ConfigurationError(
                f"{SETTING}[{name!r}] must be a list of keys. Make one: manage.py precise_mail_encrypt --new-key"
            )
    if any(given.encryption_keys[:1]) and not given.address_keys:
        raise ConfigurationError(
            f"{SETTING}['encryption_keys'] needs 'address_keys' beside it: without them, addresses could be "
            "guessed from their fingerprints."
        )


def _check_levels(given: Options) -> None:
    levels = given.check_levels
    if not isinstance(levels, dict) or not all(level in CHECK_LEVELS for level in levels.values()):
        known = ", ".join(repr(level) for level in CHECK_LEVELS)
        raise ConfigurationError(
            f"{SETTING}['check_levels'] must be a dict of keys of checks and levels ({known}), not {levels!r}."
        )


def _check_jurisdictions(given: Options) -> None:
    rules = given.cross_sell_jurisdictions
    if not isinstance(rules, dict) or not all(
        isinstance(country, str) and rule in CROSS_SELL_RULES for country, rule in rules.items()
    ):
        known = ", ".join(repr(rule) for rule in CROSS_SELL_RULES)
        raise ConfigurationError(
            f"{SETTING}['cross_sell_jurisdictions'] must be a dict of countries and rules ({known}), not {rules!r}."
        )


def _check_retention(given: Options) -> None:
    days = given.retention_days
    if not isinstance(days, dict) or not all(
        isinstance(value, int) and not isinstance(value, bool) and value >= 0 for value in days.values()
    ):
        raise ConfigurationError(
            f"{SETTING}['retention_days'] must be a dict of keys of retention rules and whole numbers of days, "
            f"not {days!r}."
        )


def _check_retries(given: Options) -> None:
    hours = given.retry_hours
    if not isinstance(hours, dict) or not all(
        key in RETRIED_REPLIES and type(value) is int and value >= 0 for key, value in hours.items()
    ):
        known = ", ".join(repr(key) for key in RETRIED_REPLIES)
        raise ConfigurationError(
            f"{SETTING}['retry_hours'] must be a dict of classes of replies ({known}) and whole numbers of hours, "
            f"not {hours!r}."
        )


def _check_engagement(given: Options) -> None:
    for name in ("engagement_days", "engagement_mails"):
        borders = getattr(given, name)
        if not borders and name == "engagement_mails":
            continue
        is_right = isinstance(borders, tuple) and len(borders) == 3
        is_right = is_right and all(type(value) is int and value > 0 for value in borders)
        if not is_right or list(borders) != sorted(set(borders)):
            raise ConfigurationError(
                f"{SETTING}[{name!r}] must be three rising whole numbers such as (30, 90, 180), not {borders!r}."
            )


def _check_mail_servers(given: Options) -> None:
    hosts, selectors = given.sending_hosts, given.dkim_selectors
    if not isinstance(hosts, tuple) or not all(isinstance(one, str) and one for one in hosts):
        raise ConfigurationError(f"{SETTING}['sending_hosts'] must be a list of names or IP addresses of servers.")
    # A lone string would be taken apart, and each of its characters would be a selector.
    if not isinstance(selectors, dict) or not all(
        isinstance(domain, str) and _is_domain(domain) and isinstance(names, list | tuple) and all(names)
        for domain, names in selectors.items()
    ):
        raise ConfigurationError(
            f"{SETTING}['dkim_selectors'] must be a dict of domains and lists of selectors, such as "
            "{'example.com': ['mail']}."
        )


def _check_groups(given: Options) -> None:
    groups = given.mx_groups
    # A lone string would be taken apart, and each of its characters would be a domain.
    if not isinstance(groups, dict) or not all(
        isinstance(key, str)
        and re.fullmatch(r"[a-z0-9_]{1,40}", key)
        and isinstance(domains, list | tuple)
        and all(isinstance(one, str) and _is_domain(one) for one in domains)
        for key, domains in groups.items()
    ):
        raise ConfigurationError(
            f"{SETTING}['mx_groups'] must be a dict of keys and lists of domains, such as "
            "{'gmail': ['client.example']}; keys have small letters, digits and underscores."
        )


def _check_alarms(given: Options) -> None:
    for kind in ("complaint", "bounce", "block"):
        warn, stop = (getattr(given, f"{kind}_{level}_percent") for level in ("warn", "stop"))
        if not all(type(one) in (int, float) and 0 < one <= 100 for one in (warn, stop)) or warn > stop:
            raise ConfigurationError(
                f"{SETTING}['{kind}_warn_percent'] and ['{kind}_stop_percent'] must be above 0 and up to 100, the "
                f"first one not above the second, not {warn!r} and {stop!r}."
            )
    if given.refusal_percent > 100:
        raise ConfigurationError(f"{SETTING}['refusal_percent'] must be up to 100, not {given.refusal_percent}.")


def _check_claims(given: Options) -> None:
    claims = given.misleading_claims
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


def _is_network(value: str) -> bool:
    if re.fullmatch(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)+", value):
        return True
    try:
        ipaddress.ip_network(value)
    except ValueError:
        return False
    return True


def _is_domain(value: str) -> bool:
    labels = value.split(".")
    return len(labels) > 1 and all(labels) and not any(mark in value for mark in "@/* \t\n")
