"""Reports of domains in the reader's words, one line for each check: what the page shows and the command prints."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from wagtail_precise_mail.delivery.domains.findings import Finding, Level, Record
from wagtail_precise_mail.delivery.domains.models import DomainReport
from wagtail_precise_mail.delivery.domains.services import level_of_all
from wagtail_precise_mail.delivery.domains.words import CHECKS, WORDS, found_in_words, todo_in_words


@dataclass(frozen=True)
class Result:
    """One finding in words.

    Attributes:
        raw: the record or header as it is, or "".
    """

    level: Level
    found: str
    todo: str
    raw: str
    publish: Record | None


@dataclass(frozen=True)
class CheckLine:
    """One check with everything it found."""

    key: str
    label: str
    why: str
    level: Level
    results: list[Result]


def lines_of(report: DomainReport) -> list[CheckLine]:
    """Return the checks of a report, in the order in which a person should read them."""
    by_check: dict[str, list[Finding]] = defaultdict(list)
    for finding in report.found:
        by_check[finding.check].append(finding)
    return [_line(key, by_check[key]) for key in CHECKS if key in by_check]


def _line(key: str, findings: Sequence[Finding]) -> CheckLine:
    results = [
        Result(
            WORDS[finding.code].level,
            found_in_words(finding),
            todo_in_words(finding),
            finding.found,
            finding.publish,
        )
        for finding in findings
    ]
    check = CHECKS[key]
    return CheckLine(key, str(check.label), str(check.why), Level(level_of_all(findings)), results)
