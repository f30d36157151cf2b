"""Several messages at once over SMTP: pipelined, over several connections, and still exact about each of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest
from pytest_django import Settings

from tests.delivery.smtp_server import MailServer
from tests.delivery.test_smtp import deliver_with_sweeps, envelope, states
from tests.factories.delivery import make_messages, make_send
from wagtail_precise_mail.delivery.channels import Envelope, Outcome, Receipt, SmtpChannel
from wagtail_precise_mail.delivery.channels.smtp import channel as smtp_channel
from wagtail_precise_mail.delivery.models import OutboxMessage
from wagtail_precise_mail.delivery.offering import Offer
from wagtail_precise_mail.exceptions import (
    ChannelUnavailable,
    OutcomeUnknown,
    PermanentDeliveryError,
    TemporaryDeliveryError,
)

State = OutboxMessage.State


@pytest.fixture(params=[(), ("PIPELINING",)], ids=["plain", "pipelining"])
def server(mail_server: MailServer, request: pytest.FixtureRequest) -> MailServer:
    """A mail server that takes one verb after the other, and one that takes several at once."""
    mail_server.offer(*request.param)
    return mail_server


@pytest.fixture
def pipelining(mail_server: MailServer) -> MailServer:
    mail_server.offer("PIPELINING")
    return mail_server


def envelopes(count: int) -> list[Envelope]:
    return [envelope(f"{number}@example.com") for number in range(count)]


def kinds(outcomes: Iterator[Outcome]) -> list[type]:
    return [type(outcome) for outcome in outcomes]


def connections(server: MailServer) -> int:
    return len(server.verbs("EHLO"))


def use_connections(settings: Settings, count: int) -> None:
    settings.WAGTAIL_PRECISE_MAIL = {**settings.WAGTAIL_PRECISE_MAIL, "smtp_connections": count}


def test_many_messages_share_a_connection_and_arrive_in_order(server: MailServer) -> None:
    with SmtpChannel() as channel:
        assert kinds(channel.send_many(envelopes(12))) == [Receipt] * 12
    assert server.recipients() == [f"{number}@example.com" for number in range(12)]
    assert connections(server) == 1


@pytest.mark.parametrize(
    ("at", "reply", "expected"),
    [
        ("RCPT", "550 5.1.1 no such user", PermanentDeliveryError),
        ("RCPT", "451 4.7.1 greylisted", TemporaryDeliveryError),
        ("DATA", "451 4.3.0 later", TemporaryDeliveryError),
        ("DOT", "554 5.7.1 spam", PermanentDeliveryError),
        ("DOT", "452 4.2.2 full", TemporaryDeliveryError),
        ("DOT", "421 4.3.2 closing", TemporaryDeliveryError),
        ("DOT", "drop", OutcomeUnknown),
        ("REPLY", "drop", OutcomeUnknown),
        ("REPLY", "nonsense", OutcomeUnknown),
    ],
)
def test_what_one_message_meets_is_said_of_that_one_only(
    server: MailServer, at: str, reply: str, expected: type[Exception]
) -> None:
    server.script({"at": at, "match": "2@", "do": reply})
    with SmtpChannel() as channel:
        assert kinds(channel.send_many(envelopes(5))) == [Receipt, Receipt, expected, Receipt, Receipt]
    left = [0, 1, 2, 3, 4] if at == "REPLY" else [0, 1, 3, 4]
    assert server.recipients() == [f"{number}@example.com" for number in left]


@pytest.mark.parametrize("at", ["MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize("what", ["drop", "421 4.4.2 idle"])
def test_a_connection_lost_before_a_dot_is_replaced_and_nothing_repeated(
    server: MailServer, settings: Settings, at: str, what: str
) -> None:
    use_connections(settings, 1)  # a second one would be fresh: what is lost on that, is said of the message
    with SmtpChannel() as channel:
        first = kinds(channel.send_many(envelopes(2)))
        server.script({"at": at, "do": what, "times": 1})
        assert first + kinds(channel.send_many(envelopes(4)[2:])) == [Receipt] * 4
    assert sorted(server.recipients()) == [f"{number}@example.com" for number in range(4)]


def test_a_sender_that_is_refused_ends_it_and_leaves_the_rest_untouched(server: MailServer) -> None:
    server.script({"at": "MAIL", "do": "550 5.7.1 sender not allowed"})
    offer = Offer(envelopes(5), lambda: False)
    with SmtpChannel() as channel, pytest.raises(ChannelUnavailable) as caught:
        list(channel.send_many(offer))
    assert (caught.value.code, server.recipients()) == (550, [])


def test_a_server_that_takes_data_for_nobody_gets_an_empty_message_to_nobody(pipelining: MailServer) -> None:
    """RFC 2920, 3.1: behind a refused recipient, some servers answer 354 to the DATA that came with it."""
    pipelining.script(
        {"at": "RCPT", "match": "1@", "do": "550 5.1.1 no"}, {"at": "DATA", "match": "^$", "do": "354 go on"}
    )
    with SmtpChannel() as channel:
        assert kinds(channel.send_many(envelopes(3))) == [Receipt, PermanentDeliveryError, Receipt]
    assert pipelining.recipients() == ["0@example.com", "2@example.com"]


def test_a_refused_recipient_costs_no_connection(pipelining: MailServer) -> None:
    pipelining.script({"at": "RCPT", "match": "[024]@", "do": "550 5.1.1 no"})
    with SmtpChannel() as channel:
        list(channel.send_many(envelopes(6)))
    assert pipelining.recipients() == ["1@example.com", "3@example.com", "5@example.com"]
    assert connections(pipelining) == 1


def test_nothing_is_announced_on_a_connection_that_is_used_up(server: MailServer, settings: Settings) -> None:
    settings.WAGTAIL_PRECISE_MAIL = {**settings.WAGTAIL_PRECISE_MAIL, "smtp_messages_per_connection": 2}
    with SmtpChannel() as channel:
        assert kinds(channel.send_many(envelopes(6))) == [Receipt] * 6
    assert server.recipients() == [f"{number}@example.com" for number in range(6)]
    assert (connections(server), len(server.verbs("MAIL"))) == (3, 6)


def test_an_offer_that_ends_leaves_the_rest_untouched(server: MailServer) -> None:
    outcomes: list[Outcome] = []
    offer = Offer(envelopes(6), lambda: len(outcomes) >= 2)
    with SmtpChannel() as channel:
        for outcome in channel.send_many(offer):
            outcomes.append(outcome)
    assert [type(outcome) for outcome in outcomes] == [Receipt] * offer.taken_count
    assert 2 <= offer.taken_count <= 3
    assert len(server.recipients()) == offer.taken_count


def test_whoever_stops_listening_stops_the_sending(server: MailServer) -> None:
    with SmtpChannel() as channel:
        outcomes = channel.send_many(envelopes(6))
        next(outcomes)
        outcomes.close()
        assert server.recipients() == ["0@example.com"]
        assert kinds(channel.send_many([envelope("later@example.com")])) == [Receipt]
    assert server.recipients() == ["0@example.com", "later@example.com"]


class TestSeveralConnections:
    @pytest.fixture(autouse=True)
    def _server_is_far(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(smtp_channel, "NEAR_SECONDS", 0)

    def test_they_are_opened_little_by_little(self, server: MailServer, settings: Settings) -> None:
        use_connections(settings, 3)
        counts = []
        with SmtpChannel() as channel:
            for _batch in range(4):
                assert kinds(channel.send_many(envelopes(12))) == [Receipt] * 12
                counts.append(channel.connection_count)
        assert counts[0] == 1
        assert counts == sorted(counts)
        assert counts[1] <= 2 <= counts[-1] <= 3
        assert len(server.recipients()) == 48

    def test_each_message_leaves_once(self, server: MailServer, settings: Settings) -> None:
        with open_lines(settings, 4) as channel:
            batch = [envelope(f"many{number}@example.com") for number in range(60)]
            server.script({"at": "RCPT", "match": "many7@", "do": "550 5.1.1 no"})
            outcomes = kinds(channel.send_many(batch))
        assert outcomes == [Receipt] * 7 + [PermanentDeliveryError] + [Receipt] * 52
        arrived = [address for address in server.recipients() if address.startswith("many")]
        assert sorted(arrived) == sorted(one.recipient for one in batch if one.recipient != "many7@example.com")

    @pytest.mark.parametrize("at", ["DOT", "REPLY"])
    def test_a_server_that_drops_after_dots_makes_exactly_those_unknown(
        self, server: MailServer, settings: Settings, at: str
    ) -> None:
        with open_lines(settings, 4) as channel:
            batch = [envelope(f"many{number}@example.com") for number in range(20)]
            server.script({"at": at, "match": "many[3-6]@", "do": "drop"})
            outcomes = list(channel.send_many(batch))
        unknown = [batch[place].recipient for place, one in enumerate(outcomes) if isinstance(one, OutcomeUnknown)]
        assert unknown == [f"many{number}@example.com" for number in range(3, 7)]
        assert sum(isinstance(one, Receipt) for one in outcomes) == 16
        arrived = [address for address in server.recipients() if address.startswith("many")]
        assert len(arrived) == len(set(arrived)) == (20 if at == "REPLY" else 16)

    def test_a_server_that_allows_fewer_is_content_with_fewer(self, server: MailServer, settings: Settings) -> None:
        use_connections(settings, 4)
        with SmtpChannel() as channel:
            list(channel.send_many(envelopes(2)))
            server.script({"at": "CONNECT", "do": "421 4.7.0 too many connections"})
            for _batch in range(3):
                assert kinds(channel.send_many(envelopes(10))) == [Receipt] * 10
            assert channel.connection_count == 1
        assert len(server.recipients()) == 32

    def test_a_server_that_goes_away_leaves_no_message_without_an_answer(
        self, server: MailServer, settings: Settings
    ) -> None:
        with open_lines(settings, 3) as channel:
            server.script(
                {"at": "DATA", "match": "many", "do": "drop"}, {"at": "CONNECT", "do": "421 4.3.2 going down"}
            )
            outcomes: list[Outcome] = []
            with pytest.raises(ChannelUnavailable):
                outcomes.extend(collect(channel.send_many([envelope(f"many{n}@example.com") for n in range(9)])))
        assert not any(isinstance(one, (Receipt, OutcomeUnknown)) for one in outcomes)
        assert not [address for address in server.recipients() if address.startswith("many")]


class TestNearServer:
    """Two connections, served in turns by whoever listens."""

    @pytest.fixture(autouse=True)
    def _server_is_near(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(smtp_channel, "NEAR_SECONDS", 60)

    def test_each_message_leaves_once_and_without_threads(self, server: MailServer, settings: Settings) -> None:
        use_connections(settings, 9)
        server.script({"at": "RCPT", "match": "7@", "do": "550 5.1.1 no"})
        waits: list[int] = []
        with SmtpChannel() as channel:
            assert kinds(channel.send_many(envelopes(1))) == [Receipt]
            channel.while_waiting = lambda: waits.append(1)
            for _batch in range(3):
                outcomes = kinds(channel.send_many(envelopes(12)))
                assert outcomes == [Receipt] * 7 + [PermanentDeliveryError] + [Receipt] * 4
            assert channel.connection_count == 2
            assert channel._threads is None
        assert len(waits) == 33
        assert sorted(server.recipients()) == sorted(["0@example.com", *_names(12, but=7) * 3])

    def test_one_connection_is_enough_where_no_more_are_allowed(self, server: MailServer, settings: Settings) -> None:
        use_connections(settings, 1)
        with SmtpChannel() as channel:
            for _batch in range(2):
                assert kinds(channel.send_many(envelopes(5))) == [Receipt] * 5
            assert channel.connection_count == 1

    def test_a_server_that_allows_one_gets_everything_by_one(self, server: MailServer) -> None:
        with SmtpChannel() as channel:
            assert kinds(channel.send_many(envelopes(1))) == [Receipt]
            server.script({"at": "CONNECT", "do": "421 4.7.0 too many connections"})
            for _batch in range(2):
                assert kinds(channel.send_many(envelopes(9))) == [Receipt] * 9
            assert channel.connection_count == 1
        assert sorted(server.recipients()) == sorted(["0@example.com", *_names(9) * 2])

    @pytest.mark.parametrize("at", ["DOT", "REPLY"])
    def test_dropped_dots_make_exactly_those_unknown(self, server: MailServer, at: str) -> None:
        with SmtpChannel() as channel:
            assert kinds(channel.send_many(envelopes(1))) == [Receipt]
            server.script({"at": at, "match": "[3-6]@", "do": "drop"})
            outcomes = kinds(channel.send_many(envelopes(10)))
        assert outcomes == [Receipt] * 3 + [OutcomeUnknown] * 4 + [Receipt] * 3
        assert sorted(server.recipients()[1:]) == (_names(10) if at == "REPLY" else [*_names(3), *_names(10)[7:]])

    def test_a_worker_that_stops_answers_for_what_it_took(self, server: MailServer) -> None:
        taken = 0

        def must_stop() -> bool:
            nonlocal taken
            taken += 1
            return taken > 5

        with SmtpChannel() as channel:
            assert kinds(channel.send_many(envelopes(1))) == [Receipt]
            offer = Offer(envelopes(20), must_stop)
            outcomes = kinds(channel.send_many(offer))
        assert outcomes == [Receipt] * 5
        assert offer.taken_count == 5
        assert len(server.recipients()) == 6

    def test_an_interruption_leaves_both_connections(self, server: MailServer) -> None:
        """Half a dialogue must not meet the next message."""
        calls = 0

        def interrupt() -> None:
            nonlocal calls
            calls += 1
            if calls == 4:
                raise KeyboardInterrupt

        with SmtpChannel() as channel:
            assert kinds(channel.send_many(envelopes(1))) == [Receipt]
            channel.while_waiting = interrupt
            with pytest.raises(KeyboardInterrupt):
                list(channel.send_many(envelopes(12)))
            assert channel.connection_count == 0
            channel.while_waiting = lambda: None
            assert kinds(channel.send_many([envelope("later@example.com")])) == [Receipt]
        assert server.recipients()[-1] == "later@example.com"
        assert len(server.recipients()) == len(set(server.recipients())) + 1  # the first one, twice on purpose


def _names(count: int, *, but: int = -1) -> list[str]:
    return [f"{number}@example.com" for number in range(count) if number != but]


def collect(outcomes: Iterator[Outcome]) -> Iterator[Outcome]:
    yield from outcomes


def open_lines(settings: Settings, count: int) -> SmtpChannel:
    """Return a channel with so many lines that were used, and stand open where there was something to send."""
    use_connections(settings, count)
    channel = SmtpChannel()
    for batch in range(count + 1):
        list(channel.send_many([envelope(f"warm{batch}-{number}@example.com") for number in range(8)]))
    return channel


class TestExtensions:
    def test_a_message_larger_than_the_server_takes_is_refused_before_it_is_sent(self, mail_server: MailServer) -> None:
        mail_server.offer("SIZE 2000")
        big = envelope(body=b"Subject: x\r\n\r\n" + b"line\r\n" * 1000)
        with SmtpChannel() as channel:
            assert kinds(channel.send_many([big, envelope("b@example.com")])) == [PermanentDeliveryError, Receipt]
            with pytest.raises(PermanentDeliveryError, match=r"552 5\.3\.4 The message has 6014 bytes"):
                channel.send(big)
        assert mail_server.recipients() == ["b@example.com"]

    def test_the_size_is_announced(self, mail_server: MailServer) -> None:
        one = envelope()
        with SmtpChannel() as channel:
            channel.send(one)
        assert mail_server.verbs("MAIL") == [f"FROM:<shop@example.com> SIZE={len(one.content)}"]

    def test_reports_are_asked_for_where_the_settings_say_so(self, mail_server: MailServer, settings: Settings) -> None:
        settings.WAGTAIL_PRECISE_MAIL = {**settings.WAGTAIL_PRECISE_MAIL, "smtp_dsn": True}
        mail_server.offer("DSN")
        with SmtpChannel() as channel:
            channel.send(Envelope("shop@example.com", "a+b@example.com", [b"Subject: x\r\n\r\nx\r\n"], "tok.en="))
        assert mail_server.verbs("MAIL")[0].endswith(" RET=HDRS ENVID=tok.en+3D")
        assert mail_server.verbs("RCPT") == ["TO:<a+b@example.com> NOTIFY=FAILURE,DELAY ORCPT=rfc822;a+2Bb@example.com"]

    def test_a_server_without_dsn_is_not_asked_for_reports(self, mail_server: MailServer, settings: Settings) -> None:
        settings.WAGTAIL_PRECISE_MAIL = {**settings.WAGTAIL_PRECISE_MAIL, "smtp_dsn": True}
        with SmtpChannel() as channel:
            channel.send(envelope())
        assert mail_server.verbs("RCPT") == ["TO:<a@example.com>"]

    def test_an_enhanced_code_that_each_line_repeats_is_kept_once(self, mail_server: MailServer) -> None:
        mail_server.script({"at": "RCPT", "do": "550-5.1.1 The account\r\n550 5.1.1 does not exist"})
        with SmtpChannel() as channel, pytest.raises(PermanentDeliveryError) as caught:
            channel.send(envelope())
        assert caught.value.reply == "550 5.1.1 The account does not exist"

    @pytest.mark.parametrize("address", ["a@example.com>\r\nRCPT TO:<b@example.com", "a@example.com> X=<y"])
    def test_an_address_cannot_become_a_command(self, mail_server: MailServer, address: str) -> None:
        with SmtpChannel() as channel, pytest.raises(PermanentDeliveryError):
            channel.send(envelope(address))
        assert mail_server.verbs("RCPT") == []


@pytest.mark.django_db
@pytest.mark.parametrize("at", ["DOT", "REPLY"])
def test_a_send_over_a_server_that_drops_after_the_dot_repeats_nothing(pipelining: MailServer, at: str) -> None:
    send = make_send()
    make_messages(send, 25)
    pipelining.script({"at": at, "do": "drop", "times": 2})
    deliver_with_sweeps(send)
    found: Sequence[str] = states(send)
    assert (found.count(State.UNKNOWN), found.count(State.ACCEPTED)) == (2, 23)
    recipients = pipelining.recipients()
    assert len(recipients) == len(set(recipients)) == (25 if at == "REPLY" else 23)
