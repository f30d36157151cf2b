"""What comes back is told apart by its form and its words, whoever wrote it."""

from __future__ import annotations

import pytest

from tests.delivery.bounces.samples import FORMS, make_complaint, make_mail, make_report
from wagtail_precise_mail.delivery.bounces.classifying import Evidence, classify
from wagtail_precise_mail.delivery.bounces.kinds import ADVICE, Kind
from wagtail_precise_mail.delivery.bounces.parsing import parse
from wagtail_precise_mail.delivery.bounces.reading import MOST_BYTES


@pytest.mark.parametrize("form", FORMS)
def test_a_missing_mailbox_is_recognized_in_every_form(form: str) -> None:
    (entry,) = parse(FORMS[form].encode()).entries
    assert (entry.recipient, entry.kind) == ("ann@example.org", Kind.HARD)


def test_a_standard_report_gives_recipient_codes_words_and_the_returned_message() -> None:
    report = parse(make_report())
    (entry,) = report.entries
    assert (entry.recipient, entry.kind, entry.status, entry.reply) == ("ann@example.org", Kind.HARD, "5.1.1", "550")
    assert entry.diagnostic == "550 5.1.1 User unknown"
    assert report.references[0] == "other@example.net"


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("550 5.1.1 The email account that you tried to reach does not exist", Kind.HARD),
        ("550 Requested action not taken: mailbox unavailable", Kind.HARD),
        ("550 5.5.0 Requested action not taken: mailbox unavailable (S2017)", Kind.HARD),
        ("550 5.4.1 Recipient address rejected: Access denied", Kind.HARD),
        (
            "Host or domain name not found. Name service error for name=example.invalid type=A: Host not found",
            Kind.HARD,
        ),
        ("556 5.1.10 Recipient address has null MX", Kind.HARD),
        ("User ann not listed in public Name & Address Book", Kind.HARD),
        ("Remote host said: 550 5.1.1 Recipient address rejected: User unknown", Kind.HARD),
        ("550 Unknown local-part in domain", Kind.HARD),
        ("550 Empfängeradresse unbekannt", Kind.HARD),
        ("550 5.1.1 Adresse du destinataire invalide", Kind.HARD),
        ("501 5.1.3 Odbiorca nie istnieje", Kind.HARD),
        ("450 4.1.1 Recipient address rejected: unverified address: user unknown", Kind.SOFT),
        ("450 4.2.0 mailbox temporarily unavailable", Kind.SOFT),
        ("550 5.2.1 The email account that you tried to reach is disabled", Kind.SOFT),
        ("connect to mx.example.org[192.0.2.1]:25: Connection timed out", Kind.SOFT),
        ("554 5.4.6 Too many hops", Kind.SOFT),
        ("Name server: host not found, try again", Kind.SOFT),
        ("552 5.2.2 Over quota", Kind.QUOTA),
        ("552 5.2.2 Mailbox size limit exceeded", Kind.QUOTA),
        ("550 用户邮箱已满", Kind.QUOTA),
        ("550 5.7.1 Service unavailable; client [192.0.2.1] blocked using Spamhaus", Kind.BLOCK),
        ("421 4.7.0 Too many connections from your IP", Kind.BLOCK),
        ("550 5.1.1 <ann@example.org> 192.0.2.1 has sent to too many recipients this hour", Kind.BLOCK),
        ("554 5.7.1 Message rejected as spam", Kind.CONTENT),
        ("552 5.3.4 message size exceeds limit", Kind.CONTENT),
        ("550 5.7.26 This mail is unauthenticated", Kind.POLICY),
        ("550 DMARC check failed", Kind.POLICY),
        ("553 5.1.8 Domain of sender address does not exist", Kind.POLICY),
        ("550 5.1.8 Sender address rejected: Domain not found", Kind.POLICY),
        ("5.1.0 - Unknown address error 550-'5.7.1 Access denied'", Kind.POLICY),
        ("550 5.7.1 Unable to relay", Kind.POLICY),
        ("", Kind.UNKNOWN),
    ],
)
def test_words_and_codes_tell_the_kind(words: str, kind: Kind) -> None:
    assert classify(Evidence(words)).kind == kind


def test_an_unknown_user_after_the_whole_message_is_a_filter_and_not_a_missing_mailbox() -> None:
    words = "550 Unknown user ann@example.org (in reply to end of DATA command)"
    assert classify(Evidence(words, status="5.0.0")).kind == Kind.SOFT
    assert classify(Evidence(words.replace("end of DATA", "RCPT TO"), status="5.0.0")).kind == Kind.HARD


def test_a_sender_who_is_refused_before_naming_anybody_makes_no_address_bad() -> None:
    words = "SMTP error from remote mail server after MAIL FROM:<shop@example.com>: 553 shop does not exist"
    assert classify(Evidence(words)).kind == Kind.POLICY


def test_names_of_addresses_and_hosts_are_no_reasons() -> None:
    words = "550 <user-unknown@spam-blocked.example.org>: rejected, see https://example.org/mailbox-full"
    assert classify(Evidence(words)).kind not in (Kind.HARD, Kind.QUOTA, Kind.CONTENT)


def test_a_warning_is_no_refusal() -> None:
    (entry,) = parse(make_report(action="delayed", status="4.4.1", diagnostic="connection timed out")).entries
    assert (entry.kind, entry.is_final) == (Kind.SOFT, False)


def test_a_delivered_report_proves_that_it_arrived() -> None:
    (entry,) = parse(make_report(action="delivered", status="2.0.0", diagnostic="250 ok")).entries
    assert entry.kind == Kind.AUTO_REPLY


@pytest.mark.parametrize(
    ("feedback", "kind"), [("abuse", Kind.COMPLAINT), ("opt-out", Kind.UNSUBSCRIBE), ("not-spam", Kind.AUTO_REPLY)]
)
def test_a_feedback_report_is_a_complaint_by_its_type(feedback: str, kind: Kind) -> None:
    assert [entry.kind for entry in parse(make_complaint(feedback=feedback)).entries] == [kind]


def test_a_complaint_that_amazon_tells_by_mail_names_its_recipient() -> None:
    words = (
        '{"notificationType":"Complaint","complaint":{"complainedRecipients":[{"emailAddress":"ann@example.org"}]},'
        '"mail":{"destination":["ann@example.org"]}}\n--\nIf you wish to stop receiving notifications'
    )
    (entry,) = parse(make_mail(words, From="no-reply@sns.example", Subject="AWS Notification Message")).entries
    assert (entry.recipient, entry.kind) == ("ann@example.org", Kind.COMPLAINT)


@pytest.mark.parametrize(
    ("subject", "text", "kind"),
    [
        ("Out of office: News", "I am away until Monday.", Kind.VACATION),
        ("Abwesenheitsnotiz", "Ich bin im Urlaub.", Kind.VACATION),
        ("自动回复: News", "我在休假。", Kind.VACATION),
        ("Automatic reply: News", "Thank you for your message.", Kind.AUTO_REPLY),
        ("Re: News", "Please confirm that you are a human: click to verify your address.", Kind.CHALLENGE),
    ],
)
def test_answers_by_programs_are_no_bounces(subject: str, text: str, kind: Kind) -> None:
    (entry,) = parse(make_mail(text, Subject=subject, Auto_Submitted="auto-replied")).entries
    assert (entry.recipient, entry.kind) == ("ann@example.org", kind)


def test_what_a_person_writes_is_left_to_people() -> None:
    assert parse(make_mail("Where is my parcel?", Subject="A question")).entries == ()


def test_a_report_inside_of_another_mail_is_found() -> None:
    inner = make_report().decode()
    head = (
        'From: gateway@example.net\nSubject: Delivery Status Notification\nContent-Type: multipart/mixed; boundary="O"'
    )
    raw = f"{head}\n\n--O\nContent-Type: message/rfc822\n\n{inner}\n--O--\n".encode()
    assert [entry.recipient for entry in parse(raw).entries] == ["ann@example.org"]


def test_a_second_copy_has_the_same_key_whatever_way_it_came() -> None:
    raw = make_report()
    assert parse(raw).key == parse(b"From x\n" + raw.replace(b"\n", b"\r\n")).key != parse(make_report(name="2")).key


@pytest.mark.slow
@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\x00\xff\xfe" * 1000,
        b"Subject: =?utf-8?B?!!!?=\nContent-Type: text/plain; charset=punycode\n\n\xff\xff",
        b"Content-Type: text/plain; charset=zlib_codec\n\nx\x9c",
        b"Content-Type: multipart/report; report-type=delivery-status\n\nno boundary",
        make_report()[:700],
        b"Content-Type: message/rfc822\n\n" * 3000,
        b"".join(b'Content-Type: multipart/mixed; boundary="%d"\n\n--%d\n' % (one, one) for one in range(3000)),
        b"From: MAILER-DAEMON\nSubject: failure notice\n\n" + b"a." * 400_000 + b"@" * 400_000,
        b"From: MAILER-DAEMON\nSubject: failure notice\n\n" + b"<style>" * 100_000,
        b"From: MAILER-DAEMON\nSubject: failure notice\n\n" + b"user mailbox host " * 50_000,
        b"Received: x\n" * 100_000,
    ],
)
def test_broken_and_hostile_mails_are_read_to_their_end(raw: bytes) -> None:
    assert len(parse(raw).key) == 64


def test_the_cut_off_end_of_a_very_large_mail_costs_nothing() -> None:
    raw = make_report().replace(b"Hello\n--B--", b"Hello\n" + b"x" * 76 * (MOST_BYTES // 70))
    assert [entry.kind for entry in parse(raw).entries] == [Kind.HARD]


def test_every_kind_has_advice() -> None:
    assert set(ADVICE) == set(Kind)
