"""Jurisdictions as data: which holds for whom, and what several ask for together."""

from __future__ import annotations

from datetime import UTC, datetime, time

import pytest
from django.core.exceptions import ValidationError

from wagtail_precise_mail.contacts.jurisdictions import (
    ConsentKind,
    Deadline,
    Jurisdiction,
    is_quiet,
    jurisdictions,
    key_of,
    strictest,
)
from wagtail_precise_mail.contacts.legal_settings import LegalSettings


@pytest.mark.parametrize(
    ("country", "expected"),
    [
        ("CN", "pipl"),
        ("cn", "pipl"),
        ("DE", "gdpr"),
        ("GB", "gdpr"),
        ("US", "can_spam"),
        ("CA", "casl"),
        ("BR", "casl"),
        ("", "casl"),
    ],
)
def test_the_country_decides_and_else_the_site(country: str, expected: str) -> None:
    assert key_of(country, default="casl") == expected


def test_a_profile_that_is_gone_gives_way_to_the_strict_one() -> None:
    assert key_of("BR", default="atlantis") == "gdpr"


def test_every_profile_names_its_sources_and_a_country_belongs_to_one() -> None:
    seen: list[str] = []
    for _key, one in jurisdictions.items():
        assert one.sources
        seen += one.countries
    assert len(seen) == len(set(seen))


def test_the_stricter_value_wins() -> None:
    alone, together = strictest(["can_spam"]), strictest(["can_spam", "pipl"])
    assert (alone.consent, alone.needs_opt_out_of_profiling) == (ConsentKind.OPT_OUT, False)
    assert (together.consent, together.needs_opt_out_of_profiling) == (ConsentKind.PROVEN, True)
    assert together.deadline == Deadline(15, is_working_days=True)
    assert strictest(["gdpr", "can_spam"]).deadline == Deadline(30)


def test_quiet_hours_of_all_hold() -> None:
    quiet = Jurisdiction(
        label="Quiet",
        countries=frozenset({"XQ"}),
        consent=ConsentKind.OPT_IN,
        deadline=Deadline(1),
        sources=("none",),
        quiet_hours=(time(21), time(8)),
    )
    with jurisdictions.temporarily("quiet", quiet):
        assert strictest(["gdpr", "quiet"]).quiet_hours == ((time(21), time(8)),)
        assert key_of("XQ", default="gdpr") == "quiet"


@pytest.mark.parametrize(
    ("moment", "hours", "expected"),
    [
        (time(22), (time(21), time(8)), True),
        (time(7, 59), (time(21), time(8)), True),
        (time(8), (time(21), time(8)), False),
        (time(20, 59), (time(21), time(8)), False),
        (time(13), (time(12), time(14)), True),
        (time(14), (time(12), time(14)), False),
    ],
)
def test_quiet_hours_may_pass_midnight(moment: time, hours: tuple[time, time], expected: bool) -> None:
    assert is_quiet(moment, hours) is expected


@pytest.mark.parametrize(
    ("received", "expected"),
    [("2026-03-02", "2026-03-23"), ("2026-03-06", "2026-03-27"), ("2026-03-07", "2026-03-27")],
)
def test_working_days_leave_out_weekends(received: str, expected: str) -> None:
    due = Deadline(15, is_working_days=True).after(datetime.fromisoformat(received).replace(tzinfo=UTC))
    assert f"{due:%Y-%m-%d}" == expected


@pytest.mark.parametrize(
    ("language", "expected"),
    [("zh-hans", "【广告】"), ("zh-hant", "【广告】"), ("zh_CN", "【广告】"), ("en", "[AD] "), ("", "[AD] ")],
)
def test_the_label_follows_the_language(language: str, expected: str) -> None:
    assert jurisdictions.get("pipl").label_for(language) == expected
    assert jurisdictions.get("gdpr").label_for(language) == ""


@pytest.mark.parametrize(
    ("subject", "expected"),
    [
        ("【广告】新茶上市", True),
        ("[AD] New tea", True),
        ("AD: New tea", True),
        ("广告 新茶", True),
        ("（广告）新茶", True),
        ("Adam likes tea", False),
        ("ADAM likes tea", False),
        ("New tea [AD]", False),
        ("", False),
    ],
)
def test_a_label_that_is_there_is_seen(subject: str, expected: bool) -> None:
    assert jurisdictions.get("pipl").is_labelled(subject) is expected


def test_a_law_without_labels_asks_for_none() -> None:
    assert not jurisdictions.get("gdpr").is_labelled("[AD] New tea")


@pytest.mark.parametrize(
    "hours", [{"quiet_from": time(21)}, {"quiet_until": time(8)}, {"quiet_from": time(8), "quiet_until": time(8)}]
)
def test_half_quiet_hours_are_refused(hours: dict[str, time]) -> None:
    with pytest.raises(ValidationError):
        LegalSettings(**hours).clean()
