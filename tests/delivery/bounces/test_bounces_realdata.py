"""Real bounces of real servers, with the class that people gave them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from wagtail_precise_mail.delivery.bounces.kinds import Kind
from wagtail_precise_mail.delivery.bounces.parsing import Report, parse

pytestmark = pytest.mark.realdata


@pytest.fixture
def reports(real_data: Path) -> list[tuple[Report, list[dict[str, object]]]]:
    folder = real_data / "bounces"
    if not (folder / "expected.json").exists():
        pytest.skip("PRECISE_MAIL_DATA has no folder of bounces")
    expected = json.loads((folder / "expected.json").read_text())
    return [(parse((folder / name).read_bytes()), classes) for name, classes in sorted(expected.items())]


def test_recipient_or_message_is_found_in_nearly_all(reports: list[tuple[Report, list[dict[str, object]]]]) -> None:
    named = [any(entry.recipient for entry in report.entries) for report, _classes in reports]
    assert sum(named) >= 0.97 * len(reports)
    assert sum(
        bool(report.references) or has for (report, _classes), has in zip(reports, named, strict=True)
    ) >= 0.99 * len(reports)


def test_hard_and_soft_agree_in_nine_of_ten(reports: list[tuple[Report, list[dict[str, object]]]]) -> None:
    agreed = [
        bool(report.entries)
        and any(entry.kind == Kind.HARD for entry in report.entries) == any(one["hard"] for one in classes)
        for report, classes in reports
    ]
    assert sum(agreed) >= 0.92 * len(reports)


def test_automatic_answers_are_never_bounces(reports: list[tuple[Report, list[dict[str, object]]]]) -> None:
    answers = [report for report, classes in reports if {one["reason"] for one in classes} == {"vacation"}]
    assert answers
    assert {entry.kind for report in answers for entry in report.entries} <= {Kind.VACATION, Kind.AUTO_REPLY}
