"""The local inbox: keeps every mail, and lets none of them do anything."""

from __future__ import annotations

import smtplib
from email.message import EmailMessage
from typing import Any

import pytest
from django.test import Client

from example_site.demo.processes import free_port
from example_site.inbox.server import make_controller
from example_site.inbox.store import InboxStore

HOSTILE = (
    "<html><head><base href='https://evil.example/'></head><body onload=alert(1)><script>alert(2)</script>"
    "<form action='/inbox/clear/' method=post><button>Free tea</button></form><a href='https://example.com/'>go</a>"
    "<iframe src='/admin/'></iframe></body></html>"
)


def make_mail(
    *, subject: str = "Hello", html: str = "<p>Hello</p>", text: str = "Hello", **headers: str
) -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "Ruth <ruth@example.com>", "nora@example.com", subject
    for name, value in headers.items():
        mail[name.replace("_", "-")] = value
    mail.set_content(text)
    mail.add_alternative(html, subtype="html")
    return mail


def keep(inbox: InboxStore, mail: EmailMessage | bytes, *, to: str = "nora@example.com") -> int:
    raw = mail if isinstance(mail, bytes) else mail.as_bytes()
    inbox.add(envelope_from="ruth@example.com", recipients=[to], raw=raw)
    return inbox.page(limit=1)[0].id


def test_smtp_keeps_a_mail_as_it_came(inbox: InboxStore) -> None:
    controller = make_controller(inbox, port=free_port(0))
    controller.start()
    try:
        with smtplib.SMTP(controller.hostname, controller.port) as smtp:
            smtp.sendmail(
                "ruth@example.com", ["a@example.com", "b@example.com"], b"Subject: Hi\r\n\r\n.leading dot\r\n"
            )
    finally:
        controller.stop()

    mails = inbox.all()
    assert [summary.envelope_to for summary, _raw in mails] == ["a@example.com", "b@example.com"]
    assert {raw for _summary, raw in mails} == {b"Subject: Hi\r\n\r\n.leading dot\r\n"}


def test_the_list_shows_the_newest_first(client: Client, inbox: InboxStore) -> None:
    keep(inbox, make_mail(subject="Older one"))
    keep(inbox, make_mail(subject="Newer one"))

    page = client.get("/inbox/").content.decode()

    assert page.index("Newer one") < page.index("Older one")


def test_thousands_of_mails_are_paged(client: Client, inbox: InboxStore) -> None:
    inbox.add(
        envelope_from="", recipients=[f"n{number}@example.com" for number in range(3000)], raw=b"Subject: Many\n\n"
    )

    page = client.get("/inbox/?page=60").content.decode()

    assert "3,000 mails" in page
    assert page.count("<li>") == 50
    assert "Page 60 of 60" in page


def test_search_finds_recipient_and_subject_and_takes_wildcards_literally(client: Client, inbox: InboxStore) -> None:
    keep(inbox, make_mail(subject="100% tea"), to="ada@example.com")
    keep(inbox, make_mail(subject="1000 teas"), to="bea@example.com")

    assert "1 mail" in client.get("/inbox/", {"q": "100%"}).content.decode()
    assert "1 mail" in client.get("/inbox/", {"q": "bea@"}).content.decode()


def test_the_html_of_a_mail_is_framed_in_a_sandbox(client: Client, inbox: InboxStore) -> None:
    mail = keep(inbox, make_mail(html=HOSTILE))

    page = client.get(f"/inbox/{mail}/").content.decode()

    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in page
    assert "<script>" not in page


def test_the_html_of_a_mail_may_not_run_or_post_or_frame(client: Client, inbox: InboxStore) -> None:
    mail = keep(inbox, make_mail(html=HOSTILE))

    response = client.get(f"/inbox/{mail}/html/")
    policy = {part.split()[0]: part.split()[1:] for part in response.headers["Content-Security-Policy"].split("; ")}

    assert policy["sandbox"] == ["allow-popups", "allow-popups-to-escape-sandbox"]
    assert policy["default-src"] == policy["base-uri"] == policy["form-action"] == ["'none'"]
    assert "script-src" not in policy
    assert policy["frame-ancestors"] == ["'self'"]
    assert response.headers["X-Frame-Options"] == "SAMEORIGIN"


def test_links_open_in_a_new_tab(client: Client, inbox: InboxStore) -> None:
    mail = keep(inbox, make_mail(html="<html><head></head><body><a href='https://example.com/'>go</a></body></html>"))

    assert '<head><base target="_blank">' in client.get(f"/inbox/{mail}/html/").content.decode()


def test_headers_and_text_are_escaped(client: Client, inbox: InboxStore) -> None:
    bad = "<script>alert(1)</script>"
    mail = keep(inbox, make_mail(subject=bad, text=bad, X_Evil=bad))

    for view in ("html", "text", "headers"):
        assert "<script>" not in client.get(f"/inbox/{mail}/", {"view": view}).content.decode()
    assert "<script>" not in client.get("/inbox/").content.decode()


def test_the_source_is_plain_text(client: Client, inbox: InboxStore) -> None:
    mail = keep(inbox, make_mail(html=HOSTILE))

    response = client.get(f"/inbox/{mail}/source/")

    assert response.headers["Content-Type"].startswith("text/plain")
    assert response.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\xff\xfe\x00garbage",
        b"Subject: =?utf-8?b?!!!?=\nContent-Type: text/html; charset=no-such-thing\n\n<p>caf\xe9</p>",
        b"From: <<<>>>@\nSubject:\n\nno head to speak of",
        b"Content-Type: multipart/mixed; boundary=x\n\n--x\n--x--",
        b"Subject: " + b"a" * 100_000 + b"\n\n",
    ],
)
def test_a_broken_mail_is_shown_all_the_same(client: Client, inbox: InboxStore, raw: bytes) -> None:
    mail = keep(inbox, raw)

    assert client.get("/inbox/").status_code == 200
    assert client.get(f"/inbox/{mail}/").status_code == 200
    assert client.get(f"/inbox/{mail}/source/").content == raw


def test_a_get_throws_nothing_away(client: Client, inbox: InboxStore) -> None:
    keep(inbox, make_mail())

    assert client.get("/inbox/clear/").status_code == 405
    assert inbox.count() == 1


def test_a_post_empties_the_inbox(client: Client, inbox: InboxStore) -> None:
    keep(inbox, make_mail())

    client.post("/inbox/clear/")

    assert inbox.count() == 0


@pytest.mark.parametrize("path", ["/inbox/", "/inbox/1/", "/inbox/1/html/", "/inbox/1/source/"])
@pytest.mark.django_db
def test_a_real_site_has_no_inbox(client: Client, inbox: InboxStore, settings: Any, path: str) -> None:
    keep(inbox, make_mail())
    settings.INBOX_IS_OPEN = False

    assert client.get(path).status_code == 404


@pytest.mark.django_db
def test_a_mail_that_is_not_there_is_not_found(client: Client, inbox: InboxStore) -> None:
    assert client.get("/inbox/99/").status_code == 404
