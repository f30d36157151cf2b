"""DKIM keys, DMARC records and organizational domains."""

from __future__ import annotations

import base64

import pytest
from pytest_django import Settings

from tests.delivery.domains.zones import resolver, rsa_key, txt
from wagtail_precise_mail.delivery.domains.dkim import Signature, configured_signatures, examine, find_keys
from wagtail_precise_mail.delivery.domains.dmarc import DmarcBroken, find_dmarc, refused_reports
from wagtail_precise_mail.delivery.domains.dns import MemoryResolver
from wagtail_precise_mail.delivery.domains.organizations import is_aligned, organization_of

MAIL = Signature("mail", "shop.example")


@pytest.mark.parametrize(
    ("record", "code", "bits"),
    [
        (f"v=DKIM1; k=rsa; p={rsa_key(2048)}", "dkim_good", 2048),
        (f"k=rsa; t=s; p={rsa_key(4096)}", "dkim_good", 4096),
        (f"p={rsa_key(1024)}", "dkim_1024", 1024),
        (f"v=DKIM1; p={rsa_key(768)}", "dkim_short", 768),
        ("v=DKIM1; k=ed25519; p=" + base64.b64encode(bytes(32)).decode(), "dkim_ed25519", 256),
        ("v=DKIM1; p=", "dkim_revoked", 0),
        ("v=DKIM1; p=not base64!", "dkim_invalid", 0),
        ("v=DKIM1; p=" + rsa_key(2048)[:200], "dkim_invalid", 0),
        ("v=DKIM1; k=dsa; p=AAAA", "dkim_invalid", 0),
        ("v=DKIM2; p=" + rsa_key(2048), "dkim_invalid", 0),
        (f"v=DKIM1; h=sha1; p={rsa_key(2048)}", "dkim_sha1", 0),
        (f"v=DKIM1; h=sha1:sha256; p={rsa_key(2048)}", "dkim_good", 2048),
        (f"v=DKIM1; s=tlsrpt; p={rsa_key(2048)}", "dkim_invalid", 0),
        (f"v=DKIM1; t=y; p={rsa_key(2048)}", "dkim_testing", 2048),
    ],
)
def test_a_key_is_judged_by_kind_length_and_flags(record: str, code: str, bits: int) -> None:
    key = examine(MAIL, record)

    assert (key.code, key.bits) == (code, bits)


def test_two_keys_under_one_name_are_no_key() -> None:
    names = resolver({MAIL.name: txt(f"p={rsa_key(2048)}", f"p={rsa_key(1024)}")})

    assert [key.code for key in find_keys([MAIL], names)] == ["dkim_invalid"]


def test_an_alias_for_everything_is_no_key() -> None:
    assert find_keys([MAIL], resolver({MAIL.name: txt("v=spf1 -all")})) == []


def test_selectors_of_the_settings_hold_for_domains_below_and_may_be_of_others(settings: Settings) -> None:
    settings.WAGTAIL_PRECISE_MAIL = {"dkim_selectors": {"shop.example": ["mail", "k1@provider.example"]}}

    assert configured_signatures("news.shop.example") == [MAIL, Signature("k1", "provider.example")]
    assert configured_signatures("other.example") == []


@pytest.mark.parametrize(
    ("domain", "organization"),
    [
        ("mail.shop.example.co.uk", "example.co.uk"),
        ("shop.example", "shop.example"),
        ("news.shop.com", "shop.com"),
        ("a.b.xn--85x722f.xn--55qx5d.cn", "xn--85x722f.xn--55qx5d.cn"),
        ("co.uk", "co.uk"),
    ],
)
def test_the_organization_is_what_somebody_registered(domain: str, organization: str) -> None:
    assert organization_of(domain) == organization


def test_alignment_is_by_organization_unless_strict() -> None:
    assert is_aligned("bounce.shop.com", "news.shop.com")
    assert not is_aligned("bounce.shop.com", "news.shop.com", is_strict=True)
    assert not is_aligned("one.co.uk", "two.co.uk")


def test_a_domain_below_takes_the_policy_for_subdomains() -> None:
    names = MemoryResolver({"_dmarc.shop.com": txt("v=DMARC1; p=reject; sp=none; rua=mailto:a@shop.com")})

    own, below = find_dmarc("shop.com", names), find_dmarc("news.shop.com", names)

    assert own is not None
    assert below is not None
    assert (own.policy, below.policy, below.domain) == ("reject", "none", "shop.com")


def test_an_own_record_comes_before_that_of_the_organization() -> None:
    names = MemoryResolver(
        {
            "_dmarc.shop.com": txt("v=DMARC1; p=reject"),
            "_dmarc.news.shop.com": txt("v=DMARC1; p=quarantine; adkim=s; aspf=s; pct=20"),
        }
    )

    record = find_dmarc("news.shop.com", names)

    assert record is not None
    assert (record.policy, record.percent, record.is_dkim_strict, record.is_spf_strict) == (
        "quarantine",
        20,
        True,
        True,
    )


@pytest.mark.parametrize(
    ("records", "code"),
    [
        (["v=DMARC1; p=reject", "v=DMARC1; p=none"], "dmarc_several"),
        (["v=DMARC1; p=maybe"], "dmarc_invalid"),
        (["v=DMARC1; rua=mailto:a@shop.com"], "dmarc_invalid"),
        (["v=DMARC1; p=none; pct=many"], "dmarc_invalid"),
    ],
)
def test_records_that_receivers_ignore_are_broken(records: list[str], code: str) -> None:
    with pytest.raises(DmarcBroken) as caught:
        find_dmarc("shop.com", MemoryResolver({"_dmarc.shop.com": txt(*records)}))

    assert caught.value.code == code


def test_other_text_is_no_dmarc_record() -> None:
    assert find_dmarc("shop.com", MemoryResolver({"_dmarc.shop.com": txt("v=DMARC10; p=none", "p=none")})) is None


def test_reports_to_a_stranger_need_the_strangers_word() -> None:
    record = "v=DMARC1; p=none; rua=mailto:a@shop.com,mailto:b@in.shop.com,mailto:c@one.net!10m,mailto:d@two.net"
    names = MemoryResolver({"_dmarc.shop.com": txt(record), "shop.com._report._dmarc.one.net": txt("v=DMARC1")})

    found = find_dmarc("shop.com", names)

    assert found is not None
    assert refused_reports(found, names) == ["two.net"]
