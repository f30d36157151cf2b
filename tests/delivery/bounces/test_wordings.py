"""Servers word the same few things in endless ways; one example for each form that is understood."""

from __future__ import annotations

import time

import pytest

from tests.delivery.bounces.samples import make_mail, make_report
from wagtail_precise_mail.delivery.bounces.classifying import Evidence, classify
from wagtail_precise_mail.delivery.bounces.kinds import Kind
from wagtail_precise_mail.delivery.bounces.parsing import parse

NOBODY_THERE = [
    "550 destination addresses were unknown",
    "550 <ann@example.org> is not an active address at this host",
    "550 5.1.1 RESOLVER.ADR.RecipNotFound; not found",
    "550 mailbox unavaiable",
    "550 account is unavailable",
    "550 recipient address rejected: userunknown",
    "550 <ann@example.org> recipient rejected",
    "550 <ann@example.org> not found",
    "550 no ann in name directory",
    "550 unknown local part ann in <ann@example.org>",
    "550 ann@example.org has been replaced by bob@example.org",
    "550 no such mail drop defined",
    "550 No one with that email address here",
    "550 was not found in LDAP server",
    "550 unable to find alias user",
    "550 server doesn't handle mail for that user",
    "550 Recipient mailbox is not allowed",
    "553 your envelope recipient is in my badrcptto list",
    "550 User not a member of domain: <ann@example.org>",
    "550-The recipient cannot be verified. Please check all recipients of this message",
    "550 5.1.1 RCP-P1 http://postmaster.example/response_codes",
    "Yahoo: 554 delivery error: dd This user doesn't have a yahoo.example account (in reply to end of DATA command)",
    "all host address lookups failed permanently",
    "all relevant MX records point to non-existent hosts",
    "DNS server returned answer with no data",
    "As the remote domain doesnt exist.",
    "554 The mail could not be delivered because the domain is not reachable. Please check the domain and try again",
    "The account or domain may not exist, they may be blacklisted, or missing the proper dns entries.",
    "550 Empfaenger unbekannt",
    "550 Postfach nicht vorhanden",
    "550 Kein solcher Benutzer",
    "554 Adresse inconnue",
    "non répertorié dans l'annuaire Domino",
    "550 no existe ese usuario",
    "550 usuário desconhecido",
    "550 O endereço de email não existe",
    "550 Indirizzo inesistente",
    "550 nessun utente simile in questo indirizzo",
    "550 Nie ma takiego konta",
    "550 uživatel neexistuje",
    "550 gebruiker onbekend",
    "550 användaren finns inte",
    "550 kullanıcı bulunamadı",
    "550 Аккаунт не существует",
    "550 账户不存在",
    "550 送信先のアドレスが見つかりませんでした",
]
NOTHING_NOW = [
    "550 5.1.1 [SUSPEND] Mailbox currently suspended",
    "550 5.1.1 mailbox is frozen",
    "550 5.5.0 Boite du destinataire archivee. Archived recipient.",
    "550 mailbox unavailable or access denied",
    "Mailaddress is administratively disabled",
    "550 Questo indirizzo e' bloccato per inutilizzo",
    "550 El usuario esta en estado: inactivo",
    "550 konto jest zablokowane",
    "550 Adressat unbekannt oder Mailbox deaktiviert",
    "5.4.4 Name service error for name=example.org type=MX: Malformed or unexpected name server reply",
    "550 5.2.0 message could not be delivered to mailbox, unknown reason",
]
FULL = [
    "552 5.1.1 full mailbox",
    "552 5.1.1 Boite du destinataire pleine. Recipient overquota.",
    "552 too much mail data",
    "550 account storage limit",
    "550 User has exhausted allowed storage space",
    "550 Benutzer hat zu viele Mails auf dem Server",
    "A caixa postal do destinatário está cheia",
]
ABOUT_THE_SENDER = [
    "550 unroutable sender address",
    "550 From: Domain is invalid. Please provide a valid From:",
    "553 5.1.7 <shop@example.com> is not a valid address",
    "550 5.1.8 Domain not found for shop@example.com",
    "550 Absender unbekannt",
    "550 Absenderadresse existiert nicht",
    "550 el dominio del remitente no existe",
    "550 expéditeur inconnu",
    "550 remitente desconocido",
    "550 адрес отправителя не существует",
    "550 We do not accept mail from addresses that do not exist",
    "550 5.1.1 RCP-P2 The attempted recipient's preferences prevent messages from being delivered",
    "Ce groupe n'existe pas, ou vous n'y êtes pas autorisé. Google Groups",
]


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        *((words, Kind.HARD) for words in NOBODY_THERE),
        *((words, Kind.SOFT) for words in NOTHING_NOW),
        *((words, Kind.QUOTA) for words in FULL),
        *((words, Kind.POLICY) for words in ABOUT_THE_SENDER),
        ("550 HELO host does not exist", Kind.BLOCK),
        ("421 no matches to nameserver query", Kind.BLOCK),
    ],
)
def test_a_wording_is_understood(words: str, kind: Kind) -> None:
    assert classify(Evidence(words)).kind == kind


@pytest.mark.parametrize(
    "words",
    [
        "Something went wrong with the recipient's server",
        "550 user ann could not be reached: unknown error",
        "554 delivery to mailbox failed, reason: unknown",
        "Beim Zustellen an den Empfänger trat ein unbekannter Fehler auf",
        "Remise au destinataire impossible : erreur inconnue",
        "No se pudo entregar al destinatario: error desconocido",
        "Consegna al destinatario non riuscita: errore sconosciuto",
        "Nie dostarczono do odbiorcy: nieznany błąd",
        "Доставка получателю не удалась: неизвестная ошибка",
        "发送给收件人时出现未知错误",
        "550 no ip address found for your host",
        "The attachment for this user has been replaced by a warning",
        "550 Adresse IP source bloquee",
        "550 /var/mail/ann: No such file or directory, mailbox could not be opened",
    ],
)
def test_an_unknown_error_is_no_unknown_mailbox(words: str) -> None:
    assert classify(Evidence(words, action="failed")).kind != Kind.HARD


def test_whoever_still_says_unknown_when_the_sender_gives_up_means_it() -> None:
    words = "450 4.1.1 <ann@example.org>: Recipient address rejected: User unknown in virtual alias table"
    assert classify(Evidence(words)).kind == Kind.SOFT
    assert classify(Evidence(words, action="delayed")).kind == Kind.SOFT
    assert classify(Evidence(words, action="failed")).kind == Kind.HARD
    assert classify(Evidence(words.replace("User", "unverified address: User"), action="failed")).kind == Kind.SOFT


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("192.0.2.1 does not like recipient. Remote host said: 550 5.7.1 no such user", Kind.HARD),
        ("Connected to 192.0.2.1 but sender was rejected. Remote host said: 550 user unknown", Kind.POLICY),
        ("192.0.2.1 failed after I sent the message. Remote host said: 550 user unknown", Kind.SOFT),
    ],
)
def test_the_words_of_qmail_tell_the_step(words: str, kind: Kind) -> None:
    assert classify(Evidence(words)).kind == kind


def test_powermta_says_in_a_field_what_the_words_leave_open() -> None:
    raw = make_report(status="5.0.0", diagnostic="554 no").replace(
        b"Action: failed", b"Action: failed\nX-PowerMTA-BounceCategory: bad-mailbox"
    )
    assert [entry.kind for entry in parse(raw).entries] == [Kind.HARD]


def test_what_is_said_of_all_users_above_them_counts_for_each() -> None:
    text = (
        "The user(s) account is disabled.\n\n<ann@example.org>: 550 user unknown (in reply to RCPT TO command)\n"
        "<bob@example.org>: 550 user unknown (in reply to RCPT TO command)"
    )
    first = parse(make_mail(text, From="Postmaster@example.org", Subject="Returned Mail")).entries[0]
    assert (first.recipient, first.kind) == ("ann@example.org", Kind.SOFT)


@pytest.mark.parametrize(
    "text",
    [
        "Your mail to the following recipients could not be delivered because of its attachments:\n\tann\n",
        "The message that you sent was undeliverable to the following:\n    ann (user not found)\n",
    ],
)
def test_a_mailbox_without_domain_is_that_of_the_author(text: str) -> None:
    raw = make_mail(text, From="Mail Delivery Subsystem <MAILER-DAEMON@example.org>", Subject="Mail Delivery Problem")
    assert [entry.recipient for entry in parse(raw).entries] == ["ann@example.org"]


def test_whom_to_ask_is_no_recipient() -> None:
    text = "For further assistance, please contact <help@example.net>\n\n<ann@example.org>: 550 5.1.1 User unknown\n"
    raw = make_mail(text, From="MAILER-DAEMON@example.net", Subject="Undelivered Mail Returned to Sender")
    assert [entry.recipient for entry in parse(raw).entries] == ["ann@example.org"]


QUOTE = "550 5.1.1 <ann@example.org>: Recipient address rejected: User unknown"


@pytest.mark.parametrize(
    ("subject", "text"),
    [
        ("A question", f"I wrote to Ann and got this: {QUOTE}. What now?"),
        ("Re: Your order", f"On Monday, Shop <shop@example.com> wrote:\n> <ann@example.org>: {QUOTE}\n"),
        ("Fwd: Undelivered Mail Returned to Sender", f"See below.\n\n---------- Forwarded message ----------\n{QUOTE}"),
        ("WG: Unzustellbar", f"Von: Mail <postmaster@example.org>\nGesendet: Montag\n\n<ann@example.org>: {QUOTE}"),
        ("My mail was returned", f"> This is the mail system.\n> <ann@example.org>: {QUOTE}\n\nPlease help."),
        ("Re: status", f"> Final-Recipient: rfc822; ann@example.org\n> Action: failed\n> Status: 5.1.1\n> {QUOTE}\n"),
        ("Delivery problem", "My parcel did not arrive, and bob@example.org does not answer."),
        ("News of the week", "Our mailbox is full of offers! The user of this account does not exist without tea."),
        ("Fwd: complaint", "Please unsubscribe bob@example.org, they say that this is spam."),
    ],
)
def test_a_person_who_writes_of_a_bounce_makes_none(subject: str, text: str) -> None:
    assert parse(make_mail(text, Subject=subject, Return_Path="<ann@example.org>")).entries == ()


@pytest.mark.parametrize(
    ("subject", "text", "kind"),
    [
        ("Out of office: News", "The user account of Bob is disabled, the mailbox is closed.", Kind.VACATION),
        ("Automatische Antwort: News", "Diese Adresse existiert nicht mehr lange, schreiben Sie mir.", Kind.AUTO_REPLY),
        ("Réponse automatique : News", "Je suis en congé. Mon adresse est inconnue.", Kind.VACATION),
        ("自動返信: News", "ご連絡ありがとうございます。", Kind.AUTO_REPLY),
        ("Re: News", "Your message is on hold until you confirm. Click to verify your address.", Kind.CHALLENGE),
    ],
)
def test_answers_by_programs_stay_answers_whatever_they_speak_of(subject: str, text: str, kind: Kind) -> None:
    raw = make_mail(text, Subject=subject, Auto_Submitted="auto-replied", Return_Path="<>")
    assert [entry.kind for entry in parse(raw).entries] == [kind]


@pytest.mark.slow
@pytest.mark.parametrize("word", ["user ", "no such ", "not found in ", "mailbox is ", "> ", "wrote: ", "<<< "])
def test_a_long_text_of_half_a_wording_is_read_at_once(word: str) -> None:
    started = time.perf_counter()
    parse(make_mail(word * 20_000, From="MAILER-DAEMON@example.org", Subject="failure notice"))
    assert time.perf_counter() - started < 5
