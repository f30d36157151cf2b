"""Asking the domain name system, by a resolver that tests and demos replace. Needs the extra ``deliverability``."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.module_loading import import_string

from wagtail_precise_mail.conf import SETTING, options
from wagtail_precise_mail.exceptions import ConfigurationError, MissingExtra, NoDnsAnswer

NEEDS = "Checks of sender domains need: pip install 'wagtail-precise-mail[deliverability]'"
"""What to say where packages are missing."""

_PATIENCE_SECONDS = 4
_MOST_LOOKUPS = 250
_MOST_SECONDS = 30.0


@dataclass(frozen=True)
class Answer:
    """What there is under a name.

    Attributes:
        records: each as text: the joined strings of a TXT record, "10 mx.example.com" of an MX record, the address or
            the name of others; without the last dot, and in no order.
        is_name: whether the name exists at all, with records of this kind or of others.
    """

    records: tuple[str, ...] = ()
    is_name: bool = True


class Resolver(ABC):
    """Somebody who can be asked about names."""

    @abstractmethod
    def lookup(self, name: str, kind: str) -> Answer:
        """Return the records of a kind, such as "TXT", under a name in ASCII.

        Raises:
            NoDnsAnswer: nobody answered in time, or the answer was an error.
        """


class MemoryResolver(Resolver):
    """Answers from a dict, and nowhere else: for tests, and for demos without a network.

    A name maps kinds to lists of records, or is None for a name whose servers do not answer; names that are not there,
    nor above one that is, do not exist.
    """

    def __init__(self, zones: Mapping[str, Mapping[str, list[str]] | None]) -> None:
        self.zones = zones
        self.asked: list[tuple[str, str]] = []

    def lookup(self, name: str, kind: str) -> Answer:
        self.asked.append((name, kind))
        if name not in self.zones:
            return Answer(is_name=any(known.endswith(f".{name}") for known in self.zones))
        records = self.zones[name]
        if records is None:
            raise NoDnsAnswer(name)
        return Answer(tuple(records.get(kind, ())))


class NameServers(Resolver):
    """The name servers that this machine is set up with, by dnspython.

    Args:
        resolver: another ``dns.resolver.Resolver``, such as one with name servers of its own.

    Raises:
        MissingExtra: it is not installed.
    """

    def __init__(self, resolver: Any = None) -> None:
        self._dns = _dnspython()
        self._resolver = resolver or self._dns.resolver.Resolver()

    def lookup(self, name: str, kind: str) -> Answer:
        dns = self._dns
        try:
            asked = dns.name.from_text(name)
        except (dns.exception.DNSException, UnicodeError):  # no such name can exist
            return Answer(is_name=False)
        try:
            found = self._resolver.resolve(
                asked, kind, search=False, lifetime=_PATIENCE_SECONDS, raise_on_no_answer=False
            )
        except dns.resolver.NXDOMAIN:
            return Answer(is_name=False)
        except (dns.exception.DNSException, OSError) as error:
            raise NoDnsAnswer(f"{name} {kind}: {error}") from error
        return Answer(tuple(_as_text(record) for record in found.rrset or ()))


class Careful(Resolver):
    """Asks each question once, and stops asking after so many questions or so many seconds.

    Records of strangers decide how many questions a check asks: without a limit, one of them could keep a worker busy.
    """

    def __init__(
        self,
        resolver: Resolver,
        *,
        most_lookups: int = _MOST_LOOKUPS,
        most_seconds: float = _MOST_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._resolver = resolver
        self._left = most_lookups
        self._clock = clock
        self._deadline = clock() + most_seconds
        self._known: dict[tuple[str, str], Answer | NoDnsAnswer] = {}

    def lookup(self, name: str, kind: str) -> Answer:
        question = (name.lower().rstrip("."), kind)
        if question not in self._known:
            self._known[question] = self._ask(*question)
        answer = self._known[question]
        if isinstance(answer, NoDnsAnswer):
            raise answer
        return answer

    def _ask(self, name: str, kind: str) -> Answer | NoDnsAnswer:
        if self._left <= 0 or self._clock() >= self._deadline:
            return NoDnsAnswer(f"{name} {kind}: enough was asked")
        self._left -= 1
        try:
            return self._resolver.lookup(name, kind)
        except NoDnsAnswer as error:
            return error


def configured_resolver() -> Resolver:
    """Return the resolver that the settings choose.

    Raises:
        MissingExtra: it needs packages that are not installed.
        ConfigurationError: there is none under that path.
    """
    path = options().dns_resolver
    if not path:
        return NameServers()
    try:
        made = import_string(path)()
    except ImportError as error:
        raise ConfigurationError(f"{SETTING}['dns_resolver']: {error}") from error
    if not isinstance(made, Resolver):
        raise ConfigurationError(f"{SETTING}['dns_resolver'] must name a class of Resolver, not {path!r}.")
    return made


def _as_text(record: Any) -> str:
    if strings := getattr(record, "strings", None):
        return b"".join(strings).decode("utf-8", "replace")
    if (exchange := getattr(record, "exchange", None)) is not None:
        return f"{record.preference} {str(exchange).lower().rstrip('.')}"
    return record.to_text().lower().rstrip(".")


def _dnspython() -> Any:
    try:
        import dns.exception  # an extra
        import dns.name
        import dns.resolver
    except ImportError as error:
        raise MissingExtra(NEEDS) from error
    return dns
