"""DMARC: what a domain asks receivers to do with mail that is not its own.

Source: RFC 7489: 6.3 (tags), 6.6.3 (where the record is looked for) and 7.1 (reports to another domain).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from wagtail_precise_mail.delivery.domains.dkim import parse_tags
from wagtail_precise_mail.delivery.domains.dns import Resolver
from wagtail_precise_mail.delivery.domains.organizations import is_aligned, organization_of

POLICIES = ("none", "quarantine", "reject")

_MAILTO = re.compile(r"mailto:[^@\s!]+@([^!,\s]+)", re.IGNORECASE)


@dataclass(frozen=True)
class DmarcRecord:
    """A record, and where it was found.

    Attributes:
        domain: that it stands at: the one asked about, or its organizational domain.
        policy: that holds for the domain asked about.
        report_domains: to whose mailboxes reports go.
    """

    domain: str
    text: str
    policy: str
    subdomain_policy: str
    percent: int
    is_dkim_strict: bool
    is_spf_strict: bool
    report_domains: tuple[str, ...]


class DmarcBroken(Exception):
    """A record that receivers ignore.

    Attributes:
        code: of the finding that says why.
        text: the record, or all of them.
    """

    def __init__(self, code: str, text: str) -> None:
        super().__init__(f"{code}: {text}")
        self.code = code
        self.text = text


def find_dmarc(domain: str, resolver: Resolver) -> DmarcRecord | None:
    """Return the record that holds for a domain, its own or that of its organization; None where there is none.

    Raises:
        DmarcBroken: there is one that receivers ignore.
    """
    for place in dict.fromkeys([domain, organization_of(domain)]):
        found = [text for text in resolver.lookup(f"_dmarc.{place}", "TXT").records if _is_dmarc(text)]
        if len(found) > 1:
            raise DmarcBroken("dmarc_several", " | ".join(found))
        if found:
            return _parse(found[0], place, is_inherited=place != domain)
    return None


def refused_reports(record: DmarcRecord, resolver: Resolver) -> list[str]:
    """Return the domains that get reports without having agreed to it, so that nobody sends them."""
    return [
        other
        for other in record.report_domains
        if not is_aligned(other, record.domain)
        and not any(map(_is_dmarc, resolver.lookup(f"{record.domain}._report._dmarc.{other}", "TXT").records))
    ]


def _parse(text: str, domain: str, *, is_inherited: bool) -> DmarcRecord:
    tags = {name.lower(): value for name, value in parse_tags(text).items()}
    policy = tags.get("p", "").lower()
    subdomain_policy = tags.get("sp", policy).lower()
    percent = tags.get("pct", "100")
    if policy not in POLICIES or subdomain_policy not in POLICIES or not (percent.isdigit() and int(percent) <= 100):
        raise DmarcBroken("dmarc_invalid", text)
    return DmarcRecord(
        domain=domain,
        text=text,
        policy=subdomain_policy if is_inherited else policy,
        subdomain_policy=subdomain_policy,
        percent=int(percent),
        is_dkim_strict=tags.get("adkim", "r").lower() == "s",
        is_spf_strict=tags.get("aspf", "r").lower() == "s",
        report_domains=tuple(
            dict.fromkeys(found.lower().rstrip(".") for found in _MAILTO.findall(tags.get("rua", "")))
        ),
    )


def _is_dmarc(text: str) -> bool:
    # RFC 7489, 6.3: the version comes first, and exactly so.
    return re.match(r"v\s*=\s*DMARC1\s*(;|$)", text) is not None
