"""Whose servers receive the mail of the domains that we write to, as their MX records say it.

A company whose mail Google hosts counts at Google like any Gmail address, so it must count in our limits, too. Name
servers are asked at night, for the domains that get much of our mail; workers read what was found.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db.models import Sum
from django.utils import timezone

from wagtail_precise_mail.delivery import mime
from wagtail_precise_mail.delivery.domains.dns import Answer, Careful, Resolver, configured_resolver
from wagtail_precise_mail.delivery.domains.models import DomainDay
from wagtail_precise_mail.delivery.pacing.groups import OTHERS, group_of, group_of_server
from wagtail_precise_mail.delivery.pacing.models import HostedDomain
from wagtail_precise_mail.exceptions import NoDnsAnswer, RenderError

LEAST_MESSAGES, OF_DAYS = 20, 30
"""Domains with fewer messages in so many days are not looked up: no limit is about them."""

GOOD_FOR = timedelta(days=30)
"""How long an answer counts. Companies seldom move their mail."""

_FORGOTTEN_AFTER = 3 * GOOD_FOR


def look_up_hosts(*, at: datetime, resolver: Resolver | None = None) -> int:
    """Ask for the mail servers of domains whose answer is missing or old, those with most mail first.

    A run asks for some seconds at the most; what is left, and what nobody answered, comes with the next one.

    Args:
        resolver: another one than that of the settings.

    Returns:
        How many domains were answered.

    Raises:
        MissingExtra: the extra ``deliverability`` is not installed.
    """
    HostedDomain.objects.filter(looked_at__lt=at - _FORGOTTEN_AFTER).delete()
    careful, found = Careful(resolver or configured_resolver()), []
    for domain in _due(at):
        try:
            group = _group_by_servers(domain, careful)
        except NoDnsAnswer:
            continue
        found.append(HostedDomain(domain=domain, group=group, looked_at=at))
    HostedDomain.objects.bulk_create(
        found, update_conflicts=True, unique_fields=["domain"], update_fields=["group", "looked_at"], batch_size=500
    )
    return len(found)


def hosted_groups() -> dict[str, str]:
    """Return the group of every domain that is known to be hosted by one, by domain in their order."""
    return dict(HostedDomain.objects.exclude(group=OTHERS).order_by("domain").values_list("domain", "group"))


def _due(at: datetime) -> Iterator[str]:
    known = set(HostedDomain.objects.filter(looked_at__gt=at - GOOD_FOR).values_list("domain", flat=True))
    days = DomainDay.objects.filter(on__gt=timezone.localdate(at) - timedelta(days=OF_DAYS)).exclude(domain="")
    busy = days.order_by().values("domain").annotate(messages=Sum("count")).filter(messages__gte=LEAST_MESSAGES)
    for domain in busy.order_by("-messages", "domain").values_list("domain", flat=True):
        if domain not in known and group_of(f"@{domain}") == OTHERS:
            yield domain


def _group_by_servers(domain: str, resolver: Resolver) -> str:
    try:
        name = mime.ascii_domain(domain)
    except RenderError:  # no such name can exist
        return OTHERS
    servers = _servers(resolver.lookup(name, "MX"))
    return group_of_server(servers[0]) if servers else OTHERS


def _servers(answer: Answer) -> list[str]:
    """Return the names of mail servers, the preferred one first; none for a domain that takes no mail (RFC 7505)."""
    pairs = [record.split() for record in answer.records]
    named = [(int(pair[0]), pair[1]) for pair in pairs if len(pair) == 2 and pair[0].isdigit()]
    return [host for _preference, host in sorted(named)]
