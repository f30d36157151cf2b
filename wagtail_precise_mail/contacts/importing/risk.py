"""How a list looks: what makes it likely that it was bought, scraped or forgotten in a drawer."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext_lazy as _

from wagtail_precise_mail.contacts.hygiene.addresses import Flaw, Resolver, examine_domain, is_role
from wagtail_precise_mail.contacts.importing.reading import ContactRow

OLD_AFTER = timedelta(days=730)
SMALLEST = 20
"""Rows below which shares say nothing; such a list is judged by its domains alone."""
DOMAINS_ASKED = 500
"""Different domains that a resolver is asked about; the rest goes by without."""

# Shares in percent above which a list is suspicious.
MEASURES = {
    "invalid": (_("Addresses that are none"), 5.0),
    "role": (_("Addresses of roles (info@, sales@)"), 10.0),
    "disposable": (_("Disposable mailboxes"), 2.0),
    "lookalike": (_("Domains with letters that look like others"), 0.0),
    "typo": (_("Domains with a slip of the finger"), 5.0),
    "unknown": (_("Domains that take no mail"), 5.0),
    "old": (_("Opted in more than two years ago"), 30.0),
}


@dataclass(frozen=True)
class Measure:
    """One share, its limit, and whether it is above."""

    key: str
    label: str
    count: int
    percent: float
    limit: float
    says_something: bool = True

    @property
    def is_bad(self) -> bool:
        """Whether this alone makes the list suspicious."""
        return self.says_something and self.percent > self.limit


class RiskScan:
    """Counts while rows go by.

    Args:
        counts: what was counted before, when an import goes on.
        resolver: says whether a domain takes mail; None leaves that out.
    """

    def __init__(self, counts: dict[str, int], *, at: datetime, resolver: Resolver | None = None) -> None:
        self.counts: Counter[str] = Counter(counts)
        self._old_before = at - OLD_AFTER
        self._resolver = resolver
        self._asked: dict[str, bool] = {}

    def add(self, row: ContactRow) -> None:
        """Count one address."""
        self.counts["addresses"] += 1
        flaws = examine_domain(row.domain)
        for flaw in (Flaw.DISPOSABLE, Flaw.LOOKALIKE, Flaw.TYPO):
            self.counts[flaw.value] += flaw in flaws
        self.counts["role"] += is_role(row.email.rpartition("@")[0].lower())
        self.counts["unknown"] += self._is_unknown(row.domain)
        given = row.moments.get("confirmed_at") or row.moments.get("opted_in_at")
        self.counts["old"] += bool(given and given < self._old_before)

    def add_invalid(self) -> None:
        """Count a row whose address is none."""
        self.counts["addresses"] += 1
        self.counts["invalid"] += 1

    def _is_unknown(self, domain: str) -> bool:
        if self._resolver is None:
            return False
        if domain not in self._asked:
            if len(self._asked) >= DOMAINS_ASKED:
                return False
            self._asked[domain] = self._resolver(domain) is False
        return self._asked[domain]


def assess(counts: dict[str, int]) -> list[Measure]:
    """Return every measure of a list."""
    total = counts.get("addresses", 0)
    measured = []
    for key, (label, limit) in MEASURES.items():
        count = counts.get(key, 0)
        percent = 100 * count / total if total else 0.0
        # Of a handful, one bad address is a large share and no evidence.
        is_small = total < SMALLEST and key != "lookalike" and count < 3
        measured.append(Measure(key, str(label), count, percent, limit, says_something=not is_small))
    return measured


def is_suspicious(counts: dict[str, int]) -> bool:
    """Whether somebody has to look at this list before anybody on it gets mail."""
    return any(measure.is_bad for measure in assess(counts))
