"""The registry of checks: levels by setting, checks of the project, and what a broken one does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.checks import run_checks as run_system_checks

from tests.emails.checks import all_found, button, found
from wagtail_precise_mail.emails.checks import EmailCheck, EmailFacts, Finding, Level, email_checks
from wagtail_precise_mail.exceptions import ConfigurationError

pytestmark = pytest.mark.django_db


class Whisper(EmailCheck):
    """Finds something in every email."""

    label = "Whisper"
    level = Level.HINT

    def run(self, facts: EmailFacts) -> Iterator[Finding]:
        yield self.finding("Psst.", "Be quiet.", block=facts.blocks[0])


class Broken(EmailCheck):
    """Has a fault."""

    label = "Broken"
    level = Level.ERROR

    def run(self, facts: EmailFacts) -> Iterator[Finding]:
        yield self.finding("One.", "")
        raise KeyError("missing")


def with_levels(settings: Any, **levels: Any) -> None:
    settings.WAGTAIL_PRECISE_MAIL = {**settings.WAGTAIL_PRECISE_MAIL, "check_levels": levels}


def test_check_of_the_project_finds_at_its_block() -> None:
    raw = button()
    with email_checks.temporarily("whisper", Whisper):
        (finding,) = found("whisper", raw)
    assert finding == Finding("hint", "Psst.", "Be quiet.", "Button, block 1", "whisper", raw["id"])


@pytest.mark.parametrize("level", ["hint", "warning", "error"])
def test_project_chooses_the_level(settings: Any, level: str) -> None:
    with_levels(settings, subject_missing=level)
    (finding,) = found("subject_missing", subject="")
    assert finding.level == level
    assert finding.is_error == (level == "error")


def test_project_turns_a_check_off(settings: Any) -> None:
    assert found("subject_missing", subject="")
    with_levels(settings, subject_missing="off")
    assert found("subject_missing", subject="") == []


def test_level_of_an_unknown_check_is_refused_with_the_known_ones(settings: Any) -> None:
    with_levels(settings, subject_mising="off")
    with pytest.raises(ConfigurationError, match=r"subject_mising.*Registered: .*subject_missing"):
        all_found()


def test_unknown_check_is_a_system_check(settings: Any) -> None:
    with_levels(settings, subject_mising="off")
    assert "wagtail_precise_mail.E001" in [message.id for message in run_system_checks()]


def test_a_check_that_fails_says_so_and_lets_the_others_run(caplog: pytest.LogCaptureFixture) -> None:
    with email_checks.temporarily("broken", Broken):
        findings = all_found(subject="")
    assert "“Broken” failed" in next(finding.message for finding in findings if finding.key == "broken")
    assert any(finding.key == "subject_missing" for finding in findings)
    assert "KeyError" in caplog.text


def test_findings_go_from_bad_to_good_and_from_top_to_bottom() -> None:
    findings = all_found(button(label=""), button(url=""), subject="", preheader="")
    errors = [finding.place for finding in findings if finding.is_error]
    assert errors == ["Subject", "Button, block 1", "Button, block 2"]
    assert [finding.order for finding in findings] == sorted(finding.order for finding in findings)


def test_every_check_says_what_it_is() -> None:
    for key, check in email_checks.items():
        assert str(check.label), key
        assert check.__doc__, key
        assert check.level in Level.values, key
