"""Asking a real name server, one of our own on this machine."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import dns.flags
import dns.message
import dns.rcode
import dns.resolver
import dns.rrset
import pytest

from wagtail_precise_mail.delivery.domains.dns import Answer, NameServers
from wagtail_precise_mail.exceptions import NoDnsAnswer

RECORDS = {
    ("shop.example.", "TXT"): ['"v=spf1 " "-all"', '"other"'],
    ("shop.example.", "MX"): ["10 Mail.Shop.Example."],
    ("shop.example.", "AAAA"): ["2001:DB8::1"],
    ("none.example.", "MX"): ["0 ."],
}


@pytest.fixture
def names() -> Iterator[NameServers]:
    """Asks a server that knows RECORDS, and fails at whatever is called broken."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        thread = threading.Thread(target=_serve, args=(server,), daemon=True)
        thread.start()
        asking = dns.resolver.Resolver(configure=False)
        asking.nameservers, asking.port = ["127.0.0.1"], server.getsockname()[1]
        yield NameServers(asking)
        server.sendto(b"", server.getsockname())
        thread.join(5)


def _serve(server: socket.socket) -> None:
    while True:
        data, sender = server.recvfrom(4096)
        if not data:
            return
        query = dns.message.from_wire(data)
        server.sendto(_answer(query).to_wire(), sender)


def _answer(query: dns.message.Message) -> dns.message.Message:
    question, answer = query.question[0], dns.message.make_response(query)
    answer.flags |= dns.flags.RA
    name, kind = question.name.to_text().lower(), dns.rdatatype.to_text(question.rdtype)
    if name.startswith("broken"):
        answer.set_rcode(dns.rcode.SERVFAIL)
    elif texts := RECORDS.get((name, kind)):
        answer.answer.append(dns.rrset.from_text(question.name, 60, "IN", kind, *texts))
    elif not any(known == name for known, _kind in RECORDS):
        answer.set_rcode(dns.rcode.NXDOMAIN)
    return answer


def test_records_come_as_text(names: NameServers) -> None:
    assert set(names.lookup("shop.example", "TXT").records) == {"v=spf1 -all", "other"}
    assert names.lookup("shop.example", "MX") == Answer(("10 mail.shop.example",))
    assert names.lookup("shop.example", "AAAA") == Answer(("2001:db8::1",))
    assert names.lookup("none.example", "MX") == Answer(("0 ",))


def test_a_name_without_such_records_differs_from_no_name(names: NameServers) -> None:
    assert names.lookup("none.example", "TXT") == Answer((), is_name=True)
    assert names.lookup("gone.example", "TXT") == Answer((), is_name=False)
    assert names.lookup("a..b", "TXT") == Answer((), is_name=False)
    assert names.lookup("x" * 64 + ".example", "TXT") == Answer((), is_name=False)


def test_a_server_that_fails_says_nothing(names: NameServers) -> None:
    with pytest.raises(NoDnsAnswer, match="broken"):
        names.lookup("broken.example", "TXT")
