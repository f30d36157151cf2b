"""Domains whose mail a provider hosts are counted with it, as their MX records say."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from tests.factories.delivery import make_send
from tests.factories.pacing import AT, limit, make_to
from wagtail_precise_mail.delivery import services, tasks
from wagtail_precise_mail.delivery.channels import MemoryChannel
from wagtail_precise_mail.delivery.claims import Result
from wagtail_precise_mail.delivery.domains import dns
from wagtail_precise_mail.delivery.domains.dns import MemoryResolver
from wagtail_precise_mail.delivery.domains.models import DomainDay
from wagtail_precise_mail.delivery.models import OutboxMessage
from wagtail_precise_mail.delivery.pacing import hosting
from wagtail_precise_mail.delivery.pacing.groups import _SERVERS, OTHERS, group_choices, group_of_server
from wagtail_precise_mail.delivery.pacing.hosting import hosted_groups, look_up_hosts
from wagtail_precise_mail.delivery.pacing.models import HostedDomain, Slowdown
from wagtail_precise_mail.delivery.pacing.pacer import Pacer
from wagtail_precise_mail.delivery.replies import read

ZONES: dict[str, dict[str, list[str]] | None] = {
    "firm.example": {"MX": ["5 alt1.aspmx.l.google.com", "1 ASPMX.L.google.com"]},
    "works.example": {"MX": ["0 works-example.mail.protection.outlook.com"]},
    "own.example": {"MX": ["10 mail.own.example"]},
    "moves.example": {"MX": ["20 aspmx.l.google.com", "10 mx.moves.example"]},
    "nomail.example": {"MX": ["0 "]},
    "plain.example": {"A": ["192.0.2.1"]},
    "silent.example": None,
    "xn--mller-kva.example": {"MX": ["10 mxbiz1.qq.com"]},
}


def wrote_to(domain: str, count: int = 20, days_ago: int = 1) -> None:
    day = AT.date() - timedelta(days=days_ago)
    DomainDay.objects.create(on=day, sender="shop.example", domain=domain, outcome="accepted", count=count)


@pytest.mark.parametrize(
    ("host", "group"),
    [
        ("aspmx.l.google.com", "gmail"),
        ("SMTP.google.com.", "gmail"),
        ("alt2.aspmx.googlemail.com", "gmail"),
        ("firm-example.mail.protection.outlook.com", "microsoft_365"),
        ("firm-example.o-v1.mx.microsoft", "microsoft_365"),
        ("outlook-com.olc.protection.outlook.com", "outlook"),
        ("mx-biz.mail.am0.yahoodns.net", "yahoo"),
        ("mx01.mail.icloud.com", "icloud"),
        ("mxbiz2.qq.com", "exmail"),
        ("mx3.qq.com", "qq"),
        ("qiye163mx02.mxmail.netease.com", "netease"),
        ("mx2.qiye.aliyun.com", "aliyun"),
        ("mxn.mxhichina.com", "aliyun"),
        ("mx.yandex.net", "yandex"),
        ("mailsec.protonmail.ch", "proton"),
        ("in2-smtp.messagingengine.com", "fastmail"),
        ("mx00.ionos.de", "ionos"),
        ("mx1.mail.ovh.net", "ovh"),
        ("eu-smtp-inbound-1.mimecast.com", "mimecast"),
        ("mxa-00123456.gslb.pphosted.com", "proofpoint"),
        ("google.com.mail.firm.example", OTHERS),
        ("notgoogle.com", OTHERS),
        ("", OTHERS),
    ],
)
def test_servers_belong_to_whom_their_names_end_with(host: str, group: str) -> None:
    assert group_of_server(host) == group


def test_every_owner_of_servers_can_have_a_limit() -> None:
    assert set(_SERVERS) <= {key for key, _label in group_choices()}
    endings = [ending for text in _SERVERS.values() for ending in text.split()]
    assert len(endings) == len(set(endings))


@pytest.mark.django_db
class TestLookingUp:
    def test_the_preferred_server_says_whose_domain_it_is(self) -> None:
        for domain in ["firm.example", "works.example", "own.example", "moves.example", "nomail.example"]:
            wrote_to(domain)
        wrote_to("plain.example")
        wrote_to("müller.example")
        assert look_up_hosts(at=AT, resolver=MemoryResolver(ZONES)) == 7
        assert hosted_groups() == {
            "firm.example": "gmail",
            "müller.example": "exmail",
            "works.example": "microsoft_365",
        }

    def test_most_mail_comes_first_and_little_mail_not_at_all(self) -> None:
        wrote_to("works.example", 30)
        wrote_to("firm.example", 19)
        wrote_to("firm.example", 18, days_ago=2)
        wrote_to("own.example", 19)
        wrote_to("nomail.example", 99, days_ago=40)
        wrote_to("gmail.com", 500)
        resolver = MemoryResolver(ZONES)
        look_up_hosts(at=AT, resolver=resolver)
        assert resolver.asked == [("firm.example", "MX"), ("works.example", "MX")]

    def test_an_answer_counts_for_thirty_days_and_changes_then(self) -> None:
        wrote_to("firm.example", days_ago=-28)
        wrote_to("firm.example")
        moved = MemoryResolver({"firm.example": {"MX": ["10 mx.firm.example"]}})
        look_up_hosts(at=AT, resolver=MemoryResolver(ZONES))
        assert look_up_hosts(at=AT + timedelta(days=29), resolver=moved) == 0
        assert hosted_groups() == {"firm.example": "gmail"}
        assert look_up_hosts(at=AT + timedelta(days=31), resolver=moved) == 1
        assert hosted_groups() == {}

    def test_what_nobody_answered_keeps_its_place_and_is_asked_again(self) -> None:
        HostedDomain.objects.create(domain="silent.example", group="gmail", looked_at=AT - timedelta(days=40))
        wrote_to("silent.example", 50)
        wrote_to("firm.example")
        assert look_up_hosts(at=AT, resolver=MemoryResolver(ZONES)) == 1
        assert hosted_groups() == {"firm.example": "gmail", "silent.example": "gmail"}
        again = MemoryResolver({"silent.example": {"MX": ["1 mx1.zoho.com"]}})
        assert look_up_hosts(at=AT, resolver=again) == 1
        assert hosted_groups()["silent.example"] == "zoho"

    def test_domains_that_get_no_mail_any_more_are_forgotten(self) -> None:
        HostedDomain.objects.create(domain="firm.example", group="gmail", looked_at=AT - timedelta(days=91))
        look_up_hosts(at=AT, resolver=MemoryResolver({}))
        assert not HostedDomain.objects.exists()

    def test_the_nightly_look_at_domains_asks_too(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(dns, "NameServers", lambda: MemoryResolver(ZONES))
        monkeypatch.setattr(hosting, "LEAST_MESSAGES", 1)
        DomainDay.objects.create(
            on=timezone.localdate(), sender="s.example", domain="firm.example", outcome="accepted", count=1
        )
        tasks.check_domains()
        assert hosted_groups() == {"firm.example": "gmail"}


@pytest.mark.django_db
class TestPacing:
    def test_hosted_domains_share_the_limit_of_their_provider(self) -> None:
        HostedDomain.objects.create(domain="firm.example", group="gmail", looked_at=AT)
        HostedDomain.objects.create(domain="own.example", looked_at=AT)
        limit("gmail", 30)
        send = make_send()
        for domain in ["gmail.com", "firm.example", "own.example"]:
            make_to(send, domain, 5)
        services.deliver(send.pk, seconds=10)
        left = Counter(envelope.recipient.rpartition("@")[2] for envelope in MemoryChannel.outbox)
        assert left["gmail.com"] + left["firm.example"] == 3
        assert left["own.example"] == 5
        waiting = send.messages.filter(state=OutboxMessage.State.PENDING)
        assert set(waiting.values_list("mx_group", flat=True)) == {"gmail"}

    def test_a_hosted_domain_slows_its_provider_down_and_speeds_it_up(self) -> None:
        HostedDomain.objects.create(domain="firm.example", group="gmail", looked_at=AT)
        send = make_send()
        [message] = make_to(send, "firm.example")
        pacer, slower = Pacer(send), "421-4.7.28 too much mail"
        refused = Result(message, OutboxMessage.State.DEFERRED, slower, reply_class=read(slower).reply_class)
        pacer.note([refused], at=AT)
        assert Slowdown.objects.get().group == "gmail"
        pacer.note([Result(message, OutboxMessage.State.ACCEPTED)], at=AT + timedelta(minutes=2))
        assert Slowdown.objects.get().factor == pytest.approx(0.6)

    def test_without_a_limit_nobody_is_asked(self, django_assert_num_queries: DjangoAssertNumQueries) -> None:
        send = make_send()
        [message] = make_to(send, "firm.example")
        pacer = Pacer(send)
        pacer.claim(AT)
        with django_assert_num_queries(0):
            pacer.note([Result(message, OutboxMessage.State.ACCEPTED)], at=AT)
            pacer.untouched([message], at=AT)
