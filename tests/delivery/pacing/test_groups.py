"""Which provider an address belongs to."""

from __future__ import annotations

import pytest
from pytest_django import Settings

from wagtail_precise_mail.conf import options
from wagtail_precise_mail.delivery.pacing.groups import _TABLE, OTHERS, group_choices, group_label, group_of
from wagtail_precise_mail.exceptions import ConfigurationError


@pytest.mark.parametrize(
    ("address", "group"),
    [
        ("a@gmail.com", "gmail"),
        ("a@GoogleMail.com", "gmail"),
        ("a@hotmail.co.uk", "outlook"),
        ("a@aol.com", "yahoo"),
        ("a@me.com", "icloud"),
        ("a@foxmail.com", "qq"),
        ("a@126.com", "netease"),
        ("a@yeah.net", "netease"),
        ("a@web.de", "gmx"),
        ("a@t-online.de", "t_online"),
        ("a@wanadoo.fr", "orange"),
        ("a@virgilio.it", "libero"),
        ("a@bk.ru", "mail_ru"),
        ("a@ya.ru", "yandex"),
        ("a@pm.me", "proton"),
        ("a@example.com", OTHERS),
        ("a@notgmail.com", OTHERS),
    ],
)
def test_domains_of_one_provider_are_one_group(address: str, group: str) -> None:
    assert group_of(address) == group


def test_no_domain_is_in_two_groups() -> None:
    domains = [domain for _label, text in _TABLE.values() for domain in text.split()]
    assert len(domains) == len(set(domains)) > 150


def test_settings_add_domains_and_groups(settings: Settings) -> None:
    groups = {"gmail": ["client.example"], "intranet": ["corp.example"]}
    settings.WAGTAIL_PRECISE_MAIL = {**settings.WAGTAIL_PRECISE_MAIL, "mx_groups": groups}
    assert [group_of("a@client.example"), group_of("a@corp.example")] == ["gmail", "intranet"]
    assert ("intranet", "intranet") in group_choices()
    assert group_label("gmail") == "Gmail"


@pytest.mark.parametrize("groups", [["gmail"], {"Gmail": ["a.example"]}, {"gmail": "a.example"}, {"gmail": ["a@b.c"]}])
def test_settings_that_are_no_groups_are_refused(settings: Settings, groups: object) -> None:
    settings.WAGTAIL_PRECISE_MAIL = {**settings.WAGTAIL_PRECISE_MAIL, "mx_groups": groups}
    with pytest.raises(ConfigurationError, match="mx_groups"):
        options()
