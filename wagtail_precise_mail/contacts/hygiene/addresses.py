"""What is wrong with an address, short of writing to it.

Source: RFC 2142 for mailboxes of roles; the lists of disposable domains are those of the package
``disposable-email-domains`` (extra ``hygiene``), or the small one here.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

from django.core.exceptions import ImproperlyConfigured
from django.db import models
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _

from wagtail_precise_mail.conf import options
from wagtail_precise_mail.contacts.addresses import normalize_address
from wagtail_precise_mail.exceptions import ConfigurationError, InvalidAddress

Resolver = Callable[[str], bool | None]
"""Says whether a domain takes mail: True, False, or None when nobody can tell just now."""


class Flaw(models.TextChoices):
    """What an address can be suspected of; only the first two make it useless."""

    SYNTAX = "syntax", _("not an address")
    NO_MAIL = "no_mail", _("its domain takes no mail")
    DISPOSABLE = "disposable", _("disposable mailbox")
    LOOKALIKE = "lookalike", _("letters that look like others")
    TYPO = "typo", _("domain with a slip of the finger")
    ROLE = "role", _("a role, not a person")


@dataclass(frozen=True, slots=True)
class Finding:
    """What an address turned out to be: its flaws, the worst first; ``suggestion`` is an address that may be meant."""

    address: str
    flaws: tuple[Flaw, ...] = ()
    reason: str = ""
    suggestion: str = ""

    @property
    def is_useless(self) -> bool:
        """Whether no mail can arrive there."""
        return Flaw.SYNTAX in self.flaws or Flaw.NO_MAIL in self.flaws


def _read(name: str) -> tuple[str, ...]:
    """Return the lines of a list that are no comments."""
    text = (resources.files(__package__) / "lists" / f"{name}.txt").read_text(encoding="utf-8")
    return tuple(line for line in text.splitlines() if line and not line.startswith("#"))


ROLES = frozenset(_read("roles"))
_DISPOSABLE = frozenset(_read("disposable"))
_PROVIDERS = _read("providers")
_SCRIPTS = ("LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE")
# Cyrillic and Greek letters that are drawn like Latin ones.
_LOOKALIKES = frozenset("асеорхуіјѕԁһӏԛԝαοικνρυτ")


def examine(address: str, *, resolver: Resolver | None = None) -> Finding:
    """Return what is wrong with an address.

    Args:
        resolver: asked about the domain; None asks nobody.
    """
    try:
        normalized = normalize_address(address)
    except InvalidAddress as error:
        return Finding(address, (Flaw.SYNTAX,), str(error.__cause__ or error))
    local, _at, domain = normalized.rpartition("@")
    flaws, suggestion = list(examine_domain(domain)), ""
    if resolver and resolver(domain) is False:
        flaws.insert(0, Flaw.NO_MAIL)
    if Flaw.TYPO in flaws:
        suggestion = f"{local}@{suggest_domain(domain)}"
    if is_role(local):
        flaws.append(Flaw.ROLE)
    return Finding(normalized, tuple(flaws), suggestion=suggestion)


@lru_cache(65_536)
def examine_domain(domain: str) -> tuple[Flaw, ...]:
    """Return the flaws of a domain that are known without asking anybody."""
    flaws = []
    if is_disposable(domain):
        flaws.append(Flaw.DISPOSABLE)
    if is_lookalike(domain):
        flaws.append(Flaw.LOOKALIKE)
    elif suggest_domain(domain):
        flaws.append(Flaw.TYPO)
    return tuple(flaws)


def is_role(local: str) -> bool:
    """Whether a mailbox belongs to a function: info, sales, postmaster."""
    return local.split("+")[0] in ROLES


def is_disposable(domain: str) -> bool:
    """Whether a domain hands out mailboxes to throw away; its subdomains count, too."""
    known = _disposable_domains()
    parts = domain.split(".")
    return any(".".join(parts[place:]) in known for place in range(len(parts) - 1))


@lru_cache(1)
def _disposable_domains() -> frozenset[str]:
    try:
        from disposable_email_domains import blocklist  # an extra
    except ImportError:
        return _DISPOSABLE
    return frozenset(blocklist) | _DISPOSABLE


def is_lookalike(domain: str) -> bool:
    """Whether a label mixes alphabets, or is made of foreign letters that look Latin only: homoglyphs.

    Source: Unicode TS 39, "Mixed-Script Detection" and "Confusable Detection", without its tables.
    """
    return any(_is_deceptive(label) for label in domain.split(".") if not label.isascii())


def _is_deceptive(label: str) -> bool:
    letters = [letter for letter in label if letter.isalpha()]
    scripts = {name.split(" ")[0] for letter in letters if (name := unicodedata.name(letter, ""))}
    if len(scripts & set(_SCRIPTS)) > 1:
        return True
    return bool(letters) and "LATIN" not in scripts and all(letter in _LOOKALIKES for letter in letters)


@lru_cache(65_536)
def suggest_domain(domain: str) -> str:
    """Return the large provider that a domain misses by one slip of the finger, or ""."""
    if domain in _PROVIDERS:
        return ""
    return next((known for known in _PROVIDERS if _is_one_slip(domain, known)), "")


def _is_one_slip(typed: str, meant: str) -> bool:
    """One letter more, less or other, or two changed over; short names differ by more than a slip."""
    if abs(len(typed) - len(meant)) > 1 or len(meant) < 8 or typed[0] != meant[0]:
        return False
    start = 0
    while start < min(len(typed), len(meant)) and typed[start] == meant[start]:
        start += 1
    rest, wanted = typed[start:], meant[start:]
    if len(rest) == len(wanted):
        swapped = len(rest) > 1 and rest[:2] == wanted[1::-1] and rest[2:] == wanted[2:]
        return rest[1:] == wanted[1:] or swapped
    return rest[1:] == wanted if len(rest) > len(wanted) else rest == wanted[1:]


def chosen_resolver() -> Resolver | None:
    """Return the function named by the option ``domain_resolver``; None when it is off.

    Raises:
        ConfigurationError: there is no such function.
    """
    path = options().domain_resolver
    if not path:
        return None
    try:
        found: Resolver = import_string(path)
    except (ImportError, ImproperlyConfigured) as error:
        raise ConfigurationError(f"WAGTAIL_PRECISE_MAIL['domain_resolver']: {error}") from error
    return found
