"""The checks of the other places behind a mail: where its links lead, and the servers that hand it over."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Sequence
from urllib.parse import urlsplit

from wagtail_precise_mail.contacts.hygiene.addresses import is_lookalike
from wagtail_precise_mail.delivery.domains import dmarc
from wagtail_precise_mail.delivery.domains.dns import Resolver
from wagtail_precise_mail.delivery.domains.findings import Finding, Record
from wagtail_precise_mail.delivery.domains.organizations import organization_of
from wagtail_precise_mail.delivery.domains.sender_checks import answered
from wagtail_precise_mail.delivery.domains.spf import addresses_of

SHORTENERS = frozenset(
    {
        "bit.ly", "buff.ly", "cutt.ly", "goo.gl", "is.gd", "lnkd.in", "ow.ly", "rb.gy", "rebrand.ly", "short.io",
        "shorturl.at", "t.co", "t.ly", "tiny.cc", "tinyurl.com", "v.gd", "dwz.cn", "suo.im", "t.cn", "url.cn",
    }
)  # fmt: skip
"""Shared by everybody, those who cheat included: filters judge links through them by the worst."""

# Names that providers give to whole networks, such as 5-113-0-203.dsl.example.net.
_GENERIC = re.compile(r"(dsl|dial|dyn|dynamic|pool|ppp|cust|client|broadband|dhcp)", re.IGNORECASE)


def check_links(base_url: str, sender_domains: Sequence[str], resolver: Resolver) -> list[Finding]:
    """Return what there is to say about the scheme and host of the links in our mails."""
    return answered("links", lambda: _links(base_url, sender_domains, resolver))


def check_hosts(hosts: Sequence[str], resolver: Resolver) -> tuple[list[str], list[Finding]]:
    """Return the IP addresses of the servers that hand mail over, and what there is to say about them."""
    found: list[str] = []
    findings: list[Finding] = []
    for host in hosts:
        findings += answered("ptr", lambda host=host: _host(host, found, resolver))  # type: ignore[misc]
    return found, findings or [Finding("ptr", "ptr_unknown")]


def _links(base_url: str, sender_domains: Sequence[str], resolver: Resolver) -> Iterable[Finding]:
    parts = urlsplit(base_url)
    shown = parts.hostname or ""
    host = _ascii(shown)
    params = {"domain": host, "senders": ", ".join(sender_domains)}
    if "." not in host or _is_address(host):
        yield Finding("links", "links_local", params)
        return
    if organization_of(host) in SHORTENERS:
        yield Finding("links", "links_shortener", params)
        return
    if not addresses_of(host, resolver):
        yield Finding("links", "links_missing", params, publish=Record(host, "A", "ADDRESS_OF_YOUR_SITE"))
    elif is_lookalike(_unicode(shown)):
        yield Finding("links", "links_lookalike", {**params, "shown": _unicode(shown)})
    elif any(organization_of(domain) != organization_of(host) for domain in sender_domains):
        yield Finding("links", "links_other", params)
    else:
        yield Finding("links", "links_good", params)
    if parts.scheme != "https":
        yield Finding("links", "links_plain", params)
    yield from _link_policy(host, sender_domains, resolver)


def _link_policy(host: str, sender_domains: Sequence[str], resolver: Resolver) -> Iterable[Finding]:
    """Say whether anybody may write as the domain of the links; of senders' own domains, their checks have told."""
    organization = organization_of(host)
    if any(organization_of(domain) == organization for domain in sender_domains):
        return
    try:
        is_guarded = dmarc.find_dmarc(host, resolver) is not None
    except dmarc.DmarcBroken:
        is_guarded = False
    if not is_guarded:
        record = Record(f"_dmarc.{organization}", "TXT", "v=DMARC1; p=reject")
        yield Finding("links", "links_unguarded", {"domain": organization}, publish=record)


def _host(host: str, found: list[str], resolver: Resolver) -> Iterable[Finding]:
    addresses = [host] if _is_address(host) else addresses_of(host, resolver)
    if not addresses:
        yield Finding("ptr", "ptr_no_host", {"host": host}, publish=Record(host, "A", "ADDRESS_OF_THE_SERVER"))
    for address in addresses:
        found.append(address)
        yield _reverse(host, address, resolver)


def _reverse(host: str, address: str, resolver: Resolver) -> Finding:
    """Say whether the address has a name, and the name the address: forward-confirmed reverse DNS."""
    pointer = ipaddress.ip_address(address).reverse_pointer
    names = resolver.lookup(pointer, "PTR").records
    params = {"address": address, "name": ", ".join(names)}
    wanted = f"mail.{host}" if _is_address(host) else host
    if not names:
        value = "NAME_OF_THE_SERVER" if _is_address(host) else wanted
        return Finding("ptr", "ptr_missing", params, publish=Record(pointer, "PTR", value))
    confirmed = [name for name in names if address in addresses_of(name, resolver)]
    if not confirmed:
        kind = "AAAA" if ":" in address else "A"
        return Finding("ptr", "ptr_differs", params, publish=Record(names[0], kind, address))
    code = "ptr_generic" if all(map(_GENERIC.search, confirmed)) else "ptr_good"
    return Finding("ptr", code, params, found=names[0])


def _ascii(host: str) -> str:
    try:
        return host.encode("idna").decode()
    except UnicodeError:  # it cannot be looked up, and so has no address
        return host


def _unicode(host: str) -> str:
    try:
        return host.encode("ascii").decode("idna")
    except UnicodeError:  # it is Unicode already, or nothing that could be read
        return host


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
