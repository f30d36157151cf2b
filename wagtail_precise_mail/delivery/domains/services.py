"""Looking at every domain behind our mail, and keeping what was found; the name system is asked nowhere else."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from importlib.util import find_spec

from django.db import transaction
from wagtail.models import Site

from wagtail_precise_mail.conf import options
from wagtail_precise_mail.contacts.addresses import domain_of
from wagtail_precise_mail.contacts.freshness import note_success
from wagtail_precise_mail.delivery import mime
from wagtail_precise_mail.delivery.domains.dns import NEEDS, Careful, Resolver, configured_resolver
from wagtail_precise_mail.delivery.domains.findings import Finding, Level, worst
from wagtail_precise_mail.delivery.domains.headers import check_message
from wagtail_precise_mail.delivery.domains.models import DomainReport
from wagtail_precise_mail.delivery.domains.place_checks import check_hosts, check_links
from wagtail_precise_mail.delivery.domains.samples import latest_sample
from wagtail_precise_mail.delivery.domains.sender_checks import SenderChecks
from wagtail_precise_mail.delivery.domains.words import level_of
from wagtail_precise_mail.emails.senders import SenderIdentity
from wagtail_precise_mail.emails.sites import base_url_of
from wagtail_precise_mail.exceptions import MissingExtra, RenderError

logger = logging.getLogger(__name__)

JOB = "check_domains"
PACKAGES = ("dns", "publicsuffixlist")

Role = DomainReport.Role


def is_available() -> bool:
    """Whether the extra ``deliverability`` is installed."""
    return all(find_spec(package) is not None for package in PACKAGES)


def senders_by_domain() -> dict[str, list[SenderIdentity]]:
    """Return the senders of each domain, in ASCII as it stands in the name system."""
    found: dict[str, list[SenderIdentity]] = defaultdict(list)
    for sender in SenderIdentity.objects.order_by("address"):
        domain = sender.address.rpartition("@")[2]
        try:
            found[mime.ascii_domain(domain)].append(sender)
        except RenderError:  # no mail can leave from it; whoever sends is told so
            found[domain].append(sender)
    return dict(found)


def check_domains(*, at: datetime, resolver: Resolver | None = None) -> list[DomainReport]:
    """Look at the domains of all senders and links and at the servers, and keep what was found instead of the last.

    Takes as long as name servers do: for workers and commands, never for a page.

    Args:
        resolver: another one than that of the settings.

    Raises:
        MissingExtra: the extra ``deliverability`` is not installed.
    """
    if not is_available():
        raise MissingExtra(NEEDS)
    resolver = resolver or configured_resolver()
    senders = senders_by_domain()
    hosts, host_findings = check_hosts(options().sending_hosts, Careful(resolver))
    found = {(Role.HOSTS, ""): host_findings}
    for domain, identities in senders.items():
        addresses = [identity.address for identity in identities]
        found[Role.SENDER, domain] = _sender_findings(domain, addresses, hosts, Careful(resolver), at)
    for base_url in dict.fromkeys(map(base_url_of, Site.objects.select_related("root_page"))):
        found[Role.LINKS, base_url] = check_links(base_url, list(senders), Careful(resolver))
    return _keep(found, at)


def level_of_all(findings: Sequence[Finding]) -> str:
    """Return the worst level of some findings; what is only optional does not count beside others."""
    levels = [level for finding in findings if (level := level_of(finding))]
    return worst([level for level in levels if level != Level.OPTIONAL] or levels)


def _sender_findings(
    domain: str, addresses: list[str], hosts: Sequence[str], resolver: Resolver, at: datetime
) -> list[Finding]:
    sample = latest_sample(addresses, at=at)
    # What stands on the envelope of a real mail; the address itself where nothing has left yet.
    return_path = domain_of(sample.envelope.sender) if sample else domain
    findings = SenderChecks(domain, return_path, hosts, resolver).run()
    if sample is None:
        return [*findings, Finding("headers", "headers_none")]
    return [*findings, *check_message(sample.envelope.content, is_marketing=sample.is_marketing)]


def _keep(found: dict[tuple[Role, str], list[Finding]], at: datetime) -> list[DomainReport]:
    kept = []
    with transaction.atomic():
        for (role, name), findings in found.items():
            values = {
                "findings": [finding.to_json() for finding in findings],
                "level": level_of_all(findings),
                "checked_at": at,
            }
            kept.append(DomainReport.objects.update_or_create(role=role, name=name, defaults=values)[0])
        kept.sort(key=lambda report: (report.role, report.name))
        DomainReport.objects.exclude(pk__in=[report.pk for report in kept]).delete()
        note_success(JOB, at)
    for report in kept:
        if report.level == Level.BROKEN:
            logger.warning("Mail of %s suffers: %s", report.name or report.role, _codes(report))
    return kept


def _codes(report: DomainReport) -> str:
    return ", ".join(finding.code for finding in report.found if level_of(finding) == Level.BROKEN)
