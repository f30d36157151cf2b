"""SPF: which servers may send for a domain, read with everything that its record includes.

Source: RFC 7208. Its limits are those of the world: beyond ten terms that need a look-up (4.6.4), or two that find
nothing, receivers treat the whole record as broken.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from dataclasses import dataclass

from wagtail_precise_mail.delivery.domains.dns import Answer, Resolver

MOST_LOOKUPS, MOST_VOIDS = 10, 2

_RESULTS = {"+": "pass", "-": "fail", "~": "softfail", "?": "neutral"}
_TERM = re.compile(
    r"(?P<qualifier>[+?~-])?(?P<name>all|include|a|mx|ptr|ip4|ip6|exists)"
    r"(?::(?P<value>[^/\s]+))?(?:/(?P<cidr4>\d{1,2}))?(?://(?P<cidr6>\d{1,3}))?",
    re.IGNORECASE,
)
_IP6_TERM = re.compile(r"(?P<qualifier>[+?~-])?ip6:(?P<value>[0-9a-f:.]+(?:/\d{1,3})?)", re.IGNORECASE)
_MODIFIER = re.compile(r"(?P<name>[a-z][a-z0-9._-]*)=(?P<value>\S*)", re.IGNORECASE)
_MACRO = re.compile(r"%\{([a-z])(\d*)(r?)[^}]*\}", re.IGNORECASE)

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class SpfBroken(Exception):
    """A record that receivers cannot use.

    Attributes:
        code: of the finding that says why.
        term: what in the record is at fault.
    """

    def __init__(self, code: str, term: str = "") -> None:
        super().__init__(f"{code}: {term}")
        self.code = code
        self.term = term


@dataclass(frozen=True)
class Term:
    """One mechanism of a record, such as ``~include:example.com``."""

    qualifier: str
    name: str
    value: str = ""
    cidr4: str = ""
    cidr6: str = ""

    @property
    def needs_lookup(self) -> bool:
        return self.name in ("include", "a", "mx", "ptr", "exists")


@dataclass(frozen=True)
class SpfRecord:
    """A record in its parts; ``redirect`` is where to go on, or ""."""

    terms: tuple[Term, ...]
    redirect: str = ""

    @property
    def all_qualifier(self) -> str:
        """How it ends: "-", "~", "?", "+", or "" where it says nothing of everybody else."""
        return next((term.qualifier for term in self.terms if term.name == "all"), "")


def spf_records(domain: str, resolver: Resolver) -> list[str]:
    """Return the SPF records of a domain; more or fewer than one is a mistake."""
    return _only_spf(resolver.lookup(domain, "TXT"))


def parse(record: str) -> SpfRecord:
    """Return a record in its parts.

    Raises:
        SpfBroken: a term that is none.
    """
    terms, redirects = [], []
    for word in record.split()[1:]:
        if matched := _IP6_TERM.fullmatch(word) or _TERM.fullmatch(word):
            terms.append(_term(word, **{key: value or "" for key, value in matched.groupdict().items()}))
        elif modifier := _MODIFIER.fullmatch(word):
            if modifier["name"].lower() == "redirect":
                redirects.append(modifier["value"])
        else:
            raise SpfBroken("spf_invalid", word)
    if len(redirects) > 1 or redirects == [""]:
        raise SpfBroken("spf_invalid", "redirect=")
    # RFC 7208, 6.1: redirect counts only where there is no "all".
    is_redirected = redirects and not any(term.name == "all" for term in terms)
    return SpfRecord(tuple(terms), redirects[0] if is_redirected else "")


class Reading:
    """The record of a domain, read with everything it includes; counts what a receiver counts in the worst case.

    Raises:
        SpfBroken: receivers cannot use the record.
    """

    def __init__(self, domain: str, resolver: Resolver) -> None:
        self.lookups = 0
        self.voids = 0
        self.has_ptr = False
        self._resolver = resolver
        self._path: list[str] = []
        # Where it ends: its own, or where it is redirected to.
        self.all_qualifier = self._read(domain, "").all_qualifier
        # Said last, for what is broken inside of an include explains itself better.
        if self.lookups > MOST_LOOKUPS:
            raise SpfBroken("spf_lookups")
        if self.voids > MOST_VOIDS:
            raise SpfBroken("spf_voids")

    def _read(self, domain: str, asked_by: str) -> SpfRecord:
        domain = domain.lower().rstrip(".")
        if domain in self._path:
            raise SpfBroken("spf_loop", asked_by)
        records = _only_spf(self._lookup(domain, "TXT", is_counted=bool(asked_by)))
        if len(records) != 1:
            raise SpfBroken("spf_include_dead" if not records else "spf_include_several", asked_by)
        record = parse(records[0])
        self._path.append(domain)
        for term in record.terms:
            self._follow(term, domain)
        if record.redirect:
            self._count()
            record = self._read(_expanded(record.redirect, domain), f"redirect={record.redirect}")
        self._path.pop()
        return record

    def _follow(self, term: Term, domain: str) -> None:
        if not term.needs_lookup:
            return
        self._count()
        self.has_ptr |= term.name == "ptr"
        if term.name == "include":
            # A name made of the sender's address exists for mails only; it counts, and is not followed.
            if "%" not in _expanded(term.value, domain):
                self._read(_expanded(term.value, domain), f"include:{term.value}")
        elif term.name in ("a", "mx") and "%" not in (target := _expanded(term.value or domain, domain)):
            self._lookup(target, term.name.upper(), is_counted=True)

    def _lookup(self, name: str, kind: str, *, is_counted: bool) -> Answer:
        answer = self._resolver.lookup(name, kind)
        if is_counted and not answer.records and (kind != "A" or not self._resolver.lookup(name, "AAAA").records):
            self.voids += 1
        return answer

    def _count(self) -> None:
        self.lookups += 1
        # Far beyond the limit nothing new is learnt, and a hostile record would go on for ever.
        if self.lookups > 3 * MOST_LOOKUPS:
            raise SpfBroken("spf_lookups")


def check_host(address: str, domain: str, resolver: Resolver, *, depth: int = 0) -> str:
    """Return what a receiver makes of mail from an IP address: "pass", "fail", "softfail", "neutral" or "none".

    Raises:
        SpfBroken: a record on the way cannot be used.
    """
    records = spf_records(domain, resolver)
    if len(records) != 1:
        return "none"
    if depth > MOST_LOOKUPS:
        raise SpfBroken("spf_lookups")
    ip, record = ipaddress.ip_address(address), parse(records[0])
    for term in record.terms:
        if _matches(term, ip, domain, resolver, depth):
            return _RESULTS[term.qualifier]
    if record.redirect:
        return check_host(address, _expanded(record.redirect, domain), resolver, depth=depth + 1)
    return "neutral"


def _matches(term: Term, ip: Address, domain: str, resolver: Resolver, depth: int) -> bool:
    target = _expanded(term.value or domain, domain)
    if term.name == "include":
        return check_host(str(ip), target, resolver, depth=depth + 1) == "pass"
    if term.name in ("ip4", "ip6"):
        return any(ip in network for network in _networks([term.value], term, ip))
    if term.name == "a":
        return any(ip in network for network in _networks(addresses_of(target, resolver, ip.version), term, ip))
    if term.name == "mx":
        hosts = [exchange for exchange in exchanges_of(target, resolver) if exchange][:MOST_LOOKUPS]
        found = [address for host in hosts for address in addresses_of(host, resolver, ip.version)]
        return any(ip in network for network in _networks(found, term, ip))
    # "ptr" and "exists" depend on the mail; what they allow is not relied upon.
    return term.name == "all"


def addresses_of(host: str, resolver: Resolver, version: int | None = None) -> list[str]:
    """Return the IP addresses of a host; of one version, or of both."""
    kinds = {4: ["A"], 6: ["AAAA"], None: ["A", "AAAA"]}[version]
    return [address for kind in kinds for address in resolver.lookup(host, kind).records]


def exchanges_of(domain: str, resolver: Resolver) -> list[str]:
    """Return the mail servers of a domain, the first choice first; "" is the null MX of RFC 7505."""
    rows = [record.partition(" ") for record in resolver.lookup(domain, "MX").records]
    ordered = sorted(rows, key=lambda row: (int(row[0]) if row[0].isdigit() else 0, row[2]))
    return [row[2].rstrip(".") for row in ordered]


def _networks(addresses: list[str], term: Term, ip: Address) -> Iterator[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    length = term.cidr4 if ip.version == 4 else term.cidr6
    for address in addresses:
        network = ipaddress.ip_network(f"{address}/{length}" if length and "/" not in address else address, False)
        if network.version == ip.version:
            yield network


def _only_spf(answer: Answer) -> list[str]:
    return [text for text in answer.records if text.lower() == "v=spf1" or text.lower().startswith("v=spf1 ")]


def _term(word: str, qualifier: str, value: str, name: str = "ip6", cidr4: str = "", cidr6: str = "") -> Term:
    name = name.lower()
    if (name in ("include", "exists", "ip4", "ip6") and not value) or (name == "all" and (value or cidr4 or cidr6)):
        raise SpfBroken("spf_invalid", word)
    if name in ("ip4", "ip6"):
        try:
            network = ipaddress.ip_network(f"{value}/{cidr4}" if cidr4 else value, strict=False)
        except ValueError as error:
            raise SpfBroken("spf_invalid", word) from error
        if network.version != int(name[-1]):
            raise SpfBroken("spf_invalid", word)
    elif int(cidr4 or 0) > 32 or int(cidr6 or 0) > 128:
        raise SpfBroken("spf_invalid", word)
    return Term(qualifier or "+", name, value, cidr4, cidr6)


def _expanded(text: str, domain: str) -> str:
    """Fill in the one macro that is the same for every mail: the domain. Others stay."""
    return _MACRO.sub(lambda found: domain if found[1].lower() == "d" and not found[2] else found[0], text)
