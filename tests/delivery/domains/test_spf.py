"""SPF: limits, includes, ends, and what a receiver makes of a server."""

from __future__ import annotations

import pytest

from tests.delivery.domains.zones import resolver, txt
from wagtail_precise_mail.delivery.domains.dns import MemoryResolver
from wagtail_precise_mail.delivery.domains.spf import Reading, SpfBroken, check_host, parse, spf_records


def read(zones: dict) -> Reading:
    return Reading("shop.example", MemoryResolver(zones))


def broken_code(zones: dict) -> str:
    with pytest.raises(SpfBroken) as caught:
        read(zones)
    return caught.value.code


def included(count: int) -> dict:
    zones: dict = {f"p{number}.example": txt("v=spf1 ip4:192.0.2.1 -all") for number in range(count)}
    words = " ".join(f"include:p{number}.example" for number in range(count))
    return {**zones, "shop.example": txt(f"v=spf1 {words} -all")}


def test_ten_lookups_are_allowed_and_eleven_break_the_record() -> None:
    assert read(included(10)).lookups == 10
    assert broken_code(included(11)) == "spf_lookups"


def test_lookups_of_includes_and_redirects_count_too() -> None:
    zones = {
        "shop.example": txt("v=spf1 include:a.example redirect=b.example"),
        "a.example": {**txt("v=spf1 mx a include:c.example ?all"), "MX": ["10 a.example"], "A": ["192.0.2.1"]},
        "c.example": txt("v=spf1 ip4:192.0.2.0/24 -all"),
        "b.example": txt("v=spf1 exists:%{i}.list.example ~all"),
    }

    reading = read(zones)

    assert reading.lookups == 6
    assert reading.all_qualifier == "~"


def test_two_names_may_lead_nowhere_and_three_break_the_record() -> None:
    assert read({"shop.example": txt("v=spf1 a:x.example a:y.example -all")}).voids == 2
    assert broken_code({"shop.example": txt("v=spf1 a:x.example a:y.example mx:z.example -all")}) == "spf_voids"


def test_a_name_that_only_has_an_ipv6_address_leads_somewhere() -> None:
    zones = {"shop.example": txt("v=spf1 a:x.example -all"), "x.example": {"AAAA": ["2001:db8::1"]}}

    assert read(zones).voids == 0


@pytest.mark.parametrize(
    ("record", "code"),
    [
        ("v=spf1 include:nobody.example -all", "spf_include_dead"),
        ("v=spf1 include:shop.example -all", "spf_loop"),
        ("v=spf1 ip4:300.1.1.1 -all", "spf_invalid"),
        ("v=spf1 ip4:2001:db8::1 -all", "spf_invalid"),
        ("v=spf1 ipv4:192.0.2.1 -all", "spf_invalid"),
        ("v=spf1 include: -all", "spf_invalid"),
        ("v=spf1 a/64 -all", "spf_invalid"),
        ("v=spf1 redirect=a.example redirect=b.example", "spf_invalid"),
    ],
)
def test_what_receivers_cannot_use_is_named(record: str, code: str) -> None:
    assert broken_code({"shop.example": txt(record)}) == code


def test_records_that_only_look_alike_are_none() -> None:
    zones = MemoryResolver({"shop.example": txt("v=spf10 -all", "spf2.0/pra -all", "V=SPF1 -all")})

    assert spf_records("shop.example", zones) == ["V=SPF1 -all"]


@pytest.mark.parametrize("end", ["-", "~", "?", "+", ""])
def test_the_end_of_a_record_is_read(end: str) -> None:
    assert parse(f"v=spf1 mx {end}all").all_qualifier == (end or "+")


def test_a_redirect_counts_only_without_an_all() -> None:
    assert parse("v=spf1 redirect=a.example -all").redirect == ""
    assert parse("v=spf1 mx redirect=a.example").redirect == "a.example"


@pytest.mark.parametrize(
    ("record", "address", "result"),
    [
        ("v=spf1 ip4:192.0.2.0/24 -all", "192.0.2.77", "pass"),
        ("v=spf1 ip4:192.0.2.0/24 -all", "198.51.100.1", "fail"),
        ("v=spf1 ip6:2001:db8::/32 ~all", "2001:db8::9", "pass"),
        ("v=spf1 ip6:2001:db8::/32 ~all", "192.0.2.1", "softfail"),
        ("v=spf1 a:mail.shop.example ?all", "192.0.2.10", "pass"),
        ("v=spf1 a:mail.shop.example/24 -all", "192.0.2.200", "pass"),
        ("v=spf1 mx -all", "192.0.2.10", "pass"),
        ("v=spf1 -ip4:192.0.2.10 +all", "192.0.2.10", "fail"),
        ("v=spf1 include:strict.example ~all", "198.51.100.1", "softfail"),
        ("v=spf1 include:strict.example ~all", "203.0.113.5", "pass"),
        ("v=spf1 redirect=strict.example", "198.51.100.1", "fail"),
        ("v=spf1 redirect=_spf.%{d}", "198.51.100.1", "neutral"),
        ("v=spf1 mx", "198.51.100.1", "neutral"),
        ("nothing", "198.51.100.1", "none"),
    ],
)
def test_a_server_passes_or_not(record: str, address: str, result: str) -> None:
    names = resolver(
        {
            "shop.example": {"TXT": [record], "MX": ["10 mail.shop.example"]},
            "strict.example": txt("v=spf1 ip4:203.0.113.0/24 -all"),
            "_spf.shop.example": txt("v=spf1 ip4:203.0.113.0/24 ?all"),
        }
    )

    assert check_host(address, "shop.example", names) == result


def test_a_hostile_record_ends_after_a_few_questions() -> None:
    # Each includes the next ones, so that without a limit it would be thousands.
    zones = {
        f"n{depth}.example": txt("v=spf1 " + " ".join(f"include:n{depth + 1 + way}.example" for way in range(9)))
        for depth in range(200)
    }
    names = MemoryResolver({**zones, "shop.example": zones["n0.example"]})

    with pytest.raises(SpfBroken):
        Reading("shop.example", names)

    assert len(names.asked) < 100
