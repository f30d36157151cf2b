"""The checks of a domain that mail comes from: SPF, DKIM, DMARC, how they fit together, and whether answers arrive."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial

from wagtail_precise_mail.delivery.domains import dkim, dmarc, spf
from wagtail_precise_mail.delivery.domains.dkim import Key
from wagtail_precise_mail.delivery.domains.dmarc import DmarcRecord
from wagtail_precise_mail.delivery.domains.dns import Resolver
from wagtail_precise_mail.delivery.domains.findings import Finding, Record
from wagtail_precise_mail.delivery.domains.organizations import is_aligned, organization_of
from wagtail_precise_mail.exceptions import NoDnsAnswer


@dataclass
class SenderChecks:
    """All about one domain that mail comes from; each step leaves what the next ones need.

    Attributes:
        domain: behind the @ of the sender, in ASCII.
        return_path: the domain to which bounces go, which SPF is about.
        hosts: IP addresses that hand mail over to the world; none are not known.
    """

    domain: str
    return_path: str
    hosts: Sequence[str]
    resolver: Resolver
    spf_serves: bool | None = field(default=None, init=False)
    keys: list[Key] | None = field(default=None, init=False)
    dmarc: DmarcRecord | None = field(default=None, init=False)

    def run(self) -> list[Finding]:
        """Return the findings of every check, in the order in which a person should read them."""
        if not self._exists():
            return [Finding("domain", "domain_missing", {"domain": self.domain})]
        steps = {
            "spf": self._spf,
            "dkim": self._dkim,
            "dmarc": self._dmarc,
            "alignment": self._alignment,
            "mx": self._mx,
            "bimi": self._bimi,
            "mta_sts": self._mta_sts,
        }
        return [finding for check, step in steps.items() for finding in answered(check, step)]

    def _exists(self) -> bool:
        try:
            return any(self.resolver.lookup(self.domain, kind).is_name for kind in ("MX", "TXT"))
        except NoDnsAnswer:
            return True  # each check says for itself that nobody answered

    def _spf(self) -> Iterable[Finding]:
        domain, here = self.return_path, {"domain": self.return_path}
        records = spf.spf_records(domain, self.resolver)
        make = partial(Finding, "spf", found=" | ".join(records))
        if len(records) != 1:
            self.spf_serves = False
            code = "spf_several" if records else "spf_missing"
            yield make(code, {**here, "count": len(records)}, publish=self._spf_to_publish(records))
            return
        try:
            reading = spf.Reading(domain, self.resolver)
        except spf.SpfBroken as broken:
            self.spf_serves = False
            yield make(broken.code, {**here, "term": broken.term})
            return
        self.spf_serves = reading.all_qualifier != "+"
        yield make(
            _spf_code(reading), {**here, "lookups": reading.lookups}, publish=_closed(domain, records[0], reading)
        )
        if reading.has_ptr:
            yield make("spf_ptr", here)
        yield from self._spf_hosts(make)

    def _spf_hosts(self, make: Callable[..., Finding]) -> Iterable[Finding]:
        for host in self.hosts:
            try:
                result = spf.check_host(host, self.return_path, self.resolver)
            except spf.SpfBroken:
                continue  # of what is broken for the whole record, the reading has told
            if result != "pass":
                self.spf_serves = False
                yield make("spf_host", {"domain": self.return_path, "host": host, "result": result})

    def _spf_to_publish(self, records: list[str]) -> Record:
        if records:
            parsed = [word for text in records for word in text.split()[1:] if not word.lower().endswith("all")]
            words = " ".join(dict.fromkeys(parsed))
        else:
            words = " ".join(f"ip{6 if ':' in host else 4}:{host}" for host in self.hosts) or "include:PROVIDER"
        return Record(self.return_path, "TXT", f"v=spf1 {words} ~all")

    def _dkim(self) -> Iterable[Finding]:
        configured = dkim.configured_signatures(self.domain)
        places = dict.fromkeys([self.domain, organization_of(self.domain)])
        asked = configured or [dkim.Signature(name, place) for place in places for name in dkim.COMMON_SELECTORS]
        self.keys = dkim.find_keys(asked, self.resolver)
        if not self.keys and not configured:
            self.keys = None  # there may be one under a name that nobody told
            yield Finding("dkim", "dkim_not_found", {"domain": self.domain})
            return
        published = {key.signature for key in self.keys}
        for signature in configured:
            if signature not in published:
                yield _key_finding("dkim_missing", signature)
        for key in self.keys:
            yield _key_finding(key.code, key.signature, bits=key.bits, found=key.record)

    def _dmarc(self) -> Iterable[Finding]:
        here = {"domain": self.domain}
        try:
            record = dmarc.find_dmarc(self.domain, self.resolver)
        except dmarc.DmarcBroken as broken:
            yield Finding("dmarc", broken.code, here, found=broken.text, publish=self._dmarc_to_publish())
            return
        self.dmarc = record
        if record is None:
            yield Finding("dmarc", "dmarc_missing", here, publish=self._dmarc_to_publish())
            return
        params = {"domain": record.domain, "policy": record.policy, "percent": record.percent}
        yield Finding("dmarc", "dmarc_watch" if record.policy == "none" else "dmarc_good", params, found=record.text)
        for code in _dmarc_gaps(record):
            yield Finding("dmarc", code, params)
        for other in dmarc.refused_reports(record, self.resolver):
            publish = Record(f"{record.domain}._report._dmarc.{other}", "TXT", "v=DMARC1")
            yield Finding("dmarc", "dmarc_reports_refused", {**params, "other": other}, publish=publish)

    def _dmarc_to_publish(self) -> Record:
        domain = organization_of(self.domain)
        return Record(f"_dmarc.{domain}", "TXT", f"v=DMARC1; p=none; rua=mailto:dmarc@{domain}")

    def _alignment(self) -> Iterable[Finding]:
        is_spf_strict = self.dmarc is not None and self.dmarc.is_spf_strict
        is_dkim_strict = self.dmarc is not None and self.dmarc.is_dkim_strict
        is_same_name = is_aligned(self.return_path, self.domain, is_strict=is_spf_strict)
        by_spf = is_same_name and self.spf_serves is not False
        signers = [key.signature.domain for key in self.keys or [] if key.is_usable]
        by_dkim = any(is_aligned(signer, self.domain, is_strict=is_dkim_strict) for signer in signers)
        params = {
            "domain": self.domain,
            "return_path": self.return_path,
            "signer": ", ".join(dict.fromkeys(signers)),
            "organization": organization_of(self.domain),
        }
        code = _alignment_code(by_spf, by_dkim, is_known=self.keys is not None)
        if code == "align_none" and not signers:
            code = "align_unproved" if is_same_name else "align_unsigned"
        yield Finding("alignment", code, params)
        if is_spf_strict or is_dkim_strict:
            yield Finding("alignment", "align_strict", params)

    def _mx(self) -> Iterable[Finding]:
        here = {"domain": self.domain}
        exchanges = spf.exchanges_of(self.domain, self.resolver)
        found = ", ".join(exchanges)
        if not exchanges:
            code = "mx_address" if spf.addresses_of(self.domain, self.resolver) else "mx_none"
            yield Finding("mx", code, here, publish=Record(self.domain, "MX", f"10 mail.{self.domain}"))
        elif not any(exchanges):
            yield Finding("mx", "mx_null", here, found="0 .")
        elif dead := [host for host in exchanges if host and not spf.addresses_of(host, self.resolver)]:
            code = "mx_dead" if len(dead) == len(exchanges) else "mx_partly"
            yield Finding("mx", code, {**here, "hosts": ", ".join(dead)}, found=found)
        else:
            yield Finding("mx", "mx_good", {**here, "hosts": found}, found=found)

    def _bimi(self) -> Iterable[Finding]:
        name = f"default._bimi.{organization_of(self.domain)}"
        found = [text for text in self.resolver.lookup(name, "TXT").records if text.startswith("v=BIMI1")]
        yield Finding("bimi", "bimi_good" if found else "bimi_none", {"name": name}, found=" | ".join(found))

    def _mta_sts(self) -> Iterable[Finding]:
        name = f"_mta-sts.{self.domain}"
        found = [text for text in self.resolver.lookup(name, "TXT").records if text.startswith("v=STSv1")]
        yield Finding("mta_sts", "mta_sts_good" if found else "mta_sts_none", {"name": name}, found=" | ".join(found))


def answered(check: str, step: Callable[[], Iterable[Finding]]) -> list[Finding]:
    """Return what a step finds, and at the place where nobody answered that it is not known."""
    findings: list[Finding] = []
    try:
        findings.extend(step())
    except NoDnsAnswer as error:
        findings.append(Finding(check, "no_answer", {"question": str(error)[:200]}))
    return findings


def _spf_code(reading: spf.Reading) -> str:
    return {"-": "spf_good", "~": "spf_good", "+": "spf_open"}.get(reading.all_qualifier, "spf_neutral")


def _closed(domain: str, record: str, reading: spf.Reading) -> Record | None:
    """Return the record with an end that means something; None where it has one, or ends in somebody else's."""
    if reading.all_qualifier in ("-", "~") or "redirect=" in record.lower():
        return None
    words = [word for word in record.split() if word.lower().lstrip("+?") != "all"]
    return Record(domain, "TXT", " ".join([*words, "~all"]))


def _dmarc_gaps(record: DmarcRecord) -> Iterable[str]:
    """Return the codes of what a policy leaves open."""
    if record.policy != "none" and record.percent < 100:
        yield "dmarc_partial"
    if record.policy != "none" and record.subdomain_policy == "none":
        yield "dmarc_subdomains"
    if not record.report_domains:
        yield "dmarc_no_reports"


def _key_finding(code: str, signature: dkim.Signature, *, bits: int = 0, found: str = "") -> Finding:
    params = {"selector": signature.selector, "domain": signature.domain, "bits": bits}
    renewed = ("dkim_missing", "dkim_revoked", "dkim_short", "dkim_invalid", "dkim_sha1")
    # Only the mail server knows the key; its name and the shape of the record are all that we can say.
    publish = Record(signature.name, "TXT", "v=DKIM1; k=rsa; p=PUBLIC_KEY") if code in renewed else None
    return Finding("dkim", code, params, found=found, publish=publish)


def _alignment_code(by_spf: bool, by_dkim: bool, *, is_known: bool) -> str:
    if by_dkim:
        return "align_both" if by_spf else "align_dkim"
    if by_spf:
        return "align_spf" if is_known else "align_spf_only"
    return "align_none" if is_known else "align_unknown"
