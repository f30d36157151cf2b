"""What the checks of a domain find, and how they fit together."""

from __future__ import annotations

from typing import Any

import pytest
from pytest_django import Settings

from tests.delivery.domains.zones import good_zones, resolver, rsa_key, txt
from wagtail_precise_mail.delivery.domains.dns import Careful, MemoryResolver
from wagtail_precise_mail.delivery.domains.findings import Finding
from wagtail_precise_mail.delivery.domains.place_checks import check_hosts, check_links
from wagtail_precise_mail.delivery.domains.presenting import lines_of
from wagtail_precise_mail.delivery.domains.sender_checks import SenderChecks
from wagtail_precise_mail.delivery.domains.services import level_of_all
from wagtail_precise_mail.delivery.domains.words import CHECKS, WORDS, found_in_words, todo_in_words
from wagtail_precise_mail.models import DomainReport

DMARC = "_dmarc.shop.example"
KEY = "mail._domainkey.shop.example"


def check(
    changes: dict[str, Any] | None = None, *, return_path: str = "shop.example", hosts: tuple[str, ...] = ()
) -> list[Finding]:
    return SenderChecks("shop.example", return_path, hosts, resolver(changes)).run()


def codes(findings: list[Finding], *checks: str) -> list[str]:
    return [finding.code for finding in findings if finding.check in checks]


def test_a_domain_in_order_is_good() -> None:
    findings = check(hosts=("192.0.2.10",))

    assert codes(findings, "spf", "dkim", "dmarc", "alignment", "mx") == [
        "spf_good",
        "dkim_good",
        "dmarc_good",
        "align_both",
        "mx_good",
    ]
    assert level_of_all(findings) == "good"


def test_a_domain_that_does_not_exist_is_told_at_once() -> None:
    findings = SenderChecks("nobody.example", "nobody.example", (), resolver()).run()

    assert [finding.code for finding in findings] == ["domain_missing"]


def test_a_missing_spf_record_is_written_out_with_the_own_servers() -> None:
    findings = check({"shop.example": {"MX": ["10 mail.shop.example"]}}, hosts=("192.0.2.10", "2001:db8::1"))

    missing = next(finding for finding in findings if finding.code == "spf_missing")
    assert missing.publish is not None
    assert (missing.publish.name, missing.publish.kind) == ("shop.example", "TXT")
    assert missing.publish.value == "v=spf1 ip4:192.0.2.10 ip6:2001:db8::1 ~all"


def test_several_spf_records_become_one() -> None:
    findings = check({"shop.example": txt("v=spf1 mx -all", "v=spf1 include:a.example mx ~all")})

    several = next(finding for finding in findings if finding.code == "spf_several")
    assert several.params["count"] == 2
    assert several.publish is not None
    assert several.publish.value == "v=spf1 mx include:a.example ~all"


@pytest.mark.parametrize(
    ("record", "code", "published"),
    [
        ("v=spf1 ip4:192.0.2.10 +all", "spf_open", "v=spf1 ip4:192.0.2.10 ~all"),
        ("v=spf1 ip4:192.0.2.10 all", "spf_open", "v=spf1 ip4:192.0.2.10 ~all"),
        ("v=spf1 ip4:192.0.2.10 ?all", "spf_neutral", "v=spf1 ip4:192.0.2.10 ~all"),
        ("v=spf1 ip4:192.0.2.10", "spf_neutral", "v=spf1 ip4:192.0.2.10 ~all"),
    ],
)
def test_an_open_end_is_closed(record: str, code: str, published: str) -> None:
    finding = next(finding for finding in check({"shop.example": txt(record)}) if finding.check == "spf")

    assert finding.code == code
    assert finding.publish is not None
    assert finding.publish.value == published


def test_an_own_server_that_the_record_forgot_is_named() -> None:
    findings = check(hosts=("192.0.2.10", "198.51.100.7"))

    forgotten = [finding for finding in findings if finding.code == "spf_host"]
    assert [finding.params["host"] for finding in forgotten] == ["198.51.100.7"]


def test_a_key_under_an_unknown_name_is_not_known_rather_than_missing() -> None:
    zones = good_zones()
    del zones[KEY]
    zones["secret._domainkey.shop.example"] = txt(f"p={rsa_key(2048)}")

    findings = SenderChecks("shop.example", "shop.example", (), MemoryResolver(zones)).run()

    assert codes(findings, "dkim", "alignment") == ["dkim_not_found", "align_spf_only"]


def test_a_key_that_the_settings_name_and_nobody_published_is_missing(settings: Settings) -> None:
    settings.WAGTAIL_PRECISE_MAIL = {"dkim_selectors": {"shop.example": ["gone"]}}

    findings = check()

    assert codes(findings, "dkim", "alignment") == ["dkim_missing", "align_spf"]
    missing = next(finding for finding in findings if finding.code == "dkim_missing")
    assert missing.publish is not None
    assert missing.publish.name == "gone._domainkey.shop.example"


@pytest.mark.parametrize(
    ("return_path", "selectors", "policy", "code"),
    [
        ("shop.example", ["mail"], "", "align_both"),
        ("bounce.shop.example", ["mail"], "", "align_both"),
        ("bounce.shop.example", ["mail"], "aspf=s", "align_dkim"),
        ("provider.example", ["mail"], "", "align_dkim"),
        ("shop.example", ["k1@provider.example"], "", "align_spf"),
        ("provider.example", ["k1@provider.example"], "", "align_none"),
        ("provider.example", ["k1@news.shop.example"], "", "align_dkim"),
        ("provider.example", ["k1@news.shop.example"], "adkim=s", "align_none"),
    ],
)
def test_alignment_compares_the_envelope_and_the_signature_with_the_sender(
    settings: Settings, return_path: str, selectors: list[str], policy: str, code: str
) -> None:
    settings.WAGTAIL_PRECISE_MAIL = {"dkim_selectors": {"shop.example": selectors}}
    changes = {
        DMARC: txt(f"v=DMARC1; p=reject; rua=mailto:a@shop.example; {policy}"),
        "provider.example": txt("v=spf1 ip4:203.0.113.0/24 -all"),
        "bounce.shop.example": txt("v=spf1 ip4:192.0.2.0/24 -all"),
        "k1._domainkey.provider.example": txt(f"p={rsa_key(2048)}"),
        "k1._domainkey.news.shop.example": txt(f"p={rsa_key(2048)}"),
    }

    assert codes(check(changes, return_path=return_path), "alignment")[0] == code


def test_an_unusable_key_vouches_for_nobody() -> None:
    findings = check({KEY: txt("v=DKIM1; p=")}, return_path="provider.example")

    assert codes(findings, "dkim", "alignment") == ["dkim_revoked", "align_unsigned"]


def test_the_same_name_without_a_proof_is_worth_nothing() -> None:
    findings = check({KEY: txt("v=DKIM1; p="), "shop.example": txt("v=spf1 include:gone.example -all")})

    assert codes(findings, "spf", "alignment") == ["spf_include_dead", "align_unproved"]


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        (None, ["dmarc_missing"]),
        ("v=DMARC1; p=none; rua=mailto:a@shop.example", ["dmarc_watch"]),
        ("v=DMARC1; p=none", ["dmarc_watch", "dmarc_no_reports"]),
        (
            "v=DMARC1; p=quarantine; sp=none; pct=50; rua=mailto:a@shop.example",
            ["dmarc_good", "dmarc_partial", "dmarc_subdomains"],
        ),
        ("v=DMARC1; p=reject; rua=mailto:a@else.example", ["dmarc_good", "dmarc_reports_refused"]),
        ("v=DMARC1; p=perhaps", ["dmarc_invalid"]),
    ],
)
def test_a_policy_is_read_with_what_it_leaves_open(record: str | None, expected: list[str]) -> None:
    assert codes(check({DMARC: txt(record) if record else {}}), "dmarc") == expected


@pytest.mark.parametrize(
    ("records", "expected"),
    [
        ({"MX": ["0 ."]}, "mx_null"),
        ({}, "mx_none"),
        ({"A": ["192.0.2.20"]}, "mx_address"),
        ({"MX": ["10 gone.example"]}, "mx_dead"),
        ({"MX": ["10 mail.shop.example", "20 gone.example"]}, "mx_partly"),
    ],
)
def test_a_domain_that_takes_no_mail_is_noticed(records: dict[str, list[str]], expected: str) -> None:
    assert codes(check({"shop.example": {"TXT": ["v=spf1 -all"], **records}}), "mx") == [expected]


def test_silence_is_not_known_and_stops_nothing_else() -> None:
    findings = check({DMARC: None})

    assert codes(findings, "dmarc") == ["no_answer"]
    assert codes(findings, "mx") == ["mx_good"]
    assert level_of_all(findings) == "unknown"


@pytest.mark.parametrize(
    ("changes", "host", "code"),
    [
        ({}, "mail.shop.example", "ptr_good"),
        ({}, "192.0.2.10", "ptr_good"),
        ({}, "gone.example", "ptr_no_host"),
        ({"10.2.0.192.in-addr.arpa": {}}, "mail.shop.example", "ptr_missing"),
        ({"10.2.0.192.in-addr.arpa": {"PTR": ["www.shop.example"]}}, "mail.shop.example", "ptr_differs"),
        (
            {
                "10.2.0.192.in-addr.arpa": {"PTR": ["10-2-0-192.dsl.isp.example"]},
                "10-2-0-192.dsl.isp.example": {"A": ["192.0.2.10"]},
            },
            "mail.shop.example",
            "ptr_generic",
        ),
    ],
)
def test_a_server_has_a_name_that_leads_back(changes: dict[str, Any], host: str, code: str) -> None:
    _addresses, findings = check_hosts([host], resolver(changes))

    assert [finding.code for finding in findings] == [code]


@pytest.mark.parametrize(
    ("base_url", "expected"),
    [
        ("https://www.shop.example", ["links_good"]),
        ("http://www.shop.example", ["links_good", "links_plain"]),
        ("https://gone.shop.example", ["links_missing"]),
        ("https://links.provider.example", ["links_other", "links_unguarded"]),
        ("https://bit.ly", ["links_shortener"]),
        ("https://shоp.example", ["links_lookalike", "links_unguarded"]),
        ("http://localhost:8000", ["links_local"]),
        ("https://192.0.2.20", ["links_local"]),
        (f"https://{'x' * 64}.example", ["links_missing", "links_unguarded"]),
    ],
)
def test_links_lead_to_the_domain_of_the_sender(base_url: str, expected: list[str]) -> None:
    names = resolver({"links.provider.example": {"A": ["203.0.113.9"]}, "xn--shp-ted.example": {"A": ["203.0.113.9"]}})

    assert [finding.code for finding in check_links(base_url, ["shop.example"], names)] == expected


def test_each_question_is_asked_once_and_there_are_not_too_many() -> None:
    names = resolver()
    SenderChecks("shop.example", "shop.example", ("192.0.2.10",), Careful(names)).run()
    assert len(names.asked) == len(set(names.asked))

    names = resolver()
    findings = SenderChecks("shop.example", "shop.example", (), Careful(names, most_lookups=3)).run()
    assert len(names.asked) == 3
    assert "no_answer" in codes(findings, *CHECKS)


def test_after_the_time_is_over_nobody_is_asked() -> None:
    moments = iter([0.0, 1.0, 31.0, 32.0])
    names = resolver()
    careful = Careful(names, clock=lambda: next(moments, 33.0))

    SenderChecks("shop.example", "shop.example", (), careful).run()

    assert len(names.asked) == 1


def test_every_finding_has_words_that_fit_its_particulars() -> None:
    worlds: list[dict[str, Any]] = [{}, {DMARC: {}}, {KEY: {}}, {"shop.example": {}}, {DMARC: None, KEY: None}]
    for changes in worlds:
        for finding in check(changes, hosts=("192.0.2.10", "198.51.100.1")):
            assert "%(" not in found_in_words(finding) + todo_in_words(finding)
            assert Finding.from_json(finding.to_json()) == finding


def test_whatever_is_not_in_order_says_what_to_do() -> None:
    assert [code for code, words in WORDS.items() if words.level in ("look", "broken") and not words.todo] == []


def test_a_finding_of_an_older_version_is_left_out() -> None:
    old = [Finding("spf", "spf_of_old").to_json(), Finding("mx", "mx_none", {"domain": "a.example"}).to_json()]

    lines = lines_of(DomainReport(findings=old))

    assert [line.key for line in lines] == ["mx"]
